// Cases worked out by hand from the collector's source and seen on running collectors, v0.111 and v0.159.
// Small ones are played on single components; the others are scenarios with a collector file.
#include <gtest/gtest.h>

#include "models/collector/batch.hpp"
#include "models/collector/memory_limiter.hpp"
#include "tests/models/case_folder.hpp"
#include "tests/models/collector/exporter_bench.hpp"

namespace spillway::collector {
namespace {

const std::vector<double> kAttemptsOf300Seconds{0,        5,        12.5,     23.75,    40.625,   65.9375, 95.9375,
                                                125.9375, 155.9375, 185.9375, 215.9375, 245.9375, 275.9375};

SentList batch_case(const BatchConfig& config, double first, int requests, std::int64_t spans) {
  Bench bench;
  Sink sink{bench};
  std::int64_t held = 0;
  Batch batch{bench.run, config, 2, sink, held};
  batch.start();
  Sender sender{bench, batch};
  for (int i = 0; i < requests; ++i) sender.send(first + i, spans);
  bench.run_until(first + requests);
  return sink.sent;
}

BatchConfig batch_of_1000(std::int64_t max) {
  BatchConfig config;
  config.send_batch_size = 1000;
  config.send_batch_max_size = max;
  config.timeout = 10s;
  return config;
}

TEST(ReferenceCase, A1BatchWithoutCapSendsAllThatWaits) {
  EXPECT_EQ(batch_case(batch_of_1000(0), 0.5, 12, 300), (SentList{{3.5, 1200}, {7.5, 1200}, {11.5, 1200}}));
}

TEST(ReferenceCase, A2BatchWithCapSendsExactlyTheCap) {
  EXPECT_EQ(batch_case(batch_of_1000(1000), 0.5, 14, 300),
            (SentList{{3.5, 1000}, {6.5, 1000}, {9.5, 1000}, {13.5, 1000}}));
}

TEST(ReferenceCase, BLoneRequestWaitsForTheNextTickOfTheFreeTimer) {
  EXPECT_EQ(batch_case(BatchConfig{}, 0.35, 1, 10), (SentList{{0.4, 10}}));
}

TEST(ReferenceCase, CTimeoutZeroForwardsAtOnce) {
  BatchConfig config;
  config.timeout = 0s;
  EXPECT_EQ(batch_case(config, 0.5, 3, 7), (SentList{{0.5, 7}, {1.5, 7}, {2.5, 7}}));
}

TEST(ReferenceCase, DThirteenAttemptsWithinFiveMinutes) {
  for (const Version version : {kOld, kNew}) {
    ExporterBench bench{steady_config(), version};
    bench.transport.answers = always(status(503));
    bench.sender->send(0, 10);
    bench.run_until(400);
    EXPECT_EQ(bench.transport.times(), kAttemptsOf300Seconds) << to_text(version);
    EXPECT_EQ(bench.counters().send_failed.value(), 10) << "once, not per attempt";
    EXPECT_EQ(bench.fates().lost.at(0).cause, "gave up after retries");
    EXPECT_EQ(bench.fates().lost.at(0).first, moment(275.9375));
  }
}

struct Filling {
  double first_refusal = 0;
  std::int64_t accepted = 0, refused = 0;  ///< posts
};

Filling fill_queue(Version version, int seconds_to_run) {
  ExporterBench bench{steady_config(), version};
  bench.transport.answers = always(status(503));
  for (int i = 0; i < seconds_to_run; ++i) bench.sender->send(i, 1);
  bench.run_until(seconds_to_run);
  Filling filling;
  for (const Sender::Told& told : bench.sender->told) {
    if (told.result.ok) ++filling.accepted;
    else if (filling.refused++ == 0) filling.first_refusal = told.at;
  }
  EXPECT_EQ(bench.exporter->enqueue_failed().value(), filling.refused);
  return filling;
}

TEST(ReferenceCase, EOutageFillsTheQueueAfter1030Seconds) {
  const Filling filling = fill_queue(kNew, 3000);
  EXPECT_EQ(filling.first_refusal, 1030);
  // From 1030 to 3000 ten requests end every 276 s: at 1104, 1380, 1656, 1932, 2208, 2484, 2760.
  EXPECT_EQ(filling.accepted, 1030 + 70);
  EXPECT_EQ(filling.refused, 1970 - 70);
}

TEST(ReferenceCase, EOutageFillsTheQueueTenRequestsLaterBefore0120) {
  EXPECT_EQ(fill_queue(kOld, 1100).first_refusal, 1040);
}

std::vector<double> throttled_attempts(Version version, Duration latency) {
  ExporterBench bench{steady_config(), version};
  bench.transport.answers = always(status(503, 60s));
  bench.transport.latency = latency;
  bench.sender->send(0, 10);
  bench.run_until(1000);
  EXPECT_EQ(bench.counters().send_failed.value(), 10);
  return bench.transport.times();
}

TEST(ReferenceCase, FRetryAfterSixtySecondsAllowsSixAttemptsWithoutLatencyAndFiveWith) {
  EXPECT_EQ(throttled_attempts(kNew, 0s), (std::vector<double>{0, 60, 120, 180, 240, 300}));
  EXPECT_EQ(throttled_attempts(kNew, 10ms).size(), 5u);
}

TEST(ReferenceCase, FRetryAfterSixtySecondsAllowsSixAttemptsEitherWayBefore0120) {
  EXPECT_EQ(throttled_attempts(kOld, 0s), (std::vector<double>{0, 60, 120, 180, 240, 300}));
  EXPECT_EQ(throttled_attempts(kOld, 10ms).size(), 6u);
}

TEST(ReferenceCase, GStatus500And408EndTheRequest) {
  for (const int code : {500, 408}) {
    ExporterBench bench{steady_config()};
    bench.transport.answers = always(status(code));
    bench.sender->send(0, 10);
    bench.run_until(400);
    EXPECT_EQ(bench.transport.times(), std::vector<double>{0}) << code;
    EXPECT_EQ(bench.counters().send_failed.value(), 10);
  }
}

TEST(ReferenceCase, HExporterBatchMergesByAgeAndSplitsAtItsMaximum) {
  ExporterBench bench{batching_config(1s, 100, 250)};
  for (const auto& [at, items] : SentList{{0.0, 60}, {0.1, 60}, {0.2, 600}, {0.3, 560}}) bench.sender->send(at, items);
  bench.run_until(3);
  EXPECT_EQ(bench.transport.posts,
            (SentList{{0.1, 120}, {0.2, 250}, {0.2, 250}, {0.2, 100}, {0.3, 250}, {0.3, 250}, {1.3, 60}}));
}

constexpr const char* kFanOutScenario = R"(
scenario: fan-out
duration: 10s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 10, at: [0s, 1s], retry: {attempts: 2, after: 3s}}
backends:
  a: {addresses: ["a.example:4318"], latency: 1ms}
  b: {addresses: ["b.example:4318"], latency: 2s}
)";
constexpr const char* kFanOutCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
exporters:
  otlphttp/a: {endpoint: "http://a.example:4318"}
  otlphttp/b: {endpoint: "http://b.example:4318", sending_queue: {num_consumers: 1, queue_size: 1}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp/a, otlphttp/b]}}}
)";

// On 0.111 one more request fits (what is in flight does not count), so there the second post is taken at once.
TEST(ReferenceCase, JRetryAfterAPartialFailureDeliversTwiceToTheOther) {
  const Case played = play_case(kFanOutScenario, kFanOutCollector, "0.159.0");
  EXPECT_EQ(played.fates("a").stored, 20);
  EXPECT_EQ(played.fates("a").duplicates, 10);
  EXPECT_EQ(played.fates("b").stored, 20);
  EXPECT_EQ(played.fates("b").duplicates, 0);
  EXPECT_EQ(played.metric("otelcol_receiver_accepted_spans"), 20);
  EXPECT_EQ(played.metric("otelcol_receiver_refused_spans"), 10);
  EXPECT_EQ(played.answers("client", "503"), 1);
  EXPECT_EQ(played.answers("client", "200"), 2);
}

LimiterState limiter_of_case_u(const MemoryLimiterConfig& config, Version version) {
  return LimiterState{config, semantics_of(version), moment(0)};
}

TEST(ReferenceCase, UNoCollectionInTheFirstTenSecondsAboveTheSoftLimit) {
  constexpr std::int64_t mib = 1 << 20;
  MemoryLimiterConfig config;
  config.check_interval = 1s;
  config.limit_mib = 400;
  config.spike_limit_mib = 100;
  LimiterState state = limiter_of_case_u(config, kNew);
  int collections = 0;
  const auto collect = [&] {
    ++collections;
    return 200 * mib;
  };
  for (int t = 1; t < 10; ++t) state.tick(moment(t), 250 * mib, collect);
  EXPECT_FALSE(state.must_refuse());
  state.tick(moment(10), 310 * mib, collect);
  EXPECT_TRUE(state.must_refuse()) << "the age of the last collection, 10 s, is not above 10 s";
  EXPECT_EQ(collections, 0);
  state.tick(moment(11), 310 * mib, collect);
  EXPECT_FALSE(state.must_refuse());
  EXPECT_EQ(collections, 1);
}

constexpr const char* kHiddenLossScenario = R"(
scenario: hidden-loss
duration: 5s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 10, first: 0s, every: 100ms, count: 20}
backends:
  b: {addresses: ["b.example:4318"], behaviour: {hang: true}}
)";
constexpr const char* kHiddenLossCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 400}
  batch: {send_batch_size: 10}
exporters:
  otlphttp: {endpoint: "http://b.example:4318", sending_queue: {num_consumers: 1, queue_size: 5}}
service:
  pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp]}}
)";

TEST(ReferenceCase, VBatchHidesAFullQueueFromTheClient) {
  for (const auto& [version, accepted] : {std::pair{"0.159.0", 5}, std::pair{"0.111.0", 6}}) {
    const Case played = play_case(kHiddenLossScenario, kHiddenLossCollector, version);
    EXPECT_EQ(played.answers("client", "200"), 20) << version;
    EXPECT_EQ(played.metric("otelcol_receiver_refused_spans"), 0);
    EXPECT_EQ(played.metric("otelcol_exporter_enqueue_failed_spans"), 10 * (20 - accepted)) << version;
    EXPECT_EQ(played.lost("b", "queue full"), 10 * (20 - accepted)) << version;
  }
}

constexpr const char* kRefusingScenario = R"(
scenario: refusing
duration: 5s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:9411/api/v2/spans", format: zipkin_json, spans: 10, at: [100ms, 2s, 3s]}
backends:
  b: {addresses: ["b.example:4318"]}
)";
constexpr const char* kRefusingCollector = R"(
receivers: {zipkin: {endpoint: 0.0.0.0:9411}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 2}
exporters:
  otlphttp: {endpoint: "http://b.example:4318"}
service: {pipelines: {traces: {receivers: [zipkin], processors: [memory_limiter], exporters: [otlphttp]}}}
)";

TEST(ReferenceCase, XZipkinBehindARefusingLimiterAnswers500) {
  const Case now = play_case(kRefusingScenario, kRefusingCollector, "0.159.0");
  EXPECT_EQ(now.answers("client", "202"), 1) << "the flag changes at ticks only";
  EXPECT_EQ(now.answers("client", "500"), 2);
  EXPECT_EQ(now.metric("otelcol_receiver_refused_spans"), 20);
  EXPECT_EQ(now.metric("otelcol_processor_memory_limiter_refused_spans"), 20);
  EXPECT_EQ(now.lost("b", "refused, memory limit"), 20);
  const Case before = play_case(kRefusingScenario, kRefusingCollector, "0.111.0");
  EXPECT_EQ(before.answers("client", "500"), 2);
  EXPECT_EQ(before.metric("otelcol_processor_refused_spans"), 20);
  EXPECT_EQ(before.metric("otelcol_processor_incoming_items"), 10) << "refused items do not count as incoming there";
}

TEST(ReferenceCase, YShutdownWithADeadBackendTakesARoundOfTimeoutsPerTenRequests) {
  OtlpHttpExporterConfig config = steady_config();
  config.timeout = 5s;
  ExporterBench bench{config};
  StopWatch watch{bench};
  bench.transport.answers = always(failure(Answer::Kind::timed_out));
  for (int i = 0; i < 25; ++i) bench.sender->send(0, 4);
  bench.script.at(0, [&] { bench.exporter->stop(watch.as_done()); });
  bench.run_until(100);
  EXPECT_EQ(watch.stopped_at, 15);
  EXPECT_EQ(bench.transport.posts.size(), 25u);
  EXPECT_EQ(bench.counters().send_failed.value(), 100);
}

constexpr const char* kDeadBackendScenario = R"(
scenario: dead-backend
duration: 20s
sample_at: [500ms, 2.9s, 3.1s]
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 1, first: 0s, every: 1ms, count: 25, concurrent: true}
backends:
  b: {addresses: ["b.example:4318"], behaviour: {hang: true}}
faults:
  - {at: 500ms, collector: c, signal: TERM}
)";
constexpr const char* kDeadBackendCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
exporters:
  otlphttp: {endpoint: "http://b.example:4318", timeout: 1s}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}
)";

// Timeouts of 1 s, TERM half a second into the first ten: on the real collector the exit came 2.50 s later.
TEST(ReferenceCase, YCollectorExitsWhenItsLastRequestHasTimedOut) {
  for (const char* version : {"0.111.0", "0.159.0"}) {
    const Case played = play_case(kDeadBackendScenario, kDeadBackendCollector, version);
    EXPECT_EQ(played.metric_at(2.9, "otelcol_exporter_send_failed_spans"), 20) << version;
    EXPECT_FALSE(played.shows_at(3.1, "otelcol_exporter_send_failed_spans")) << version;
    EXPECT_EQ(played.lost("b", "shut down while retrying"), 25) << version;
  }
}

constexpr const char* kBareTimeoutScenario = R"(
scenario: bare-timeout
duration: 5s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 10, first: 0s, every: 100ms, count: 20}
backends:
  b: {addresses: ["b.example:4318"]}
)";
constexpr const char* kBareTimeoutCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors: {batch: {timeout: 10}}
exporters: {otlphttp: {endpoint: "http://b.example:4318"}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}}
)";

TEST(ReferenceCase, ZBareTimeoutIsNanosecondsSoEveryRequestLeavesAlone) {
  const Case played = play_case(kBareTimeoutScenario, kBareTimeoutCollector, "0.159.0");
  EXPECT_EQ(played.requests_at("b"), 20);
  EXPECT_EQ(played.metric("otelcol_processor_batch_timeout_trigger_send"), 20);
  EXPECT_EQ(played.fates("b").stored, 200);
}

}  // namespace
}  // namespace spillway::collector
