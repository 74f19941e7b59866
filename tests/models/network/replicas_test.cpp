#include "models/network/replicas.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/models/case_folder.hpp"
#include "tests/models/net_bench.hpp"

namespace spillway {
namespace {

/// Stores at once.
class Storing final : public Server {
 public:
  explicit Storing(NetBench& bench) : bench_{bench} {}
  bool listening() const override { return listens; }
  void receive(RequestId request) override {
    ++received;
    bench_.store(bench_.network.request(request).payload);
    bench_.network.answer(request, status(200));
  }
  bool listens = true;
  int received = 0;

 private:
  NetBench& bench_;
};

struct Service : NetBench {
  Service() { network.set_server(endpoint, &replicas); }
  Storing a{*this}, b{*this};
  Replicas replicas{run, network, {&a, &b}, "service"};
  std::deque<PostingClient> clients;
  PostingClient& client() { return clients.emplace_back(*this, 10s); }
};

TEST(Replicas, AClientStaysWithItsProcess) {
  Service net;
  PostingClient& client = net.client();
  for (int i = 0; i < 20; ++i) client.post_now(1);
  net.run_until(5);
  EXPECT_EQ(std::max(net.a.received, net.b.received), 20);
  EXPECT_EQ(net.a.received + net.b.received, 20);
}

// Of 200 clients between 70 and 130 at each, but for one draw in 20 000 (binomial, z = 4.2).
TEST(Replicas, ClientsSpreadEvenly) {
  Service net;
  for (int i = 0; i < 200; ++i) net.client().post_now(1);
  net.run_until(5);
  EXPECT_EQ(net.a.received + net.b.received, 200);
  EXPECT_NEAR(net.a.received, 100, 30);
}

TEST(Replicas, WhoLosesItsProcessGoesToOneThatListens) {
  Service net;
  PostingClient& client = net.client();
  client.post_now(1);
  net.run_until(1);
  Storing& first = net.a.received > 0 ? net.a : net.b;
  Storing& other = net.a.received > 0 ? net.b : net.a;
  first.listens = false;
  client.post_now(1);
  net.run_until(2);
  EXPECT_EQ(other.received, 1);
  first.listens = true;  // it stays where it is now
  client.post_now(1);
  net.run_until(3);
  EXPECT_EQ(other.received, 2);
  other.listens = first.listens = false;
  EXPECT_FALSE(net.network.can_connect(net.endpoint));
  client.post_now(1);
  net.run_until(4);
  EXPECT_EQ(client.heard.back().text, "refused");
}

constexpr const char* kScenario = R"(scenario: gateway
duration: 40s
drain: 20s
replications: 1
services:
  front: {operations: {handle: {parallel: [{to: back, operation: handle}]}}, instrumentation: {kind: otlp_batch, endpoints: "http://gateway:4318/v1/traces"}}
  back: {operations: {handle: {work: 1ms}}, instrumentation: {kind: otlp_batch, endpoints: "http://gateway:4318/v1/traces"}}
collectors:
  gateway: {config: collector.yaml, replicas: 3, addresses: [gateway]}
backends:
  store: {accepts: otlp_http}
traffic:
  users: {to: front, operation: handle, rate: 20/s}
faults:
  - {at: 20s, collector: gateway, replica: 0, signal: KILL}
  - {at: 20s, collector: gateway, replica: 1, signal: KILL}
)";
constexpr const char* kCollector = R"(receivers: {otlp: {protocols: {http: {endpoint: "0.0.0.0:4318"}}}}
exporters: {otlp_http: {endpoint: "http://store:4318"}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
)";

double accepted(const Replication& run, const std::string& collector) {
  double sum = 0;
  for (const MetricValue& value : run.metrics) {
    if (!value.name.starts_with("otelcol_receiver_accepted_spans")) continue;
    for (const auto& [label, text] : value.labels) sum += label == "collector" && text == collector ? value.value : 0;
  }
  return sum;
}

TEST(Replicas, OfACollectorShareTheSendersAndTheLastOneGetsAll) {
  const Case played = play_case(kScenario, kCollector, "");
  const Replication& run = played.run;
  const DestinationFates& fates = played.fates("store");
  EXPECT_GT(fates.produced, 1000);
  EXPECT_GT(accepted(run, "local/gateway-2"), 0.4 * static_cast<double>(fates.produced));
  EXPECT_EQ(accepted(run, "local/gateway-0"), 0);  // it is gone, and its page with it
  EXPECT_EQ(fates.stored, fates.produced);         // SDKs lose nothing: what was refused went elsewhere at the next try
}

TEST(Replicas, OneMoreThanThereAreIsRefused) {
  std::string scenario = kScenario;
  scenario.replace(scenario.find("replica: 1"), 10, "replica: 3");
  const CaseFolder folder;
  folder.write("collector.yaml", kCollector);
  Problems problems;
  load_scenario(folder.write("scenario.yaml", scenario), {}, problems);
  ASSERT_TRUE(problems.has_errors());
  EXPECT_NE(to_text(problems.all().front()).find("has 3 replicas; give 0 to 2"), std::string::npos);
}

}  // namespace
}  // namespace spillway
