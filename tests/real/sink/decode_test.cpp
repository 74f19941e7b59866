#include "real/sink/decode.hpp"

#include <gtest/gtest.h>

#include <random>

#include "models/wire/otlp_trace.pb.h"
#include "tests/real/sink/requests.hpp"

namespace spillway::real {
namespace {

std::vector<SpanKey> spans_of(BodyFormat format, std::string_view body) {
  std::vector<SpanKey> spans;
  EXPECT_TRUE(decode_spans(format, body, spans)) << body.substr(0, 200);
  return spans;
}

bool refused(BodyFormat format, std::string_view body) {
  std::vector<SpanKey> spans;
  return !decode_spans(format, body, spans);
}

TEST(Decode, FindsTheSameSpansInEveryFormat) {
  const std::vector<SpanKey> expected{test::span_at(5), test::span_at(6), test::span_at(7)};
  EXPECT_EQ(spans_of(BodyFormat::otlp_proto, test::otlp_request(5, 3)), expected);
  EXPECT_EQ(spans_of(BodyFormat::otlp_json, test::otlp_json_request(5, 3)), expected);
  EXPECT_EQ(spans_of(BodyFormat::zipkin_json, test::zipkin_request(5, 3)), expected);
}

TEST(Decode, ReadsIdsAsBigEndianNumbers) {
  const auto spans = spans_of(BodyFormat::zipkin_json, R"([{"traceId":"1a","id":"00000000000000Ff"}])");
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0], (SpanKey{0, 0x1a, 0xff}));
  EXPECT_EQ(to_text(spans[0]), "0000000000000000000000000000001a:00000000000000ff");
}

TEST(Decode, AcceptsBodiesWithoutSpans) {
  EXPECT_TRUE(spans_of(BodyFormat::otlp_proto, "").empty());
  EXPECT_TRUE(spans_of(BodyFormat::otlp_json, "{}").empty());
  EXPECT_TRUE(spans_of(BodyFormat::otlp_json, R"({"resourceSpans":[{}]})").empty());
  EXPECT_TRUE(spans_of(BodyFormat::zipkin_json, "[]").empty());
}

TEST(Decode, LooksForSpansOnlyWhereTheyBelong) {
  EXPECT_TRUE(spans_of(BodyFormat::otlp_json, R"({"spans":[{"traceId":"zz"}]})").empty());
  EXPECT_TRUE(spans_of(BodyFormat::otlp_json, R"({"resourceSpans":[[{"scopeSpans":[]}]]})").empty());
  EXPECT_TRUE(spans_of(BodyFormat::zipkin_json, R"([[{"traceId":"zz"}]])").empty());
}

TEST(Decode, RefusesIdsOfTheWrongLength) {
  otlp::ExportTraceServiceRequest request;
  auto* span = request.add_resource_spans()->add_scope_spans()->add_spans();
  span->set_trace_id("short");
  span->set_span_id("12345678");
  EXPECT_TRUE(refused(BodyFormat::otlp_proto, request.SerializeAsString()));
  EXPECT_TRUE(refused(BodyFormat::otlp_json,
                      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"ab","spanId":"cd"}]}]}]})"));
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, R"([{"traceId":"","id":"1"}])"));
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, R"([{"traceId":"1","id":"00000000000000001"}])"));
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, R"([{"traceId":"1"}])"));
}

// A collector forwards spans whose ids its clients left out.
TEST(Decode, TakesAnEmptyOtlpIdForZero) {
  otlp::ExportTraceServiceRequest request;
  request.add_resource_spans()->add_scope_spans()->add_spans();
  EXPECT_EQ(spans_of(BodyFormat::otlp_proto, request.SerializeAsString()), (std::vector<SpanKey>{{0, 0, 0}}));
  EXPECT_EQ(spans_of(BodyFormat::otlp_json,
                     R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"","spanId":""}]}]}]})"),
            (std::vector<SpanKey>{{0, 0, 0}}));
}

TEST(Decode, RefusesWhatIsNotJson) {
  for (const std::string_view body : {"", "null", "7", "\"x\"", "{", "[{]", "[1,]", "{\"a\":1}x", "nul", "\xff\xfe"}) {
    EXPECT_TRUE(refused(BodyFormat::otlp_json, body)) << body;
    EXPECT_TRUE(refused(BodyFormat::zipkin_json, body)) << body;
  }
  EXPECT_TRUE(refused(BodyFormat::otlp_json, "[]"));
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, "{}"));
}

TEST(Decode, BoundsTheDepthOfJson) {
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, std::string(5'000'000, '[')));
  EXPECT_TRUE(refused(BodyFormat::zipkin_json, std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(refused(BodyFormat::zipkin_json, std::string(64, '[') + std::string(64, ']')));
}

TEST(Decode, BoundsTheDepthOfProtobuf) {
  otlp::AnyValue value;
  for (int i = 0; i < 200; ++i) {
    otlp::AnyValue outer;
    *outer.mutable_array_value()->add_values() = value;
    value.Swap(&outer);
  }
  otlp::ExportTraceServiceRequest request;
  auto* span = request.add_resource_spans()->add_scope_spans()->add_spans();
  *span->add_attributes()->mutable_value() = value;
  EXPECT_TRUE(refused(BodyFormat::otlp_proto, request.SerializeAsString()));
}

TEST(Decode, SurvivesBodiesWithFlippedBytesAndCutEnds) {
  std::mt19937 random{7};
  for (const BodyFormat format : {BodyFormat::otlp_proto, BodyFormat::otlp_json, BodyFormat::zipkin_json}) {
    const std::string good = format == BodyFormat::otlp_proto  ? test::otlp_request(0, 3)
                             : format == BodyFormat::otlp_json ? test::otlp_json_request(0, 3)
                                                               : test::zipkin_request(0, 3);
    std::vector<SpanKey> spans;
    for (int i = 0; i < 5000; ++i) {
      std::string bad = good;
      for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
      bad.resize(bad.size() - random() % 2 * (random() % bad.size()));
      decode_spans(format, bad, spans);
    }
  }
}

TEST(SpanSet, HashDoesNotDependOnTheOrderAndTellsHalvesOfATraceIdApart) {
  EXPECT_NE(span_set_term(1, 2, 3), span_set_term(2, 1, 3));
  EXPECT_NE(span_set_term(1, 2, 3), span_set_term(1, 3, 2));
  EXPECT_EQ(hex16(span_set_term(1, 2, 3)), hex16(span_set_term(SpanKey{1, 2, 3})));
  EXPECT_EQ(hex16(0x1f), "000000000000001f");
}

TEST(SpanSet, HashOfAKnownSpanIsPinned) { EXPECT_EQ(hex16(span_set_term(1, 2, 3)), "05b42cdf42184245"); }

}  // namespace
}  // namespace spillway::real
