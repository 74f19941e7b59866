#include "models/collector/tail_sampling.hpp"

#include <gtest/gtest.h>

#include "tests/models/collector/tail_bench.hpp"

namespace spillway::collector {
namespace {

using Arrived = std::vector<std::pair<double, std::uint64_t>>;

PolicyConfig errors_only() {
  PolicyConfig error = policy(PolicyType::status_code, "errors");
  error.status_code.status_codes = {"ERROR"};
  return error;
}
Made failed(std::uint64_t trace) { return {.trace = trace, .status = SpanStatus::error}; }

// ---- when: cases K, L, M ----

TEST(TailSampling, DecidesOneTickAfterTheWait) {
  for (const int minor : {111, 159}) {
    TailBench bench{waiting(10), minor};
    bench.send(3.4, {Made{.trace = 1}});
    bench.send(9, {Made{.trace = 1}});
    bench.run_until(20);
    EXPECT_EQ(bench.sink.arrived, (Arrived{{14, 1}, {14, 1}}));
    EXPECT_EQ(bench.sink.payloads, 1);
    EXPECT_EQ(bench.decided(Decision::sampled), 1);
    EXPECT_EQ(bench.fates().stored, 2);
  }
}

TEST(TailSampling, WaitsWholeSecondsAtLeastOne) {
  for (const Duration wait : {500ms, 1500ms}) {
    TailSamplingConfig config = waiting(1);
    config.decision_wait = wait;
    TailBench bench{config};
    bench.send(3.4, {Made{.trace = 1}});
    bench.run_until(20);
    EXPECT_EQ(bench.sink.arrived, (Arrived{{5, 1}}));
  }
}

TEST(TailSampling, DecidesEarlierWhenTheRootIsThere) {
  TailSamplingConfig config = waiting(10);
  config.decision_wait_after_root_received = 2s;
  TailBench bench{config};
  bench.send(3.4, {Made{.trace = 1}});
  bench.send(5.2, {Made{.trace = 1, .root = true}});
  bench.send(3.4, {Made{.trace = 2}});
  bench.send(13.2, {Made{.trace = 2, .root = true}});  // its own tick comes before
  bench.run_until(20);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{8, 1}, {8, 1}, {14, 2}, {14, 2}}));
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 0);
}

// ---- spans that come late ----

TEST(TailSampling, LateSpansFollowTheDecision) {
  for (const int minor : {111, 159}) {
    TailBench bench{waiting(1, {errors_only()}), minor};
    bench.send(0.5, {failed(1)});
    bench.send(0.5, {Made{.trace = 2}});
    bench.send(4.7, {Made{.trace = 1}});
    bench.send(4.7, {Made{.trace = 2}});
    bench.run_until(10);
    EXPECT_EQ(bench.sink.arrived, (Arrived{{2, 1}, {4.7, 1}}));
    EXPECT_EQ(bench.ending("not sampled"), 1);
    EXPECT_EQ(bench.ending("late, trace not sampled"), 1);
    const Samples& age = bench.counters().late_span_age;
    EXPECT_EQ(age.count, minor == 111 ? 1 : 2);  // decided at 2, so two whole seconds
    EXPECT_EQ(age.sum, 2 * age.count);
    EXPECT_EQ(bench.counters().new_traces.value(), 2);
  }
}

TEST(TailSampling, ACachedDecisionFreesItsTraceAndAnswersForIt) {
  TailSamplingConfig config = waiting(1, {errors_only()});
  config.sampled_cache_size = config.non_sampled_cache_size = 10;
  TailBench bench{config};
  bench.send(0.5, {failed(1)});
  bench.send(0.5, {Made{.trace = 2}});
  bench.send(4.7, {Made{.trace = 1}, Made{.trace = 1}, Made{.trace = 2}});
  bench.run_until(10);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{2, 1}, {4.7, 1}, {4.7, 1}}));
  EXPECT_EQ(bench.counters().early_releases[0].value(), 2);
  EXPECT_EQ(bench.counters().early_releases[1].value(), 1);
  EXPECT_EQ(bench.counters().traces_on_memory.value(), 0);
  EXPECT_EQ(bench.counters().removal_age.count, 2);
  EXPECT_EQ(bench.counters().late_span_age.count, 0);
}

TEST(TailSampling, InV0111ACachedTraceStaysInMemory) {
  TailSamplingConfig config = waiting(1);
  config.sampled_cache_size = 10;
  TailBench bench{config, 111};
  bench.send(0.5, {Made{.trace = 1}});
  bench.run_until(10);
  EXPECT_EQ(bench.processor.traces(), 1);
}

// ---- num_traces: cases N and O ----

TEST(TailSampling, MoreUndecidedTracesThanPlacesLoseTheOldest) {
  TailSamplingConfig config = waiting(4);
  config.num_traces = 100;
  TailBench bench{config};
  for (std::uint64_t i = 0; i < 60; ++i) bench.send_traces(0.05 + 0.1 * static_cast<double>(i), 10 * i, 10, 1);
  bench.run_until(20);
  // 100 a second, so each is evicted a second after it came; the last hundred are decided.
  EXPECT_EQ(bench.ending("evicted before its decision"), 500);
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 500);
  EXPECT_EQ(bench.decided(Decision::sampled), 100);
  EXPECT_EQ(bench.counters().removal_age.count, 500);
}

// Decided traces stay until there is need for their places, and answer for late spans as long.
TEST(TailSampling, DecidedTracesGiveWayToNewOnes) {
  TailSamplingConfig config = waiting(1);
  config.num_traces = 25;
  TailBench bench{config};
  bench.send_traces(0.5, 0, 10, 1);
  bench.send_traces(3.5, 100, 20, 1);
  bench.send(3.6, {Made{.trace = 9}});  // still known
  bench.send(3.7, {Made{.trace = 0}});  // evicted: a new trace
  bench.run_until(10);
  EXPECT_EQ(bench.fates().stored, 32);
  EXPECT_EQ(bench.counters().new_traces.value(), 31);
  EXPECT_EQ(bench.counters().traces_on_memory.value(), 25);
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 0);
}

// A trace that is evicted and comes back is decided in the tick of its first life, with what it has by then.
TEST(TailSampling, ATraceThatComesBackIsDecidedWithItsFirstTick) {
  TailSamplingConfig config = waiting(3);
  config.num_traces = 1;
  TailBench bench{config};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(0.6, {Made{.trace = 2}});
  bench.send(2.5, {Made{.trace = 1}});
  bench.run_until(10);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{4, 1}}));
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 1);  // of trace 2 only
  EXPECT_EQ(bench.ending("evicted before its decision"), 2);
}

// v0.111 has it in two ticks, and decides it again in the second: on nothing, which it sends on.
TEST(TailSampling, InV0111ATraceThatComesBackIsDecidedTwice) {
  TailSamplingConfig config = waiting(2);
  config.num_traces = 1;
  TailBench bench{config, 111};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(0.6, {Made{.trace = 2}});
  bench.send(1.5, {Made{.trace = 1}});
  bench.run_until(10);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{3, 1}}));
  EXPECT_EQ(bench.sink.payloads, 2);
  EXPECT_EQ(bench.decided(Decision::sampled), 2);
}

// Ten evicted, then twenty found: 0.111 adds the ten again with each.
TEST(TailSampling, InV0111MissedTracesCountAgainWithEachFound) {
  for (const int minor : {111, 159}) {
    TailSamplingConfig config = waiting(1);
    config.num_traces = 20;
    TailBench bench{config, minor};
    bench.send_traces(0.5, 0, 30, 1);
    bench.run_until(5);
    EXPECT_EQ(bench.counters().dropped_too_early.value(), minor == 111 ? 200 : 10);
    EXPECT_EQ(bench.counters().decision_timer.count, minor == 111 ? 20 : 5);
  }
}

TEST(TailSampling, BlocksOnOverflowUntilACacheFreesPlaces) {
  TailSamplingConfig config = waiting(1);
  config.num_traces = 2;
  config.block_on_overflow = true;
  config.sampled_cache_size = 10;
  TailBench bench{config};
  bench.send_traces(0.5, 0, 7, 1);
  bench.run_until(0.9);
  EXPECT_EQ(bench.answered, 5);  // two taken in, one waits for room, two in the channel
  bench.run_until(20);
  EXPECT_EQ(bench.answered, 7);
  EXPECT_EQ(bench.fates().stored, 7);
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 0);
}

TEST(TailSampling, BlocksForEverWithoutACache) {
  TailSamplingConfig config = waiting(1);
  config.num_traces = 2;
  config.block_on_overflow = true;
  TailBench bench{config};
  bench.send_traces(0.5, 0, 7, 1);
  bench.run_until(100);
  EXPECT_EQ(bench.fates().stored, 2);
  EXPECT_EQ(bench.answered, 5);
  StopWatch watch{bench};
  bench.processor.stop(watch.as_done());
  bench.run_until(200);
  EXPECT_LT(watch.stopped_at, 0);
  bench.processor.kill(bench.lost);
}

// ---- maximum_trace_size_bytes ----

TEST(TailSampling, ATraceThatGrowsTooLargeIsNotSampled) {
  for (const bool cached : {false, true}) {
    TailSamplingConfig config = waiting(2);
    TailBench one{config};
    one.send(0.1, {Made{}, Made{}});
    one.run_until(0.2);
    config.maximum_trace_size_bytes = one.held_bytes - 2;  // without tag and length
    config.non_sampled_cache_size = cached ? 10 : 0;
    TailBench bench{config};
    bench.send(0.5, {Made{.trace = 1}, Made{.trace = 1}});  // fits exactly
    bench.send(0.5, {Made{.trace = 2}, Made{.trace = 2}});
    bench.send(0.6, {Made{.trace = 2}});
    bench.send(0.7, {Made{.trace = 2}});
    bench.run_until(10);
    EXPECT_EQ(bench.sink.traces(), std::set<std::uint64_t>{1});
    EXPECT_EQ(bench.counters().too_large.value(), 1);
    EXPECT_EQ(bench.ending("trace too large"), 3);
    EXPECT_EQ(bench.ending("late, trace not sampled"), 1);
    EXPECT_EQ(bench.counters().early_releases[1].value(), cached ? 1 : 0);
    EXPECT_EQ(bench.counters().late_span_age.count, 0);
    EXPECT_EQ(bench.counters().dropped_too_early.value(), 0);
    EXPECT_EQ(bench.held_bytes > 0, !cached);  // its spans stay until it is evicted
    EXPECT_EQ(bench.decided(Decision::not_sampled), 0);
  }
}

// ---- sampling_strategy: span-ingest ----

TEST(TailSampling, AtIngestEachFragmentIsJudgedAlone) {
  TailSamplingConfig config = waiting(2, {errors_only()});
  config.span_ingest = true;
  TailBench bench{config};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(0.6, {failed(1)});
  bench.send(0.7, {Made{.trace = 1}});
  bench.send(0.5, {Made{.trace = 2}});
  bench.run_until(10);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{0.6, 1}, {0.6, 1}, {0.7, 1}}));
  EXPECT_EQ(bench.ending("not sampled"), 1);
  EXPECT_EQ(bench.decided(Decision::sampled), 1);
  EXPECT_EQ(bench.decided(Decision::not_sampled), 1);
  EXPECT_EQ(bench.processor.traces(), 1);  // trace 2 left with its tick
}

TEST(TailSampling, AtIngestADropPolicyThatMayStillMatchKeepsAllPending) {
  PolicyConfig drop = policy(PolicyType::drop, "drop");
  drop.drop_sub_policy = {errors_only()};
  TailSamplingConfig config = waiting(2, {always(), drop});
  config.span_ingest = true;
  TailBench bench{config};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(0.6, {failed(1)});
  bench.send(0.5, {Made{.trace = 2}});
  bench.run_until(10);
  EXPECT_TRUE(bench.sink.arrived.empty());
  EXPECT_EQ(bench.ending("dropped by a policy"), 2);
  EXPECT_EQ(bench.ending("not sampled"), 1);
}

TEST(TailSampling, AtIngestACachedDecisionLeavesItsTickBehind) {
  TailSamplingConfig config = waiting(2);
  config.span_ingest = true;
  config.sampled_cache_size = 100;
  TailBench bench{config};
  bench.send_traces(0.5, 0, 10, 1);
  bench.run_until(10);
  EXPECT_EQ(bench.fates().stored, 10);
  EXPECT_EQ(bench.counters().dropped_too_early.value(), 10);
}

// ---- what is behind is slow, or fails ----

TEST(TailSampling, AnErrorBehindIsALoss) {
  TailBench bench{waiting(1)};
  bench.sink.fails = true;
  bench.send_traces(0.5, 0, 3, 2);
  bench.run_until(10);
  EXPECT_EQ(bench.ending("lost"), 6);
  EXPECT_EQ(bench.decided(Decision::sampled), 3);
}

// The loop stands still: it misses ticks for good, keeps callers waiting behind the channel, and decides later.
TEST(TailSampling, ASlowNextStageStopsTheLoop) {
  TailBench bench{waiting(1)};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(1.5, {Made{.trace = 2}});
  bench.script.at(1.9, [&] { bench.sink.waits = true; });
  bench.send_traces(4.5, 10, 4, 1);
  bench.run_until(5.4);
  EXPECT_EQ(bench.answered, 4);  // two of four fit into the channel
  bench.script.at(5.5, [&] {
    bench.sink.waits = false;
    bench.sink.let_go();
  });
  bench.run_until(20);
  // Ticks at 2 (in which it stood), one remembered at 5.5, then 6, 7: trace 2 was in the tick after the first.
  EXPECT_EQ(bench.sink.arrived[0], (std::pair{2.0, std::uint64_t{1}}));
  EXPECT_EQ(bench.sink.arrived[1], (std::pair{5.5, std::uint64_t{2}}));
  EXPECT_EQ(bench.answered, 6);
  EXPECT_EQ(bench.fates().stored, 6);
}

TEST(TailSampling, ALateSpanThatWaitsStopsTheLoopToo) {
  TailBench bench{waiting(1)};
  bench.send(0.5, {Made{.trace = 1}});
  bench.send(1.5, {Made{.trace = 2}});
  bench.script.at(2.1, [&] { bench.sink.waits = true; });
  bench.send(2.2, {Made{.trace = 1}});  // decided: sent on at once
  bench.script.at(5.5, [&] {
    bench.sink.waits = false;
    bench.sink.let_go();
  });
  bench.run_until(20);
  ASSERT_EQ(bench.sink.arrived.size(), 3u);
  EXPECT_EQ(bench.sink.arrived[1], (std::pair{2.2, std::uint64_t{1}}));
  EXPECT_EQ(bench.sink.arrived[2], (std::pair{5.5, std::uint64_t{2}}));  // the tick at 3 was kept for later
  EXPECT_EQ(bench.fates().stored, 3);
}

TEST(TailSampling, InV0111CallersTakeInWhileADecisionStands) {
  TailBench bench{waiting(1), 111};
  bench.send(0.5, {Made{.trace = 1}});
  bench.script.at(1.9, [&] { bench.sink.waits = true; });
  bench.send_traces(4.5, 10, 4, 1);
  bench.run_until(5.4);
  EXPECT_EQ(bench.answered, 5);
  EXPECT_EQ(bench.processor.traces(), 5);
  bench.send(5.45, {Made{.trace = 1}});  // a late span is sent on by its caller, who waits for it
  bench.run_until(5.5);
  EXPECT_EQ(bench.answered, 5);
  bench.sink.waits = false;
  bench.sink.let_go();
  bench.sink.let_go();
  EXPECT_EQ(bench.answered, 6);
  bench.run_until(20);
  EXPECT_EQ(bench.fates().stored, 6);
}

// ---- the end ----

TEST(TailSampling, DecidesWhatWaitsAtShutdown) {
  TailBench bench{waiting(10, {errors_only()})};
  bench.send(0.5, {failed(1)});
  bench.send(3.5, {failed(2)});
  bench.send(3.5, {Made{.trace = 3}});
  StopWatch watch{bench};
  bench.script.at(3.7, [&] { bench.processor.stop(watch.as_done()); });
  bench.run_until(20);
  EXPECT_EQ(watch.stopped_at, 3.7);
  EXPECT_EQ(bench.sink.arrived, (Arrived{{3.7, 1}, {3.7, 2}}));
  EXPECT_EQ(bench.ending("not sampled"), 1);
}

TEST(TailSampling, LosesWhatWaitsAtShutdownWhenToldOrInV0111) {
  for (const int minor : {111, 159}) {
    TailSamplingConfig config = waiting(10);
    config.drop_pending_traces_on_shutdown = true;
    TailBench bench{config, minor};
    bench.send_traces(0.5, 0, 5, 2);
    StopWatch watch{bench};
    bench.script.at(3.7, [&] { bench.processor.stop(watch.as_done()); });
    bench.run_until(20);
    EXPECT_EQ(watch.stopped_at, 3.7);
    EXPECT_EQ(bench.ending("undecided at shutdown"), 10);
    EXPECT_EQ(bench.held_bytes, 0);
  }
}

TEST(TailSampling, AKillEndsEverythingItHolds) {
  for (const int minor : {111, 159}) {
    TailBench bench{waiting(1), minor};
    bench.send_traces(0.5, 0, 3, 2);
    bench.script.at(1.9, [&] { bench.sink.waits = true; });
    bench.send_traces(2.5, 10, 6, 2);
    bench.script.at(2.7, [&] { bench.processor.kill(bench.lost); });
    bench.run_until(2.8);
    const std::int64_t before_restart = bench.answered;
    bench.sink.waits = false;
    bench.held_bytes = 0;
    bench.processor.start();
    bench.send_traces(3.5, 20, 2, 2);
    bench.run_until(20);
    EXPECT_EQ(bench.answered, before_restart + 2);
    EXPECT_EQ(bench.decided(Decision::sampled), 2);
    EXPECT_EQ(bench.counters().new_traces.value(), 2);
    bench.processor.kill(bench.lost);
  }
}

// ---- num_shards ----

TEST(TailSampling, ShardsShareTracesAndLimits) {
  PolicyConfig limit = policy(PolicyType::rate_limiting);
  limit.rate_limiting.per_second = 40;
  TailSamplingConfig config = waiting(1, {limit});
  config.num_shards = 4;
  TailBench bench{config};
  bench.send_traces(0.5, 0, 400, 1);
  bench.run_until(10);
  // Each of four has 10 a second, and room for twice the whole rate at once.
  EXPECT_EQ(bench.fates().stored, 4 * 80);
  EXPECT_EQ(bench.counters().new_traces.value(), 400);
  EXPECT_EQ(bench.counters().traces_on_memory.value(), 400);
  EXPECT_EQ(bench.counters().decision_timer.count, 4 * 10);
}

TEST(TailSampling, OnePayloadOfManyTracesIsCutByTrace) {
  TailBench bench{waiting(1, {errors_only()})};
  std::vector<Made> mixed;
  for (std::uint64_t i = 0; i < 300; ++i) mixed.push_back(i % 7 == 3 ? failed(i % 100) : Made{.trace = i % 100});
  bench.send(0.5, mixed);
  bench.run_until(5);
  EXPECT_EQ(bench.counters().new_traces.value(), 100);
  std::set<std::uint64_t> with_errors;
  for (const Made& made : mixed)
    if (made.status == SpanStatus::error) with_errors.insert(made.trace);
  EXPECT_EQ(bench.sink.traces(), with_errors);
  EXPECT_EQ(bench.sink.arrived.size(), 3 * with_errors.size());
}

}  // namespace
}  // namespace spillway::collector
