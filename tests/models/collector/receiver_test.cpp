#include "models/collector/receiver.hpp"

#include <gtest/gtest.h>

#include "tests/models/net_bench.hpp"

namespace spillway::collector {
namespace {

struct ReceiverBench : NetBench {
  explicit ReceiverBench(ReceiverSettings settings) : receiver{run, network, std::move(settings), sink} {
    network.set_server(endpoint, &receiver);
    receiver.start();
  }
  explicit ReceiverBench(Protocol protocol) : ReceiverBench{ReceiverSettings{"receiver", protocol, 20 << 20, 0}} {}
  Sink sink{*this};
  Receiver receiver;
  PostingClient client{*this, 30s};
};

Result error(bool permanent, Code code = Code::none) { return {false, permanent, code, Duration{-1}, {}}; }

TEST(StatusOf, ZipkinKnowsOnlyThreeAnswers) {
  EXPECT_EQ(status_of(Protocol::zipkin, {}), 202);
  EXPECT_EQ(status_of(Protocol::zipkin, error(false)), 500);
  EXPECT_EQ(status_of(Protocol::zipkin, error(false, Code::unavailable)), 500);
  EXPECT_EQ(status_of(Protocol::zipkin, error(true)), 400);
}

TEST(StatusOf, OtlpWithoutACodeTellsPermanentFromTemporary) {
  EXPECT_EQ(status_of(Protocol::otlp_http, {}), 200);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(false)), 503);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(true)), 500);
}

TEST(StatusOf, OtlpKeepsTheCodeOfTheError) {
  for (const Code code : {Code::canceled, Code::deadline_exceeded, Code::aborted, Code::out_of_range,
                          Code::unavailable, Code::data_loss}) {
    EXPECT_EQ(status_of(Protocol::otlp_http, error(true, code)), 503);
  }
  EXPECT_EQ(status_of(Protocol::otlp_http, error(false, Code::resource_exhausted)), 429);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(true, Code::invalid_argument)), 400);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(true, Code::unauthenticated)), 401);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(true, Code::permission_denied)), 403);
  EXPECT_EQ(status_of(Protocol::otlp_http, error(true, Code::unimplemented)), 404);
  for (const Code code : {Code::internal, Code::unknown, Code::not_found}) {
    EXPECT_EQ(status_of(Protocol::otlp_http, error(true, code)), 500);
  }
}

TEST(GrpcCodeOf, KeepsTheCodeOfTheErrorAndMakesOneUp) {
  EXPECT_EQ(grpc_code_of(Result{}), GrpcCode::ok);
  EXPECT_EQ(grpc_code_of(error(false)), GrpcCode::unavailable);
  EXPECT_EQ(grpc_code_of(error(true)), GrpcCode::internal);
  EXPECT_EQ(grpc_code_of(error(true, Code::not_found)), GrpcCode::not_found);
  EXPECT_EQ(grpc_code_of(error(false, Code::resource_exhausted)), GrpcCode::resource_exhausted);
}

TEST(Receiver, CountsAcceptedItemsAndShowsBothSeries) {
  ReceiverBench bench{Protocol::otlp_http};
  bench.client.post_now(10);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "200"}}));
  EXPECT_EQ(bench.receiver.counters().accepted.value(), 10);
  EXPECT_TRUE(bench.receiver.counters().refused.visible());
  EXPECT_EQ(bench.receiver.counters().refused.value(), 0);
}

TEST(Receiver, CountsRefusedItemsWhenThePipelineFails) {
  ReceiverBench bench{Protocol::otlp_http};
  bench.sink.result = error(false);
  bench.client.post_now(10);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "503"}}));
  EXPECT_EQ(bench.receiver.counters().accepted.value(), 0);
  EXPECT_EQ(bench.receiver.counters().refused.value(), 10);
}

TEST(Receiver, AnswersWhenThePipelineHas) {
  ReceiverBench bench{Protocol::zipkin};
  bench.sink.waits = true;
  bench.client.post_now(10);
  bench.script.at(3, [&] { bench.sink.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(bench.client.heard, (Heard{{3.1, "202"}}));
}

TEST(Receiver, UnknownClientGets401AndCountsNowhere) {
  ReceiverBench bench{ReceiverSettings{"receiver", Protocol::otlp_http, 20 << 20, 7}};
  bench.client.post_now(10, 100, 0);
  bench.client.post_now(10, 100, 8);
  bench.client.post_now(10, 100, 7);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "401"}, {0.2, "401"}, {0.2, "200"}}));
  EXPECT_EQ(bench.receiver.counters().accepted.value(), 10);
  EXPECT_EQ(bench.receiver.counters().refused.value(), 0);
}

TEST(Receiver, TooLargeABodyGets400AndCountsNowhere) {
  ReceiverBench bench{ReceiverSettings{"receiver", Protocol::zipkin, 1000, 0}};
  bench.client.post_now(10, 1001);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "400"}}));
  EXPECT_FALSE(bench.receiver.counters().refused.visible());
  bench.client.post_now(10, 1000);
  bench.run_until(2);
  EXPECT_EQ(bench.client.heard.back().text, "202");
}

TEST(Receiver, OtlpAnswersAnEmptyBodyByItself) {
  ReceiverBench bench{Protocol::otlp_http};
  bench.client.post_now(0);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "200"}}));
  EXPECT_TRUE(bench.sink.sent.empty());
  EXPECT_FALSE(bench.receiver.counters().accepted.visible());
}

// Seen on v0.111 and v0.159: [] is exported as an empty request.
TEST(Receiver, ZipkinPassesAnEmptyBodyOn) {
  ReceiverBench bench{Protocol::zipkin};
  bench.client.post_now(0);
  bench.run_until(1);
  EXPECT_EQ(bench.client.heard, (Heard{{0.2, "202"}}));
  EXPECT_EQ(bench.sink.sent.size(), 1u);
  EXPECT_EQ(bench.receiver.counters().accepted.value(), 0);
}

TEST(ReceiverStop, OtlpWaitsForOpenRequestsAndAnswersThem) {
  ReceiverBench bench{Protocol::otlp_http};
  StopWatch watch{bench};
  bench.sink.waits = true;
  bench.client.post_now(10);
  bench.script.at(1, [&] { bench.receiver.stop(watch.as_done()); });
  bench.script.at(2, [&] { bench.client.post_now(10); });
  bench.script.at(3, [&] { bench.sink.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(watch.stopped_at, 3);
  EXPECT_EQ(bench.client.heard, (Heard{{2.2, "refused"}, {3.1, "200"}}));
}

TEST(ReceiverStop, ZipkinCutsItsClientsOffButDeliversTheirSpans) {
  ReceiverBench bench{Protocol::zipkin};
  StopWatch watch{bench};
  bench.sink.waits = true;
  bench.client.post_now(10);
  bench.script.at(1, [&] { bench.receiver.stop(watch.as_done()); });
  bench.script.at(3, [&] { bench.sink.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(watch.stopped_at, 1);
  EXPECT_EQ(bench.client.heard, (Heard{{1.1, "reset"}}));
  EXPECT_EQ(bench.fates().stored, 10);
  EXPECT_EQ(bench.fates().stored_though_given_up, 10);
}

TEST(ReceiverKill, CutsEveryConnection) {
  ReceiverBench bench{Protocol::otlp_http};
  bench.sink.waits = true;
  bench.client.post_now(10);
  bench.script.at(1, [&] { bench.receiver.kill(bench.lost); });
  bench.run_until(5);
  EXPECT_EQ(bench.client.heard, (Heard{{1.1, "reset"}}));
  EXPECT_EQ(bench.fates().lost.at(0).items, 10);
}

}  // namespace
}  // namespace spillway::collector
