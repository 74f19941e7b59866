#include "models/network/network.hpp"

#include <gtest/gtest.h>

#include "models/network/url.hpp"
#include "tests/models/net_bench.hpp"

namespace spillway {
namespace {

/// Answers every request with `reply` after `thinks`; stores 2xx.
class Answering final : public Server, public Component {
 public:
  explicit Answering(NetBench& bench) : bench_{bench}, self_{bench.run.sim.add(*this)} {}
  bool listening() const override { return listens; }
  void receive(RequestId request) override {
    arrived.push_back(bench_.now());
    if (silent) return bench_.network.never_answer(request);
    if (reply.success()) bench_.store(bench_.network.request(request).payload);
    bench_.run.sim.schedule(bench_.run.sim.now() + thinks, self_, 0, request);
  }
  void handle(const Event& event) override { bench_.network.answer(static_cast<RequestId>(event.a), reply); }
  bool listens = true, silent = false;
  Answer reply = status(200);
  Duration thinks = 1s;
  std::vector<double> arrived;

 private:
  NetBench& bench_;
  Target self_;
};

struct Exchange : NetBench {
  Exchange() { network.set_server(endpoint, &server); }
  Answering server{*this};
  PostingClient client{*this, 10s};
};

/// Waits 2 s for an answer, then posts the same items again; keeps them until it is told yes.
class Impatient final : public AnswerTo {
 public:
  explicit Impatient(NetBench& bench) : bench_{bench}, payload_{bench.payload(10)} {
    bench.run.hold(payload_, bench.reach);
  }
  void post() {
    Post post;
    post.endpoint = bench_.endpoint;
    post.payload = payload_.clone();
    post.timeout = 2s;
    post.client = this;
    bench_.network.post(std::move(post));
  }
  void answered(std::uint64_t, const Answer& answer) override {
    heard.push_back(to_text(answer));
    if (!answer.success()) return bench_.script.at(bench_.now() + 1, [this] { post(); });
    bench_.run.release(payload_, bench_.reach, Ledger::handed_over());
  }
  std::vector<std::string> heard;

 private:
  NetBench& bench_;
  Payload payload_;
};

TEST(Network, TakesTheLatencyOnBothWays) {
  Exchange net;
  net.client.post_now(10);
  net.run_until(5);
  EXPECT_EQ(net.server.arrived, std::vector<double>{0.1});
  EXPECT_EQ(net.client.heard, (Heard{{1.2, "200"}}));
  EXPECT_EQ(net.fates().stored, 10);
}

TEST(Network, DirectionsHaveTheirOwnLatency) {
  Exchange net;
  net.network.set_latency(1, 0, Distribution::constant(0.7), 0);
  net.client.post_now(10);
  net.run_until(5);
  EXPECT_EQ(net.client.heard, (Heard{{1.8, "200"}}));
}

TEST(Network, ALimitedLinkSendsOneBodyAfterTheOther) {
  Exchange net;
  net.network.set_latency(0, 1, Distribution::constant(0.1), 1000);
  net.client.post_now(10, 500);
  net.client.post_now(10, 250);
  net.run_until(5);
  EXPECT_EQ(net.server.arrived, (std::vector<double>{0.6, 0.85}));
}

TEST(Network, RefusesWhereNobodyListens) {
  Exchange net;
  net.server.listens = false;
  net.client.post_now(10);
  net.run_until(5);
  EXPECT_EQ(net.client.heard, (Heard{{0.2, "refused"}}));
  EXPECT_TRUE(net.server.arrived.empty());
}

TEST(Network, RefusesWhereNobodyHasTheAddress) {
  Exchange net;
  net.network.set_server(net.endpoint, nullptr);
  net.client.post_now(10);
  net.run_until(5);
  EXPECT_EQ(net.client.heard, (Heard{{0.2, "refused"}}));
}

TEST(Network, ClientStopsWaitingAtItsTimeout) {
  Exchange net;
  net.server.thinks = 30s;
  net.client.post_now(10);
  net.run_until(20);
  EXPECT_EQ(net.client.heard, (Heard{{10, "timed out"}}));
}

TEST(Network, AnAnswerInTimeCancelsTheTimeout) {
  Exchange net;
  net.client.post_now(10);
  net.run_until(20);
  EXPECT_EQ(net.client.heard.size(), 1u);
}

TEST(Network, ASilentServerMeansATimeout) {
  Exchange net;
  net.server.silent = true;
  net.client.post_now(10);
  net.run_until(20);
  EXPECT_EQ(net.client.heard, (Heard{{10, "timed out"}}));
  EXPECT_EQ(net.fates().lost.at(0).items, 10);
}

TEST(Network, ANewConnectionOverACutLinkDoesNotOutliveItsClient) {
  Exchange net;
  net.network.set_cut(0, 1, true);
  net.client.post_now(10);
  net.script.at(11, [&] { net.network.set_cut(0, 1, false); });
  net.run_until(40);
  EXPECT_TRUE(net.server.arrived.empty());
  EXPECT_EQ(net.client.heard, (Heard{{10, "timed out"}}));
  EXPECT_EQ(net.fates().lost.at(0).items, 10);
}

TEST(Network, ANewConnectionIsTriedAgainAfterOneThreeAndSevenSeconds) {
  Exchange net;
  net.network.set_cut(0, 1, true);
  net.client.post_now(10);
  net.script.at(3.5, [&] { net.network.set_cut(0, 1, false); });
  net.run_until(20);
  EXPECT_EQ(net.server.arrived, std::vector<double>{7.1});
}

TEST(Network, WhatWasWrittenToAnOpenConnectionArrivesAfterTheCutThoughItsClientGaveUp) {
  Exchange net;
  net.client.post_now(10);
  net.script.at(5, [&] {
    net.network.set_cut(0, 1, true);
    net.client.post_now(10);
  });
  net.script.at(16, [&] { net.network.set_cut(0, 1, false); });
  net.run_until(40);
  ASSERT_EQ(net.server.arrived.size(), 2u);
  EXPECT_NEAR(net.server.arrived[1], 5 + 0.2 * 63 + 0.1, 1e-9);  // the sixth repetition is the first after the cut
  EXPECT_EQ(net.client.heard.back(), (Heard::value_type{15, "timed out"}));
  EXPECT_EQ(net.fates().stored, 20);
  EXPECT_EQ(net.fates().stored_though_given_up, 10);
  EXPECT_EQ(net.fates().in_flight, 0);
}

TEST(Network, AnAbandonedConnectionIsGivenUpInTheEnd) {
  Exchange net;
  net.client.post_now(10);
  net.script.at(5, [&] {
    net.network.set_cut(0, 1, true);
    net.client.post_now(10);
  });
  net.script.at(180, [&] { net.network.set_cut(0, 1, false); });
  net.run_until(400);
  EXPECT_EQ(net.server.arrived.size(), 1u);
  EXPECT_EQ(net.fates().lost.at(0).items, 10);
  EXPECT_EQ(net.fates().in_flight, 0);
}

TEST(Network, AnAnswerThatWaitsForACutLinkLongerThanItsClientComesToNobody) {
  Exchange net;
  net.client.post_now(10);
  net.script.at(0.5, [&] { net.network.set_cut(1, 0, true); });
  net.run_until(20);
  EXPECT_EQ(net.client.heard, (Heard{{10, "timed out"}}));
  EXPECT_EQ(net.fates().stored, 10);
  EXPECT_EQ(net.fates().stored_though_given_up, 10) << "the client believes them lost";
}

TEST(Network, WhatIsStoredAfterTheClientGaveUpStaysStored) {
  Exchange net;
  net.set_latency(6s);
  net.client.post_now(10);
  net.run_until(30);
  EXPECT_EQ(net.client.heard, (Heard{{10, "timed out"}}));
  EXPECT_EQ(net.fates().stored, 10);
  EXPECT_EQ(net.fates().in_flight, 0);
}

TEST(Network, AClientThatIsAnsweredAfterItsTimeoutAndAsksAgainHasLostNothing) {
  Exchange net;
  Impatient client{net};
  net.server.thinks = 3s;
  client.post();
  net.script.at(2.5, [&] { net.server.thinks = 100ms; });
  net.run_until(30);
  EXPECT_EQ(client.heard, (std::vector<std::string>{"timed out", "200"}));
  EXPECT_EQ(net.fates().stored, 10);
  EXPECT_EQ(net.fates().duplicates, 10);
  EXPECT_EQ(net.fates().stored_though_given_up, 0);
}

TEST(Network, AbandonedRequestsArriveAllTheSameAndTheBooksClose) {
  Exchange net;
  const RequestId request = net.client.post_now(10);
  net.script.at(0.05, [&] { net.client.die(request); });
  net.run_until(5);
  EXPECT_EQ(net.server.arrived, std::vector<double>{0.1});
  EXPECT_TRUE(net.client.heard.empty());
  EXPECT_EQ(net.fates().stored, 10);
  EXPECT_EQ(net.fates().in_flight, 0);
}

TEST(Network, AbandonedRequestsThatFailAreLost) {
  Exchange net;
  net.server.reply = status(503);
  const RequestId request = net.client.post_now(10);
  net.script.at(0.05, [&] { net.client.die(request); });
  net.run_until(5);
  EXPECT_EQ(net.fates().lost.at(0).items, 10);
  EXPECT_EQ(net.fates().in_flight, 0);
}

TEST(Network, AbandonedOverACutLinkIsLostAtOnce) {
  Exchange net;
  net.network.set_cut(0, 1, true);
  const RequestId request = net.client.post_now(10);
  net.script.at(0.05, [&] { net.client.die(request); });
  net.run_until(1);
  EXPECT_EQ(net.fates().lost.at(0).items, 10);
}

TEST(ParseUrl, TakesSchemeHostPortAndPath) {
  const auto url = parse_url("http://otel-collector:9411/api/v2/spans");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "otel-collector");
  EXPECT_EQ(url->port, 9411);
  EXPECT_EQ(url->path, "/api/v2/spans");
}

TEST(ParseUrl, FillsInPortAndPath) {
  EXPECT_EQ(parse_url("http://a")->port, 80);
  EXPECT_EQ(parse_url("https://a")->port, 443);
  EXPECT_EQ(parse_url("https://a")->path, "/");
  EXPECT_EQ(parse_url("http://[::1]:4318/x")->port, 4318);
  EXPECT_EQ(parse_url("http://[::1]/x")->host, "[::1]");
}

TEST(ParseUrl, RefusesWhatIsNoHttpUrl) {
  for (const char* text : {"", "a:80", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536",
                           "http://a:x", "http://a:"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(AddressMatches, HostAloneStandsForEveryPort) {
  EXPECT_TRUE(address_matches("backend", "backend", 4318));
  EXPECT_TRUE(address_matches("backend:4318", "backend", 4318));
  EXPECT_FALSE(address_matches("backend:4317", "backend", 4318));
  EXPECT_FALSE(address_matches("backend.example", "backend", 4318));
  EXPECT_FALSE(address_matches("back", "backend", 4318));
}

}  // namespace
}  // namespace spillway
