// A queue that starts empty is faster at first than in the long run. Leaving out the warm-up makes its mean time in
// the system the one of the closed form; `auto` finds where a disturbed start has passed.
#include <gtest/gtest.h>

#include <cmath>

#include "models/world.hpp"
#include "sim/replications.hpp"
#include "sim/statistics.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

// M/M/1 at 90 %: 9 ms / (1 - 0.9) = 90 ms in the system on average.
constexpr double kMean = 0.090;
constexpr const char* kQueue = R"(
scenario: queue
seed: 11
duration: 15s
drain: 10s
services: {app: {runtime: event_loop, operations: {handle: {work: {exponential: {mean: 9ms}}}}}}
traffic: {users: {to: app, operation: handle, rate: 100/s}}
)";

std::shared_ptr<const PreparedScenario> prepared_from(const std::string& text) {
  const Workspace folder;
  Problems problems;
  LoadedScenario loaded = load_scenario(folder.write("scenario.yaml", text), {}, problems);
  if (!loaded.scenario) ADD_FAILURE() << to_text(problems);
  return prepare(std::move(*loaded.scenario), problems);
}

const RequestStats& requests_of(const Replication& run) { return run.requests.at(0); }

Interval mean_latency(const PreparedScenario& prepared, std::int64_t replications, const RunOptions& options) {
  std::vector<double> means;
  const auto runs = run_replications(replications, 2, [&](std::int64_t n) { return simulate(prepared, n, options); });
  for (const Replication& run : runs) means.push_back(requests_of(run).latency.mean());
  return mean_interval(means, 0.997);
}

TEST(WarmUp, MakesTheMeanOfAQueueThatStartsEmptyUnbiased) {
  const auto whole = prepared_from(kQueue);
  const auto steady = prepared_from(std::string{kQueue} + "warm_up: 10s\n");
  const Interval biased = mean_latency(*whole, 1'500, {});
  EXPECT_LT(biased.high, kMean) << "the empty start must show, or this test shows nothing";
  const Interval mean = mean_latency(*steady, 1'500, {});
  EXPECT_LT(mean.low, kMean);
  EXPECT_GT(mean.high, kMean);
  EXPECT_LT(mean.half_width(), 0.1 * kMean);
}

TEST(WarmUp, LeavesOutRequestsByTheirArrivalAndNothingElse) {
  const std::string scenario = R"(
scenario: moments
duration: 10s
services: {app: {runtime: event_loop, operations: {handle: {work: 2s}}}}
traffic: {users: {to: app, operation: handle, at: [1s, 3s, 5s]}}
)";
  const Replication all = simulate(*prepared_from(scenario), 0, {});
  const Replication some = simulate(*prepared_from(scenario + "warm_up: 3s\n"), 0, {});
  EXPECT_EQ(requests_of(all).requests, 3);
  EXPECT_EQ(requests_of(some).requests, 2) << "the request at 3 s arrived when the warm-up was over";
  EXPECT_EQ(some.fingerprint, all.fingerprint) << "what happens does not depend on what is counted";
  EXPECT_EQ(find_warm_up(*prepared_from(scenario + "warm_up: 3s\n")).length, std::chrono::seconds{3});
}

// 1 000 requests at once need 2 s of a worker that is otherwise half idle: the queue is empty again after about 4 s.
const std::string kDisturbed = R"(
scenario: disturbed
duration: 60s
warm_up: auto
services: {app: {runtime: event_loop, operations: {handle: {work: {exponential: {mean: 2ms}}}}}}
traffic:
  users: {to: app, operation: handle, rate: 250/s}
  crowd: {to: app, operation: handle, rate: 1000000/s, arrivals: constant, stop: 1ms}
)";

TEST(WarmUp, AutoFindsWhereADisturbedStartHasPassed) {
  const auto prepared = prepared_from(kDisturbed);
  const WarmUp found = find_warm_up(*prepared);
  EXPECT_GE(found.length, std::chrono::seconds{3});
  EXPECT_LE(found.length, std::chrono::seconds{8});
  EXPECT_NE(found.how.find("MSER-5"), std::string::npos);
  RunOptions options;
  EXPECT_GT(mean_latency(*prepared, 20, options).low, 0.02);
  options.warm_up = found.length;
  const Interval mean = mean_latency(*prepared, 60, options);
  EXPECT_NEAR(mean.mean, 0.004, 3 * mean.half_width()) << "2 ms / (1 - 0.5)";
  EXPECT_LT(mean.half_width(), 0.0004);
}

TEST(WarmUp, AutoSaysWhenItFindsNone) {
  const auto overloaded = prepared_from(R"(
scenario: overloaded
duration: 60s
warm_up: auto
services: {app: {runtime: event_loop, operations: {handle: {work: 10ms}}}}
traffic: {users: {to: app, operation: handle, rate: 200/s}}
)");
  EXPECT_EQ(find_warm_up(*overloaded).length, Duration{0});
  EXPECT_NE(find_warm_up(*overloaded).how.find("do not become steady"), std::string::npos);
}

}  // namespace
}  // namespace spillway
