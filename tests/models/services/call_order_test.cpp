// Calls that wait for others, that nobody waits for, and work before and after them; walked and event by event.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "models/world.hpp"
#include "tests/models/case_folder.hpp"

namespace spillway {
namespace {

/// The latency of the only request, in seconds; the same whichever way it is played.
double latency_of(const std::string& operations) {
  double walked = 0, played = 0;
  for (const bool shared : {false, true}) {
    const std::string runtime = shared ? "    runtime: {kind: shared, host: h}\n" : "";
    const std::string text = "scenario: order\nduration: 10s\ndrain: 5s\nreplications: 1\n"
                             "places: {p: {}}\nlinks: [{between: [p, p], latency: 0s}]\nhosts: {h: {}}\n"
                             "services:\n  s:\n" + runtime + "    operations:\n" + operations +
                             "traffic: {t: {to: s, operation: root, at: [1s]}}\n";
    const std::filesystem::path file = std::filesystem::path{testing::TempDir()} / ("call_order." + std::to_string(::getpid()) + ".yaml");
    std::ofstream{file} << text;
    Problems problems;
    LoadedScenario loaded = load_scenario(file, {}, problems);
    for (const Problem& problem : problems.all()) {
      if (problem.severity == Problem::Severity::error) ADD_FAILURE() << to_text(problem);
    }
    std::filesystem::remove(file);
    if (!loaded.scenario) return 0;
    const auto prepared = prepare(std::move(*loaded.scenario), problems);
    const Replication run = simulate(*prepared, 0, {});
    (shared ? played : walked) = run.requests.at(0).latency.mean();
    EXPECT_EQ(run.requests.at(0).requests, 1);
  }
  EXPECT_NEAR(walked, played, 0.02 * walked + 1e-6);
  return walked;
}

constexpr const char* kLeaves =
    "      a: {work: 100ms}\n"
    "      b: {work: 200ms}\n"
    "      c: {work: 400ms}\n";

TEST(CallOrder, ParallelCallsStartTogether) {
  EXPECT_NEAR(latency_of(std::string{"      root: {work: 10ms, parallel: [{to: s, operation: a}, {to: s, operation: c}]}\n"} + kLeaves),
              0.410, 0.006);
}

TEST(CallOrder, ACallWaitsForWhatItComesAfter) {
  // c begins after a, beside b.
  EXPECT_NEAR(latency_of(std::string{"      root: {parallel: [{to: s, operation: a}, {to: s, operation: b}, "
                                     "{to: s, operation: c, after: a}]}\n"} + kLeaves),
              0.500, 0.007);
  EXPECT_NEAR(latency_of(std::string{"      root: {parallel: [{to: s, operation: a}, {to: s, operation: b, after: a}, "
                                     "{to: s, operation: c, after: [a, b]}]}\n"} + kLeaves),
              0.700, 0.01);
}

TEST(CallOrder, WorkBeforeACallAndAfterAllAddsUp) {
  EXPECT_NEAR(latency_of(std::string{"      root: {work: 10ms, finish: 50ms, parallel: [{to: s, operation: a, work: 30ms}]}\n"} + kLeaves),
              0.190, 0.003);
  // The work before b runs beside a.
  EXPECT_NEAR(latency_of(std::string{"      root: {parallel: [{to: s, operation: a}, {to: s, operation: b, work: 50ms}]}\n"} + kLeaves),
              0.250, 0.004);
}

TEST(CallOrder, NobodyWaitsForAnAsynchronousCall) {
  EXPECT_NEAR(latency_of(std::string{"      root: {parallel: [{to: s, operation: a}, {to: s, operation: c, asynchronous: true}]}\n"} + kLeaves),
              0.100, 0.002);
  EXPECT_NEAR(latency_of(std::string{"      root: {sequence: [{to: s, operation: c, asynchronous: true}, {to: s, operation: b}]}\n"} + kLeaves),
              0.200, 0.003);
}

TEST(CallOrder, ACallThatIsNotMadeHoldsNobodyUp) {
  EXPECT_NEAR(latency_of(std::string{"      root: {parallel: [{to: s, operation: c, probability: 0}, {to: s, operation: a, after: c}]}\n"} + kLeaves),
              0.100, 0.002);
}

}  // namespace
}  // namespace spillway
