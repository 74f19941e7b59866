// Little's law on a collector's sending queue, through a whole scenario: the mean of the queue-size metric is the rate
// of requests times the time that each spends there.
#include <gtest/gtest.h>

#include <cmath>

#include "models/world.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

constexpr double kRate = 40, kLatency = 0.25, kLink = 0.01, kSeconds = 200;

// Every span is a request of its own; this version's queue counts requests until they are answered, and with 50
// consumers for about 11 requests nobody waits for a consumer.
constexpr const char* kScenario = R"(
scenario: little
seed: 3
replications: 20
duration: 200s
record: {step: 20ms}
places: {here: {}}
links: [{between: [here, store], latency: 10ms}]
services:
  app:
    in: here
    operations: {handle: {work: 1ms}}
    instrumentation: {kind: zipkin_post, endpoints: "http://collector:9411/api/v2/spans"}
traffic: {users: {to: app, operation: handle, rate: 40/s}}
collectors: {collector: {config: collector.yaml, version: 0.159.0, in: here, addresses: collector}}
backends: {store: {addresses: "store:4318", latency: 250ms}}
)";
constexpr const char* kCollector = R"(
receivers: {zipkin: {endpoint: 0.0.0.0:9411}}
exporters: {otlphttp: {endpoint: http://store:4318, sending_queue: {num_consumers: 50}}}
service: {pipelines: {traces: {receivers: [zipkin], exporters: [otlphttp]}}}
)";

double mean_queue_size(const Replication& run) {
  for (const Series& series : run.series) {
    if (series.name != "otelcol_exporter_queue_size") continue;
    double sum = 0;
    for (const double value : series.values) sum += value;
    return sum / static_cast<double>(series.values.size());
  }
  return std::nan("");
}

TEST(Theory, LittlesLawHoldsOnACollectorsQueue) {
  const Workspace folder;
  folder.write("collector.yaml", kCollector);
  Problems problems;
  LoadedScenario loaded = load_scenario(folder.write("scenario.yaml", kScenario), {}, problems);
  ASSERT_TRUE(loaded.scenario) << to_text(problems);
  const auto prepared = prepare(std::move(*loaded.scenario), problems);
  ASSERT_TRUE(prepared) << to_text(problems);
  std::vector<double> levels;
  for (std::int64_t number = 0; number < 20; ++number) levels.push_back(mean_queue_size(simulate(*prepared, number, {})));
  double sum = 0, squares = 0;
  for (const double level : levels) sum += level;
  const double mean = sum / 20;
  for (const double level : levels) squares += (level - mean) * (level - mean);
  const double error = std::sqrt(squares / 19 / 20);
  const double expected = kRate * (kLatency + 2 * kLink);
  EXPECT_LT(error, 0.02 * expected);
  // The queue is empty at the start: the first requests' time there is missing once in kSeconds.
  const double fills = expected * (kLatency + 2 * kLink) / 2 / kSeconds;
  EXPECT_NEAR(mean, expected - fills, 3 * error);
}

}  // namespace
}  // namespace spillway
