#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

using namespace std::chrono_literals;

const Scenario& every_section() {
  static const Reading reading = read_file(kEverySection);
  EXPECT_TRUE(reading.scenario) << reading.text;
  return *reading.scenario;
}

TEST(Scenario, ReadsARunAndItsRecord) {
  const Scenario& s = every_section();
  EXPECT_EQ(s.name, "every section");
  EXPECT_EQ(s.description, "a shop in two places, a collector in each, one cloud\n");
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(s.replications, 4);
  EXPECT_EQ(s.duration, 10min);
  EXPECT_EQ(s.drain, 90s);
  EXPECT_FALSE(s.warm_up);
  EXPECT_EQ(s.sample_at, (std::vector<Time>{Time{30s}, Time{1min}, Time{570s}}));
  EXPECT_EQ(s.record.step, 1s);
  EXPECT_TRUE(s.record.span_ids);
}

TEST(Scenario, ReadsPlacesAndLinks) {
  const Scenario& s = every_section();
  ASSERT_EQ(s.places.size(), 2u);
  EXPECT_EQ(s.places[1].name, "gcp");
  EXPECT_EQ(s.places[1].region, "us-east1");
  ASSERT_EQ(s.links.size(), 3u);
  EXPECT_TRUE(s.links[0].between.empty());
  EXPECT_DOUBLE_EQ(s.links[0].latency.mean(), 0.001);
  EXPECT_EQ(s.links[1].between, (std::vector<std::string>{"aws", "gcp"}));
  EXPECT_EQ(s.links[1].latency.describe(), "lognormal(median 0.012, p99.9 0.04)");
  EXPECT_DOUBLE_EQ(s.links[1].bandwidth_bytes_per_second, 1e8);
  EXPECT_EQ(s.links[2].where.path, "links.2");
}

TEST(Scenario, ReadsServices) {
  const Service& shop = every_section().services.at(0);
  EXPECT_EQ(shop.name, "shop");
  EXPECT_EQ(shop.runtime.kind, Runtime::Kind::workers);
  EXPECT_EQ(shop.runtime.workers, 8);
  EXPECT_EQ(shop.failure_mode, FailureMode::degraded);
  EXPECT_EQ(*find_attribute(shop.resource, "replica"), Value{1});
  EXPECT_EQ(shop.instrumentation.kind, Instrumentation::Kind::zipkin_post);
  EXPECT_DOUBLE_EQ(shop.instrumentation.sampling.probability, 0.5);
  EXPECT_FALSE(shop.instrumentation.sampling.parent_based);
  EXPECT_NEAR(shop.instrumentation.work_per_post.mean(), 0.75 * 1e-4 + 0.25 * 1e-3, 1e-12);
  const Service& stock = every_section().services.at(1);
  EXPECT_EQ(stock.in, (std::vector<std::string>{"aws"}));
  EXPECT_EQ(stock.runtime.kind, Runtime::Kind::event_loop);
  EXPECT_EQ(stock.instrumentation.endpoints.at(0), "http://otel-collector:4318/v1/traces");
  EXPECT_EQ(stock.instrumentation.max_queue_size, 1024);
  EXPECT_EQ(stock.instrumentation.schedule_delay, 1s);
}

TEST(Scenario, ReadsOperations) {
  const Operation& checkout = every_section().services.at(0).operations.at(0);
  EXPECT_EQ(checkout.name, "POST /checkout");
  EXPECT_EQ(checkout.attributes.at(0).values.at(0).value, Value{"POST"});
  const std::vector<WeightedValue>& codes = checkout.attributes.at(1).values;
  ASSERT_EQ(codes.size(), 3u);
  EXPECT_EQ(codes[0].value, Value{200});
  EXPECT_DOUBLE_EQ(codes[0].weight, 98);
  EXPECT_DOUBLE_EQ(codes[1].weight, 1.5);
  EXPECT_EQ(codes[2].value, Value{"x"});
  EXPECT_DOUBLE_EQ(checkout.work.fixed.mean(), 0.002);
  EXPECT_DOUBLE_EQ(checkout.work.per_pixel_seconds, 12.5e-9);
  EXPECT_EQ(checkout.work.varies.kind(), Distribution::Kind::gamma);
  EXPECT_EQ(checkout.parallel.at(0).in, "each");
  EXPECT_TRUE(checkout.parallel.at(0).own_place_in_process);
  EXPECT_EQ(checkout.parallel.at(0).timeout, 2s);
  EXPECT_DOUBLE_EQ(checkout.sequence.at(0).probability, 0.9);
  EXPECT_EQ(checkout.then, (std::vector<std::string>{"receipt"}));
  EXPECT_DOUBLE_EQ(checkout.error_probability, 0.01);
  EXPECT_FALSE(checkout.error_sets_status);
  EXPECT_EQ(checkout.log_lines, 3);
  EXPECT_DOUBLE_EQ(every_section().services[0].operations[1].work.fixed.mean(), 0.001);
  EXPECT_FALSE(every_section().services[0].operations[2].span);
}

TEST(Scenario, ReadsTrafficAndClients) {
  const Scenario& s = every_section();
  EXPECT_DOUBLE_EQ(s.traffic.at(0).rate_per_second, 2);
  EXPECT_EQ(s.traffic[0].arrivals, Traffic::Arrivals::constant);
  EXPECT_EQ(s.traffic[0].stop, Time{8min});
  EXPECT_EQ(s.traffic[0].picture->iterations, 180);
  EXPECT_EQ(s.traffic.at(1).at.size(), 3u);
  const Client& feeder = s.clients.at(0);
  EXPECT_EQ(feeder.format, WireFormat::zipkin_json);
  EXPECT_EQ(feeder.every, 250ms);
  EXPECT_EQ(feeder.retry.attempts, 3);
  EXPECT_TRUE(feeder.concurrent);
  EXPECT_EQ(s.clients.at(3).password, "secret");
}

TEST(Scenario, ReadsRecordings) {
  const std::vector<RecordedPost>& posts = every_section().clients.at(2).recording.posts;
  ASSERT_EQ(posts.size(), 2u);
  EXPECT_EQ(posts[0].at, Time{1s});
  EXPECT_EQ(*posts[0].header("content-type"), "application/json");
  EXPECT_EQ(posts[0].body, R"([{"id":"2","traceId":"1"}])");
  EXPECT_EQ(posts[1].at, Time{1500ms});
  EXPECT_EQ(posts[1].method, "PUT");
  EXPECT_EQ(*posts[1].header("x-b"), "c");
  EXPECT_EQ(*posts[1].header("content-encoding"), "gzip");
  EXPECT_EQ(posts[1].body, "{");
  EXPECT_EQ(posts[1].url, "http://otel-collector:9411/api/v2/spans");
  EXPECT_EQ(posts[1].timeout, 700ms);
  EXPECT_EQ(posts[1].retry->attempts, 4);
  EXPECT_EQ(posts[1].retry->after, 2s);
  EXPECT_EQ(posts[0].timeout, std::nullopt);
}

TEST(Scenario, StepsByTimeBecomeFaults) {
  const Scenario& s = every_section();
  ASSERT_GE(s.faults.size(), 2u);
  const Fault &down = s.faults[s.faults.size() - 2], &hang = s.faults.back();
  EXPECT_EQ(down.target, "timed");
  EXPECT_EQ(down.at, Time{1min});
  EXPECT_EQ(down.lasts, 1min);
  EXPECT_EQ(down.behaviour.status, 503);
  EXPECT_EQ(hang.behaviour.kind, Behaviour::Kind::hang);
  EXPECT_FALSE(hang.lasts);
}

TEST(Scenario, ReadsChosenSpans) {
  const Client& chosen = every_section().clients.at(1);
  ASSERT_EQ(chosen.posts.size(), 2u);
  EXPECT_EQ(chosen.posts[0].at, Time{1s});
  EXPECT_EQ(chosen.posts[1].copies, 10);
  const GivenSpan& span = chosen.posts[0].spans.at(0);
  EXPECT_EQ(span.kind, SpanKind::server);
  EXPECT_EQ(span.service, "shop");
  EXPECT_EQ(span.start, 3s);
  EXPECT_EQ(span.duration, 2s);
  EXPECT_EQ(span.status, SpanStatus::error);
  EXPECT_EQ(span.status_message, "no stock");
  EXPECT_EQ(span.trace_state, "vendor=x");
  EXPECT_EQ(span.resource, (Attributes{{"zone", "a"}, {"replicas", 2}}));
  EXPECT_EQ(chosen.posts[0].spans.at(1).start, std::nullopt);
}

TEST(Scenario, AttributesHaveTheTypesOfTheirYaml) {
  const Attributes& typed = every_section().clients.at(1).posts[0].spans.at(0).attributes;
  const ValueList list{1, ValueList{"x"}};
  const Attributes map{{"a", Attributes{{"b", -1}}}};
  EXPECT_EQ(typed, (Attributes{{"n", 5}, {"ok", true}, {"ratio", 1500.0}, {"t", "5"}, {"l", list}, {"m", map}}));
  EXPECT_EQ(every_section().services.at(0).resource, (Attributes{{"deployment.environment", "test"}, {"replica", 1}}));
}

TEST(Scenario, WhatIsNoDecimalNumberIsAText) {
  for (const char* text : {"0x1f", ".inf", "1_000", "-", "+-1", "1e", "1.2.3", "True", "1e999", "."}) {
    const Reading reading = read_text(std::string{"scenario: s\nbackends: {b: {}}\nclients: {c: {url: \"http://b/\", posts: [{at: 0, "
                                                  "spans: [{trace: t, attributes: {x: "} + text + "}}]}]}}\n");
    ASSERT_TRUE(reading.scenario) << reading.text;
    EXPECT_EQ(reading.scenario->clients.at(0).posts.at(0).spans.at(0).attributes, (Attributes{{"x", text}}));
  }
}

TEST(Scenario, ReadsCollectorsAndBackends) {
  const Scenario& s = every_section();
  const CollectorUse& gateway = s.collectors.at(0);
  EXPECT_EQ(gateway.config.size(), 2u);
  EXPECT_TRUE(std::filesystem::exists(gateway.config[0]));
  EXPECT_TRUE(gateway.version_given);
  EXPECT_EQ(gateway.environment.at("TOKEN"), "abc");
  EXPECT_EQ(gateway.cpus, 4);
  const Backend& cloud = s.backends.at(0);
  EXPECT_NEAR(cloud.latency.mean(), (0.012 + 0.0155 + 0.009) / 3, 1e-12);
  EXPECT_EQ(cloud.script.at(0).behaviour.status, 503);
  EXPECT_EQ(cloud.script[0].behaviour.retry_after, 5s);
  EXPECT_EQ(cloud.script.at(1).behaviour.kind, Behaviour::Kind::hang);
  EXPECT_EQ(cloud.script[1].behaviour.store, true);
  EXPECT_EQ(s.backends.at(1).behaviour.kind, Behaviour::Kind::refuse);
  EXPECT_EQ(s.backends[1].addresses, (std::vector<std::string>{"jaeger"}));
}

TEST(Scenario, ReadsFaultsAndThresholds) {
  const Scenario& s = every_section();
  ASSERT_EQ(s.faults.size(), 13u);
  EXPECT_EQ(s.faults[0].kind, Fault::Kind::backend);
  EXPECT_EQ(s.faults[0].lasts, 5min);
  EXPECT_EQ(s.faults[0].behaviour.status, 429);
  EXPECT_EQ(s.faults[2].kind, Fault::Kind::collector);
  EXPECT_EQ(s.faults[2].target, "gateway");
  EXPECT_EQ(s.faults[2].signal, Fault::Signal::kill);
  EXPECT_EQ(s.faults[2].restart_after, 20s);
  EXPECT_EQ(s.faults[3].kind, Fault::Kind::link);
  EXPECT_EQ(s.faults[3].between, (std::vector<std::string>{"aws", "gcp"}));
  EXPECT_EQ(s.faults[5].kind, Fault::Kind::resolve);
  EXPECT_EQ(s.faults[5].target, "gateways.example");
  EXPECT_EQ(s.faults[5].to, (std::vector<std::string>{"gcp/gateway", "aws/gateway-1"}));
  EXPECT_DOUBLE_EQ(*s.expect.at(0).at_least, 0.7);
  EXPECT_DOUBLE_EQ(*s.expect.at(1).at_most, 0.4);
  EXPECT_DOUBLE_EQ(*s.expect.at(2).at_most, 5 * 1048576.0);
  EXPECT_EQ(s.judge.at(1).judged, Judge::Class::distribution);
}

TEST(Scenario, FillsInWhatIsLeftOut) {
  const Reading reading = read_text(
      "scenario: s\n"
      "services: {shop: {operations: {buy: {work: 1ms}}}}\n"
      "traffic: {t: {to: shop, operation: buy, rate: 1/s}}\n"
      "backends: {cloud: {}}\n"
      "clients: {c: {url: \"http://cloud/\"}}\n");
  ASSERT_TRUE(reading.scenario) << reading.text;
  EXPECT_EQ(reading.text, "");
  const Scenario& s = *reading.scenario;
  ASSERT_EQ(s.places.size(), 1u);
  EXPECT_EQ(s.places[0].name, "local");
  EXPECT_EQ(s.services[0].in, (std::vector<std::string>{"local"}));
  EXPECT_EQ(s.clients[0].in, "local");
  EXPECT_EQ(s.backends[0].addresses, (std::vector<std::string>{"cloud"}));
  EXPECT_TRUE(s.backends[0].in.empty());
  EXPECT_EQ(s.replications, 8);
  EXPECT_EQ(s.duration, 10min);
  EXPECT_EQ(s.warm_up, 0s);
}

TEST(Scenario, RemembersWhereThingsStand) {
  const Scenario& s = every_section();
  const std::string text = content_of(kEverySection);
  const auto line_of = [&](std::string_view wanted) {
    return static_cast<int>(
               std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(wanted)), '\n')) +
           1;
  };
  EXPECT_EQ(s.collectors[0].where.mark.line, line_of("  gateway:"));
  EXPECT_EQ(s.collectors[0].where.mark.column, 3);
  EXPECT_EQ(s.collectors[0].where.path, "collectors.gateway");
  EXPECT_EQ(s.services[0].operations[0].sequence[0].where.path, "services.shop.operations.POST /checkout.sequence.0");
  EXPECT_EQ(s.services[0].operations[0].sequence[0].where.mark.line, line_of("          - {to: stock"));
}

TEST(Scenario, ReportsEveryProblemOfAFileInOneGo) {
  const Reading reading = read_file(kTests / "malformed/scenario/several-problems-at-once.yaml");
  std::vector<int> lines;
  for (const Problem& problem : reading.problems.all())
    if (problem.severity == Problem::Severity::error) lines.push_back(problem.mark.line);
  EXPECT_EQ(lines, (std::vector<int>{8, 9, 10, 13, 13, 15})) << reading.text;
}

TEST(Scenario, WarnsOfWhatWillNotHappen) {
  const Reading reading = read_text(
      "scenario: s\n"
      "duration: 1min\n"
      "services: {shop: {operations: {buy: , idle: }}}\n"
      "backends: {cloud: }\n"
      "traffic: {late: {to: shop, operation: buy, rate: 1/s, start: 2min}}\n"
      "faults: [{at: 5min, backend: cloud, answer: 503}]\n");
  ASSERT_TRUE(reading.scenario) << reading.text;
  EXPECT_NE(reading.text.find("3:39: warning: services.shop.operations.idle: no traffic reaches this operation"),
            std::string::npos)
      << reading.text;
  EXPECT_NE(reading.text.find("5:11: warning: traffic.late: begins after the end of the traffic"), std::string::npos)
      << reading.text;
  EXPECT_NE(reading.text.find("6:15: warning: faults.0.at: is after the end of the run"), std::string::npos)
      << reading.text;
  EXPECT_EQ(reading.problems.all().size(), 3u);
}

TEST(Scenario, WarnsWhenThereIsNothingToDo) {
  const Reading reading = read_text("scenario: s\n");
  ASSERT_TRUE(reading.scenario);
  EXPECT_NE(reading.text.find("warning: there is neither traffic nor a client"), std::string::npos);
}

TEST(Scenario, HasAHashOfItsWholeContent) {
  const Workspace workspace;
  const std::string text = "scenario: s\ncollectors: {gw: {config: gw.yaml}}\n";
  const auto hash_of = [&](std::string_view scenario, std::string_view config,
                           const std::vector<Override>& overrides = {}) {
    workspace.write("gw.yaml", config);
    return read_file(workspace.write("s.yaml", scenario), overrides).scenario.value().hash;
  };
  const std::string hash = hash_of(text, "a: 1\n");
  EXPECT_EQ(hash.size(), 16u);
  EXPECT_TRUE(
      std::all_of(hash.begin(), hash.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }));
  EXPECT_EQ(hash_of(text, "a: 1\n"), hash);
  EXPECT_NE(hash_of(text + "seed: 1\n", "a: 1\n"), hash);
  EXPECT_NE(hash_of(text, "a: 2\n"), hash);
  EXPECT_NE(hash_of(text, "a: 1\n", {{"seed", "1"}}), hash);
}

TEST(Scenario, IsRefusedAsTheEnvironmentsFaultWhenItCannotBeRead) {
  EXPECT_EQ(read_file("/nonexistent/s.yaml").failure, LoadFailure::environment);
}

TEST(Scenario, RefusesAReferenceToAFifoWithoutWaiting) {
  const Reading reading = read_text("scenario: s\ncollectors: {gw: {config: /dev/zero}}\n");
  EXPECT_EQ(reading.failure, LoadFailure::input);
  EXPECT_NE(reading.text.find("2:27: error: collectors.gw.config: '/dev/zero': is not a regular file"),
            std::string::npos)
      << reading.text;
}

// Scenarios of a few megabytes that want to keep the reader busy.

struct Attack {
  const char* name;
  std::string text;
  const char* message;  ///< part of it
};

std::string unknown_keys_in_one_line() {
  std::string text = "scenario: s\nrecord: {ä: 1";
  for (int i = 0; i < 90'000; ++i) text += ", some_key_" + std::to_string(i) + ": x";
  return text + "}\n";
}

std::string operations_in_one_line() {
  std::string text = "scenario: s\nservices: {";
  for (int s = 0; s < 256; ++s) {
    text += "sä" + std::to_string(s) + ": {operations: {";
    for (int o = 0; o < 250; ++o) text += "ö" + std::to_string(o) + ": , ";
    text += "}}, ";
  }
  return text + "}\nduration: 0s\n";
}

/// Every operation calls the next one and the first one.
std::string circles() {
  std::string text = "scenario: s\nservices:\n";
  const auto call = [](int s, int o) {
    return "{to: s" + std::to_string(s) + ", operation: o" + std::to_string(o) + "}";
  };
  for (int s = 0; s < 100; ++s) {
    text += "  s" + std::to_string(s) + ":\n    operations:\n";
    for (int o = 0; o < 100; ++o)
      text += "      o" + std::to_string(o) + ": {sequence: [" + call(o == 99 ? (s + 1) % 100 : s, (o + 1) % 100) +
              ", " + call(0, 0) + "]}\n";
  }
  return text;
}

std::string calls_of_nobody() {
  std::string text = "scenario: s\nservices:\n";
  for (int s = 0; s < 256; ++s) {
    text += "  s" + std::to_string(s) + ":\n    operations:\n";
    for (int o = 0; o < 70; ++o) text += "      o" + std::to_string(o) + ": {sequence: [{to: t, operation: o}]}\n";
  }
  return text;
}

std::string urls_that_nobody_answers() {
  std::string text = "scenario: s\nbackends: {b: {addresses: [";
  for (int i = 0; i < 16; ++i) text += "host-number-" + std::to_string(i) + ", ";
  text += "]}}\nservices:\n";
  for (int s = 0; s < 256; ++s) {
    text += "  s" + std::to_string(s) + ": {operations: {o: }, instrumentation: {kind: zipkin_post, endpoints: [";
    for (int i = 0; i < 250; ++i) text += "\"http://host-numbr-" + std::to_string(i) + "/\", ";
    text += "]}}\n";
  }
  return text;
}

TEST(Scenario, DoesNotLoseItsTimeOnHostileOnes) {
  const std::vector<Attack> attacks{
      {"unknown keys in one line", unknown_keys_in_one_line(), "unknown key 'some_key_0'"},
      {"operations in one line", operations_in_one_line(), "duration: '0s' is below"},
      {"circles", circles(), "calls go in a circle: s0/o0 -> s0/o1"},
      {"calls of nobody", calls_of_nobody(), "unknown service 't'"},
      {"URLs that nobody answers", urls_that_nobody_answers(),
       "no collector and no backend answers at host-numbr-0:80; did you mean 'host-number-0'?"}};
  for (const Attack& attack : attacks) {
    const Stopwatch stopwatch;
    const Reading reading = read_text(attack.text);
    const double took = stopwatch.seconds();
    EXPECT_EQ(reading.failure, LoadFailure::input) << attack.name;
    EXPECT_NE(reading.text.find(attack.message), std::string::npos)
        << attack.name << ": " << reading.text.substr(0, 2000);
    EXPECT_LT(took, 1.5 * kPatience) << attack.name;
    EXPECT_LE(reading.problems.all().size(), 201u) << attack.name;
  }
}

TEST(Scenario, DoesNotReadAFileWithoutEnd) {
  const Workspace workspace;
  workspace.write("gw.yaml", std::string(8'000'000, '#'));
  std::string files;
  for (int i = 0; i < 200; ++i) files += "gw.yaml, ";
  const Reading reading =
      read_file(workspace.write("s.yaml", "scenario: s\ncollectors: {gw: {config: [" + files + "]}}\n"));
  EXPECT_NE(reading.text.find("collectors.gw.config.4: the files named up to here are larger than"), std::string::npos)
      << reading.text;
  EXPECT_EQ(reading.problems.all().size(), 2u);  // with the warning that nothing happens
}

// --set

TEST(Override, ChangesAValueThatIsWritten) {
  const Reading reading =
      read_file(kEverySection, {{"traffic.checkouts.rate", "5/s"},
                                {"links.0.latency", "9ms"},
                                {"places.gcp.region", "x"},
                                {"services.shop.operations.POST /checkout.work.fixed", "{exponential: {mean: 1ms}}"},
                                {"services.shop.resource.deployment.environment", "live"}});
  ASSERT_TRUE(reading.scenario) << reading.text;
  EXPECT_DOUBLE_EQ(reading.scenario->traffic[0].rate_per_second, 5);
  EXPECT_DOUBLE_EQ(reading.scenario->links[0].latency.mean(), 0.009);
  EXPECT_EQ(reading.scenario->places[1].region, "x");
  EXPECT_EQ(reading.scenario->services[0].operations[0].work.fixed.kind(), Distribution::Kind::exponential);
  EXPECT_EQ(reading.scenario->services[0].resource.at(0).second, Value{"live"});
}

TEST(Override, ChangesADefault) {
  const Reading reading = read_text("scenario: s\n", {{"seed", "9"}, {"record.step", "2s"}, {"sample_at", "[1s, 2s]"}});
  ASSERT_TRUE(reading.scenario) << reading.text;
  EXPECT_EQ(reading.scenario->seed, 9u);
  EXPECT_EQ(reading.scenario->record.step, 2s);
  EXPECT_EQ(reading.scenario->sample_at.size(), 2u);
}

TEST(Override, IsRefusedWithItsOwnTextWhenItFitsNothing) {
  const std::vector<std::pair<Override, std::string>> table{
      {{"sede", "9"}, "command line: error: --set sede=9: unknown key 'sede'; did you mean 'seed'?"},
      {{"traffic.chekouts.rate", "1/s"},
       "--set traffic.chekouts.rate=1/s: there is no 'chekouts' in traffic; did you mean 'checkouts'?"},
      {{"links.7.latency", "1ms"}, "--set links.7.latency=1ms: '7' is no index of a list of 3"},
      {{"links.x", "1ms"}, "'x' is no index of a list of 3"},
      {{"scenario.name", "x"}, "the path goes on behind 'every section'"},
      {{"duration", "10"}, "--set duration=10: '10' has no unit"},
      {{"services.shop.in", "[aws, moon]"}, "--set services.shop.in=[aws, moon]: unknown place 'moon'"},
      {{"seed", "[1"}, "--set seed=[1: a list or a map cannot be a key; is a bracket never closed?"},
      {{"", "1"}, "there is no path"},
      {{"a..b", "1"}, "the path has an empty part"},
      {{std::string(5000, 'a'), "1"}, "the path is too long"},
      {{"replications", ""}, "--set replications=: has no value"}};
  for (const auto& [override_, message] : table) {
    const Reading reading = read_file(kEverySection, {override_});
    EXPECT_EQ(reading.failure, LoadFailure::input) << override_.path;
    EXPECT_NE(reading.text.find(message), std::string::npos) << message << "\n" << reading.text;
  }
}

}  // namespace
}  // namespace spillway
