#include "models/collector/exporter.hpp"

#include <gtest/gtest.h>

#include "tests/models/collector/exporter_bench.hpp"

namespace spillway::collector {
namespace {

TEST(Classify, RetriesWhatTheProtocolCallsRetryable) {
  for (const int code : {429, 502, 503, 504}) EXPECT_EQ(classify(status(code), semantics_of(kNew)), Outcome::retryable) << code;
  for (const auto kind : {Answer::Kind::refused, Answer::Kind::reset, Answer::Kind::timed_out}) {
    EXPECT_EQ(classify(failure(kind), semantics_of(kNew)), Outcome::retryable);
  }
}

TEST(Classify, GivesUpAtOnceOnEveryOtherError) {
  for (const int code : {301, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 500, 501, 505}) {
    EXPECT_EQ(classify(status(code), semantics_of(kNew)), Outcome::permanent) << code;
  }
}

TEST(Classify, TakesEvery2xxForSuccess) {
  for (const int code : {200, 202, 204, 299}) EXPECT_EQ(classify(status(code), semantics_of(kNew)), Outcome::success) << code;
}

TEST(Classify, ASuccessThatCannotBeReadIsFinalSince0120) {
  Answer answer = status(200);
  answer.garbled = true;
  EXPECT_EQ(classify(answer, semantics_of(kNew)), Outcome::permanent);
  EXPECT_EQ(classify(answer, semantics_of(kOld)), Outcome::retryable);
}

TEST(ClassifyGrpc, RetriesWhatTheProtocolCallsRetryable) {
  const std::vector<GrpcCode> retryable{GrpcCode::cancelled,    GrpcCode::deadline_exceeded, GrpcCode::aborted,
                                        GrpcCode::out_of_range, GrpcCode::unavailable,       GrpcCode::data_loss};
  for (int number = 1; number <= 16; ++number) {
    const auto code = static_cast<GrpcCode>(number);
    const bool retried = std::find(retryable.begin(), retryable.end(), code) != retryable.end();
    EXPECT_EQ(classify_grpc(grpc_answer(code)), retried ? Outcome::retryable : Outcome::permanent) << number;
  }
  EXPECT_EQ(classify_grpc(grpc_answer(GrpcCode::ok)), Outcome::success);
  EXPECT_EQ(classify_grpc(grpc_answer(GrpcCode::resource_exhausted, Duration{0})), Outcome::retryable);
  for (const auto kind : {Answer::Kind::refused, Answer::Kind::reset, Answer::Kind::timed_out}) {
    EXPECT_EQ(classify_grpc(failure(kind)), Outcome::retryable);
  }
}

TEST(CodeOfStatus, MapsHttpToGrpc) {
  EXPECT_EQ(code_of_status(status(400)), Code::invalid_argument);
  EXPECT_EQ(code_of_status(status(401)), Code::unauthenticated);
  EXPECT_EQ(code_of_status(status(403)), Code::permission_denied);
  EXPECT_EQ(code_of_status(status(404)), Code::unimplemented);
  EXPECT_EQ(code_of_status(status(429)), Code::resource_exhausted);
  for (const int code : {502, 503, 504}) EXPECT_EQ(code_of_status(status(code)), Code::unavailable);
  for (const int code : {408, 418, 500}) EXPECT_EQ(code_of_status(status(code)), Code::unknown);
  EXPECT_EQ(code_of_status(failure(Answer::Kind::reset)), Code::none);
}

TEST(BackOff, GrowsByTheMultiplierUpToTheLongestInterval) {
  RetryConfig config;
  config.randomization_factor = 0;
  BackOff back_off{config.initial_interval};
  std::vector<double> delays;
  for (int i = 0; i < 8; ++i) delays.push_back(seconds(back_off.next(config, 0.5)));
  EXPECT_EQ(delays, (std::vector<double>{5, 7.5, 11.25, 16.875, 25.3125, 30, 30, 30}));
}

TEST(BackOff, SpreadsEvenlyAroundTheBase) {
  const RetryConfig config;
  for (const double u : {1e-9, 0.25, 0.5, 1 - 1e-9}) {
    BackOff back_off{10s};
    EXPECT_NEAR(seconds(back_off.next(config, u)), 5 + u * 10, 1e-6) << u;
    EXPECT_EQ(back_off.current, 15s) << "the draw does not move the base";
  }
}

TEST(GivesUp, CountsRetryAfterSince0120Only) {
  const RetryConfig config;
  EXPECT_FALSE(gives_up(config, semantics_of(kNew), 240s, 30s, 60s)) << "exactly on the deadline is allowed";
  EXPECT_TRUE(gives_up(config, semantics_of(kNew), 240s + 1ns, 30s, 60s));
  EXPECT_FALSE(gives_up(config, semantics_of(kOld), 240s + 1ns, 30s, 60s));
  EXPECT_TRUE(gives_up(config, semantics_of(kOld), 270s + 1ns, 30s, 60s));
  EXPECT_TRUE(gives_up(config, semantics_of(kNew), 270s + 1ns, 30s, Duration{-1}));
}

TEST(GivesUp, NeverWithoutALimit) {
  RetryConfig config;
  config.max_elapsed_time = 0s;
  EXPECT_FALSE(gives_up(config, semantics_of(kNew), 1000h, 30s, 60s));
}

TEST(Exporter, DeliversThroughTheQueueAndCounts) {
  ExporterBench bench{OtlpHttpExporterConfig{}};
  bench.sender->send(1, 10);
  bench.run_until(2);
  EXPECT_EQ(bench.transport.posts, (SentList{{1, 10}}));
  EXPECT_EQ(bench.counters().sent.value(), 10);
  EXPECT_EQ(bench.counters().send_failed.value(), 0);
  EXPECT_TRUE(bench.counters().send_failed.visible()) << "both series exist after the first request";
  EXPECT_FALSE(bench.exporter->enqueue_failed().visible()) << "this one only after its first failure";
  EXPECT_EQ(bench.fates().stored, 10);
  EXPECT_EQ(bench.held_bytes, 0);
}

TEST(Exporter, GivesUpAtOnceOn500And408) {
  for (const int code : {500, 408}) {
    ExporterBench bench{steady_config()};
    bench.transport.answers = always(status(code));
    bench.sender->send(0, 10);
    bench.run_until(400);
    EXPECT_EQ(bench.transport.posts.size(), 1u) << code;
    EXPECT_EQ(bench.counters().send_failed.value(), 10);
    EXPECT_EQ(bench.fates().lost.at(0).cause, "status " + std::to_string(code) + ", not retried");
  }
}

TEST(Exporter, RetriesUntilTheBackendIsBack) {
  for (const Answer& bad : {status(429), status(503), failure(Answer::Kind::refused), failure(Answer::Kind::reset)}) {
    ExporterBench bench{steady_config()};
    bench.transport.answers = [bad](std::size_t n) { return n < 2 ? bad : status(200); };
    bench.sender->send(0, 10);
    bench.run_until(400);
    EXPECT_EQ(bench.transport.times(), (std::vector<double>{0, 5, 12.5})) << to_text(bad);
    EXPECT_EQ(bench.counters().sent.value(), 10);
    EXPECT_EQ(bench.counters().send_failed.value(), 0) << "attempts are not counted";
  }
}

TEST(Exporter, WithoutRetryFailsAtOnce) {
  OtlpHttpExporterConfig config;
  config.retry_on_failure.enabled = false;
  ExporterBench bench{config};
  bench.transport.answers = always(status(503));
  bench.sender->send(0, 10);
  bench.run_until(400);
  EXPECT_EQ(bench.transport.posts.size(), 1u);
  EXPECT_EQ(bench.counters().send_failed.value(), 10);
}

TEST(Exporter, HonoursRetryAfterOn429And503Only) {
  const auto second_attempt = [](int code) {
    ExporterBench bench{steady_config()};
    bench.transport.answers = [code](std::size_t n) { return n == 0 ? status(code, 60s) : status(200); };
    bench.sender->send(0, 10);
    bench.run_until(400);
    return bench.transport.times().at(1);
  };
  EXPECT_EQ(second_attempt(429), 60);
  EXPECT_EQ(second_attempt(503), 60);
  EXPECT_EQ(second_attempt(502), 5);
  EXPECT_EQ(second_attempt(504), 5);
}

TEST(Exporter, ShortRetryAfterDoesNotShortenTheBackOff) {
  ExporterBench bench{steady_config()};
  bench.transport.answers = [](std::size_t n) { return n == 0 ? status(503, 1s) : status(200); };
  bench.sender->send(0, 10);
  bench.run_until(400);
  EXPECT_EQ(bench.transport.times(), (std::vector<double>{0, 5}));
}

TEST(Exporter, ElapsedTimeCountsFromTheFirstAttemptNotFromTheQueue) {
  ExporterBench bench{queue_config(1000, 1)};
  bench.transport.answers = always(status(503));
  bench.sender->send(0, 10);
  bench.sender->send(0, 20);
  bench.run_until(1000);
  EXPECT_EQ(bench.transport.posts.size(), 26u);
  EXPECT_EQ(bench.transport.posts.at(13), Sent(275.9375, 20)) << "the second waits for the consumer";
  EXPECT_EQ(bench.transport.posts.at(25), Sent(551.875, 20));
  EXPECT_EQ(bench.counters().send_failed.value(), 30);
}

TEST(Exporter, AnAttemptMayLastAsLongAsItsTimeout) {
  OtlpHttpExporterConfig config = steady_config();
  config.timeout = 5s;
  ExporterBench bench{config};
  bench.transport.answers = [](std::size_t n) { return n == 0 ? failure(Answer::Kind::timed_out) : status(200); };
  bench.sender->send(0, 10);
  bench.run_until(30);
  EXPECT_EQ(bench.transport.times(), (std::vector<double>{0, 10}));
}

TEST(Exporter, QueueCountsWhatIsInFlightSince0120) {
  for (const auto& [version, accepted] : {std::pair{kNew, 10}, std::pair{kOld, 13}}) {
    ExporterBench bench{queue_config(10, 3), version};
    bench.transport.answers = always(failure(Answer::Kind::timed_out));
    for (int i = 0; i < 20; ++i) bench.sender->send(0.1 * i, 10);
    bench.run_until(3);
    EXPECT_EQ(bench.sender->told_ok(), accepted) << to_text(version);
    EXPECT_EQ(bench.exporter->enqueue_failed().value(), (20 - accepted) * 10);
    EXPECT_EQ(bench.exporter->queue_used(), 10);
    EXPECT_EQ(bench.exporter->in_flight(), 3);
    EXPECT_FALSE(bench.sender->told.back().result.permanent);
  }
}

TEST(Exporter, DefaultQueueAcceptsAThousandAndTenMoreBefore0120) {
  for (const auto& [version, accepted] : {std::pair{kNew, 1000}, std::pair{kOld, 1010}}) {
    ExporterBench bench{steady_config(), version};
    bench.transport.answers = always(failure(Answer::Kind::timed_out));
    for (int i = 0; i < 1100; ++i) bench.sender->send(0, 1);
    bench.run_until(1);
    EXPECT_EQ(bench.sender->told_ok(), accepted) << to_text(version);
  }
}

TEST(Exporter, QueueOfItemsAcceptsExactlyToItsLimit) {
  OtlpHttpExporterConfig config = queue_config(100, 1);
  config.sending_queue.sizer = Sizer::items;
  ExporterBench bench{config};
  bench.transport.answers = always(failure(Answer::Kind::timed_out));
  for (const int items : {60, 41, 40, 1}) bench.sender->send_now(items);
  EXPECT_EQ(bench.sender->told_ok(), 2);
  EXPECT_EQ(bench.exporter->queue_used(), 100);
  EXPECT_EQ(bench.exporter->enqueue_failed().value(), 42);
}

TEST(Exporter, RequestLargerThanTheQueueIsRefusedForEver) {
  OtlpHttpExporterConfig config = queue_config(100, 1);
  config.sending_queue.sizer = Sizer::items;
  config.sending_queue.block_on_overflow = true;
  ExporterBench bench{config};
  bench.sender->send_now(101);
  ASSERT_EQ(bench.sender->told.size(), 1u);
  EXPECT_FALSE(bench.sender->told[0].result.ok);
  EXPECT_FALSE(bench.sender->told[0].result.permanent);
  EXPECT_EQ(bench.fates().lost.at(0).cause, "request larger than the queue");
}

TEST(Exporter, BlockOnOverflowKeepsTheCallerWaiting) {
  OtlpHttpExporterConfig config = queue_config(1, 1);
  config.sending_queue.block_on_overflow = true;
  ExporterBench bench{config};
  bench.transport.latency = 2s;
  bench.sender->send(0, 5);
  bench.sender->send(1, 7);
  bench.run_until(10);
  ASSERT_EQ(bench.sender->told.size(), 2u);
  EXPECT_EQ(bench.sender->told[1].at, 2);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 5}, {2, 7}}));
}

TEST(Exporter, WaitForResultTellsTheCallerHowItEnded) {
  OtlpHttpExporterConfig config = queue_config(10, 1);
  config.sending_queue.wait_for_result = true;
  ExporterBench bench{config};
  bench.transport.latency = 2s;
  bench.transport.answers = [](std::size_t n) { return n == 0 ? status(200) : status(400); };
  bench.sender->send(0, 5);
  bench.sender->send(0, 7);
  bench.run_until(10);
  ASSERT_EQ(bench.sender->told.size(), 2u);
  EXPECT_EQ(bench.sender->told[0].at, 2);
  EXPECT_TRUE(bench.sender->told[0].result.ok);
  EXPECT_TRUE(bench.sender->told[1].result.permanent);
  EXPECT_EQ(bench.counters().send_failed.value(), 7);
  EXPECT_EQ(bench.exporter->enqueue_failed().value(), 7) << "a final failure counts in both";
}

TEST(Exporter, WithoutAQueueTheCallerWaitsForTheLastAttempt) {
  OtlpHttpExporterConfig config = steady_config();
  config.sending_queue.enabled = false;
  ExporterBench bench{config};
  bench.transport.answers = always(status(503));
  bench.sender->send(0, 10);
  bench.run_until(400);
  ASSERT_EQ(bench.sender->told.size(), 1u);
  EXPECT_EQ(bench.sender->told[0].at, 275.9375);
  EXPECT_FALSE(bench.sender->told[0].result.permanent);
  EXPECT_EQ(bench.sender->told[0].result.code, Code::unavailable);
  EXPECT_EQ(bench.counters().send_failed.value(), 10);
  EXPECT_FALSE(bench.exporter->enqueue_failed().visible());
}

TEST(Exporter, WithoutAQueueThePermanentErrorReachesTheCallerWithItsCode) {
  OtlpHttpExporterConfig config = steady_config();
  config.sending_queue.enabled = false;
  ExporterBench bench{config};
  bench.transport.answers = always(status(400));
  bench.sender->send(0, 10);
  bench.run_until(1);
  ASSERT_EQ(bench.sender->told.size(), 1u);
  EXPECT_TRUE(bench.sender->told[0].result.permanent);
  EXPECT_EQ(bench.sender->told[0].result.code, Code::invalid_argument);
}

TEST(ExporterBatch, MergesAndSplitsByAgeAndSize) {
  ExporterBench bench{batching_config(1s, 100, 250)};
  bench.sender->send(0.0, 60);
  bench.sender->send(0.1, 60);
  bench.sender->send(0.2, 600);
  bench.sender->send(0.3, 560);
  bench.run_until(3);
  EXPECT_EQ(bench.transport.posts,
            (SentList{{0.1, 120}, {0.2, 250}, {0.2, 250}, {0.2, 100}, {0.3, 250}, {0.3, 250}, {1.3, 60}}));
  EXPECT_EQ(bench.counters().sent.value(), 1280);
  EXPECT_EQ(bench.exporter->queue_used(), 0);
}

TEST(ExporterBatch, AgeCountsFromTheFirstOfTheBatch) {
  ExporterBench bench{batching_config(1s, 100, 0)};
  bench.sender->send(0.5, 10);
  bench.sender->send(1.2, 10);
  bench.run_until(3);
  EXPECT_EQ(bench.transport.posts, (SentList{{1.5, 20}}));
}

TEST(ExporterBatch, AnElementStaysCountedUntilItsLastPartIsOut) {
  OtlpHttpExporterConfig config = batching_config(1s, 100, 250);
  config.sending_queue.sizer = Sizer::items;
  config.sending_queue.queue_size = 1000;
  ExporterBench bench{config};
  bench.transport.latency = 100ms;
  bench.sender->send(0, 300);
  bench.run_until(0.5);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 250}}));
  EXPECT_EQ(bench.exporter->queue_used(), 300);
  bench.run_until(2);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 250}, {1, 50}}));
  EXPECT_EQ(bench.exporter->queue_used(), 0);
}

TEST(ExporterBatch, FlushesWaitForAFreePermit) {
  OtlpHttpExporterConfig config = batching_config(1s, 10, 10);
  config.sending_queue.num_consumers = 2;
  ExporterBench bench{config};
  bench.transport.latency = 1s;
  bench.sender->send(0, 50);
  bench.run_until(10);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 10}, {0, 10}, {1, 10}, {1, 10}, {2, 10}}));
}

TEST(ExporterBatch, FlushesTheOpenBatchWhenItStops) {
  ExporterBench bench{batching_config(10s, 100, 0)};
  StopWatch watch{bench};
  bench.transport.latency = 100ms;
  bench.sender->send(0.5, 10);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(2);
  EXPECT_EQ(bench.transport.posts, (SentList{{1, 10}}));
  EXPECT_EQ(watch.stopped_at, 1.1);
  EXPECT_EQ(bench.fates().stored, 10);
}

TEST(ExporterStop, DropsWhatSleepsAndTriesWhatIsQueuedOnce) {
  ExporterBench bench{queue_config(100, 2)};
  StopWatch watch{bench};
  bench.transport.answers = [](std::size_t n) { return n < 2 ? status(503) : status(200); };
  for (int i = 0; i < 5; ++i) bench.sender->send(0, 10);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(400);
  EXPECT_EQ(bench.transport.posts, (SentList{{0, 10}, {0, 10}, {1, 10}, {1, 10}, {1, 10}}));
  EXPECT_EQ(bench.counters().send_failed.value(), 20) << "in back-off: dropped though the backend is healthy again";
  EXPECT_EQ(bench.counters().sent.value(), 30);
  EXPECT_EQ(watch.stopped_at, 1);
}

TEST(ExporterStop, ARetryableFailureDuringShutdownIsFinal) {
  ExporterBench bench{queue_config(100, 2)};
  StopWatch watch{bench};
  bench.transport.latency = 2s;
  bench.transport.answers = always(status(503));
  for (int i = 0; i < 5; ++i) bench.sender->send(0, 10);
  bench.script.at(1, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(400);
  EXPECT_EQ(bench.transport.times(), (std::vector<double>{0, 0, 2, 2, 4}));
  EXPECT_EQ(watch.stopped_at, 6);
  EXPECT_EQ(bench.counters().send_failed.value(), 50);
  EXPECT_EQ(bench.fates().lost.at(0).cause, "shut down while retrying");
}

TEST(ExporterKill, LosesQueueAndFlightAndForgetsLateAnswers) {
  ExporterBench bench{queue_config(100, 2)};
  bench.transport.latency = 2s;
  for (int i = 0; i < 5; ++i) bench.sender->send(0, 10);
  bench.run_until(1);
  bench.exporter->kill(bench.lost);
  EXPECT_EQ(bench.transport.abandoned, 2);
  EXPECT_EQ(bench.exporter->queue_used(), 0);
  bench.exporter->start();
  bench.sender->send(1, 10);
  bench.run_until(10);
  EXPECT_EQ(bench.counters().sent.value(), 10) << "counters start again with the process";
  EXPECT_EQ(bench.fates().lost.at(0).items, 30);
}

TEST(Exporter, CompressedBodyIsSmaller) {
  const auto body = [](Compression compression) {
    ExporterBench bench{OtlpHttpExporterConfig{}, kNew, compression};
    bench.sender->send_now(100);
    return bench.transport.body_bytes.at(0);
  };
  using enum Compression;
  EXPECT_EQ(body(none), 100 * 79 + 35) << "of spans that are all alike";
  for (const Compression one : {gzip, zlib, zstd, snappy, snappy_framed, lz4}) {
    EXPECT_GT(body(one), 100 * 24) << "every span here is a trace of its own: ids of 24 bytes do not compress";
    EXPECT_LT(body(one), body(none));
  }
}

}  // namespace
}  // namespace spillway::collector
