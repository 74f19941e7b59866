// Which pipelines the routing connector hands spans to: by turns or to all that hold, by resource or by span.
#include "models/collector/routing_connector.hpp"

#include <gtest/gtest.h>

#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

RoutingConfig::Route route(const std::string& condition, int minor, bool by_span = false, bool copies = false) {
  ottl::Diagnosis diagnosis;
  auto parsed = ottl::Condition::parse_route("route() where " + condition, by_span ? ottl::Context::span : ottl::Context::resource,
                                             semantics_of({0, minor, 0}), diagnosis);
  EXPECT_TRUE(parsed) << diagnosis.error;
  return {{*parsed}, by_span, copies, {}};
}
RoutingConfig table(std::vector<RoutingConfig::Route> routes, ottl::ErrorMode mode = ottl::ErrorMode::ignore) {
  return {std::move(routes), {}, mode, false};
}

/// Three backends: behind the first route, the second, and behind the default pipelines.
struct RoutingBench : Bench {
  RoutingBench(RoutingConfig settings, int minor, bool has_default = true, bool one_target = false)
      : config{std::move(settings)} {
    first.reach = reach;
    second.reach = DestinationSet{1} << run.ledger.add_destination("second");
    rest.reach = DestinationSet{1} << run.ledger.add_destination("rest");
    RoutingConnector::Targets targets{{&first, one_target ? &first : &second}, has_default ? &rest : nullptr};
    targets.of_route.resize(config.table.size());
    connector = std::make_unique<RoutingConnector>(run, "c connector routing", Signal::traces, config,
                                                   semantics_of({0, minor, 0}), std::move(targets));
    everywhere = connector->reach;
  }
  Span made(const std::string& service, const std::string& name) {
    Span one = span();
    one.item = run.ledger.produce(everywhere);
    one.resource = run.catalog.add_resource({service, {}});
    one.shape = run.catalog.add_shape({.name = name});
    one.bytes = run.catalog.otlp_bytes(one);
    return one;
  }
  /// Two spans of shop, one of stock, one of cafe.
  void send() {
    const Payload payload = run.pool.grouped({made("shop", "GET"), made("shop", "SELECT"), made("stock", "GET"), made("cafe", "brew")});
    run.hold(payload, everywhere);
    connector->consume(payload.clone(), {&client, 0});
    run.release(payload, everywhere, lost);
  }
  struct Counts final : Consumer {
    void consume(Payload payload, Done done) override {
      calls.push_back(payload.items());
      bytes += payload.bytes();
      done(result);
    }
    std::vector<std::int64_t> calls;
    std::int64_t bytes = 0;
    Result result;
  };
  struct Client final : Caller {
    void done(std::uint32_t, const Result& told) override { result = told; }
    Result result;
  };
  std::int64_t ended(std::size_t where, const std::string& cause) {
    for (const auto& list : {run.ledger.close()[where].lost, run.ledger.close()[where].sampled_out})
      for (const Fate& fate : list)
        if (fate.cause == cause) return fate.items;
    return 0;
  }
  RoutingConfig config;
  Counts first, second, rest;
  Client client;
  DestinationSet everywhere = 0;
  std::unique_ptr<RoutingConnector> connector;
};
using Calls = std::vector<std::int64_t>;
constexpr const char* kShop = "attributes[\"service.name\"] == \"shop\"";
constexpr const char* kFailing = "attributes[\"service.name\"][\"deep\"] == 1";
constexpr const char* kOther = "attributes[\"service.name\"] != \"cafe\"";

TEST(RoutingConnector, ARouteTakesAwayWhatItMatches) {
  RoutingBench bench{table({route(kShop, 159), route(kOther, 159)}), 159};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{2}));
  EXPECT_EQ(bench.second.calls, (Calls{1}));
  EXPECT_EQ(bench.rest.calls, (Calls{1}));
}

TEST(RoutingConnector, EarlierVersionsAskEveryRoute) {
  RoutingBench bench{table({route(kShop, 111), route(kOther, 111)}), 111};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{2}));
  EXPECT_EQ(bench.second.calls, (Calls{3}));
  EXPECT_EQ(bench.rest.calls, (Calls{1}));
}

TEST(RoutingConnector, MatchOnceStopsAtTheFirst) {
  RoutingConfig config = table({route(kShop, 111), route(kOther, 111)});
  config.match_once = true;
  RoutingBench bench{config, 111};
  bench.send();
  EXPECT_EQ(bench.second.calls, (Calls{1}));
}

TEST(RoutingConnector, ACopyStaysForTheNextRoutes) {
  RoutingBench bench{table({route(kShop, 159, false, true), route(kOther, 159)}), 159};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{2}));
  EXPECT_EQ(bench.second.calls, (Calls{3}));
}

TEST(RoutingConnector, SpansOfOneResourceGoSeparateWays) {
  RoutingBench bench{table({route("name == \"GET\"", 159, true)}), 159};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{2}));
  EXPECT_EQ(bench.rest.calls, (Calls{2}));
  RoutingBench whole{table({route("name != \"\"", 159, true)}), 159};
  whole.send();
  EXPECT_GT(bench.first.bytes + bench.rest.bytes, whole.first.bytes) << "shop's resource is sent twice";
}

TEST(RoutingConnector, ACopyOfSpansLeavesTheirResourceWhole) {
  RoutingBench bench{table({route("name == \"GET\"", 159, true, true)}), 159};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{2}));
  EXPECT_EQ(bench.rest.calls, (Calls{4}));
}

TEST(RoutingConnector, RoutesWithOneTargetShareACall) {
  RoutingBench bench{table({route(kShop, 111), route(kOther, 111)}), 111, true, true};
  bench.send();
  EXPECT_EQ(bench.first.calls, (Calls{5})) << "shop twice";
}

TEST(RoutingConnector, WhatNoRouteTakesIsLostWithoutDefaultPipelines) {
  RoutingBench bench{table({route(kShop, 159), route(kOther, 159)}), 159, false};
  const Payload cafe = bench.run.pool.grouped({bench.made("cafe", "brew")});
  bench.run.hold(cafe, bench.everywhere);
  bench.connector->consume(cafe.clone(), {&bench.client, 0});
  bench.run.release(cafe, bench.everywhere, Ledger::handed_over());
  EXPECT_TRUE(bench.client.result.ok) << "nobody is told";
  EXPECT_EQ(bench.ended(0, "no route, and no default_pipelines"), 1);
  EXPECT_EQ(bench.ended(1, "no route, and no default_pipelines"), 1);
}

TEST(RoutingConnector, WhatGoesToOnePipelineIsNotMissedAtAnother) {
  RoutingBench bench{table({route(kShop, 159)}), 159};
  const Payload shop = bench.run.pool.grouped({bench.made("shop", "GET")});
  bench.run.hold(shop, bench.everywhere);
  bench.connector->consume(shop.clone(), {&bench.client, 0});
  bench.store(shop);
  bench.run.release(shop, bench.everywhere, Ledger::handed_over());
  EXPECT_EQ(bench.run.ledger.close()[0].stored, 1);
  EXPECT_EQ(bench.ended(2, "sent to another pipeline"), 1);
}

TEST(RoutingConnector, AnErrorFailsTheCallOrIsNoMatch) {
  for (const auto mode : {ottl::ErrorMode::propagate, ottl::ErrorMode::ignore}) {
    RoutingBench bench{table({route(kFailing, 159)}, mode), 159};
    bench.send();
    EXPECT_EQ(bench.client.result.ok, mode == ottl::ErrorMode::ignore);
    EXPECT_EQ(bench.rest.calls, mode == ottl::ErrorMode::ignore ? Calls{4} : Calls{});
  }
}

TEST(RoutingConnector, InEarlierVersionsAnErrorSendsToTheDefaultAndNoMatchSendsAgain) {
  RoutingBench bench{table({route(kFailing, 111), route(kShop, 111)}), 111};
  bench.send();
  EXPECT_EQ(bench.second.calls, (Calls{2}));
  EXPECT_EQ(bench.rest.calls, (Calls{6})) << "shop once, stock and cafe twice";
}

TEST(RoutingConnector, TheCallFailsWhenOnePipelineDoes) {
  RoutingBench bench{table({route(kShop, 159)}), 159};
  bench.first.result.ok = false;
  bench.send();
  EXPECT_FALSE(bench.client.result.ok);
  EXPECT_EQ(bench.rest.calls, (Calls{2})) << "the others are called all the same";
}

}  // namespace
}  // namespace spillway::collector
