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
    urls.push_back(url);
    return static_cast<EndpointId>(urls.size() - 1);
  }
  std::vector<std::string> lookup(std::uint16_t, const std::string&) override { return names; }
  DestinationSet reach(EndpointId endpoint) const override { return DestinationSet{1} << endpoint; }
  CredentialId credential(const std::string&, const std::string&) override { return 0; }
  std::vector<std::string> urls, names;
};

/// Stores at the destination of the endpoint; endpoints in `dead` refuse.
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
    bench_.run.sim.schedule(bench_.run.sim.now(), self_, 0, id);
    return id;
  }
  void abandon(RequestId) override {}
  void handle(const Event& event) override {
    const Open open = open_.take(static_cast<RequestId>(event.a));
    open.post.client->answered(open.post.token, open.answer);
  }
  std::set<EndpointId> dead;
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
  explicit BalancerBench(LoadBalancingConfig settings, Version version = kNew) : config{std::move(settings)} {
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
  EXPECT_EQ(backends[0].outcomes.succeeded.value(), 1);
  EXPECT_EQ(backends[1].outcomes.failed.value(), 1);
  EXPECT_EQ(backends[2].outcomes.succeeded.value(), 1);
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
  EXPECT_EQ(balancer.resolutions(), 3) << "at the start, after 5 s and 10 s";
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

}  // namespace
}  // namespace spillway::collector
