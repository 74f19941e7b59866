#include "models/collector/memory_limiter.hpp"

#include <gtest/gtest.h>

#include "models/collector/go_heap.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
const Semantics kNow = semantics_of({0, 159, 0});
const Semantics kBefore = semantics_of({0, 111, 0});

MemoryLimiterConfig limits(std::int64_t limit_mib, std::int64_t spike_limit_mib) {
  MemoryLimiterConfig config;
  config.check_interval = 1s;
  config.limit_mib = limit_mib;
  config.spike_limit_mib = spike_limit_mib;
  return config;
}

/// A limiter whose heap and garbage are written down.
struct ScriptedHeap {
  explicit ScriptedHeap(const Semantics& semantics) : state{config, semantics, moment(0)} {}
  void tick(double at, std::int64_t heap_mib, std::int64_t live_mib) {
    state.tick(moment(at), heap_mib * kMiB, [&] {
      collected_at.push_back(at);
      return live_mib * kMiB;
    });
  }
  MemoryLimiterConfig config = limits(400, 100);
  LimiterState state;
  std::vector<double> collected_at;
};

TEST(LimiterState, SpikeIsAFifthOfTheLimitUnlessSaid) {
  EXPECT_EQ(LimiterState(limits(400, 0), kNow, {}).soft_limit(), 320 * kMiB);
  EXPECT_EQ(LimiterState(limits(400, 100), kNow, {}).soft_limit(), 300 * kMiB);
  EXPECT_EQ(LimiterState(limits(400, 100), kNow, {}).hard_limit(), 400 * kMiB);
}

TEST(LimiterState, AcceptsBelowTheSoftLimitAndRefusesFromItOn) {
  ScriptedHeap heap{kNow};
  heap.tick(1, 299, 299);
  EXPECT_FALSE(heap.state.must_refuse());
  heap.tick(2, 300, 300);
  EXPECT_TRUE(heap.state.must_refuse());
  heap.tick(3, 299, 299);
  EXPECT_FALSE(heap.state.must_refuse());
}

TEST(LimiterState, RefusesWithoutCollectingInTheFirstTenSeconds) {
  ScriptedHeap heap{kNow};
  heap.tick(10, 310, 200);
  EXPECT_TRUE(heap.state.must_refuse());
  EXPECT_TRUE(heap.collected_at.empty());
  heap.tick(11, 310, 200);
  EXPECT_FALSE(heap.state.must_refuse());
  EXPECT_EQ(heap.collected_at, std::vector<double>{11});
}

TEST(LimiterState, CollectsAtOnceAboveTheHardLimit) {
  ScriptedHeap heap{kNow};
  heap.tick(1, 410, 200);
  EXPECT_EQ(heap.collected_at, std::vector<double>{1});
  EXPECT_FALSE(heap.state.must_refuse());
}

TEST(LimiterState, CollectionsThatDoNotHelpBecomeRarer) {
  ScriptedHeap heap{kNow};
  for (int t = 1; t <= 40; ++t) heap.tick(t, 410, 410);
  // Intervals 1.9, 3.8, 7.6, 15.2 s, rounded up to ticks.
  EXPECT_EQ(heap.collected_at, (std::vector<double>{1, 3, 7, 15, 31}));
  EXPECT_TRUE(heap.state.must_refuse());
}

TEST(LimiterState, Before0156CollectionsThatDoNotHelpGoOnAtEveryTick) {
  const Semantics between = semantics_of({0, 150, 0});
  ScriptedHeap heap{between};
  for (int t = 1; t <= 4; ++t) heap.tick(t, 410, 410);
  EXPECT_EQ(heap.collected_at, (std::vector<double>{1, 2, 3, 4})) << "min_gc_interval_when_hard_limited is 0";
  ScriptedHeap soft{between};
  for (int t = 1; t <= 35; ++t) soft.tick(t, 310, 310);
  EXPECT_EQ(soft.collected_at, (std::vector<double>{11, 22, 33})) << "more than 10 s since the last one";
}

TEST(LimiterState, APercentageIsOfTheMemoryThereIs) {
  MemoryLimiterConfig config;
  config.limit_percentage = 80;
  config.spike_limit_percentage = 25;
  const LimiterState gigabyte{config, kNow, {}, 1000.0 * kMiB};
  EXPECT_EQ(gigabyte.hard_limit(), 800 * kMiB);
  EXPECT_EQ(gigabyte.soft_limit(), 550 * kMiB) << "the spike is a share of all memory, not of the limit";
  EXPECT_EQ(LimiterState(config, kNow, {}).hard_limit(), 512 * kMiB / 100 * 80) << "nobody said how much there is";
  config.limit_mib = 100;
  EXPECT_EQ(LimiterState(config, kNow, {}, 1000.0 * kMiB).hard_limit(), 100 * kMiB) << "limit_mib wins";
}

TEST(LimiterState, Before0120CollectsOnTheEdgeAndThenKeepsRefusing) {
  ScriptedHeap heap{kBefore};
  heap.tick(1, 310, 305);
  heap.tick(2, 310, 200);
  heap.tick(3, 310, 200);
  EXPECT_EQ(heap.collected_at, std::vector<double>{1}) << "no collection between the limits while it refuses";
  EXPECT_TRUE(heap.state.must_refuse());
  heap.tick(4, 410, 200);
  EXPECT_FALSE(heap.state.must_refuse()) << "above the hard limit it collects at every tick";
}

/// A limiter that looks at a heap with garbage: 20 MiB live, 1 MiB allocated by each call of `allocate`.
struct GarbageBench : Bench {
  explicit GarbageBench(const Semantics& semantics)
      : limiter{run, "limiter", config, semantics,
                LimiterHeap{[this] { return static_cast<std::int64_t>(heap.alloc()); },
                            [this] { return static_cast<std::int64_t>(heap.collect(run.sim.now(), live)); }}} {
    heap.start({});
    limiter.start();
  }
  void allocate(double at) {
    script.at(at, [this] { heap.allocate(run.sim.now(), kMiB, live); });
  }
  double live = 20 * kMiB;
  GoHeap heap{{}, live};
  MemoryLimiterConfig config = limits(38, 8);
  MemoryLimiter limiter;
};

// The sawtooth of a heap with half the soft limit of live data reaches it: refusal begins although little is held.
TEST(MemoryLimiter, GarbageAloneCanMakeItRefuseUntilACollection) {
  GarbageBench bench{kNow};
  for (int i = 0; i < 12; ++i) bench.allocate(0.05 * i + 0.1);
  bench.run_until(1.5);
  EXPECT_TRUE(bench.limiter.must_refuse()) << "32 MiB, of which 20 live, against a soft limit of 30";
  EXPECT_EQ(bench.heap.collections(), 0) << "no collection at the soft limit in the first 10 s";
  bench.run_until(11.5);
  EXPECT_FALSE(bench.limiter.must_refuse());
  EXPECT_EQ(bench.heap.collections(), 1);
}

TEST(MemoryLimiter, RefusesForGoodWhenWhatLivesIsAboveTheSoftLimit) {
  for (const Semantics& semantics : {kNow, kBefore}) {
    GarbageBench bench{semantics};
    bench.live = 33 * kMiB;
    bench.script.at(0.5, [&] { bench.heap.collect(bench.run.sim.now(), bench.live); });
    bench.run_until(60);
    EXPECT_TRUE(bench.limiter.must_refuse());
  }
}

struct LimiterBench : Bench {
  explicit LimiterBench(const Semantics& semantics)
      : limiter{run, "limiter", config, semantics, LimiterHeap{[this] { return heap; }, [this] { return heap; }}} {
    limiter.start();
  }
  std::int64_t heap = 10 * kMiB;
  MemoryLimiterConfig config = limits(400, 100);
  MemoryLimiter limiter;
  Sink sink{*this};
  LimiterGate gate{limiter, Signal::traces, sink};
  Sender sender{*this, gate};
};

TEST(MemoryLimiter, ChangesItsMindAtTicksOnly) {
  LimiterBench bench{kNow};
  bench.script.at(1.5, [&] { bench.heap = 350 * kMiB; });
  bench.script.at(2.5, [&] { bench.heap = 10 * kMiB; });
  for (const double at : {1.9, 2.1, 2.9, 3.1}) bench.sender.send(at, 10);
  bench.run_until(4);
  EXPECT_EQ(bench.sink.sent, (SentList{{1.9, 10}, {3.1, 10}}));
  EXPECT_EQ(bench.limiter.counters(Signal::traces).accepted.value(), 20);
  EXPECT_EQ(bench.limiter.counters(Signal::traces).refused.value(), 20);
  EXPECT_FALSE(bench.sender.told.at(1).result.permanent);
  EXPECT_EQ(bench.fates().lost.at(0).cause, "refused, memory limit");
}

TEST(MemoryLimiter, RefusedItemsAreIncomingSince0120) {
  for (const auto& [semantics, incoming] : {std::pair{kNow, 10}, std::pair{kBefore, 0}}) {
    LimiterBench bench{semantics};
    bench.heap = 350 * kMiB;
    bench.sender.send(1.5, 10);
    bench.run_until(2);
    EXPECT_EQ(bench.limiter.counters(Signal::traces).incoming.value(), incoming);
    EXPECT_EQ(bench.limiter.counters(Signal::traces).outgoing.value(), 0);
  }
}

TEST(MemoryLimiter, AFailureBehindItCountsAsAccepted) {
  LimiterBench bench{kNow};
  bench.sink.result = {false, false, Code::none, Duration{-1}, {}};
  bench.sender.send(0.5, 10);
  bench.run_until(1);
  EXPECT_EQ(bench.limiter.counters(Signal::traces).accepted.value(), 10);
  EXPECT_FALSE(bench.limiter.counters(Signal::traces).refused.visible());
}

}  // namespace
}  // namespace spillway::collector
