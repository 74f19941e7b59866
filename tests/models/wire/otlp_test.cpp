#include <gtest/gtest.h>

#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

constexpr const char* kIds = R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331")";

std::string request(const std::string& span) {
  return R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
         R"("scopeSpans":[{"scope":{"name":"lib"},"spans":[)" + span + "]}]}]}";
}

/// The only span as text; empty when the body is refused.
std::string text_of(const std::string& span) {
  const auto groups = decode_otlp_json(request(span));
  if (!groups || groups->size() != 1 || groups->front().spans.size() != 1) return {};
  return span_text(groups->front().spans[0], groups->front().resource);
}

std::string attribute(const std::string& value) {
  return "{" + std::string{kIds} + R"(,"attributes":[{"key":"a","value":)" + value + "}]}";
}

TEST(OtlpJson, ReadsAllThatASpanCarries) {
  EXPECT_EQ(text_of("{" + std::string{kIds} + R"(,"parentSpanId":"00000000000000ff","name":"get","kind":2,"traceState":"x=y",)"
                    R"("startTimeUnixNano":"1000","endTimeUnixNano":3500,"status":{"code":"STATUS_CODE_ERROR","message":"no"},)"
                    R"("events":[{"timeUnixNano":"1200","name":"e"}],"somethingNew":{"x":[1]}})"),
            R"({"trace":"0af7651916cd43dd8448eb211c80319c","span":"b7ad6b7169203331","parent":"00000000000000ff","name":"get","kind":2,)"
            R"("status":2,"message":"no","trace_state":"x=y","duration_ns":2500,"attributes":{},"resource":{"service.name":"shop"},)"
            R"("scope":"lib","events":[{"after_ns":200,"name":"e","attributes":{}}]})");
}

TEST(OtlpJson, ValuesKeepTheirTypes) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"({"intValue":"5"})", R"("a":5})"},
      {R"({"int_value":5})", R"("a":5})"},
      {R"({"doubleValue":5})", R"("a":5.0})"},
      {R"({"boolValue":true})", R"("a":true})"},
      {R"({"stringValue":"5"})", R"("a":"5"})"},
      {R"({"bytesValue":"AAEC"})", R"("a":{"bytes":"AAEC"}})"},
      {R"({"arrayValue":{"values":[{"intValue":1},{}]}})", R"("a":[1,null]})"},
      {R"({"kvlistValue":{"values":[{"key":"b","value":{"stringValue":"c"}}]}})", R"("a":{"b":"c"}})"}};
  for (const auto& [value, expected] : cases) {
    EXPECT_NE(text_of(attribute(value)).find(expected), std::string::npos) << value << "\n" << text_of(attribute(value));
  }
}

TEST(OtlpJson, TheOrderOfAttributesDoesNotMatter) {
  const std::string x = R"({"key":"x","value":{"intValue":1}})", y = R"({"key":"y","value":{"intValue":2}})";
  const std::string head = "{" + std::string{kIds} + R"(,"attributes":[)";
  EXPECT_EQ(text_of(head + x + "," + y + "]}"), text_of(head + y + "," + x + "]}"));
}

TEST(OtlpJson, RefusesWhatACollectorRefuses) {
  for (const std::string span : {R"({"traceId":"0af7"})", R"({"traceId":"zzz7651916cd43dd8448eb211c80319c"})", R"({"kind":"SPAN_KIND_X"})",
                                 R"({"name":5})", R"({"startTimeUnixNano":"-1"})", R"({"attributes":{}})", R"(7)"}) {
    EXPECT_FALSE(decode_otlp_json(request(span))) << span;
  }
  for (const char* body : {"", "{", "[]", "7", R"({"resourceSpans":7})"}) EXPECT_FALSE(decode_otlp_json(body)) << body;
  EXPECT_FALSE(decode_otlp_json(request(attribute(R"({"intValue":1.5})"))));
  EXPECT_FALSE(decode_otlp_json(request(attribute(R"({"bytesValue":"A"})"))));
}

TEST(OtlpJson, AcceptsMissingAndZeroIdsAndNothingAtAll) {
  EXPECT_TRUE(decode_otlp_json("{}"));
  EXPECT_TRUE(decode_otlp_json(R"({"resource_spans":null})"));
  EXPECT_NE(text_of(R"({"traceId":"","spanId":"0000000000000000"})"), "");
}

TEST(OtlpJson, DeepNestingIsRefusedAndDoesNotOverflow) {
  std::string value = R"({"intValue":1})";
  for (int i = 0; i < 5000; ++i) value = R"({"arrayValue":{"values":[)" + value + "]}}";
  EXPECT_FALSE(decode_otlp_json(request(attribute(value))));
}

TEST(OtlpProto, RefusesBrokenBodiesAndIdsOfAWrongLength) {
  EXPECT_TRUE(decode_otlp_proto(""));
  EXPECT_FALSE(decode_otlp_proto("\x0a\x7f"));
  const std::string span{"\x0a\x03" "abc", 5};                       // trace_id of three bytes
  const std::string scope = std::string{"\x12\x05", 2} + span;       // ScopeSpans.spans
  const std::string resource = std::string{"\x12\x07", 2} + scope;   // ResourceSpans.scope_spans
  EXPECT_FALSE(decode_otlp_proto(std::string{"\x0a\x09", 2} + resource));
}

}  // namespace
}  // namespace spillway::wire
