#include "real/sink/sink.hpp"

#include <gtest/gtest.h>

#include "real/sink/coding.hpp"
#include "real/sink/verdict.hpp"
#include "tests/real/sink/requests.hpp"
#include "tests/real/sink/running_sink.hpp"

namespace spillway::real {
namespace {

using namespace std::chrono_literals;
using test::HttpClient;
using test::HttpReply;
using test::RunningSink;

const std::map<std::string, std::string> kProto{{"Content-Type", "application/x-protobuf"}};
const std::map<std::string, std::string> kJson{{"Content-Type", "application/json"}};

Behaviour answer(int status) {
  Behaviour behaviour;
  behaviour.status = status;
  return behaviour;
}

Behaviour of_kind(Behaviour::Kind kind) {
  Behaviour behaviour;
  behaviour.kind = kind;
  return behaviour;
}

HttpReply send_otlp(HttpClient& client, std::uint64_t first, int spans, std::chrono::milliseconds timeout = 20s) {
  return client.post("/v1/traces", test::otlp_request(first, spans), kProto, timeout);
}

TEST(Sink, StoresOtlpAndAnswersInTheContentTypeOfTheRequest) {
  RunningSink sink{{.name = "backend"}};
  HttpClient client{sink.port()};
  const HttpReply proto = send_otlp(client, 0, 10);
  EXPECT_EQ(proto.status, 200);
  EXPECT_NE(proto.headers.find("application/x-protobuf"), std::string::npos);
  EXPECT_EQ(proto.body, "");
  const HttpReply json = client.post("/otlp/v1/traces", test::otlp_json_request(10, 5), kJson);
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.body, "{}");
  const SinkCounts counts = sink.counts();
  EXPECT_EQ(counts.backend.backend, "backend");
  EXPECT_EQ(counts.backend.requests, 2);
  EXPECT_EQ(counts.backend.spans, 15);
  EXPECT_EQ(counts.backend.answers, (std::map<std::string, std::int64_t>{{"200", 2}}));
  EXPECT_EQ(counts.stored, 15);
  EXPECT_EQ(counts.traces, 2);
}

TEST(Sink, CountsBytesAsOnTheWire) {
  RunningSink sink{{}};
  HttpClient client{sink.port()};
  const std::string body = encode_body(Coding::gzip, test::otlp_request(0, 100));
  auto headers = kProto;
  headers["Content-Encoding"] = "gzip";
  EXPECT_EQ(client.post("/v1/traces", body, headers).status, 200);
  EXPECT_EQ(sink.counts().backend.body_bytes, static_cast<std::int64_t>(body.size()));
  EXPECT_EQ(sink.counts().stored, 100);
}

TEST(Sink, CountsCopiesApartAndHashesTheSetOnly) {
  RunningSink sink{{}};
  HttpClient client{sink.port()};
  send_otlp(client, 5, 5);
  send_otlp(client, 0, 10);
  const SinkCounts counts = sink.counts();
  EXPECT_EQ(counts.stored, 10);
  EXPECT_EQ(counts.duplicates, 5);
  std::uint64_t expected = 0;
  for (std::uint64_t i = 0; i < 10; ++i) expected += span_set_term(test::span_at(i));
  EXPECT_EQ(counts.span_set, expected);
  const auto spans = sink.on_its_thread([](Sink& it) { return it.stored_spans(); });
  EXPECT_EQ(spans.size(), 10U);
  EXPECT_TRUE(std::is_sorted(spans.begin(), spans.end()));
}

TEST(Sink, SpeaksZipkin) {
  RunningSink sink{{.accepts = Backend::Accepts::zipkin}};
  HttpClient client{sink.port()};
  EXPECT_EQ(client.post("/api/v2/spans", test::zipkin_request(0, 3), kJson).status, 202);
  EXPECT_EQ(client.post("/v1/traces", test::otlp_request(0, 3), kProto).status, 404);
  const SinkCounts counts = sink.counts();
  EXPECT_EQ(counts.stored, 3);
  EXPECT_EQ(counts.strays, 1);
  EXPECT_EQ(counts.backend.requests, 1);
  EXPECT_EQ(counts.backend.answers.at("202"), 1);
}

TEST(Sink, FollowsItsScriptByRequestCount) {
  Behaviour later = answer(429);
  later.retry_after = 2500ms;
  RunningSink sink{{.script = {{2, {}, answer(503)}, {3, {}, later}, {4, {}, answer(200)}}}};
  HttpClient client{sink.port()};
  EXPECT_EQ(send_otlp(client, 0, 1).status, 200);
  EXPECT_EQ(send_otlp(client, 1, 1).status, 503);
  const HttpReply throttled = send_otlp(client, 2, 1);
  EXPECT_EQ(throttled.status, 429);
  EXPECT_NE(throttled.headers.find("Retry-After: 2"), std::string::npos);
  EXPECT_EQ(send_otlp(client, 3, 1).status, 200);
  EXPECT_EQ(sink.counts().stored, 2);
  EXPECT_EQ(sink.counts().backend.spans, 4);
}

TEST(Sink, AnswersAfterTheLatencyOfTheRequest) {
  RunningSink sink{{.latency = [](const Behaviour&, std::int64_t number) { return Duration{number * 100ms}; }}};
  HttpClient client{sink.port()};
  const auto before = std::chrono::steady_clock::now();
  send_otlp(client, 0, 1);
  send_otlp(client, 1, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 300ms);
}

TEST(Sink, WantsCredentialsWhenItHasThem) {
  RunningSink sink{{.user = "user", .password = "secret"}};
  HttpClient client{sink.port()};
  EXPECT_EQ(send_otlp(client, 0, 1).status, 401);
  auto headers = kProto;
  headers["Authorization"] = basic_authorization("user", "secret");
  EXPECT_EQ(client.post("/v1/traces", test::otlp_request(0, 1), headers).status, 200);
  EXPECT_EQ(sink.counts().stored, 1);
  EXPECT_EQ(sink.counts().backend.answers.at("401"), 1);
}

TEST(Sink, KeepsAHangingConnectionUntilTheClientGivesUp) {
  RunningSink sink{{}};
  sink.set_behaviour(of_kind(Behaviour::Kind::hang));
  HttpClient client{sink.port()};
  EXPECT_EQ(send_otlp(client, 0, 1, 200ms).end, "timeout");
  sink.set_behaviour(std::nullopt);
  HttpClient other{sink.port()};
  EXPECT_EQ(send_otlp(other, 0, 1).status, 200);
  EXPECT_EQ(client.exchange("", 100ms).end, "timeout");
  EXPECT_EQ(sink.counts().backend.answers.at("hang"), 1);
  EXPECT_EQ(sink.counts().duplicates, 0);
}

TEST(Sink, ResetsAfterReadingTheRequest) {
  Behaviour reset = of_kind(Behaviour::Kind::reset);
  reset.store = true;
  RunningSink sink{{.behaviour = reset}};
  HttpClient client{sink.port()};
  EXPECT_EQ(send_otlp(client, 0, 1).end, "reset");
  EXPECT_EQ(sink.counts().backend.answers.at("reset"), 1);
  EXPECT_EQ(sink.counts().stored, 1);
}

TEST(Sink, RefusesConnectionsAndResetsOpenOnesWhileDown) {
  RunningSink sink{{}};
  const std::uint16_t port = sink.port();
  HttpClient client{port};
  EXPECT_EQ(send_otlp(client, 0, 1).status, 200);
  for (int i = 0; i < 3; ++i) {
    sink.set_behaviour(of_kind(Behaviour::Kind::refuse));
    EXPECT_EQ(client.exchange("", 5s).end, "reset");
    EXPECT_FALSE(client.connect());
    sink.set_behaviour(std::nullopt);
    EXPECT_EQ(sink.port(), port);
    EXPECT_EQ(send_otlp(client, 0, 1).status, 200);
  }
  EXPECT_EQ(sink.counts().backend.requests, 4);
}

TEST(Sink, RefusesFromTheStartAndFromAStepOn) {
  RunningSink down{{.behaviour = of_kind(Behaviour::Kind::refuse)}};
  HttpClient client{down.port()};
  EXPECT_FALSE(client.connect());
  RunningSink falling{{.script = {{2, {}, of_kind(Behaviour::Kind::refuse)}}}};
  HttpClient other{falling.port()};
  EXPECT_EQ(send_otlp(other, 0, 1).status, 200);
  EXPECT_EQ(other.exchange("", 5s).end, "reset");
  EXPECT_FALSE(other.connect());
}

TEST(Sink, AnswersHostileRequestsAndGoesOn) {
  RunningSink sink{{.body_limit = 10'000, .inflated_limit = 100'000}};
  HttpClient client{sink.port()};
  auto zipped = kProto;
  zipped["Content-Encoding"] = "gzip";
  auto unknown = kProto;
  unknown["Content-Encoding"] = "br";
  EXPECT_EQ(client.post("/v1/traces", "\xff\xff\xff", kProto).status, 400);
  EXPECT_EQ(client.post("/v1/traces", std::string(9000, '['), kJson).status, 400);
  EXPECT_EQ(client.post("/v1/traces", "no gzip", zipped).status, 400);
  EXPECT_EQ(client.post("/v1/traces", encode_body(Coding::gzip, std::string(1'000'000, 'x')), zipped).status, 413);
  EXPECT_EQ(client.post("/v1/traces", "x", unknown).status, 415);
  EXPECT_EQ(client.post("/v1/traces", "x", {}).status, 415);
  EXPECT_EQ(client.post("/v1/traces", std::string(20'000, 'x'), kProto).status, 413);
  client.close();
  EXPECT_EQ(client.exchange("rubbish\r\n\r\n").status, 400);
  client.close();
  EXPECT_EQ(client.exchange("GET /v1/traces HTTP/1.1\r\nHost: s\r\n\r\n").status, 404);
  EXPECT_EQ(send_otlp(client, 0, 1).status, 200);
  EXPECT_EQ(sink.counts().stored, 1);
  EXPECT_EQ(sink.counts().backend.requests, 7);
  EXPECT_EQ(sink.counts().strays, 3);
}

TEST(Sink, LogsArrivalsOnTheClockOfTheRun) {
  std::int64_t now = 0;
  RunningSink sink{{.clock = [&now] { return Time{Duration{++now}}; }, .log_limit = 2}};
  HttpClient client{sink.port()};
  for (int i = 0; i < 3; ++i) send_otlp(client, 0, i + 1);
  const auto log = sink.on_its_thread([](Sink& it) { return it.log(); });
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[1].spans, 2);
  EXPECT_EQ(log[1].answer, "200");
  EXPECT_EQ(sink.counts().first, Time{Duration{1}});
  EXPECT_EQ(sink.counts().last, Time{Duration{3}});
}

TEST(Sink, GoesAwayWithRequestsInEveryState) {
  boost::asio::io_context io;
  SinkConfig config{.latency = [](const Behaviour&, std::int64_t) { return Duration{10s}; }};
  config.endpoint = {boost::asio::ip::address_v4::loopback(), 0};
  auto sink = std::make_unique<Sink>(io, config);
  sink->start();
  HttpClient waiting{sink->endpoint().port()};
  HttpClient idle{sink->endpoint().port()};
  ASSERT_TRUE(idle.connect());
  EXPECT_EQ(send_otlp(waiting, 0, 1, 1ms).end, "timeout");
  io.run_for(100ms);
  EXPECT_EQ(sink->counters().backend.requests, 1);
  HttpClient unaccepted{sink->endpoint().port()};
  ASSERT_TRUE(unaccepted.connect());
  sink.reset();
  io.run_for(100ms);
  EXPECT_EQ(waiting.exchange("", 5s).end, "reset");
}

TEST(Sink, SaysWhichAddressItCannotHave) {
  boost::asio::io_context io;
  Sink first{io, {.endpoint = {boost::asio::ip::address_v4::loopback(), 0}}};
  first.start();
  Sink second{io, {.name = "tempo", .endpoint = first.endpoint()}};
  try {
    second.start();
    FAIL() << "two sinks at one address";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("backend tempo cannot have 127.0.0.1:"), std::string::npos);
  }
}

}  // namespace
}  // namespace spillway::real
