#include "models/backends/backend.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/models/net_bench.hpp"

namespace spillway {
namespace {

Behaviour does(Behaviour::Kind kind, int status) {
  Behaviour behaviour;
  behaviour.kind = kind;
  behaviour.status = status;
  return behaviour;
}

struct BackendBench {
  explicit BackendBench(Backend settings) : spec{std::move(settings)} {
    spec.latency = Distribution::constant(0.3);
    server = std::make_unique<BackendServer>(run, network, BackendSettings{"backend", &spec, credential, false});
    network.set_latency(0, 1, Distribution::constant(0.1), 0);
    network.set_latency(1, 0, Distribution::constant(0.1), 0);
    endpoint = network.add_endpoint({server.get(), 0, 1, DestinationSet{1} << server->destination(), "", "", ""});
  }
  Backend spec;
  CredentialId credential = 0;
  Run run{1, 0, QueueKind::wheel};
  Network network{run, 2};
  std::unique_ptr<BackendServer> server;
  EndpointId endpoint = 0;
};

/// Posts ten items at each moment and gives up when the answer is bad.
class Poster final : public AnswerTo, public Component {
 public:
  Poster(BackendBench& bench, std::vector<double> moments, CredentialId credential = 0)
      : bench_{bench}, credential_{credential}, lost_{bench.run.ledger.add_loss("poster", "lost")} {
    const Target self = bench.run.sim.add(*this);
    for (const double at : moments) bench.run.sim.schedule(moment(at), self, 0);
    resource_ = bench.run.catalog.add_resource({"poster", {}});
    shape_ = bench.run.catalog.add_shape({"span", SpanKind::internal, {}});
  }
  void handle(const Event&) override {
    const DestinationSet reach = bench_.network.endpoint(bench_.endpoint).reach;
    std::vector<Span> spans(10);
    for (Span& span : spans) {
      span.shape = shape_;
      span.resource = resource_;
      span.item = bench_.run.ledger.produce(reach);
    }
    open_.push_back(bench_.run.pool.of(spans.data(), spans.size()));
    bench_.run.hold(open_.back(), reach);
    Post post;
    post.endpoint = bench_.endpoint;
    post.payload = open_.back().clone();
    post.credential = credential_;
    post.timeout = 5s;
    post.client = this;
    post.token = open_.size() - 1;
    bench_.network.post(std::move(post));
  }
  void answered(std::uint64_t token, const Answer& answer) override {
    heard.emplace_back(seconds(bench_.run.sim.now()), to_text(answer));
    const Cause cause = answer.cause.index != 0 ? answer.cause : answer.success() ? Ledger::handed_over() : lost_;
    bench_.run.release(open_[token], bench_.network.endpoint(bench_.endpoint).reach, cause);
  }
  std::vector<std::pair<double, std::string>> heard;

 private:
  BackendBench& bench_;
  CredentialId credential_;
  Cause lost_;
  ResourceId resource_ = 0;
  std::uint32_t shape_ = 0;
  std::deque<Payload> open_;
};
using HeardAt = std::vector<std::pair<double, std::string>>;

HeardAt play(BackendBench& bench, const std::vector<double>& moments) {
  Poster poster{bench, moments};
  bench.run.sim.run_until(moment(60));
  return poster.heard;
}

TEST(Backend, StoresAndAnswersAfterItsLatency) {
  BackendBench bench{Backend{}};
  EXPECT_EQ(play(bench, {0}), (HeardAt{{0.5, "200"}}));
  EXPECT_EQ(bench.run.ledger.close()[0].stored, 10);
  EXPECT_EQ(bench.server->counts().requests, 1);
  EXPECT_EQ(bench.server->counts().spans, 10);
}

TEST(Backend, AZipkinServerSays202) {
  Backend spec;
  spec.accepts = Backend::Accepts::zipkin;
  BackendBench bench{spec};
  EXPECT_EQ(play(bench, {0}), (HeardAt{{0.5, "202"}}));
}

TEST(Backend, FollowsItsScriptByNumberOfRequest) {
  Backend spec;
  spec.script = {{2, {}, does(Behaviour::Kind::answer, 503)}, {3, {}, does(Behaviour::Kind::reset, 0)},
                 {4, {}, does(Behaviour::Kind::hang, 0)}, {5, {}, {}}};
  BackendBench bench{spec};
  EXPECT_EQ(play(bench, {0, 10, 20, 30, 40}),
            (HeardAt{{0.5, "200"}, {10.5, "503"}, {20.2, "reset"}, {35, "timed out"}, {40.5, "200"}}));
  EXPECT_EQ(bench.run.ledger.close()[0].stored, 20);
}

TEST(Backend, AFaultHoldsUntilItEnds) {
  BackendBench bench{Backend{}};
  const Behaviour refuse = does(Behaviour::Kind::refuse, 0);
  Poster poster{bench, {0, 10, 20}};
  bench.run.sim.run_until(moment(5));
  bench.server->set_fault(&refuse);
  bench.run.sim.run_until(moment(15));
  bench.server->set_fault(nullptr);
  bench.run.sim.run_until(moment(60));
  EXPECT_EQ(poster.heard, (HeardAt{{0.5, "200"}, {10.2, "refused"}, {20.5, "200"}}));
}

TEST(Backend, MayStoreWhatItDoesNotAnswer) {
  Backend spec;
  spec.behaviour.kind = Behaviour::Kind::hang;
  spec.behaviour.store = true;
  BackendBench bench{spec};
  EXPECT_EQ(play(bench, {0}), (HeardAt{{5, "timed out"}}));
  EXPECT_EQ(bench.run.ledger.close()[0].stored, 10);
  EXPECT_EQ(bench.run.ledger.close()[0].stored_though_given_up, 10);
}

TEST(Backend, WhatItSaysYesToWithoutStoringIsLostThere) {
  Backend spec;
  spec.behaviour.store = false;
  BackendBench bench{spec};
  EXPECT_EQ(play(bench, {0}), (HeardAt{{0.5, "200"}}));
  const DestinationFates fates = bench.run.ledger.close()[0];
  ASSERT_EQ(fates.lost.size(), 1u);
  EXPECT_EQ(fates.lost[0].component, "backend");
  EXPECT_EQ(fates.lost[0].items, 10);
}

TEST(Backend, AsksForItsCredential) {
  BackendBench bench{Backend{}};
  BackendServer closed{bench.run, bench.network, BackendSettings{"closed", &bench.spec, 7, false}};
  bench.network.set_server(bench.endpoint, &closed);
  const Poster stranger{bench, {0}, 3};
  bench.run.sim.run_until(moment(60));
  EXPECT_EQ(stranger.heard, (HeardAt{{0.5, "401"}}));
  EXPECT_EQ(closed.counts().answers, (std::map<std::string, std::int64_t>{{"401", 1}}));
}

}  // namespace
}  // namespace spillway
