#include "models/collector/http_request.hpp"

#include <gtest/gtest.h>

namespace spillway::collector {
namespace {

RecordedPost post(std::string body, std::string type, std::string path = "/v1/traces") {
  RecordedPost made;
  made.path = std::move(path);
  made.body = std::move(body);
  if (!type.empty()) made.headers = {{"content-type", std::move(type)}};
  return made;
}
ReceiverSettings otlp() { return {}; }
ReceiverSettings zipkin() {
  ReceiverSettings settings;
  settings.protocol = Protocol::zipkin;
  return settings;
}
constexpr const char* kJson = "application/json";

TEST(HttpRequest, OtlpLooksAtPathMethodTypeAndBodyInThisOrder) {
  RecordedPost request = post("{", "text/plain", "/elsewhere");
  request.method = "PUT";
  EXPECT_EQ(refusal(request, otlp()), 404);
  request.path = "/v1/traces";
  EXPECT_EQ(refusal(request, otlp()), 405);
  request.method = "POST";
  EXPECT_EQ(refusal(request, otlp()), 415);
  EXPECT_EQ(refusal(post("{", kJson), otlp()), 400);
  EXPECT_EQ(refusal(post("{}", kJson), otlp()), 0);
  EXPECT_EQ(refusal(post("{}", "Application/JSON; charset=utf-8"), otlp()), 0);
  EXPECT_EQ(refusal(post("", "application/x-protobuf"), otlp()), 0);
}

TEST(HttpRequest, AnEncodingThatTheBodyDoesNotHaveIsRefusedFirst) {
  RecordedPost request = post("{}", kJson, "/elsewhere");
  request.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(refusal(request, otlp()), 400);
  request.headers[0].second = "text/plain";
  EXPECT_EQ(refusal(request, otlp()), 500);
  request.compress = "gzip";
  EXPECT_EQ(refusal(request, otlp()), 404);
}

TEST(HttpRequest, OlderReceiversTakeSnappyForFramesAndKnowFewerEncodings) {
  ReceiverSettings older = otlp();
  older.lz4_bodies = older.snappy_blocks = false;
  for (const char* const compress : {"lz4", "x-snappy-framed", "snappy"}) {
    RecordedPost request = post("{}", kJson);
    request.compress = compress;
    request.headers.emplace_back("content-encoding", compress);
    EXPECT_EQ(refusal(request, otlp()), 0) << compress;
    EXPECT_EQ(refusal(request, older), 400) << compress;
  }
  RecordedPost block = post("{}", kJson, "/elsewhere");
  block.compress = "snappy";
  EXPECT_EQ(refusal(block, older), 404) << "its name is known: the body is looked at later";
}

TEST(HttpRequest, TheLimitCountsTheDecompressedBody) {
  ReceiverSettings settings = otlp();
  settings.max_request_body_size = 10;
  EXPECT_EQ(refusal(post("{}        ", kJson), settings), 0);
  EXPECT_EQ(refusal(post("{}         ", kJson), settings), 400);
}

TEST(HttpRequest, ZipkinTakesAnyPathMethodAndType) {
  RecordedPost request = post("[]", "text/plain", "/elsewhere");
  request.method = "GET";
  EXPECT_EQ(refusal(request, zipkin()), 0);
  EXPECT_EQ(refusal(post("{}", kJson), zipkin()), 400);
}

}  // namespace
}  // namespace spillway::collector
