#include "models/collector/go_heap.hpp"

#include <gtest/gtest.h>

#include "models/collector/usage.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

constexpr double kMiB = 1 << 20;

GoRuntime runtime_of(const std::map<std::string, std::string>& environment) {
  std::string why;
  const auto runtime = go_runtime_of(environment, why);
  EXPECT_TRUE(runtime) << why;
  return runtime.value_or(GoRuntime{});
}

TEST(GoRuntime, ReadsTheEnvironmentAsTheRuntimeDoes) {
  EXPECT_EQ(runtime_of({}).gogc, 100);
  EXPECT_EQ(runtime_of({{"GOGC", "400"}}).gogc, 400);
  EXPECT_LT(runtime_of({{"GOGC", "off"}}).gogc, 0);
  EXPECT_EQ(runtime_of({{"GOGC", "many"}}).gogc, 100) << "ignored, as there";
  EXPECT_EQ(runtime_of({{"GOMEMLIMIT", "400MiB"}}).memory_limit, 400 * kMiB);
  EXPECT_EQ(runtime_of({{"GOMEMLIMIT", "1048576"}}).memory_limit, kMiB);
  EXPECT_EQ(runtime_of({{"GOMEMLIMIT", "1048576B"}}).memory_limit, kMiB);
  std::string why;
  EXPECT_FALSE(go_runtime_of({{"GOMEMLIMIT", "400MB"}}, why));
  EXPECT_NE(why.find("400MB"), std::string::npos);
}

TEST(HeapGoal, IsTwiceTheLiveHeapUnlessSettingsSayOtherwise) {
  EXPECT_EQ(heap_goal({}, 50 * kMiB, 0), 100 * kMiB);
  EXPECT_EQ(heap_goal({}, 1 * kMiB, 0), 4 * kMiB) << "never below 4 MiB";
  EXPECT_EQ(heap_goal({400, kMiB * kMiB}, 50 * kMiB, 0), 250 * kMiB);
  EXPECT_EQ(heap_goal({100, 90 * kMiB}, 50 * kMiB, 10 * kMiB), 80 * kMiB) << "the limit less what is no heap";
  EXPECT_GT(heap_goal({100, 90 * kMiB}, 85 * kMiB, 10 * kMiB), 85 * kMiB) << "a limit below what lives cannot hold";
}

TEST(GoHeap, SawsBetweenWhatLivesAndTheGoal) {
  GoHeap heap{{}, 20 * kMiB};
  heap.start(moment(0));
  for (int i = 1; i < 20; ++i) heap.allocate(moment(i), kMiB, 20 * kMiB);
  EXPECT_EQ(heap.alloc(), 39 * kMiB);
  EXPECT_EQ(heap.collections(), 0);
  heap.allocate(moment(20), kMiB, 20 * kMiB);
  EXPECT_EQ(heap.alloc(), 20 * kMiB);
  EXPECT_EQ(heap.collections(), 1);
  EXPECT_EQ(heap.collected_bytes(), 20 * kMiB);
}

TEST(GoHeap, GrowsOverAnIdleOneByWhatItMayReach) {
  GoHeap heap{{}, 20 * kMiB};
  heap.start(moment(0));
  EXPECT_EQ(heap.growth(), 0);
  heap.collect(moment(1), 70 * kMiB);
  EXPECT_EQ(heap.growth(), 100 * kMiB) << "goal 140 MiB, that of an idle one 40";
}

struct UsageBench : Bench {
  static Costs costs() {
    Costs made;
    made.idle_live_heap = 10 * kMiB;
    made.live_per_held_byte = 2;
    made.otlp_garbage.request = kMiB;
    made.idle_resident = 50 * kMiB;
    made.resident_per_heap_byte = 1;
    return made;
  }
  Usage usage{run, costs(), GoRuntime{}};
};

TEST(Usage, CollectsTwoMinutesAfterTheLastCollectionWithoutAnyTraffic) {
  UsageBench bench;
  bench.usage.start();
  bench.script.at(30, [&] { bench.usage.received_otlp(bench.payload(1), 100); });
  bench.run_until(119);
  EXPECT_EQ(bench.usage.heap(), static_cast<std::int64_t>(11 * kMiB)) << "the garbage of the request";
  bench.run_until(121);
  EXPECT_EQ(bench.usage.heap(), static_cast<std::int64_t>(10 * kMiB));
  bench.script.at(200, [&] { bench.usage.collect(); });
  bench.run_until(250);
  EXPECT_EQ(bench.usage.go_heap().collections(), 2) << "the next is due at 320";
  bench.run_until(321);
  EXPECT_EQ(bench.usage.go_heap().collections(), 3);
}

TEST(Usage, ResidentMemoryFollowsWhatIsHeld) {
  UsageBench bench;
  bench.usage.start();
  EXPECT_EQ(bench.usage.resident(), 50 * kMiB);
  bench.usage.held_bytes() = 15 << 20;
  EXPECT_EQ(bench.usage.collect(), static_cast<std::int64_t>(40 * kMiB));
  EXPECT_EQ(bench.usage.resident(), 50 * kMiB + 60 * kMiB) << "goal 80 MiB against 20";
  bench.usage.start();
  EXPECT_EQ(bench.usage.resident(), 50 * kMiB) << "a fresh process";
}

}  // namespace
}  // namespace spillway::collector
