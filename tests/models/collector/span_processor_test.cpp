// filter, attributes, resource and transform: what is left of a payload, its sizes, counters and fates.
#include "models/collector/span_processor.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "models/scenario/document.hpp"

namespace spillway::collector {
namespace {

/// Takes everything, or answers with an error.
struct Sink final : Consumer {
  void consume(Payload payload, Done done) override {
    last = std::move(payload);
    ++calls;
    done({});
  }
  Payload last;
  int calls = 0;
};
struct Client final : Caller {
  void done(std::uint32_t, const Result& result) override { results.push_back(result.ok); }
  std::vector<bool> results;
};

class SpanProcessorTest : public testing::Test {
 protected:
  SpanProcessorTest() {
    sink.reach = DestinationSet{1} << run.ledger.add_destination("backend");
    resource = run.catalog.add_resource({"shop", {{"env", "prod"}}, "lib", "1", {}});
    add("GET /", SpanKind::server, {{"route", "/"}, {"code", std::int64_t{200}}});
    add("health", SpanKind::server, {{"route", "/health"}});
    add("job", SpanKind::internal, {});
  }
  void add(const std::string& name, SpanKind kind, Attributes attributes) {
    Span span;
    span.item = run.ledger.produce(sink.reach);
    run.ledger.hold(span.item, sink.reach);
    span.ordinal = static_cast<std::uint32_t>(spans.size());
    span.resource = resource;
    span.duration = std::chrono::milliseconds{100 * (spans.size() + 1)};
    span.shape = run.catalog.add_shape({name, kind, std::move(attributes)});
    span.bytes = run.catalog.otlp_bytes(span);
    spans.push_back(span);
  }
  /// The processor of this configuration takes the three spans.
  void process(const std::string& type, const std::string& settings, int minor = 159) {
    const std::string text = "receivers: {otlp: {protocols: {http: }}}\nexporters: {nop: }\nprocessors:\n  " + type +
                             ":\n" + settings + "\nservice: {pipelines: {traces: {receivers: [otlp], processors: [" +
                             type + "], exporters: [debug]}}}\n";
    std::string file = text;
    file.replace(file.find("nop:"), 4, "debug:");
    const auto path = std::filesystem::path{testing::TempDir()} / ("spans-" + std::to_string(::getpid()) + ".yaml");
    std::ofstream{path} << file;
    Problems problems;
    loaded = load_config({path}, {}, Version{0, minor, 0}, problems);
    std::filesystem::remove(path);
    for (const Problem& problem : problems.all()) ADD_FAILURE() << to_text(problem);
    ASSERT_TRUE(loaded.config);
    processor = make_span_processor(run, "c processor " + type, loaded.config->processors.at(0).config,
                                    semantics_of({0, minor, 0}), counters, sink);
    ASSERT_NE(processor, nullptr);
    processor->consume(run.pool.of(spans.data(), spans.size()), {&client, 0});
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    sink.last.for_each([&](const Span& span) { all.push_back(run.catalog.shape(span.shape).name); });
    return all;
  }
  std::string attribute(std::size_t i, const std::string& key) {
    std::vector<std::string> all;
    sink.last.for_each([&](const Span& span) {
      const auto* value = find_attribute(run.catalog.shape(span.shape).attributes, key);
      all.push_back(value == nullptr ? "none" : to_text(*value));
    });
    return all.at(i);
  }
  /// Of the first span's resource.
  std::string of_resource(const std::string& key) {
    const Attributes attributes = resource_attributes(run.catalog.resource(sink.last.groups().front().resource));
    const auto* value = find_attribute(attributes, key);
    return value == nullptr ? "none" : to_text(*value);
  }
  /// Sizes are what the spans' shapes and resources say.
  void expect_sizes() {
    std::int64_t sum = 0;
    for (const SpanGroup& group : sink.last.groups()) {
      std::int64_t bytes = 0;
      for (std::uint32_t i = group.begin; i < group.end; ++i) bytes += run.catalog.otlp_bytes(group.block->spans[i]);
      sum += run.catalog.otlp_group_bytes(group.resource, bytes);
    }
    EXPECT_EQ(sink.last.bytes(), sum);
  }

  spillway::Run run{1, 0, QueueKind::wheel};
  Sink sink;
  Client client;
  SpanProcessorCounters counters;
  LoadedConfig loaded;
  std::unique_ptr<SpanProcessor> processor;
  ResourceId resource = 0;
  std::vector<Span> spans;
};

TEST_F(SpanProcessorTest, AFilteredSpanIsSampledOutOnceItsSenderLetsGo) {
  process("filter", "    traces: {span: ['name == \"health\"']}");
  EXPECT_EQ(names(), (std::vector<std::string>{"GET /", "job"}));
  EXPECT_EQ(counters.filtered.value(), 1);
  EXPECT_EQ(counters.incoming.value(), 3);
  EXPECT_EQ(counters.outgoing.value(), 2);
  expect_sizes();
  run.ledger.release(spans[1].item, sink.reach, Ledger::handed_over(), run.sim.now());
  for (const std::size_t i : {0u, 2u}) {
    run.ledger.store(spans[i].item, 0);
    run.ledger.release(spans[i].item, sink.reach, Ledger::handed_over(), run.sim.now());
  }
  const DestinationFates fates = run.ledger.close().at(0);
  EXPECT_EQ(fates.stored, 2);
}

TEST_F(SpanProcessorTest, APayloadThatVanishesIsAnsweredWithYesAndCountedSinceTheHelperDoes) {
  process("filter", "    traces: {span: ['true']}");
  EXPECT_EQ(sink.calls, 0);
  EXPECT_EQ(client.results, std::vector<bool>{true});
  EXPECT_EQ(counters.incoming.value(), 3);
  EXPECT_TRUE(counters.outgoing.visible());
}

TEST_F(SpanProcessorTest, OlderHelpersDoNotCountWhatVanishes) {
  process("filter", "    traces: {span: ['true']}", 111);
  EXPECT_FALSE(counters.incoming.visible());
  EXPECT_EQ(counters.filtered.value(), 3);
}

TEST_F(SpanProcessorTest, AConditionThatFailsRefusesThePayloadWhenAsked) {
  process("filter", "    error_mode: propagate\n    traces: {span: ['attributes[\"code\"][\"x\"] == 1']}");
  EXPECT_EQ(sink.calls, 0);
  EXPECT_EQ(client.results, std::vector<bool>{false});
}

TEST_F(SpanProcessorTest, AndIsPassedOverByDefaultSinceItIs) {
  process("filter", "    traces: {span: ['attributes[\"code\"][\"x\"] == 1', 'name == \"job\"']}");
  EXPECT_EQ(names(), (std::vector<std::string>{"GET /", "health"}));
}

TEST_F(SpanProcessorTest, ActionsChangeAttributes) {
  process("attributes",
          "    actions: [{key: code, action: convert, converted_type: string}, {key: route, action: hash},\n"
          "              {key: new, from_attribute: code, action: upsert}]");
  EXPECT_EQ(attribute(0, "new"), "200");
  EXPECT_EQ(attribute(1, "new"), "none");
  EXPECT_EQ(attribute(0, "route").size(), 64u);
  expect_sizes();
}

TEST_F(SpanProcessorTest, ActionsOfAResourceConcernAllItsSpans) {
  process("resource", "    attributes: [{key: service.name, value: other, action: update}]");
  sink.last.for_each([&](const Span& span) { EXPECT_EQ(run.catalog.resource(span.resource).service, "other"); });
  expect_sizes();
}

TEST_F(SpanProcessorTest, StatementsSeeWhatThoseBeforeThemWrote) {
  process(
      "transform",
      "    trace_statements:\n      - context: span\n        statements:\n"
      "          - set(attributes[\"a\"], name)\n          - set(name, \"new\") where attributes[\"a\"] == \"job\"\n");
  EXPECT_EQ(names(), (std::vector<std::string>{"GET /", "health", "new"}));
  EXPECT_EQ(attribute(2, "a"), "job");
  expect_sizes();
}

TEST_F(SpanProcessorTest, WhatASpanWritesIntoItsResourceAllSpansCarry) {
  process("transform",
          "    trace_statements:\n      - context: span\n        statements:\n"
          "          - set(attributes[\"before\"], resource.attributes[\"last\"])\n"
          "          - set(resource.attributes[\"last\"], name)\n");
  EXPECT_EQ(attribute(0, "before"), "none");
  EXPECT_EQ(attribute(2, "before"), "health");
  sink.last.for_each([&](const Span& span) {
    EXPECT_EQ(*find_attribute(run.catalog.resource(span.resource).attributes, "last"), spillway::Value{"job"});
  });
  expect_sizes();
}

TEST_F(SpanProcessorTest, TimesAreLookedAtInEverySpan) {
  process("transform",
          "    trace_statements:\n      - context: span\n        statements:\n"
          "          - set(attributes[\"ms\"], Milliseconds(end_time - start_time))\n");
  EXPECT_EQ(attribute(0, "ms"), "100");
  EXPECT_EQ(attribute(2, "ms"), "300");
}

TEST_F(SpanProcessorTest, ANameIsMadeOfAttributesWhereAllAreThere) {
  process("span", "    name: {from_attributes: [route, code], separator: '-'}");
  EXPECT_EQ(names(), (std::vector<std::string>{"/-200", "health", "job"}));
  expect_sizes();
}

TEST_F(SpanProcessorTest, APartOfTheNameBecomesAnAttribute) {
  process("span", "    name: {to_attributes: {rules: ['^(?P<verb>[A-Z]+) ', '^(?P<any>.*)$'], break_after_match: true}}");
  EXPECT_EQ(names(), (std::vector<std::string>{"{verb} /", "{any}", "{any}"}));
  EXPECT_EQ(attribute(0, "verb"), "GET");
  EXPECT_EQ(attribute(0, "any"), "none") << "the first rule that matches is the last";
  EXPECT_EQ(attribute(2, "any"), "job");
  expect_sizes();
}

TEST_F(SpanProcessorTest, RulesGoOnWithTheNewName) {
  process("span", "    name: {to_attributes: {rules: ['^(?P<verb>[A-Z]+) ', '^(?P<any>.*)$']}}");
  EXPECT_EQ(attribute(0, "any"), "{verb} /");
}

TEST_F(SpanProcessorTest, AStatusIsSetOnWhatIsIncluded) {
  process("span", "    include: {match_type: strict, span_names: [job]}\n    status: {code: Error, description: bad}");
  std::vector<SpanStatus> statuses;
  sink.last.for_each([&](const Span& span) { statuses.push_back(span.status); });
  EXPECT_EQ(statuses, (std::vector<SpanStatus>{SpanStatus::unset, SpanStatus::unset, SpanStatus::error}));
  expect_sizes();
}

TEST_F(SpanProcessorTest, WhatIsNotAllowedGoesAndIsTold) {
  process("redaction", "    allowed_keys: [route, service.name]\n    summary: debug");
  EXPECT_EQ(attribute(0, "code"), "none");
  EXPECT_EQ(attribute(0, "redaction.redacted.keys"), "code");
  EXPECT_EQ(attribute(0, "redaction.redacted.count"), "1");
  EXPECT_EQ(attribute(1, "redaction.redacted.count"), "none");
  sink.last.for_each([&](const Span& span) {
    EXPECT_EQ(find_attribute(run.catalog.resource(span.resource).attributes, "env"), nullptr) << "of the resource as well";
  });
  expect_sizes();
}

TEST_F(SpanProcessorTest, BlockedValuesAreMaskedButThoseOfIgnoredKeys) {
  process("redaction", "    allow_all_keys: true\n    blocked_values: ['h[a-z]+', '/$']\n    summary: info");
  EXPECT_EQ(attribute(0, "route"), "****");
  EXPECT_EQ(attribute(1, "route"), "/****");
  EXPECT_EQ(attribute(0, "redaction.masked.keys"), "none");
  EXPECT_EQ(attribute(0, "redaction.masked.count"), "1");
}

TEST_F(SpanProcessorTest, IgnoredKeysStayAsTheyAre) {
  process("redaction", "    ignored_keys: [route]\n    blocked_values: ['.*']\n    summary: debug");
  EXPECT_EQ(attribute(1, "route"), "/health");
  EXPECT_EQ(attribute(1, "redaction.ignored.count"), "1");
}

TEST_F(SpanProcessorTest, WhatIsNoTextIsLookedAtWhenAsked) {
  process("redaction", "    allow_all_keys: true\n    redact_all_types: true\n    blocked_values: ['2']");
  EXPECT_EQ(attribute(0, "code"), "****00");
}

TEST_F(SpanProcessorTest, AKeyPatternMasksTheWholeValueWithADigest) {
  process("redaction", "    allow_all_keys: true\n    blocked_key_patterns: [ro]\n    hash_function: md5");
  EXPECT_EQ(attribute(0, "route"), "6666cd76f96956469e7be39d750cc7d9");
}

TEST_F(SpanProcessorTest, TheClusterSaysWhatItKnowsOfThePod) {
  process("k8s_attributes", "    {}");
  expect_sizes();
  EXPECT_EQ(counters.incoming.value(), 3);
  EXPECT_EQ(of_resource("env"), "prod");
  EXPECT_EQ(of_resource("k8s.deployment.name"), "shop");
  EXPECT_EQ(of_resource("k8s.pod.name"), "shop-8674c5c9b-sw2n7");
  EXPECT_EQ(of_resource("k8s.pod.uid").size(), 36U);
  EXPECT_EQ(of_resource("k8s.pod.ip"), "10.244.1.23") << "the sender's address, asked for or not";
  EXPECT_EQ(of_resource("container.image.name"), "registry.example/shop") << "the pod's only container";
  EXPECT_EQ(of_resource("k8s.replicaset.name"), "none") << "not by default";
}

TEST_F(SpanProcessorTest, ThatTakesTheContainersNameInOlderVersions) {
  process("k8sattributes", "    {}", 111);
  EXPECT_EQ(of_resource("container.image.name"), "none");
  EXPECT_EQ(of_resource("k8s.namespace.name"), "default");
}

TEST_F(SpanProcessorTest, WhatTheResourceSaysOfItsPodStays) {
  resource = run.catalog.add_resource({"shop", {{"k8s.pod.name", "my-pod"}, {"k8s.node.name", ""}}, "lib", "1", {}});
  for (Span& span : spans) span.resource = resource;
  process("k8s_attributes", "    extract: {metadata: [k8s.pod.name, k8s.node.name, k8s.statefulset.name], labels: [{tag_name: team, key: team}, {key: tier, from: namespace}]}");
  EXPECT_EQ(of_resource("k8s.pod.name"), "my-pod");
  EXPECT_NE(of_resource("k8s.node.name"), "") << "an empty one is no value";
  EXPECT_EQ(of_resource("k8s.statefulset.name"), "none") << "it is a deployment";
  EXPECT_EQ(of_resource("team"), "shop");
  EXPECT_EQ(of_resource("k8s.namespace.labels.tier"), "shop");
  EXPECT_EQ(of_resource("k8s.pod.uid"), "none");
}

TEST_F(SpanProcessorTest, APodIsFoundByTheFirstAssociationThatIsWhole) {
  const std::string by_uid = "    pod_association: [{sources: [{from: resource_attribute, name: k8s.pod.uid}]}";
  process("k8s_attributes", by_uid + "]");
  EXPECT_EQ(of_resource("k8s.pod.name"), "none") << "nothing tells whose it is";
  process("k8s_attributes", by_uid + ", {sources: [{from: resource_attribute, name: env}]}]");
  EXPECT_EQ(of_resource("k8s.pod.name"), "shop-8674c5c9b-sw2n7");
  EXPECT_EQ(of_resource("k8s.pod.ip"), "none") << "no address was looked at";
  process("k8s_attributes", by_uid + ", {sources: [{from: connection}]}]\n    passthrough: true");
  EXPECT_EQ(of_resource("k8s.pod.ip"), "10.244.1.23");
  EXPECT_EQ(of_resource("k8s.pod.name"), "none") << "passed through";
}

TEST_F(SpanProcessorTest, AttributesMoveToTheResourceAndGroupsFollow) {
  process("groupbyattrs", "    keys: [route]");
  ASSERT_EQ(sink.last.groups().size(), 3U) << "/, /health, and one without";
  EXPECT_EQ(attribute(0, "route"), "none");
  EXPECT_EQ(counters.grouped.value(), 2);
  EXPECT_EQ(counters.not_grouped.value(), 1);
  EXPECT_EQ(counters.groups, 3);
  expect_sizes();
}

TEST_F(SpanProcessorTest, ResourcesThatAreTheSameBecomeOne) {
  const ResourceId other = run.catalog.add_resource({"other", {}, "lib", "1", {}});
  spans[1].resource = other;
  const ProcessorConfig config{GroupByAttrsConfig{}};
  processor = make_span_processor(run, "c processor groupbyattrs", config, semantics_of({0, 159, 0}), counters, sink);
  processor->consume(run.pool.grouped(spans), {&client, 0});
  ASSERT_EQ(sink.last.groups().size(), 2U);
  EXPECT_EQ(names(), (std::vector<std::string>{"GET /", "job", "health"}));
}

}  // namespace
}  // namespace spillway::collector
