#include "models/wire/zipkin.hpp"

#include <gtest/gtest.h>

namespace spillway::wire {
namespace {

std::string body(const std::string& rest, const std::string& id = "b7ad6b7169203331") {
  return R"({"traceId":"0af7651916cd43dd","id":")" + id + R"(","name":"get","timestamp":5,"duration":2)" + rest + "}";
}
std::string shop(const std::string& rest) { return body(R"(,"localEndpoint":{"serviceName":"shop"})" + rest); }

TranslatedZipkin translated(const std::string& spans, ZipkinTranslation how = {}) {
  const auto decoded = decode_zipkin_json("[" + spans + "]");
  EXPECT_TRUE(decoded) << spans;
  return decoded ? translate_zipkin(*decoded, how).value_or(TranslatedZipkin{}) : TranslatedZipkin{};
}
WireSpan only(const std::string& span, ZipkinTranslation how = {}) { return translated(span, how).groups.at(0).spans.at(0); }

TEST(Zipkin, StatusComesFromTwoTags) {
  const auto status = [](const std::string& tags) { return only(shop(R"(,"tags":{)" + tags + "}")); };
  EXPECT_EQ(status(R"("otel.status_code":"Ok")").status, SpanStatus::ok);
  EXPECT_EQ(status(R"("otel.status_code":"STATUS_CODE_ERROR","otel.status_description":"no")").shape.status_message, "no");
  EXPECT_EQ(status(R"("otel.status_code":"ERROR")").status, SpanStatus::unset);
  EXPECT_TRUE(status(R"("otel.status_code":"ERROR")").shape.attributes.empty());
  EXPECT_EQ(status(R"("error":"false")").status, SpanStatus::error);
  EXPECT_EQ(status(R"("error":"false")").shape.attributes, (Attributes{{"error", "false"}}));
  EXPECT_TRUE(status(R"("error":"true")").shape.attributes.empty());
}

TEST(Zipkin, EndpointsHaveOtherNamesByVersion) {
  const std::string span = shop(R"(,"remoteEndpoint":{"serviceName":"db","ipv4":"10.0.0.1","port":5432})");
  EXPECT_EQ(only(span).shape.attributes,
            (Attributes{{"service.peer.name", "db"}, {"network.peer.address", "10.0.0.1"}, {"net.peer.port", 5432}}));
  EXPECT_EQ(only(span, {false, false}).shape.attributes,
            (Attributes{{"peer.service", "db"}, {"net.peer.ip", "10.0.0.1"}, {"net.peer.port", 5432}}));
}

TEST(Zipkin, TagsThatLookLikeNumbersAreParsedWhenAsked) {
  const std::string span = shop(R"(,"tags":{"a":"-5","b":"1.50","c":"true","d":"1e3","e":"99999999999999999999","f":""})");
  const Attributes parsed = only(span, {true, true}).shape.attributes;
  EXPECT_EQ(parsed, (Attributes{{"a", -5}, {"b", 1.5}, {"c", true}, {"d", "1e3"}, {"e", std::int64_t{9223372036854775807}}, {"f", ""}}));
  EXPECT_EQ(only(span).shape.attributes.at(0).second, Value{"-5"});
}

TEST(Zipkin, OneResourceForEachServiceTakenFromTheFirstSpanOfTheSort) {
  const auto span = [](const char* service, const char* host) {
    return body(std::string{R"(,"localEndpoint":{"serviceName":")"} + service + R"("},"tags":{"host.name":")" + host + "\"}");
  };
  const TranslatedZipkin all = translated(span("b", "first") + "," + span("a", "x") + "," + span("b", "third"));
  ASSERT_EQ(all.groups.size(), 2u);
  EXPECT_EQ(all.groups[0].resource.service, "a");
  EXPECT_EQ(all.groups[1].resource.attributes, (Attributes{{"host.name", "third"}}));
  EXPECT_EQ(all.groups[1].spans[1].shape.attributes, Attributes{});
  EXPECT_EQ(all.origins, (std::vector<std::size_t>{1, 2, 0}));
}

TEST(Zipkin, ASpanWithoutServiceHasAnEmptyResource) {
  const TranslatedZipkin all = translated(body(R"(,"tags":{"host.name":"h","a":"b"})"));
  EXPECT_EQ(all.groups.at(0).resource, ResourceShape{});
  EXPECT_EQ(all.groups[0].spans.at(0).shape.attributes, (Attributes{{"a", "b"}}));
}

TEST(Zipkin, AnnotationsBecomeEvents) {
  const WireSpan span = only(shop(R"(,"annotations":[{"timestamp":7,"value":"sent"},{"timestamp":9,"value":"x|{\"n\":2,\"r\":0.5}|0"}])"));
  ASSERT_EQ(span.shape.events.size(), 2u);
  EXPECT_EQ(span.shape.events[0], (SpanEvent{"sent", {}, std::chrono::microseconds{2}}));
  EXPECT_EQ(span.shape.events[1].attributes, (Attributes{{"n", 2}, {"r", 0.5}}));
  const auto broken = decode_zipkin_json("[" + shop(R"(,"annotations":[{"timestamp":7,"value":"x|{|0"}])") + "]");
  ASSERT_TRUE(broken);
  EXPECT_FALSE(translate_zipkin(*broken, {}));
}

TEST(Zipkin, RefusesWhatTheReceiverRefuses) {
  for (const std::string& span : {body("", ""), body("", "0"), body("", "xyz"), body("", "b7ad6b716920333100"), body(R"(,"tags":{"a":1})"),
                                 body(R"(,"duration":-1)"), body(R"(,"localEndpoint":{"port":70000})"), std::string{"5"}}) {
    EXPECT_FALSE(decode_zipkin_json("[" + span + "]")) << span;
  }
  for (const char* text : {"", "[", "{}", "5"}) EXPECT_FALSE(decode_zipkin_json(text)) << text;
  for (const char* text : {"[]", "null", "[null]"}) EXPECT_TRUE(decode_zipkin_json(text)) << text;
}

TEST(Zipkin, AParentThatIsTheSpanItselfIsNone) {
  EXPECT_EQ(only(shop(R"(,"parentId":"b7ad6b7169203331")")).parent, 0u);
  EXPECT_EQ(only(shop(R"(,"parentId":"aa")")).parent, 0xaau);
}

}  // namespace
}  // namespace spillway::wire
