// What the parts of a collector say of the work they do, in the terms of the cost model.
#include <gtest/gtest.h>

#include "models/simulated_world.hpp"
#include "tests/models/case_folder.hpp"

namespace spillway::collector {
namespace {

constexpr const char* kScenario = R"(
scenario: steps
duration: 10s
record: {step: 1s}
collectors: {c: {config: [collector.yaml], addresses: [c.example], version: 0.111.0}}
backends: {b: {addresses: ["b.example:4318"]}}
clients: {p: {url: "http://c.example:4318/v1/traces", spans: 20, spans_per_trace: 5, attributes: 3, first: 1s, every: 1s, count: 2}}
)";

/// Steps after two posts of 20 spans with 3 attributes in 4 traces each, one resource a post.
StepCounts steps_of(const std::string& processors, const std::string& names, const std::string& connector = "") {
  const CaseFolder folder;
  std::string file = "receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}\n"
                     "exporters: {otlphttp: {endpoint: http://b.example:4318}, nop: {}}\n" + processors;
  file += "service:\n  pipelines:\n    traces: {receivers: [otlp], processors: [" + names + "], exporters: [otlphttp" +
          (connector.empty() ? "" : ", " + connector) + "]}\n";
  if (!connector.empty()) file += "    metrics: {receivers: [" + connector + "], exporters: [nop]}\n";
  folder.write("collector.yaml", file);
  const auto prepared = prepare_case(folder.write("scenario.yaml", kScenario));
  World world{*prepared, 0, {}};
  StepCounts last{};
  world.at_every_step([&](Time) { last = world.collector(0).work().steps; });
  world.play();
  return last;
}

using Expected = std::vector<std::pair<Step, std::int64_t>>;
void expect_steps(const StepCounts& steps, const Expected& expected) {
  StepCounts all{};
  for (const auto& [step, times] : expected) all[static_cast<std::size_t>(step)] = times;
  for (std::size_t i = 0; i < kSteps; ++i) EXPECT_EQ(steps[i], all[i]) << "step " << i;
}

TEST(Steps, NothingIsDoneWithoutProcessors) { expect_steps(steps_of("", ""), {}); }

TEST(Steps, FilterAsksSpansAndResources) {
  expect_steps(steps_of(R"(processors:
  filter: {traces: {span: ['name == "x"', 'kind == SPAN_KIND_CLIENT'], spanevent: ['name == "y"']}}
)", "filter"), {{Step::processor_span, 40}, {Step::ottl_statement, 3 * 40}});
}

TEST(Steps, TransformRunsStatementsOnSpansAndResources) {
  expect_steps(steps_of(R"(processors:
  transform:
    trace_statements:
      - {context: resource, statements: ['set(attributes["a"], "b")']}
      - {context: span, conditions: ['name == "root"'], statements: ['set(attributes["a"], "b")', 'set(name, "c")']}
)", "transform"), {{Step::processor_span, 40}, {Step::ottl_statement, 2 + 3 * 40}});
}

TEST(Steps, ActionsAreOfSpansOrResources) {
  expect_steps(steps_of(R"(processors:
  attributes: {actions: [{key: a, value: b, action: insert}, {key: c, action: delete}]}
  resource: {attributes: [{key: a, value: b, action: insert}]}
)", "attributes, resource"), {{Step::processor_span, 40 + 2}, {Step::action, 2 * 40 + 2}});
}

TEST(Steps, PatternsAreTriedOnNamesAndAttributes) {
  expect_steps(steps_of(R"--(processors:
  span: {name: {to_attributes: {rules: ["^(?P<a>x)$", "^(?P<b>y)$"]}}}
  redaction: {allow_all_keys: true, blocked_values: ["4[0-9]{12}"]}
)--", "span, redaction"),
               {{Step::processor_span, 2 * 40}, {Step::action, 3 * 40}, {Step::pattern, 2 * 40 + 3 * 40}});
}

TEST(Steps, SpansAreRegroupedAndSampled) {
  expect_steps(steps_of(R"(processors:
  groupbyattrs: {keys: [attribute.0]}
  probabilistic_sampler: {sampling_percentage: 0}
)", "groupbyattrs, probabilistic_sampler"), {{Step::regrouped_span, 40}, {Step::processor_span, 40}});
}

TEST(Steps, TracesAreHeldAndDecided) {
  expect_steps(steps_of(R"(processors:
  tail_sampling:
    decision_wait: 1s
    policies: [{name: a, type: always_sample}, {name: b, type: latency, latency: {threshold_ms: 5000}}]
  groupbytrace: {wait_duration: 1s}
)", "groupbytrace, tail_sampling"),
               {{Step::traced_span, 40}, {Step::traced_trace, 8}, {Step::tail_span, 40}, {Step::tail_trace, 8}, {Step::tail_policy, 2 * 8}});
}

TEST(Steps, ConnectorsCountSpans) {
  expect_steps(steps_of("connectors: {spanmetrics: {}}\n", "", "spanmetrics"), {{Step::measured_span, 40}});
  expect_steps(steps_of(R"(connectors: {count: {spans: {all: {}, some: {conditions: ['name == "x"']}}}}
)", "", "count"), {{Step::processor_span, 2 * 40}, {Step::ottl_statement, 40}});
}

}  // namespace
}  // namespace spillway::collector
