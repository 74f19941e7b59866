// The queue kept in a file, and the rules of waiting for room. What a queue in memory does stands in exporter_test.
#include <gtest/gtest.h>

#include "tests/models/collector/exporter_bench.hpp"

namespace spillway::collector {
namespace {

OtlpHttpExporterConfig kept(OtlpHttpExporterConfig config) {
  config.sending_queue.storage = "file_storage";
  return config;
}

/// The process ends without a word and is there again at once.
void kill_and_start(ExporterBench& bench) {
  bench.exporter->kill(bench.lost);
  bench.held_bytes = 0;
  bench.exporter->start();
}

/// Sizes of the posts, which tell the elements apart.
std::vector<std::int64_t> sizes(const SentList& posts) {
  std::vector<std::int64_t> all;
  for (const Sent& post : posts) all.push_back(post.second);
  return all;
}

TEST(PersistentQueue, CaseISendsWhatWasUnderWayLast) {
  for (const Version version : {kOld, kNew}) {
    ExporterBench bench{kept(queue_config(100, 2)), version};
    bench.transport.latency = 10s;
    for (int items = 1; items <= 5; ++items) bench.sender->send(0, items);
    bench.run_until(1);
    ASSERT_EQ(sizes(bench.transport.posts), (std::vector<std::int64_t>{1, 2}));
    kill_and_start(bench);
    bench.run_until(100);
    EXPECT_EQ(sizes(bench.transport.posts), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 1, 2})) << to_text(version);
    EXPECT_EQ(bench.fates().stored, 15);
    EXPECT_EQ(bench.fates().duplicates, 3);
    EXPECT_EQ(bench.fates().lost.size(), 0u);
    EXPECT_EQ(bench.exporter->queue_used(), 0);
    EXPECT_EQ(bench.held_bytes, 0);
  }
}

// The list of what is under way has no order: an end moves its last entry into the gap.
TEST(PersistentQueue, AnEndMovesTheLastOfTheListIntoItsGap) {
  ExporterBench bench{kept(queue_config(100, 4))};
  bench.transport.answers = [](std::size_t n) { return n == 0 ? status(200) : status(503); };
  for (int items = 1; items <= 4; ++items) bench.sender->send(0, items);
  bench.run_until(1);
  bench.transport.answers = always(status(200));
  kill_and_start(bench);
  bench.run_until(2);
  EXPECT_EQ(sizes(bench.transport.posts), (std::vector<std::int64_t>{1, 2, 3, 4, 4, 2, 3}));
}

TEST(PersistentQueue, TermLeavesTheQueueAndWhatItInterrupts) {
  ExporterBench bench{kept(queue_config(100, 2))};
  StopWatch watch{bench};
  bench.transport.answers = always(status(503));
  for (int items = 1; items <= 4; ++items) bench.sender->send(0, items);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(1);
  EXPECT_EQ(watch.stopped_at, 1) << "nothing is drained";
  EXPECT_EQ(bench.counters().send_failed.value(), 3) << "what is interrupted counts as failed";
  EXPECT_EQ(bench.fates().in_flight, 10);
  bench.transport.answers = always(status(200));
  bench.exporter->start();
  EXPECT_EQ(bench.exporter->queue_used(), 4);
  bench.run_until(2);
  EXPECT_EQ(sizes(bench.transport.posts), (std::vector<std::int64_t>{1, 2, 3, 4, 1, 2}));
  EXPECT_EQ(bench.fates().stored, 10);
  EXPECT_EQ(bench.fates().stored_though_given_up, 0);
}

TEST(PersistentQueue, AnAnswerDuringShutdownStillCounts) {
  ExporterBench bench{kept(queue_config(100, 2))};
  StopWatch watch{bench};
  bench.transport.latency = 2s;
  bench.transport.answers = [](std::size_t n) { return n == 0 ? status(200) : status(400); };
  for (int items = 1; items <= 3; ++items) bench.sender->send(0, items);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(5);
  EXPECT_EQ(watch.stopped_at, 2);
  EXPECT_EQ(bench.fates().stored, 1);
  EXPECT_EQ(bench.fates().lost.at(0).items, 2) << "a permanent error deletes";
  EXPECT_EQ(bench.fates().in_flight, 3);
}

TEST(PersistentQueue, WithoutRetryAFailureDuringShutdownDeletes) {
  OtlpHttpExporterConfig config = kept(queue_config(100, 1));
  config.retry_on_failure.enabled = false;
  ExporterBench bench{config};
  StopWatch watch{bench};
  bench.transport.latency = 2s;
  bench.transport.answers = always(status(503));
  bench.sender->send(0, 10);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(5);
  EXPECT_EQ(bench.fates().lost.at(0).items, 10);
}

TEST(PersistentQueue, WhatWasUnderWayNeedsRoomAgainBefore0120) {
  for (const auto& [version, dropped] : {std::pair{kOld, 3}, std::pair{kNew, 0}}) {
    ExporterBench bench{kept(queue_config(4, 2)), version};
    bench.transport.latency = 10s;
    for (int items = 1; items <= 6; ++items) bench.sender->send(0, items);
    bench.run_until(1);
    const int accepted = version == kOld ? 21 : 10;
    kill_and_start(bench);
    EXPECT_EQ(bench.exporter->queue_used(), version == kOld ? 2 : 4);
    bench.transport.latency = {};
    bench.run_until(100);
    std::int64_t lost = 0;
    for (const Fate& fate : bench.fates().lost) lost += fate.cause == "no room in the queue after a restart" ? fate.items : 0;
    // Both had been stored before the answer was awaited, so they are not lost twice over.
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(bench.fates().stored, accepted);
    EXPECT_EQ(bench.fates().duplicates, 3 - dropped);
  }
}

TEST(PersistentQueue, ARequestLargerThanTheQueueFindsItFull) {
  OtlpHttpExporterConfig config = kept(queue_config(100, 1));
  config.sending_queue.sizer = Sizer::items;
  ExporterBench bench{config};
  bench.sender->send_now(101);
  EXPECT_EQ(bench.fates().lost.at(0).cause, "queue full");
}

TEST(PersistentQueue, KeepsOnlyWhatIsUnderWayInMemory) {
  ExporterBench bench{kept(queue_config(100, 1))};
  bench.transport.latency = 1s;
  bench.sender->send_now(10);
  const std::int64_t one = bench.held_bytes;
  EXPECT_GT(one, 0);
  bench.sender->send_now(10);
  EXPECT_EQ(bench.held_bytes, one);
}

TEST(PersistentQueue, ABatchHalfThroughIsSentAgainAsAWhole) {
  OtlpHttpExporterConfig config = kept(batching_config(1s, 100, 250));
  ExporterBench bench{config};
  bench.transport.answers = [](std::size_t n) { return n == 1 ? status(503) : status(200); };
  bench.sender->send(0, 500);
  bench.run_until(1);
  EXPECT_EQ(bench.exporter->queue_used(), 1);
  kill_and_start(bench);
  bench.run_until(2);
  EXPECT_EQ(sizes(bench.transport.posts), (std::vector<std::int64_t>{250, 250, 250, 250}));
  EXPECT_EQ(bench.fates().stored, 500);
  EXPECT_EQ(bench.fates().duplicates, 250);
}

// Each end wakes one caller, however much room there is; the next ones wait for the next end.
TEST(QueueRoom, AnEndWakesOneWaiter) {
  OtlpHttpExporterConfig config = queue_config(30, 3);
  config.sending_queue.sizer = Sizer::items;
  config.sending_queue.block_on_overflow = true;
  ExporterBench bench{config};
  bench.transport.latency = 2s;
  bench.sender->send(0, 30);
  for (int i = 0; i < 3; ++i) bench.sender->send(1, 10);
  bench.run_until(20);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 30}, {2, 10}, {4, 10}, {6, 10}}));
}

TEST(QueueRoom, AWaiterThatDoesNotFitQueuesUpAgain) {
  OtlpHttpExporterConfig config = queue_config(30, 3);
  config.sending_queue.sizer = Sizer::items;
  config.sending_queue.block_on_overflow = true;
  ExporterBench bench{config};
  bench.transport.latency = 2s;
  bench.sender->send(0, 15);
  bench.sender->send(0.5, 15);
  bench.sender->send(1, 30);
  bench.sender->send(1.1, 10);
  bench.run_until(20);
  // At 2 s the 30 do not fit into 15; at 2.5 s the 10 are woken and do; at 4.5 s the 30 get in.
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 15}, {0.5, 15}, {2.5, 10}, {4.5, 30}}));
}

// Nobody listens: the first call finds out, the others fail at once until the channel's own next attempt.
TEST(GrpcChannel, CallsFailAtOnceUntilTheChannelTriesAgain) {
  Bench bench;
  AnswerTable transport{bench};
  GrpcChannel channel{bench.run, transport, 0, "exporter"};
  EXPECT_FALSE(channel.failing());
  channel.connection_failed();
  EXPECT_TRUE(channel.failing());
  bench.run_until(0.79);
  EXPECT_TRUE(channel.failing());
  bench.run_until(1.21);
  EXPECT_FALSE(channel.failing());
}

std::int64_t bytes_of(ExporterBench& bench, std::int64_t items) { return bench.payload(items).bytes(); }

TEST(ExporterBatch, OfBytesCutsWhereTheEncodedBodyWouldPassItsMaximum) {
  for (const int over : {0, -1}) {
    OtlpHttpExporterConfig config = batching_config(1s, 0, 0);
    config.sending_queue.batch->sizer = Sizer::bytes;
    ExporterBench probe{config};
    config.sending_queue.batch->max_size = bytes_of(probe, 20) + over;
    ExporterBench bench{config};
    bench.sender->send(0, 50);
    bench.run_until(2);
    EXPECT_EQ(sizes(bench.transport.posts).at(0), 20 + over);
    EXPECT_EQ(bench.fates().stored, 50);
  }
}

TEST(ExporterBatch, ASpanLargerThanABatchOfBytesIsDroppedWithoutACounter) {
  OtlpHttpExporterConfig config = batching_config(1s, 0, 20);
  config.sending_queue.batch->sizer = Sizer::bytes;
  ExporterBench bench{config};
  bench.sender->send(0, 5);
  bench.run_until(2);
  EXPECT_EQ(bench.transport.posts.size(), 0u);
  EXPECT_EQ(bench.fates().lost.at(0).cause, "span larger than the batch's max_size");
  EXPECT_EQ(bench.counters().send_failed.value(), 0);
  EXPECT_EQ(bench.exporter->queue_used(), 0);
}

// The timer has a goroutine of its own: its flush waits for a permit while the reader goes on reading.
TEST(ExporterBatch, ATimedFlushThatWaitsDoesNotStopTheReader) {
  OtlpHttpExporterConfig config = batching_config(1s, 100, 0);
  config.sending_queue.num_consumers = 1;
  ExporterBench bench{config};
  bench.transport.latency = 5s;
  bench.sender->send(0, 100);   // takes the permit until 5
  bench.sender->send(0.5, 10);  // flushed by its timer at 1.5, waits
  bench.sender->send(2, 10);    // the next batch; its timer at 3 meets a goroutine that waits
  bench.sender->send(2.5, 10);
  bench.run_until(30);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 100}, {5, 10}, {10, 20}}));
}

// The reader asks for one permit at a time: the timer's flush comes between its parts.
TEST(ExporterBatch, ATimedFlushOvertakesThePartsForWhichTheReaderHasNotAsked) {
  OtlpHttpExporterConfig config = batching_config(1s, 100, 100);
  config.sending_queue.num_consumers = 1;
  ExporterBench bench{config};
  bench.transport.latency = 5s;
  bench.sender->send(0, 350);
  bench.run_until(30);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 100}, {5, 100}, {10, 50}, {15, 100}}));
}

}  // namespace
}  // namespace spillway::collector
