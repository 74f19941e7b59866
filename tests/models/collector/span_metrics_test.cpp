// What span_metrics makes of spans: series by dimensions, flushes, what is forgotten when.
#include "models/collector/span_metrics.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

SpanMetricsConfig by(std::vector<SpanMetricsConfig::Dimension> dimensions = {}) {
  SpanMetricsConfig config;
  config.dimensions = std::move(dimensions);
  config.metrics_flush_interval = 10s;
  return config;
}

struct SpanMetricsBench : Bench {
  explicit SpanMetricsBench(SpanMetricsConfig settings, int minor = 159)
      : config{std::move(settings)}, connector{run, config, semantics_of({0, minor, 0}), scales} {
    connector.start();
  }
  Span made(const std::string& service, const std::string& name, Attributes attributes = {}, Attributes around = {}) {
    Span one = span();
    one.resource = run.catalog.add_resource({service, std::move(around)});
    one.shape = run.catalog.add_shape({.name = name, .attributes = std::move(attributes), .events = events});
    return one;
  }
  void count(const std::vector<Span>& spans) {
    const Payload payload = run.pool.grouped(spans);
    run.hold(payload, reach);
    connector.consume(payload.clone(), watch.as_done());
    run.release(payload, reach, lost);
  }
  std::vector<std::int64_t> flushes() const {
    std::vector<std::int64_t> all;
    for (const Sent& one : sink.sent) all.push_back(one.second);
    return all;
  }
  struct Scales final : Consumer {
    explicit Scales(Sink& behind) : sink{behind} { reach = behind.reach; }
    void consume(Payload payload, Done done) override {
      bytes.push_back(payload.bytes());
      sink.consume(std::move(payload), done);
    }
    Sink& sink;
    std::vector<std::int64_t> bytes;
  };
  SpanMetricsConfig config;
  std::vector<SpanEvent> events;
  Sink sink{*this};
  Scales scales{sink};
  StopWatch watch{*this};
  SpanMetrics connector;
};
using Points = std::vector<std::int64_t>;

TEST(SpanMetrics, EverySetOfDimensionsHasACallAndADurationPoint) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("shop", "GET"), bench.made("shop", "GET"), bench.made("shop", "PUT"), bench.made("stock", "GET")});
  EXPECT_EQ(bench.watch.stopped_at, 0) << "the caller does not wait";
  bench.run_until(10.5);
  EXPECT_EQ(bench.sink.sent, (SentList{{10, 6}}));
}

TEST(SpanMetrics, CumulativeSeriesGoOnDeltaSeriesEnd) {
  for (const bool delta : {false, true}) {
    SpanMetricsConfig config = by();
    config.delta = delta;
    SpanMetricsBench bench{config};
    bench.count({bench.made("shop", "GET")});
    bench.run_until(30.5);
    EXPECT_EQ(bench.flushes(), delta ? (Points{2, 0, 0}) : (Points{2, 2, 2})) << "an empty request goes on, too";
  }
}

TEST(SpanMetrics, DimensionsComeFromTheSpanTheResourceOrTheDefault) {
  SpanMetricsBench bench{by({{"route", std::nullopt}, {"zone", "none"}})};
  bench.count({bench.made("shop", "GET", {{"route", "/a"}}), bench.made("shop", "GET", {{"route", "/b"}}), bench.made("shop", "GET"),
               bench.made("shop", "GET", {{"zone", "none"}}), bench.made("shop", "GET", {{"zone", "x"}})});
  bench.run_until(10.5);
  EXPECT_EQ(bench.flushes(), (Points{8})) << "/a, /b, none of both, zone x";
}

TEST(SpanMetrics, EarlierVersionsTakeAValueForThatOfAnotherDimension) {
  for (const int minor : {111, 159}) {
    SpanMetricsBench bench{by({{"a", std::nullopt}, {"b", std::nullopt}}), minor};
    bench.count({bench.made("shop", "GET", {{"a", "x"}}), bench.made("shop", "GET", {{"b", "x"}})});
    bench.run_until(10.5);
    EXPECT_EQ(bench.flushes(), minor == 159 ? Points{4} : Points{2});
  }
}

TEST(SpanMetrics, ExcludedDimensionsDoNotTellApart) {
  SpanMetricsConfig config = by();
  config.exclude_dimensions = {"span.name"};
  config.histogram = SpanMetricsConfig::Shape::none;
  SpanMetricsBench bench{config};
  bench.count({bench.made("shop", "GET"), bench.made("shop", "PUT")});
  bench.run_until(10.5);
  EXPECT_EQ(bench.flushes(), (Points{1}));
}

TEST(SpanMetrics, ResourcesCountApartUnlessTheirKeyAttributesAreTheSame) {
  for (const bool keyed : {false, true}) {
    SpanMetricsConfig config = by();
    if (keyed) config.resource_metrics_key_attributes = {"service.name"};
    SpanMetricsBench bench{config};
    bench.count({bench.made("shop", "GET", {}, {{"host", "a"}}), bench.made("shop", "GET", {}, {{"host", "b"}})});
    bench.run_until(10.5);
    EXPECT_EQ(bench.flushes(), keyed ? Points{2} : Points{4});
  }
}

TEST(SpanMetrics, SpansWithoutAServiceDoNotCount) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("", "GET")});
  bench.run_until(10.5);
  EXPECT_EQ(bench.flushes(), (Points{0}));
}

TEST(SpanMetrics, EventsCountByTheirOwnDimensions) {
  SpanMetricsConfig config = by();
  config.events = true;
  config.event_dimensions = {{"type", std::nullopt}};
  SpanMetricsBench bench{config};
  bench.events = {{"e", {{"type", "io"}}, 1ms}, {"e", {{"type", "io"}}, 2ms}, {"e", {{"type", "net"}}, 3ms}};
  bench.count({bench.made("shop", "GET")});
  bench.run_until(10.5);
  EXPECT_EQ(bench.flushes(), (Points{4}));
}

TEST(SpanMetrics, BeyondTheLimitEverythingIsOneSeries) {
  SpanMetricsConfig config = by();
  config.aggregation_cardinality_limit = 2;
  SpanMetricsBench bench{config};
  for (const char* name : {"a", "b", "c", "d", "e"}) bench.count({bench.made("shop", name)});
  bench.run_until(10.5);
  EXPECT_EQ(bench.flushes(), (Points{6})) << "a, b and the rest";
}

TEST(SpanMetrics, AnExpiredResourceGoesOnOnceMore) {
  SpanMetricsConfig config = by();
  config.metrics_expiration = 15s;
  SpanMetricsBench bench{config};
  bench.count({bench.made("shop", "GET")});
  bench.run_until(45);
  EXPECT_EQ(bench.flushes(), (Points{2, 2, 2, 0})) << "expired at 20 s, sent once more at 30 s";
}

TEST(SpanMetrics, AnExpiredSeriesIsGoneAtOnce) {
  SpanMetricsConfig config = by();
  config.series_expiration = 15s;
  SpanMetricsBench bench{config};
  bench.count({bench.made("shop", "GET")});
  bench.script.at(12, [&] { bench.count({bench.made("shop", "PUT")}); });
  bench.run_until(35);
  EXPECT_EQ(bench.flushes(), (Points{2, 4, 2}));
}

TEST(SpanMetrics, AResourceBeyondTheCacheEndsWithTheNextFlush) {
  SpanMetricsConfig config = by();
  config.resource_metrics_cache_size = 1;
  SpanMetricsBench bench{config};
  bench.count({bench.made("shop", "GET")});
  bench.count({bench.made("stock", "GET")});
  bench.run_until(25);
  EXPECT_EQ(bench.flushes(), (Points{4, 2}));
}

TEST(SpanMetrics, ExemplarsMakePointsLargerUntilTheyAreSent) {
  SpanMetricsConfig config = by();
  config.exemplars = true;
  config.max_per_data_point = 2;
  SpanMetricsBench bench{config};
  for (int i = 0; i < 5; ++i) bench.count({bench.made("shop", "GET")});
  bench.run_until(25);
  EXPECT_EQ(bench.flushes(), (Points{2, 2}));
  constexpr std::int64_t exemplar = 48;
  EXPECT_EQ(bench.scales.bytes.at(0) - bench.scales.bytes.at(1), 4 * exemplar) << "two a point";
}

TEST(SpanMetrics, NothingIsSentAtTheEnd) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("shop", "GET")});
  bench.run_until(5);
  bench.connector.stop(bench.watch.as_done());
  bench.run_until(30);
  EXPECT_EQ(bench.flushes(), Points{});
}

TEST(SpanMetrics, OneTickWaitsForAFlushThatStandsStill) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("shop", "GET")});
  bench.sink.waits = true;
  bench.run_until(45);
  EXPECT_EQ(bench.flushes(), (Points{2}));
  bench.sink.waits = false;
  bench.sink.let_go();
  EXPECT_EQ(bench.flushes(), (Points{2, 2}));
  EXPECT_EQ(bench.fates().in_flight, 0);
}

TEST(SpanMetrics, AnErrorLosesThePointsOfThatFlush) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("shop", "GET")});
  bench.sink.result.ok = false;
  bench.run_until(10.5);
  EXPECT_EQ(bench.fates().stored, 0);
  bench.sink.result.ok = true;
  bench.run_until(20.5);
  EXPECT_EQ(bench.fates().stored, 2);
  EXPECT_EQ(bench.fates().in_flight, 0);
}

TEST(SpanMetrics, KilledLosesWhatItSends) {
  SpanMetricsBench bench{by()};
  bench.count({bench.made("shop", "GET")});
  bench.sink.waits = true;
  bench.run_until(10.5);
  EXPECT_EQ(bench.fates().in_flight, 2);
  bench.connector.kill(bench.lost);
  EXPECT_EQ(bench.fates().in_flight, 0);
}

TEST(ExponentialHistogram, HalvesItsResolutionUntilAllFits) {
  ExponentialHistogram histogram{4};
  histogram.add(1);
  EXPECT_EQ(histogram.scale(), 20);
  EXPECT_EQ(histogram.offset(), -1) << "a bucket includes its upper bound";
  histogram.add(16);
  EXPECT_EQ(histogram.scale(), -1) << "from 2^-0 to 2^4 in four buckets";
  EXPECT_EQ(histogram.offset(), -1);
  EXPECT_EQ(histogram.buckets(), (std::vector<std::int64_t>{1, 0, 1}));
  histogram.add(3);
  EXPECT_EQ(histogram.buckets(), (std::vector<std::int64_t>{1, 1, 1}));
  histogram.add(0);
  EXPECT_EQ(histogram.zeros(), 1);
}

TEST(ExponentialHistogram, OfZerosHasNoScale) {
  ExponentialHistogram histogram{0};
  histogram.add(0);
  EXPECT_EQ(histogram.scale(), 0);
  EXPECT_EQ(histogram.otlp_bytes(), 9U + 2 + 2);
}

}  // namespace
}  // namespace spillway::collector
