// What the count connector makes of spans: data points by resource and attributes.
#include <gtest/gtest.h>

#include "models/collector/count_connector.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

CountConfig one_metric(std::vector<std::pair<std::string, std::optional<spillway::Value>>> attributes = {}) {
  CountConfig config;
  config.spans.push_back({"spans", "how many", {}, std::move(attributes)});
  return config;
}

/// Takes the data points and remembers how many came and how large they were.
struct CountBench : Bench {
  explicit CountBench(CountConfig settings, Version version = {0, 159, 0})
      : config{std::move(settings)}, counter{run, Signal::traces, config, semantics_of(version), sink} {}

  Span made(const std::string& service, Attributes attributes, std::vector<SpanEvent> events = {}) {
    Span one = span();
    one.resource = run.catalog.add_resource({service, {}});
    one.shape = run.catalog.add_shape({.name = "op", .attributes = std::move(attributes), .events = std::move(events)});
    return one;
  }
  void count(const std::vector<Span>& spans) {
    Payload payload = run.pool.grouped(spans);
    run.hold(payload, reach);
    counter.consume(payload.clone(), watch.as_done());
    run.release(payload, reach, lost);
  }
  CountConfig config;
  Sink sink{*this};
  StopWatch watch{*this};
  CountConnector counter;
};

TEST(CountConnector, MakesOneDataPointForEachResource) {
  CountBench bench{one_metric()};
  bench.count({bench.made("shop", {}), bench.made("shop", {}), bench.made("stock", {})});
  EXPECT_EQ(bench.sink.sent, (SentList{{0, 2}}));
  EXPECT_EQ(bench.fates().stored, 2) << "the points are stored, the spans end here";
}

TEST(CountConnector, TellsAttributesApartAndLeavesOutSpansWithout) {
  CountBench bench{one_metric({{"code", std::nullopt}})};
  bench.count({bench.made("shop", {{"code", 200}}), bench.made("shop", {{"code", 500}}), bench.made("shop", {{"code", 200}}),
               bench.made("shop", {})});
  EXPECT_EQ(bench.sink.sent, (SentList{{0, 2}}));
}

TEST(CountConnector, ADefaultStandsInForAMissingAttribute) {
  CountBench bench{one_metric({{"code", spillway::Value{0}}})};
  bench.count({bench.made("shop", {{"code", 200}}), bench.made("shop", {})});
  EXPECT_EQ(bench.sink.sent, (SentList{{0, 2}}));
}

TEST(CountConnector, OnlyNewerVersionsLookAtTheResource) {
  for (const int minor : {111, 159}) {
    CountBench bench{one_metric({{"service.name", std::nullopt}}), {0, minor, 0}};
    bench.count({bench.made("shop", {})});
    EXPECT_EQ(bench.sink.sent, (SentList{{0, minor == 159 ? 1 : 0}})) << "an empty request goes on as well";
  }
}

TEST(CountConnector, CountsEventsWhereThereAreSome) {
  CountConfig config = one_metric();
  config.span_events.push_back({"events", "", {}, {}});
  CountBench bench{config};
  bench.count({bench.made("shop", {}), bench.made("stock", {}, {{"e", {}, 1ms}})});
  EXPECT_EQ(bench.sink.sent, (SentList{{0, 3}}));
}

TEST(CountConnector, TheCallEndsAsTheOneBehindDoes) {
  CountBench bench{one_metric()};
  bench.sink.result.ok = false;
  bench.count({bench.made("shop", {})});
  EXPECT_EQ(bench.watch.stopped_at, 0);
  EXPECT_EQ(bench.fates().stored, 0);
  EXPECT_EQ(bench.fates().in_flight, 0);
}

TEST(CountConnector, KilledLosesWhatItHolds) {
  CountBench bench{one_metric()};
  bench.sink.waits = true;
  bench.count({bench.made("shop", {})});
  EXPECT_EQ(bench.fates().in_flight, 1);
  bench.counter.kill(bench.lost);
  EXPECT_EQ(bench.fates().in_flight, 0);
}

}  // namespace
}  // namespace spillway::collector
