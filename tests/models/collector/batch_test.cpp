#include "models/collector/batch.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

/// A batch processor between a sender and a sink, started at 0.
struct BatchBench : Bench {
  explicit BatchBench(BatchConfig settings, int cpus = 2)
      : config{std::move(settings)}, batch{run, config, cpus, sink, held_bytes} {
    batch.start();
  }
  BatchConfig config;
  Sink sink{*this};
  std::int64_t held_bytes = 0;
  Batch batch;
  Sender sender{*this, batch};
};

BatchConfig sizes(std::int64_t size, std::int64_t max, Duration timeout) {
  BatchConfig config;
  config.timeout = timeout;
  config.send_batch_size = size;
  config.send_batch_max_size = max;
  return config;
}

TEST(ChunkSize, TakesEverythingUpToTheCap) {
  EXPECT_EQ(chunk_size(5, 0), 5);
  EXPECT_EQ(chunk_size(1000, 1000), 1000);
  EXPECT_EQ(chunk_size(1001, 1000), 1000);
  EXPECT_EQ(chunk_size(999, 1000), 999);
}

TEST(Batch, SendsEverythingOnceTheSizeIsReachedWhenThereIsNoCap) {
  BatchBench bench{sizes(1000, 0, 10s)};
  for (int i = 0; i < 12; ++i) bench.sender.send(0.5 + i, 300);
  bench.run_until(12);
  EXPECT_EQ(bench.sink.sent, (SentList{{3.5, 1200}, {7.5, 1200}, {11.5, 1200}}));
  EXPECT_EQ(bench.batch.counters().size_trigger_send.value(), 3);
  EXPECT_FALSE(bench.batch.counters().timeout_trigger_send.visible());
}

TEST(Batch, SendsExactlyTheCapAndKeepsTheRest) {
  BatchBench bench{sizes(1000, 1000, 10s)};
  for (int i = 0; i < 14; ++i) bench.sender.send(0.5 + i, 300);
  bench.run_until(13.9);
  EXPECT_EQ(bench.sink.sent, (SentList{{3.5, 1000}, {6.5, 1000}, {9.5, 1000}, {13.5, 1000}}));
  EXPECT_EQ(bench.batch.counters().sent_items, 4000);
}

TEST(Batch, SplitsOneLargePayloadIntoSeveralChunksAtOnce) {
  BatchBench bench{sizes(100, 250, 1s)};
  bench.sender.send(0.5, 730);
  bench.run_until(2);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.5, 250}, {0.5, 250}, {0.5, 230}}));
}

TEST(Batch, LeavesARemainderBelowTheSizeToTheTimer) {
  BatchBench bench{sizes(200, 250, 1s)};
  bench.sender.send(0.5, 600);
  bench.run_until(3);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.5, 250}, {0.5, 250}, {1.5, 100}}));
  EXPECT_EQ(bench.batch.counters().timeout_trigger_send.value(), 1);
}

TEST(Batch, TimerRunsFreelyFromTheStart) {
  BatchBench bench{BatchConfig{}};
  bench.sender.send(0.35, 10);
  bench.run_until(2);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.4, 10}}));
}

TEST(Batch, TimerIsNotRestartedByWhatArrives) {
  BatchBench bench{sizes(1000, 0, 1s)};
  for (int i = 1; i <= 9; ++i) bench.sender.send(0.1 * i + 2, 1);
  bench.run_until(4);
  EXPECT_EQ(bench.sink.sent, (SentList{{3.0, 9}}));
}

TEST(Batch, TimerRestartsWhenTheSizeTriggersASend) {
  BatchBench bench{sizes(100, 0, 1s)};
  bench.sender.send(0.7, 100);
  bench.sender.send(0.8, 5);
  bench.run_until(3);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.7, 100}, {1.7, 5}}));
}

TEST(Batch, WithoutTimeoutForwardsEveryPayloadAsItIs) {
  BatchBench bench{sizes(8192, 0, 0s)};
  bench.sender.send(0.1, 3);
  bench.sender.send(0.2, 500);
  bench.run_until(1);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.1, 3}, {0.2, 500}}));
  EXPECT_EQ(bench.batch.counters().size_trigger_send.value(), 2) << "every send counts as triggered by size";
}

TEST(Batch, WithSizeZeroForwardsInChunksOfTheCap) {
  BatchBench bench{sizes(0, 200, 1s)};
  bench.sender.send(0.1, 500);
  bench.run_until(1);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.1, 200}, {0.1, 200}, {0.1, 100}}));
}

TEST(Batch, TimeoutOfTenNanosecondsFlushesNearlyAtOnce) {
  BatchBench bench{sizes(8192, 0, 10ns)};
  bench.sender.send(0.1, 3);
  bench.sender.send(0.2, 4);
  bench.run_until(1);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.10000001, 3}, {0.20000001, 4}}));
  EXPECT_EQ(bench.batch.counters().timeout_trigger_send.value(), 2);
}

TEST(Batch, AnErrorBehindItLosesTheItemsAndTellsNobody) {
  BatchBench bench{sizes(100, 0, 1s)};
  bench.sink.result = {false, false, Code::none, Duration{-1}, {}};
  bench.sender.send(0.5, 100);
  bench.run_until(2);
  EXPECT_EQ(bench.sender.told_ok(), 1);
  EXPECT_EQ(bench.batch.counters().sends, 0);
  EXPECT_FALSE(bench.batch.counters().size_trigger_send.visible()) << "recorded for successful sends only";
  ASSERT_EQ(bench.fates().lost.size(), 1u);
  EXPECT_EQ(bench.fates().lost[0].items, 100);
}

TEST(Batch, BlockedSendTakesAChannelfulAndThenBlocksItsCallers) {
  BatchBench bench{sizes(10, 0, 1s), 2};
  bench.sink.waits = true;
  for (int i = 1; i <= 5; ++i) bench.sender.send(0.1 * i, 10);
  bench.script.at(2, [&] { bench.sink.let_go(); });
  bench.run_until(1);
  EXPECT_EQ(bench.sink.sent.size(), 1u);
  EXPECT_EQ(bench.sender.told.size(), 3u) << "one under way and NumCPU in the channel";
  bench.run_until(3);
  EXPECT_EQ(bench.sender.told.size(), 4u);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.1, 10}, {2, 10}}));
}

TEST(Batch, FlushesWhatItHasWhenItStops) {
  BatchBench bench{sizes(1000, 0, 10s)};
  StopWatch watch{bench};
  bench.sender.send(0.5, 30);
  bench.script.at(1, [&] { bench.batch.stop(watch.as_done()); });
  bench.run_until(2);
  EXPECT_EQ(bench.sink.sent, (SentList{{1, 30}}));
  EXPECT_EQ(watch.stopped_at, 1);
  EXPECT_EQ(bench.batch.counters().timeout_trigger_send.value(), 1) << "a flush at the end counts as timeout";
}

TEST(Batch, StopWaitsForASendUnderWayAndEmptiesTheChannel) {
  BatchBench bench{sizes(10, 0, 10s), 2};
  StopWatch watch{bench};
  bench.sink.waits = true;
  bench.sender.send(0.1, 10);
  bench.sender.send(0.2, 4);
  bench.script.at(1, [&] { bench.batch.stop(watch.as_done()); });
  bench.script.at(2, [&] { bench.sink.let_go(); });
  bench.script.at(3, [&] { bench.sink.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.1, 10}, {2, 4}}));
  EXPECT_EQ(watch.stopped_at, 3);
  EXPECT_EQ(bench.held_bytes, 0);
}

TEST(Batch, KillLosesEverythingItHolds) {
  BatchBench bench{sizes(10, 0, 10s), 2};
  bench.sink.waits = true;
  for (int i = 1; i <= 3; ++i) bench.sender.send(0.1 * i, 10);
  bench.sender.send(0.4, 3);
  bench.run_until(0.35);
  bench.batch.kill(bench.lost);
  EXPECT_EQ(bench.fates().lost.at(0).items, 30);
  bench.batch.start();
  bench.sink.waits = false;
  bench.run_until(1);
  EXPECT_EQ(bench.sink.sent, (SentList{{0.1, 10}})) << "the next life waits for its own size or timer";
}

TEST(Batch, CountsTheBytesItHolds) {
  BatchBench bench{sizes(1000, 0, 1s)};
  bench.sender.send(0.5, 30);
  bench.run_until(0.6);
  EXPECT_GT(bench.held_bytes, 30 * 40);
  bench.run_until(2);
  EXPECT_EQ(bench.held_bytes, 0);
}

}  // namespace
}  // namespace spillway::collector
