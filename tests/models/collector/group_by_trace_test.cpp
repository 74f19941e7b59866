#include "models/collector/group_by_trace.hpp"

#include <gtest/gtest.h>

#include "tests/models/collector/tail_bench.hpp"

namespace spillway::collector {
namespace {

struct GroupBench : Bench, Caller {
  explicit GroupBench(GroupByTraceConfig settings) : config{settings}, processor{run, "group", config, sink, held_bytes} {
    processor.start();
  }
  void send(double at, std::vector<std::uint64_t> list) {
    script.at(at, [this, list = std::move(list)] {
      std::vector<Span> spans;
      for (const std::uint64_t trace : list) {
        spans.push_back(span());
        spans.back().trace = trace;
      }
      Payload payload = run.pool.of(spans.data(), spans.size());
      run.hold(payload, reach);
      open.push_back(payload.clone());
      processor.consume(std::move(payload), {this, static_cast<std::uint32_t>(open.size() - 1)});
    });
  }
  void done(std::uint32_t token, const Result&) override {
    run.release(open[token], reach, Ledger::handed_over());
    open[token].clear();
  }
  GroupByTraceConfig config;
  TraceSink sink{*this};
  std::int64_t held_bytes = 0;
  GroupByTrace processor;
  std::deque<Payload> open;
};

using Arrived = std::vector<std::pair<double, std::uint64_t>>;

TEST(GroupByTrace, ReleasesATraceOnceItsTimeIsOver) {
  GroupBench bench{{1s, 100, 1}};
  bench.send(0.3, {1, 2, 1});
  bench.send(1.2, {1});
  bench.send(1.4, {1});  // a trace of its own
  bench.run_until(5);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{1.3, 1}, {1.3, 1}, {1.3, 1}, {1.3, 2}, {2.4, 1}}));
  EXPECT_EQ(bench.sink.payloads, 3);
  EXPECT_EQ(bench.processor.counters().traces_released.value(), 3);
  EXPECT_EQ(bench.held_bytes, 0);
  EXPECT_EQ(bench.fates().stored, 5);
}

// The timer of the evicted trace 1 finds the one that came back, and releases it early; its own then finds nothing.
TEST(GroupByTrace, ANewTraceTakesThePlaceOfTheOldest) {
  GroupBench bench{{1s, 2, 1}};
  bench.send(0.1, {1});
  bench.send(0.2, {2});
  bench.send(0.3, {3});
  bench.send(0.4, {1});
  bench.run_until(5);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{1.1, 1}, {1.3, 3}}));
  EXPECT_EQ(bench.processor.counters().traces_evicted.value(), 2);
  EXPECT_EQ(bench.processor.counters().incomplete_releases.value(), 2);
  EXPECT_EQ(bench.fates().lost.front().items, 2);
}

TEST(GroupByTrace, WhatIsBehindMayBeSlowOrFail) {
  GroupBench bench{{1s, 100, 1}};
  bench.sink.waits = bench.sink.fails = true;
  bench.send(0.1, {1});
  bench.send(0.2, {2});
  bench.run_until(2);
  EXPECT_EQ(bench.sink.payloads, 2);  // both under way at once
  bench.sink.let_go();
  bench.sink.let_go();
  EXPECT_EQ(bench.fates().lost.front().items, 2);
}

TEST(GroupByTrace, LosesWhatWaitsAtShutdownAndAtAKill) {
  for (const bool kills : {false, true}) {
    GroupBench bench{{1s, 100, 2}};
    bench.send(0.1, {1, 2, 3});
    StopWatch watch{bench};
    bench.script.at(0.5, [&] { kills ? bench.processor.kill(bench.lost) : bench.processor.stop(watch.as_done()); });
    bench.run_until(0.6);
    bench.processor.start();
    bench.send(0.7, {1});
    bench.run_until(5);
    EXPECT_EQ(bench.sink.arrived, (Arrived{{1.7, 1}}));
    EXPECT_EQ(bench.fates().lost.front().items, 3);
  }
}

}  // namespace
}  // namespace spillway::collector
