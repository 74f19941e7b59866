#include "models/collector/costs.hpp"

#include <gtest/gtest.h>

#include <set>

#include "models/collector/usage.hpp"
#include "models/world.hpp"
#include "tests/models/bench.hpp"
#include "tests/models/case_folder.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::collector {
namespace {

std::string problems_of(const std::string& text) {
  const Workspace folder;
  Problems problems;
  const auto table = load_costs({folder.write("costs.yaml", text)}, problems);
  EXPECT_EQ(table == nullptr, problems.has_errors());
  return to_text(problems);
}

TEST(Costs, AreLinearInTheWorkDone) {
  Costs costs;
  costs.cpu.start_seconds = 0.5;
  costs.cpu.idle_cores = 0.01;
  costs.cpu.zipkin = {100, 10, 1, 0.1};
  costs.cpu.exported = {50, 5, 0.5, 0.05};
  costs.coders[static_cast<std::size_t>(Coder::zstd)].cpu_byte = 0.01;
  costs.steps[static_cast<std::size_t>(Step::action)].cpu = 4;
  costs.cpu.spin_cores = 0.9;
  costs.cpu.wake = 200;
  Work work;
  work.wakes = 1.5;
  work.zipkin = {2, 20, 100, 1000};
  work.exported = {1, 20, 100, 2000};
  work.compressed[static_cast<std::size_t>(Coder::zstd)].bytes = 2000;
  work.steps[static_cast<std::size_t>(Step::action)] = 5;
  work.spinning_seconds = 10;
  const double expected = 0.5 + 0.1 + 9 + 1e-6 * (200 + 200 + 100 + 100 + 50 + 100 + 50 + 100 + 20 + 300 + 20);
  EXPECT_DOUBLE_EQ(cpu_seconds(costs, work, std::chrono::seconds{10}), expected);
}

TEST(Costs, APauseOfThreeMillisecondsIsHalfAWake) {
  Bench bench;
  Usage usage{bench.run, {}, {}};
  usage.start();
  std::vector<double> wakes;
  for (const Duration at : {0us, 3'000us, 3'001us, 1'003'001us}) {
    bench.run.sim.run_until(Time{at});
    usage.received_otlp(bench.payload(1), 100);
    wakes.push_back(usage.work().wakes);
  }
  EXPECT_EQ(wakes[0], 0) << "it was busy starting";
  EXPECT_DOUBLE_EQ(wakes[1], 0.5);
  EXPECT_NEAR(wakes[2], 0.5, 1e-6);
  EXPECT_NEAR(wakes[3], 1.5, 2e-5);
}

TEST(Costs, EveryParameterHasItsFieldAndTheStandardFileSaysIt) {
  std::set<const double*> fields;
  Costs costs;
  for (const CostParameter& parameter : cost_parameters()) fields.insert(parameter.field(costs));
  EXPECT_EQ(fields.size(), cost_parameters().size());
  EXPECT_EQ(sizeof(Costs), sizeof(double) * fields.size()) << "a field without a name cannot be given";
  ASSERT_FALSE(standard_costs().generations.empty());
  for (const CostGeneration& generation : standard_costs().generations) {
    for (std::size_t i = 0; i < cost_parameters().size(); ++i) {
      EXPECT_FALSE(generation.sources[i].source.empty()) << cost_parameters()[i].name;
      EXPECT_EQ(generation.sources[i].date.size(), 10u) << cost_parameters()[i].name;
    }
  }
}

TEST(Costs, AFileReadsBackAsItWasWritten) {
  const std::string text = costs_file(standard_costs(), "with \"quotes\"");
  CostTable again;
  Problems problems;
  read_costs(text, "again", again, problems);
  EXPECT_EQ(to_text(problems), "");
  EXPECT_EQ(costs_file(again, "with \"quotes\""), text);
}

TEST(Costs, AFileChangesWhatItNamesFromItsVersionOn) {
  const Workspace folder;
  Problems problems;
  const auto table = load_costs({folder.write("costs.yaml", R"(
costs:
  0.150.0:
    cpu.start: {value: 7, unit: s, source: made up, date: 2026-01-31}
)")}, problems);
  ASSERT_TRUE(table) << to_text(problems);
  const Version before{0, 149, 0}, after{0, 150, 0};
  EXPECT_EQ(table->of(after).cpu.start_seconds, 7);
  EXPECT_EQ(table->of(before).cpu.start_seconds, standard_costs().of(before).cpu.start_seconds);
  EXPECT_EQ(table->of(after).idle_resident, standard_costs().of(after).idle_resident) << "not named, not changed";
}

TEST(Costs, EveryMistakeOfAFileIsToldWithItsPlace) {
  const std::string text = problems_of(R"(costs:
  latest: {}
  0.111.0:
    cpu.strat: {value: 1, unit: s, source: a, date: 2026-01-31}
    cpu.idle: {value: -1, unit: cores, source: a, date: 2026-01-31}
    cpu.batch.span: {value: 20us, unit: us, source: a, date: 2026-01-31}
    cpu.gc.byte: {value: 1, unit: ms, source: a, date: today}
    alloc.idle: {value: 1, unit: bytes/s, date: 2026-01-31, sorce: b}
more: 1
)");
  for (const char* expected :
       {"2:3: error: costs.latest: 'latest' is no version", "4:5: error: costs.0.111.0: unknown key 'cpu.strat'; did you mean 'cpu.start'?",
        "5:23: error: costs.0.111.0.cpu.idle.value: is out of range", "6:29: error: costs.0.111.0.cpu.batch.span.value: '20us' is no number",
        "7:35: error: costs.0.111.0.cpu.gc.byte.unit: 'ms' is not its unit; write 'us'", "'today' is no date",
        "unknown key 'sorce'; did you mean 'source'?", "'source' is missing", "9:1: error: unknown key 'more'"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\nin:\n" << text;
  }
  EXPECT_NE(problems_of("").find("error"), std::string::npos);
  EXPECT_NE(problems_of("costs: []").find("a map of keys is needed"), std::string::npos);
  EXPECT_NE(problems_of("a: &a {b: *a}").find("error"), std::string::npos);
}

constexpr const char* kCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
exporters: {otlphttp: {endpoint: http://b.example:4318}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}
)";

double cpu_of(const std::string& keys, std::string_view collector) {
  const CaseFolder folder;
  folder.write("collector.yaml", collector);
  folder.write("costs.yaml", R"(
costs:
  0.111.0:
    cpu.start: {value: 100, unit: s, source: made up, date: 2026-01-31}
)");
  const auto prepared = prepare_case(folder.write("scenario.yaml", R"(
scenario: costs
duration: 10s
collectors: {c: {config: [collector.yaml], addresses: [c.example], version: 0.111.0)" + keys + R"(}}
backends: {b: {addresses: ["b.example:4318"]}}
)"));
  return Case{simulate(*prepared, 0, {})}.metric("otelcol_process_cpu_seconds");
}

TEST(Costs, ACollectorTakesThoseOfItsFile) {
  EXPECT_LT(cpu_of("", kCollector), 1);
  EXPECT_NEAR(cpu_of(", costs: costs.yaml", kCollector), 100, 1);
}

// `timeout: 10` is ten nanoseconds: the timer's loop spins. Seen on running collectors: 0.89 of a core.
TEST(Costs, ATimerOfNanosecondsKeepsACoreBusy) {
  constexpr const char* spinning = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors: {batch: {timeout: 10}}
exporters: {otlphttp: {endpoint: http://b.example:4318}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}}
)";
  EXPECT_NEAR(cpu_of("", spinning) - cpu_of("", kCollector), 8.9, 1.0);
}

}  // namespace
}  // namespace spillway::collector
