// The ring, its keys, and who hears of what when one of several endpoints fails.
#include <gtest/gtest.h>

#include <set>

#include "models/collector/load_balancer.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

constexpr Version kOld{0, 111, 0}, kMiddle{0, 150, 0}, kNew{0, 159, 0};

TEST(HashRing, HasThePositionsOfItsVersion) {
  const std::vector<std::string> endpoints{"a:4317", "b:4317", "c:4317"};
  const HashRing old{endpoints, semantics_of(kOld).ring};
  const HashRing middle{endpoints, semantics_of(kMiddle).ring};
  const HashRing young{endpoints, semantics_of(kNew).ring};
  EXPECT_LE(old.points().size(), 300u);
  EXPECT_EQ(middle.points().size(), 300u) << "taken positions are passed on";
  EXPECT_EQ(young.points().size(), 600u);
  EXPECT_LT(middle.points().back().position, 36000u);
  EXPECT_GE(young.points().back().position, 36000u);
}

TEST(HashRing, TakesTheNextPointAndWrapsAround) {
  const HashRing ring{{"a:4317", "b:4317"}, semantics_of(kNew).ring};
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(ring.endpoint_of("key " + std::to_string(i)));
  EXPECT_EQ(seen.size(), 2u);
  for (std::size_t i = 1; i < ring.points().size(); ++i)
    ASSERT_LT(ring.points()[i - 1].position, ring.points()[i].position);
}

TEST(HashRing, MovesFewKeysWhenAnEndpointJoins) {
  const HashRing two{{"a:4317", "b:4317"}, semantics_of(kNew).ring};
  const HashRing three{{"a:4317", "b:4317", "c:4317"}, semantics_of(kNew).ring};
  int moved = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "key " + std::to_string(i);
    const std::uint32_t now = three.endpoint_of(key);
    if (now != two.endpoint_of(key)) {
      ++moved;
      ASSERT_EQ(now, 2u) << "what moves goes to the new one";
    }
  }
  EXPECT_NEAR(moved, 1000, 250);
}

/// Endpoints a, b, c, each with a destination of its own.
class Book final : public AddressBook {
 public:
  EndpointId endpoint(std::uint16_t, const std::string& url) override {
    const auto known = std::find(urls.begin(), urls.end(), url);
    if (known != urls.end()) return static_cast<EndpointId>(known - urls.begin());
    urls.push_back(url);
    return static_cast<EndpointId>(urls.size() - 1);
  }
  std::vector<std::string> lookup(std::uint16_t, const std::string&) override { return names; }
  std::vector<std::string> lookup_ever(std::uint16_t, const std::string&) override { return ever.empty() ? names : ever; }
  std::uint64_t lookups_changed() const override { return changes; }
  void become(std::vector<std::string> now) {
    names = std::move(now);
    ++changes;
  }
  DestinationSet reach(EndpointId endpoint) const override { return DestinationSet{1} << endpoint; }
  CredentialId credential(const std::string&, const std::string&) override { return 0; }
  std::vector<std::string> urls, names, ever;
  std::uint64_t changes = 0;
};

/// Stores at the destination of the endpoint; endpoints in `dead` refuse. Answers after `delay`.
class Wires final : public Transport, public Component {
 public:
  explicit Wires(Bench& bench) : bench_{bench}, self_{bench.run.sim.add(*this)} {}
  RequestId post(Post post) override {
    const bool refused = dead.contains(post.endpoint);
    if (!refused) {
      post.payload.for_each([&](const Span& s) {
        bench_.run.ledger.store(s.item, static_cast<int>(post.endpoint));
        stored[post.endpoint].insert(s.item);
      });
    }
    const Answer answer = refused ? failure(Answer::Kind::refused) : grpc_answer(GrpcCode::ok);
    const RequestId id = open_.add({std::move(post), answer});
    bench_.run.sim.schedule(bench_.run.sim.now() + delay, self_, 0, id);
    return id;
  }
  void abandon(RequestId id) override { open_[id].post.client = nullptr; }
  void handle(const Event& event) override {
    const Open open = open_.take(static_cast<RequestId>(event.a));
    if (open.post.client != nullptr) open.post.client->answered(open.post.token, open.answer);
  }
  std::set<EndpointId> dead;
  Duration delay{};
  std::map<EndpointId, std::set<ItemId>> stored;

 private:
  struct Open {
    Post post;
    Answer answer;
  };
  Bench& bench_;
  Target self_;
  Slab<Open> open_;
};

struct BalancerBench : Bench {
  explicit BalancerBench(LoadBalancingConfig settings, Version version = kNew, std::vector<std::string> names = {},
                         std::vector<std::string> ever = {})
      : config{std::move(settings)} {
    book.names = std::move(names);
    book.ever = std::move(ever);
    run.ledger.add_destination("b");
    run.ledger.add_destination("c");
    reach = 7;
    LoadBalancerSettings made{"lb", &config, semantics_of(version), 0, {}};
    made.backend.semantics = semantics_of(version);
    balancer = std::make_unique<LoadBalancer>(run, wires, book, made, held_bytes);
    balancer->start();
    sender = std::make_unique<Sender>(*this, *balancer);
  }
  LoadBalancingConfig config;
  Wires wires{*this};
  Book book;
  std::int64_t held_bytes = 0;
  std::unique_ptr<LoadBalancer> balancer;
  std::unique_ptr<Sender> sender;
};

LoadBalancingConfig three_endpoints(bool queues) {
  LoadBalancingConfig config;
  config.resolver = LoadBalancingConfig::Resolver::fixed;
  config.hostnames = {"c", "a:4317", "b:4317"};
  config.otlp.sending_queue.enabled = queues;
  config.otlp.retry_on_failure.enabled = queues;
  return config;
}

TEST(LoadBalancer, SendsEveryTraceToOneEndpointAndSaysSoAtTheOthers) {
  BalancerBench bench{three_endpoints(true)};
  bench.sender->send(0.1, 90);
  bench.run_until(1);
  EXPECT_EQ(bench.book.urls, (std::vector<std::string>{"http://a:4317", "http://b:4317", "http://c:4317"}));
  std::size_t sum = 0;
  for (const auto& [endpoint, items] : bench.wires.stored) sum += items.size();
  EXPECT_EQ(sum, 90u);
  EXPECT_EQ(bench.wires.stored.size(), 3u);
  for (const DestinationFates& fates : bench.run.ledger.close()) {
    ASSERT_EQ(fates.sampled_out.size(), 1u);
    EXPECT_EQ(fates.stored + fates.sampled_out[0].items, 90);
    EXPECT_EQ(fates.sampled_out[0].cause, "sent to another endpoint");
  }
}

TEST(LoadBalancer, OneFailingEndpointFailsTheCallThoughTheOthersStore) {
  BalancerBench bench{three_endpoints(false)};
  bench.wires.dead = {1};
  bench.sender->send(0.1, 90);
  bench.run_until(1);
  ASSERT_EQ(bench.sender->told.size(), 1u);
  EXPECT_FALSE(bench.sender->told[0].result.ok);
  const auto& backends = bench.balancer->backends();
  EXPECT_EQ(backends[0].outcomes->succeeded.value(), 1);
  EXPECT_EQ(backends[1].outcomes->failed.value(), 1);
  EXPECT_EQ(backends[2].outcomes->succeeded.value(), 1);
  const auto fates = bench.run.ledger.close();
  EXPECT_EQ(fates[0].lost.size(), 0u) << "what went elsewhere is not lost here";
  ASSERT_EQ(fates[1].lost.size(), 1u);
  EXPECT_EQ(fates[1].lost[0].items + fates[1].sampled_out[0].items, 90);
}

TEST(LoadBalancer, OldVersionsNeedAServiceName) {
  LoadBalancingConfig config = three_endpoints(true);
  config.routing_key = LoadBalancingConfig::Key::service;
  for (const Version version : {kOld, kNew}) {
    BalancerBench bench{config, version};
    bench.resource = bench.run.catalog.add_resource({"", {}});
    bench.sender->send(0.1, 5);
    bench.run_until(1);
    EXPECT_EQ(bench.sender->told[0].result.ok, version.minor == 159);
  }
}

TEST(LoadBalancer, CallsAddressesOfANameOnItsPort) {
  LoadBalancingConfig config = three_endpoints(true);
  config.resolver = LoadBalancingConfig::Resolver::dns;
  config.hostnames.clear();
  config.hostname = "samplers";
  BalancerBench nobody{config};
  nobody.sender->send(0.1, 5);
  nobody.run_until(1);
  EXPECT_FALSE(nobody.sender->told[0].result.ok);

  Bench bench;
  bench.run.ledger.add_destination("b");
  Wires wires{bench};
  Book book;
  book.names = {"10.0.0.9", "10.0.0.10"};
  config.port = "14317";
  std::int64_t held = 0;
  const LoadBalancerSettings settings{"lb", &config, semantics_of(kNew), 0, {}};
  LoadBalancer balancer{bench.run, wires, book, settings, held};
  EXPECT_EQ(book.urls, (std::vector<std::string>{"http://10.0.0.10:14317", "http://10.0.0.9:14317"}));
  balancer.start();
  bench.run_until(12);
  EXPECT_EQ(balancer.resolutions(true), 3) << "at the start, after 5 s and 10 s";
}

TEST(LoadBalancer, StopsWhenEveryEndpointHas) {
  BalancerBench bench{three_endpoints(true)};
  bench.sender->send(0.1, 90);
  StopWatch watch{bench};
  bench.script.at(0.1, [&] { bench.balancer->stop(watch.as_done()); });
  bench.run_until(1);
  EXPECT_NEAR(watch.stopped_at, 0.1, 1e-9);
}

TEST(LoadBalancer, KilledLosesWhatItsQueuesHold) {
  LoadBalancingConfig config = three_endpoints(true);
  BalancerBench bench{config};
  bench.wires.dead = {0, 1, 2};
  bench.sender->send(0.1, 90);
  bench.script.at(0.5, [&] { bench.balancer->kill(bench.lost); });
  bench.run_until(1);
  std::int64_t lost = 0;
  for (const DestinationFates& fates : bench.run.ledger.close()) {
    EXPECT_EQ(fates.in_flight, 0);
    for (const Fate& fate : fates.lost) lost += fate.items;
  }
  EXPECT_EQ(lost, 90);
}

/// Asks for a name every 5 s, from the start on.
LoadBalancingConfig asking(bool queues) {
  LoadBalancingConfig config = three_endpoints(queues);
  config.resolver = LoadBalancingConfig::Resolver::dns;
  config.hostnames.clear();
  config.hostname = "samplers";
  config.otlp.sending_queue.num_consumers = 1;
  config.otlp.retry_on_failure.initial_interval = 100s;
  config.otlp.retry_on_failure.max_interval = 100s;
  config.otlp.retry_on_failure.max_elapsed_time = 1000s;
  return config;
}
const std::vector<std::string> kAll{"a", "b", "c"};
using Life = LoadBalancer::Life;

/// At destination `i`, for any cause.
std::int64_t lost_at(const Bench& bench, std::size_t i) {
  std::int64_t items = 0;
  const DestinationFates fates = bench.run.ledger.close().at(i);
  for (const Fate& fate : fates.lost) items += fate.items;
  return items;
}

TEST(ResolvedEndpoints, NewOnesAreSeenAtTheNextQuestionAndTakeTheirShare) {
  BalancerBench bench{asking(true), kNew, {"a", "b"}, kAll};
  bench.script.at(3, [&] { bench.book.become(kAll); });
  bench.sender->send(4.9, 90);
  bench.sender->send(5.1, 90);
  bench.run_until(4.95);
  EXPECT_FALSE(bench.wires.stored.contains(2));
  EXPECT_EQ(bench.balancer->endpoints(), 2u);
  bench.run_until(6);
  EXPECT_NEAR(static_cast<double>(bench.wires.stored[2].size()), 30, 15);
  EXPECT_EQ(bench.balancer->endpoints(), 3u);
  EXPECT_EQ(bench.balancer->updates(), 2);
  EXPECT_EQ(lost_at(bench, 2), 0);
}

TEST(ResolvedEndpoints, NoAnswerIsAnErrorAndChangesNothing) {
  BalancerBench bench{asking(true), kNew, kAll};
  bench.script.at(3, [&] { bench.book.become({}); });
  bench.sender->send(11, 90);
  bench.run_until(12);
  EXPECT_EQ(bench.wires.stored.size(), 3u);
  EXPECT_EQ(bench.balancer->endpoints(), 3u);
  EXPECT_EQ(bench.balancer->updates(), 1);
  EXPECT_EQ(bench.balancer->resolutions(true), 1);
  EXPECT_EQ(bench.balancer->resolutions(false), 2);
}

TEST(ResolvedEndpoints, WhatOneThatLeavesHoldsIsTriedOnceMore) {
  BalancerBench bench{asking(true), kNew, kAll};
  bench.wires.dead = {1};
  for (const double at : {1.0, 1.1, 1.2}) bench.sender->send(at, 90);
  bench.script.at(3, [&] { bench.wires.dead.clear(); });
  bench.script.at(3, [&] { bench.book.become({"a", "c"}); });
  bench.run_until(4.9);
  EXPECT_TRUE(bench.wires.stored[1].empty()) << "the first waits for its retry, the others behind it";
  bench.sender->send(6, 90);
  bench.run_until(6.5);
  const std::int64_t lost = lost_at(bench, 1), stored = static_cast<std::int64_t>(bench.wires.stored[1].size());
  EXPECT_NEAR(static_cast<double>(lost), 30, 15) << "the retry is given up";
  EXPECT_NEAR(static_cast<double>(stored), 60, 30) << "the queue is emptied";
  EXPECT_EQ(bench.balancer->backends()[1].life, Life::none);
  EXPECT_EQ(bench.balancer->gone().sent.value(), stored);
  EXPECT_EQ(bench.balancer->gone().send_failed.value(), lost);
}

TEST(ResolvedEndpoints, AnExporterWaitsForTheCallsThatHaveAPartForIt) {
  BalancerBench bench{asking(false), kNew, kAll};
  bench.wires.delay = 2s;
  bench.script.at(4, [&] { bench.book.become({"a", "b"}); });
  bench.sender->send(4.5, 90);  // to a until 6.5, to b until 8.5, to c until 10.5
  bench.run_until(8);
  EXPECT_EQ(bench.balancer->backends()[2].life, Life::leaving);
  bench.run_until(10.4);
  EXPECT_EQ(bench.balancer->backends()[2].life, Life::leaving);
  bench.run_until(11);
  EXPECT_EQ(bench.balancer->backends()[2].life, Life::none);
  ASSERT_EQ(bench.sender->told.size(), 1u);
  EXPECT_TRUE(bench.sender->told[0].result.ok);
  EXPECT_GT(bench.wires.stored[2].size(), 0u);
}

TEST(ResolvedEndpoints, OneThatComesBackWhileItsExporterStopsGetsAnotherExporter) {
  BalancerBench bench{asking(true), kNew, kAll};
  bench.wires.delay = 8s;
  bench.sender->send(4, 90);
  bench.script.at(4.5, [&] { bench.book.become({"a", "b"}); });
  bench.script.at(9, [&] { bench.book.become(kAll); });
  bench.run_until(11);
  const auto& backends = bench.balancer->backends();
  ASSERT_EQ(backends.size(), 4u);
  EXPECT_EQ(backends[2].life, Life::stopping);
  EXPECT_EQ(backends[3].life, Life::serving);
  EXPECT_EQ(backends[3].endpoint, "c:4317");
  bench.sender->send(13, 90);
  bench.run_until(30);
  EXPECT_EQ(backends[2].life, Life::none);
  EXPECT_EQ(bench.balancer->outcomes().at("c:4317").calls, 2);
  std::size_t stored = 0;
  for (const auto& [endpoint, items] : bench.wires.stored) stored += items.size();
  EXPECT_EQ(stored, 180u);
}

TEST(ResolvedEndpoints, AreAskedForAnewByANewProcess) {
  BalancerBench bench{asking(true), kNew, kAll};
  bench.script.at(1, [&] { bench.balancer->kill(bench.lost); });
  bench.script.at(1.5, [&] { bench.book.become({"b"}); });
  bench.script.at(2, [&] { bench.balancer->start(); });
  bench.sender->send(3, 90);
  bench.run_until(4);
  EXPECT_EQ(bench.wires.stored.size(), 1u);
  EXPECT_EQ(bench.wires.stored[1].size(), 90u);
  EXPECT_EQ(bench.balancer->updates(), 1);
  EXPECT_EQ(bench.balancer->backends()[0].life, Life::none);
}

TEST(ResolvedEndpoints, StayWithTheOldestVersionWhenItStopsAndItsQueuesAreLost) {
  for (const Version version : {kOld, kNew}) {
    BalancerBench bench{asking(true), version, {"a"}};
    bench.reach = 1;
    bench.wires.delay = 1s;
    for (const double at : {1.0, 1.1, 1.2}) bench.sender->send(at, 10);
    StopWatch watch{bench};
    bench.script.at(1.5, [&] { bench.balancer->stop(watch.as_done()); });
    bench.run_until(10);
    const bool old = version == kOld;
    EXPECT_EQ(bench.wires.stored[0].size(), old ? 10u : 30u);
    EXPECT_EQ(lost_at(bench, 0), old ? 20 : 0);
    EXPECT_NEAR(watch.stopped_at, old ? 1.5 : 4.0, 1e-9);
  }
}

// Each call that fails for want of a key leaves a call behind that is never over, at the exporters it had chosen already.
TEST(ResolvedEndpoints, OfTheOldestVersionStayAliveAfterACallWithoutAKey) {
  LoadBalancingConfig config = asking(true);
  config.routing_key = LoadBalancingConfig::Key::service;
  BalancerBench bench{config, kOld, {"a"}, {"a", "b"}};
  bench.reach = 3;
  StopWatch watch{bench};  // of the call
  const ResourceId named = bench.run.catalog.add_resource({"shop", {}});
  const ResourceId nameless = bench.run.catalog.add_resource({"", {}});
  bench.script.at(1, [&] {
    bench.resource = named;
    Payload payload = bench.payload(1);
    bench.resource = nameless;
    payload.append(bench.payload(1));
    bench.run.hold(payload, bench.reach);
    bench.balancer->consume(payload.clone(), watch.as_done());
    bench.run.release(payload, bench.reach, bench.lost);
  });
  bench.script.at(2, [&] { bench.book.become({"b"}); });
  bench.run_until(20);
  EXPECT_NEAR(watch.stopped_at, 1, 1e-9);
  EXPECT_EQ(bench.balancer->backends()[0].life, Life::leaving);
}

}  // namespace
}  // namespace spillway::collector
