// The program end to end: processes on 127.0.0.1, with scripted backends in this one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "real/mandelbrot/render.hpp"
#include "tests/real/mandelbrot/running_service.hpp"
#include "tests/real/sink/running_sink.hpp"

namespace spillway::mandelbrot {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using real::SinkConfig;
using real::test::RunningSink;
using test::comes_true;
using test::Connection;
using test::request;
using test::RunningService;
using test::TestReply;

SinkConfig zipkin() {
  SinkConfig config;
  config.name = "zipkin";
  config.accepts = Backend::Accepts::zipkin;
  return config;
}

std::string spans_url(RunningSink& sink) { return "http://127.0.0.1:" + std::to_string(sink.port()) + "/api/v2/spans"; }

std::string bitmap_url(const RenderRequest& wanted) {
  Canvas canvas{wanted};
  canvas.put({wanted, 0, 1}, compute({wanted, 0, 1}));
  return "data:image/bmp;base64," + base64(canvas.bitmap());
}

/// The platform: gcp and azure render for aws.
struct Platform {
  explicit Platform(const std::map<std::string, std::string>& common, std::map<std::string, std::string> for_aws = {}) {
    for (const std::string& cloud : {std::string{"gcp"}, std::string{"azure"}}) {
      auto environment = common;
      environment["CLOUD"] = cloud;
      remote.push_back(std::make_unique<RunningService>(environment));
    }
    for_aws.insert(common.begin(), common.end());
    for_aws["CLOUD"] = "aws";
    for_aws.emplace("STAGE_ROUTE", "aws=local,gcp=" + remote[0]->url() + ",azure=" + remote[1]->url());
    aws = std::make_unique<RunningService>(for_aws);
  }
  int lines(const std::string& message) const {
    return aws->lines(message) + remote[0]->lines(message) + remote[1]->lines(message);
  }
  std::vector<std::unique_ptr<RunningService>> remote;
  std::unique_ptr<RunningService> aws;
};

TEST(MandelbrotService, ARenderIsNineSpansEighteenPostsAndFiveLogLines) {
  RunningSink jaeger{zipkin()}, collector{zipkin()};
  Platform platform{{{"ZIPKIN_ENDPOINTS", spans_url(jaeger) + "," + spans_url(collector)}}};
  const TestReply reply = platform.aws->render();
  ASSERT_EQ(reply.status, 200) << reply.body.substr(0, 300);
  for (RunningSink* sink : {&jaeger, &collector}) {
    EXPECT_TRUE(comes_true([&] { return sink->counts().stored == 9; }));
    EXPECT_EQ(sink->counts().backend.requests, 9) << "each span on its own";
    EXPECT_EQ(sink->counts().traces, 1);
    EXPECT_EQ(sink->counts().duplicates, 0);
  }
  EXPECT_EQ(platform.aws->lines("request completed"), 1);
  EXPECT_EQ(platform.aws->lines("mandelbrot render completed"), 1);
  EXPECT_EQ(platform.lines("mandelbrot stage rendered"), 3);
  EXPECT_EQ(platform.lines("request completed"), 1);
  EXPECT_NE(platform.remote[1]->log().find(json::parse(reply.body)["traceId"].get<std::string>()), std::string::npos);
}

TEST(MandelbrotService, NoTelemetrySettingChangesAPixel) {
  RenderRequest wanted{.width = 100, .height = 61, .iterations = 90, .colours = "fire"};
  const std::string body = R"({"width":100,"height":61,"iterations":90,"colours":"fire"})";
  const std::string expected = bitmap_url(wanted);
  RunningSink sink{zipkin()};
  Platform silent{{}};
  Platform talking{{{"ZIPKIN_ENDPOINTS", spans_url(sink)}, {"OTEL_PROPAGATORS", "tracecontext"}}};
  Platform failing{{{"ZIPKIN_ENDPOINTS", "http://127.0.0.1:" + std::to_string(test::free_port()) + "/x"}}};
  for (const Platform* platform : {&silent, &talking, &failing}) {
    const TestReply reply = platform->aws->render(body);
    ASSERT_EQ(reply.status, 200);
    const json answer = json::parse(reply.body);
    EXPECT_EQ(answer["picture"], expected);
    EXPECT_EQ(answer["iterations"], iterations_of(compute({wanted, 0, 1})));
  }
  EXPECT_TRUE(comes_true([&] { return failing.aws->lines("span export failed") == 5; })) << "root, 3 client, 1 tile";
}

/// Name, kind, parent's name of every span that an OTLP sink stored.
std::multiset<std::string> tree_of(RunningSink& sink) {
  const auto lines = sink.on_its_thread([](real::Sink& s) { return s.contents(); });
  std::map<std::string, json> by_id;
  for (const std::string& line : lines) {
    json span = json::parse(line);
    by_id[span["span"]] = span;
  }
  std::multiset<std::string> tree;
  for (const auto& [id, span] : by_id) {
    const auto parent = by_id.find(span.value("parent", ""));
    tree.insert(span["name"].get<std::string>() + " < " + (parent == by_id.end() ? "" : parent->second["name"].get<std::string>()));
  }
  return tree;
}

TEST(MandelbrotService, OverHttpToItselfThereAreTenSpansAndTheSdkModeBatchesThem) {
  SinkConfig config;
  config.name = "otlp";
  config.note_contents = true;
  RunningSink sink{std::move(config)};
  const std::string own = std::to_string(test::free_port());
  const std::string remote = std::to_string(test::free_port());
  const std::map<std::string, std::string> common{
      {"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + std::to_string(sink.port())}};
  auto environment = common;
  environment.insert({{"CLOUD", "gcp"}, {"PORT", remote}});
  RunningService gcp{environment};
  environment = common;
  environment.insert({{"CLOUD", "aws"}, {"PORT", own}, {"STAGE_ROUTE", "aws=http://127.0.0.1:" + own + ",gcp=" + gcp.url()}});
  RunningService aws{environment};
  ASSERT_EQ(aws.render().status, 200);
  EXPECT_EQ(sink.counts().backend.requests, 0) << "they wait for the schedule";
  for (RunningService* service : {&gcp, &aws}) {
    service->process().signal(SIGTERM);
    const auto end = service->process().wait(15s);
    ASSERT_TRUE(end) << "it flushes and ends";
    EXPECT_EQ(end->text(), "exit code 0");
  }
  EXPECT_EQ(sink.counts().backend.requests, 2);
  EXPECT_EQ(tree_of(sink), (std::multiset<std::string>{"POST /api/render < ", "render stage aws < POST /api/render",
                                                       "render stage gcp < POST /api/render",
                                                       "POST /internal/render-stage < render stage aws",
                                                       "POST /internal/render-stage < render stage gcp",
                                                       "render tile < POST /internal/render-stage",
                                                       "render tile < POST /internal/render-stage"}));
}

TEST(MandelbrotService, TheSdkModeSendsAFullBatchAtOnceAndLosesWhatTheQueueCannotHold) {
  SinkConfig config;
  config.name = "otlp";
  config.behaviour.kind = Behaviour::Kind::hang;
  RunningSink sink{std::move(config)};
  RunningService service{{{"OTEL_TRACES_EXPORTER", "otlp"},
                          {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + std::to_string(sink.port())},
                          {"OTEL_BSP_MAX_QUEUE_SIZE", "7"},
                          {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "6"}}};
  // In place: root, stage, tile. The first six fill a batch, seven wait, the others are lost.
  for (int i = 0; i < 6; ++i) EXPECT_EQ(service.render(R"({"width":4,"height":4})").status, 200);
  EXPECT_TRUE(comes_true([&] { return sink.counts().backend.requests == 1; }));
  EXPECT_EQ(sink.counts().backend.spans, 6);
  EXPECT_EQ(service.metric("mandelbrot_spans_total{sampled=\"true\"}"), 18);
  EXPECT_EQ(service.metric("mandelbrot_export_queue_spans"), 7);
  EXPECT_EQ(service.metric("mandelbrot_queue_full_spans_total"), 5);
}

TEST(MandelbrotService, TheRootDecidesOnSamplingUnlessTheCallerDid) {
  RunningSink sink{zipkin()};
  Platform platform{{{"ZIPKIN_ENDPOINTS", spans_url(sink)}, {"TRACE_SAMPLE_RATE", "0"}}};
  EXPECT_EQ(json::parse(platform.aws->render().body)["sampled"], false);
  const std::string trace = "463ac35c9f6413ad48485a3953bb6124";
  const TestReply kept = platform.aws->render("", {{"b3", trace + "-a2fb4a1d1a96d312-1"}});
  EXPECT_EQ(kept.headers.at("x-trace-id"), trace);
  EXPECT_TRUE(comes_true([&] { return sink.counts().stored == 9; }));
  EXPECT_EQ(sink.counts().traces, 1);
  EXPECT_EQ(platform.aws->metric("mandelbrot_spans_total{sampled=\"false\"}"), 5);
  EXPECT_EQ(platform.remote[0]->metric("mandelbrot_spans_total{sampled=\"false\"}"), 2) << "the decision travels";
}

TEST(MandelbrotService, AMissingCloudFailsAStrictRenderAndDegradesAnother) {
  const std::string route = "aws=local,gcp=http://127.0.0.1:" + std::to_string(test::free_port());
  RunningService strict{{{"STAGE_ROUTE", route}, {"CLOUD", "aws"}}};
  const TestReply refused = strict.render();
  EXPECT_EQ(refused.status, 502);
  EXPECT_EQ(json::parse(refused.body)["status"], "failed");
  RunningService degraded{{{"STAGE_ROUTE", route}, {"CLOUD", "aws"}, {"FAILURE_MODE", "degraded"}}};
  const TestReply partial = degraded.render();
  EXPECT_EQ(partial.status, 200);
  const json answer = json::parse(partial.body);
  EXPECT_EQ(answer["status"], "degraded");
  EXPECT_EQ(answer["stages"][0]["status"], "complete");
  EXPECT_EQ(answer["stages"][1]["status"], "refused");
  RenderRequest wanted;
  Canvas canvas{wanted};
  canvas.put({wanted, 0, 2}, compute({wanted, 0, 2}));
  EXPECT_EQ(answer["picture"], "data:image/bmp;base64," + base64(canvas.bitmap())) << "the other rows are grey";
}

TEST(MandelbrotService, AStageThatTakesTooLongIsGivenUp) {
  SinkConfig config = zipkin();
  config.behaviour.kind = Behaviour::Kind::hang;
  RunningSink silent{std::move(config)};
  RunningService service{{{"STAGE_ROUTE", "aws=local,gcp=" + spans_url(silent)}, {"STAGE_TIMEOUT_MS", "150"}, {"CLOUD", "aws"}}};
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(service.render().status, 504);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, 150ms);
  EXPECT_LT(took, 15s);
}

TEST(MandelbrotService, ErrorRateAndProbes) {
  RunningService service{{{"ERROR_RATE", "1"}, {"FAIL_READY", "true"}}};
  EXPECT_EQ(service.render().status, 500);
  EXPECT_EQ(request(service.port(), "GET", "/healthz").status, 200);
  EXPECT_EQ(request(service.port(), "GET", "/readyz").status, 503);
  EXPECT_EQ(service.metric("mandelbrot_requests_total{route=\"/api/render\",status=\"500\"}"), 1);
  EXPECT_EQ(service.metric("mandelbrot_spans_total{sampled=\"true\"}"), 1) << "health and metrics make no span";
  const TestReply page = request(service.port(), "GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("api/render"), std::string::npos);
}

TEST(MandelbrotService, LatenciesHaveExemplarsOfSampledTraces) {
  RunningService service{{{"CLOUD", "aws"}}};
  const std::string trace = service.render().headers.at("x-trace-id");
  const TestReply page = request(service.port(), "GET", "/metrics");
  EXPECT_NE(page.headers.at("content-type").find("openmetrics-text"), std::string::npos);
  EXPECT_NE(page.body.find("# {trace_id=\"" + trace + "\"}"), std::string::npos);
  EXPECT_TRUE(page.body.ends_with("# EOF\n"));
}

TEST(MandelbrotService, SettingsThatCannotBeTakenEndItWithAllProblems) {
  const auto file = std::filesystem::path{::testing::TempDir()} / ("mandelbrot-problems." + std::to_string(::getpid()));
  real::Process program{{.argv = {SPILLWAY_MANDELBROT}, .environment = {{"PORT", "x"}, {"ERROR_RATE", "2"}}, .stderr_file = file}};
  const auto end = program.wait(15s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 2);
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  std::filesystem::remove(file);
  EXPECT_EQ(text.str(), "mandelbrot: error: PORT: 'x' is no whole number from 0 to 65535\n"
                        "mandelbrot: error: ERROR_RATE: '2' is no number from 0 to 1\n");
}

// ---- clients that mean no good --------------------------------------------------------------------------------------

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kMostMemory = 1 << 30;  // sanitizers keep what was freed
#else
constexpr std::int64_t kMostMemory = 64 << 20;
#endif

class HostileClients : public ::testing::Test {
 protected:
  ~HostileClients() override {
    EXPECT_TRUE(service_.process().running());
    EXPECT_EQ(service_.render(R"({"width":4,"height":4})").status, 200) << "others are served as before";
    EXPECT_LT(service_.process().usage().rss_peak, kMostMemory);
  }
  std::string raw(const std::string& bytes) {
    Connection connection{service_.port()};
    connection.send(bytes);
    return connection.read_all();
  }
  RunningService service_{{{"MAX_CONNECTIONS", "200"}, {"MAX_PIXELS", "1000000"}, {"CLOUD", "aws"}}};
};

TEST_F(HostileClients, AreToldWhatIsWrongWithTheirRequests) {
  const int port = service_.port();
  EXPECT_EQ(service_.render(R"({"width":100000,"height":100000})").status, 400);
  EXPECT_EQ(service_.render(std::string(16'000, '[')).status, 400);
  EXPECT_EQ(service_.render(std::string(17'000, ' ')).status, 413);
  EXPECT_EQ(request(port, "POST", "/internal/render-stage", R"({"tile":99})").status, 400);
  EXPECT_EQ(request(port, "GET", "/", "", {{"x-long", std::string(9'000, 'a')}}).status, 431);
  EXPECT_EQ(request(port, "GET", "/api/render").status, 405);
  EXPECT_EQ(request(port, "GET", "/api/render").headers.at("allow"), "POST");
  EXPECT_EQ(request(port, "DELETE", "/metrics").status, 405);
  EXPECT_EQ(request(port, "GET", "/../../etc/passwd").status, 404);
  EXPECT_EQ(service_.render("", {{"b3", std::string(4'000, '-')}, {"x-b3-traceid", "<script>"}}).status, 200);
}

TEST_F(HostileClients, WhoDoNotSpeakHttpAreRefused) {
  EXPECT_TRUE(raw("GET / HTTP/1.1\r\nhost a\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(raw(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, 'x')).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(raw("POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(raw("POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").starts_with("HTTP/1.1 4"));
  EXPECT_TRUE(raw("POST /api/render HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n").starts_with("HTTP/1.1 4"));
}

TEST_F(HostileClients, WhoSendSlowlyOrHangUpHoldNobodyUp) {
  std::vector<Connection> slow;
  for (int i = 0; i < 100; ++i) {
    slow.emplace_back(service_.port());
    slow.back().send(i % 2 == 0 ? "POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-le" : "POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n{");
  }
  EXPECT_EQ(service_.render(R"({"width":4,"height":4})").status, 200);
  for (int i = 0; i < 50; ++i) Connection{service_.port()}.send("POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}");
  slow.clear();
  EXPECT_TRUE(comes_true([&] { return service_.metric("mandelbrot_connections") == 1; })) << "what was theirs is free again";
}

TEST_F(HostileClients, ThousandsOfConnectionsFindTheDoorClosed) {
  std::vector<Connection> many;
  for (int i = 0; i < 2'000; ++i) many.emplace_back(service_.port());
  for (std::size_t i = 300; i < many.size(); i += 100) EXPECT_TRUE(many[i].closed_by_peer());
  many.clear();
  EXPECT_TRUE(comes_true([&] { return service_.metric("mandelbrot_connections") == 1; }));
  EXPECT_GE(service_.metric("mandelbrot_refused_total{reason=\"connections\"}"), 1'500);
}

TEST_F(HostileClients, PicturesBeyondWhatMemoryAllowsAreTurnedAway) {
  SinkConfig config = zipkin();
  config.behaviour.kind = Behaviour::Kind::hang;
  RunningSink silent{std::move(config)};
  RunningService service{{{"STAGE_ROUTE", "aws=local,gcp=" + spans_url(silent)}, {"MAX_PIXELS", "630000"}, {"CLOUD", "aws"}}};
  const std::string body = R"({"width":900,"height":400,"iterations":1})";
  Connection first{service.port()};
  first.send("POST /api/render HTTP/1.1\r\nhost: a\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_TRUE(comes_true([&] { return service.metric("mandelbrot_pixels_under_way") == 360'000; }));
  const TestReply second = service.render(body);
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.headers.at("retry-after"), "1");
}

}  // namespace
}  // namespace spillway::mandelbrot
