// One and the same trace in every format that is read.
#pragma once

#include <string>

#include "models/wire/otlp_trace.pb.h"
#include "models/wire/spans.hpp"

namespace spillway::real::bodies {

inline std::string jaeger_span(const std::string& id, const std::string& parent, const std::string& name, long start,
                               long duration, const std::string& process, const std::string& tags) {
  const std::string reference =
      parent.empty() ? "" : R"({"refType":"CHILD_OF","traceID":"00000000000000aa","spanID":")" + parent + "\"}";
  return R"({"traceID":"00000000000000aa","spanID":")" + id + R"(","operationName":")" + name + R"(","references":[)" +
         reference + R"(],"startTime":)" + std::to_string(1655753657000000 + start) + R"(,"duration":)" +
         std::to_string(duration) + R"(,"tags":[)" + tags + R"(],"logs":[],"processID":")" + process + "\"}";
}

inline std::string tag(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":)" + value + "}";
}

inline std::string jaeger_trace(const std::string& root_tags = "") {
  return R"({"traceID":"00000000000000aa","spans":[)" +
         jaeger_span("3", "2", "reserve", 3000, 4000, "p2", tag("span.kind", "\"server\"") + "," + tag("error", "true")) + "," +
         jaeger_span("1", "", "GET /", 0, 10000, "p1", tag("span.kind", "\"server\"") + root_tags) + "," +
         jaeger_span("2", "1", "reserve", 2000, 6000, "p1", tag("span.kind", "\"client\"")) +
         R"(],"processes":{"p1":{"serviceName":"shop","tags":[{"key":"hostname","value":"a"}]},)"
         R"("p2":{"serviceName":"stock","tags":[{"key":"hostname","value":"b"}]}},"warnings":null})";
}
inline std::string jaeger_sampled(double share) {
  return jaeger_trace("," + tag("sampler.type", "\"probabilistic\"") + "," + tag("sampler.param", std::to_string(share)));
}

inline std::string zipkin_span(const std::string& id, const std::string& parent, const std::string& kind,
                               const std::string& name, const std::string& service, long start, long duration,
                               const std::string& more = "") {
  return R"({"traceId":"aa","id":")" + id + "\"" + (parent.empty() ? "" : R"(,"parentId":")" + parent + "\"") +
         R"(,"kind":")" + kind + R"(","name":")" + name + R"(","localEndpoint":{"serviceName":")" + service +
         R"("},"timestamp":)" + std::to_string(1655753657000000 + start) + R"(,"duration":)" + std::to_string(duration) +
         more + "}";
}
inline const char* kFailed = R"(,"tags":{"error":"no stock"})";
inline std::string zipkin_spans() {
  return "[" + zipkin_span("1", "", "SERVER", "GET /", "shop", 0, 10000) + "," +
         zipkin_span("2", "1", "CLIENT", "reserve", "shop", 2000, 6000) + "," +
         zipkin_span("3", "2", "SERVER", "reserve", "stock", 3000, 4000, kFailed) + "]";
}
inline std::string zipkin_lines() {
  return zipkin_span("3", "2", "SERVER", "reserve", "stock", 3000, 4000, kFailed) + "\n" +
         zipkin_span("1", "", "SERVER", "GET /", "shop", 0, 10000) + "\n" +
         zipkin_span("2", "1", "CLIENT", "reserve", "shop", 2000, 6000) + "\n";
}
inline std::string zipkin_shared() {
  return "[" + zipkin_span("1", "", "SERVER", "GET /", "shop", 0, 10000) + "," +
         zipkin_span("2", "1", "CLIENT", "reserve", "shop", 2000, 6000) + "," +
         zipkin_span("2", "1", "SERVER", "reserve", "stock", 3000, 4000, std::string{R"(,"shared":true)"} + kFailed) + "]";
}

inline std::string otlp_span(const std::string& trace, const std::string& id, const std::string& parent, int kind,
                             const std::string& name, long start, long end, bool failed) {
  const auto at = [](long microseconds) { return std::to_string(1655753657000000 + microseconds) + "000"; };
  return R"({"traceId":")" + trace + R"(","spanId":")" + id + "\"" +
         (parent.empty() ? "" : R"(,"parentSpanId":")" + parent + "\"") + R"(,"name":")" + name + R"(","kind":)" +
         std::to_string(kind) + R"(,"startTimeUnixNano":")" + at(start) + R"(","endTimeUnixNano":")" + at(end) + "\"" +
         (failed ? R"(,"status":{"code":2})" : "") + "}";
}
inline std::string otlp_group(const std::string& service, const std::string& spans) {
  return R"({"resource":{"attributes":[{"key":"service.name","value":{"stringValue":")" + service +
         R"("}}]},"scopeSpans":[{"spans":[)" + spans + "]}]}";
}
inline std::string groups(const std::string& trace, const std::string& one, const std::string& two, const std::string& three) {
  return "[" + otlp_group("shop", otlp_span(trace, one, "", 2, "GET /", 0, 10000, false) + "," +
                                      otlp_span(trace, two, one, 3, "reserve", 2000, 8000, false)) +
         "," + otlp_group("stock", otlp_span(trace, three, two, 2, "reserve", 3000, 7000, true)) + "]";
}
inline std::string otlp_groups() {
  return groups("000000000000000000000000000000aa", "0000000000000001", "0000000000000002", "0000000000000003");
}
/// Ids in base64.
inline std::string tempo_groups() {
  return groups("AAAAAAAAAAAAAAAAAAAAqg==", "AAAAAAAAAAE=", "AAAAAAAAAAI=", "AAAAAAAAAAM=");
}

inline std::string otlp_protobuf() {
  otlp::ExportTraceServiceRequest request;
  const auto add = [&](otlp::ResourceSpans& group, char id, char parent, int kind, const char* name, std::uint64_t start,
                       std::uint64_t end) {
    otlp::Span& span = *group.mutable_scope_spans(0)->add_spans();
    span.set_trace_id(std::string(15, '\0') + "\xaa");
    span.set_span_id(std::string(7, '\0') + id);
    if (parent != 0) span.set_parent_span_id(std::string(7, '\0') + parent);
    span.set_kind(kind);
    span.set_name(name);
    span.set_start_time_unix_nano(1655753657000000000 + start * 1000);
    span.set_end_time_unix_nano(1655753657000000000 + end * 1000);
    return &span;
  };
  for (const char* service : {"shop", "stock"}) {
    otlp::ResourceSpans& group = *request.add_resource_spans();
    otlp::KeyValue& attribute = *group.mutable_resource()->add_attributes();
    attribute.set_key("service.name");
    attribute.mutable_value()->set_string_value(service);
    group.add_scope_spans();
  }
  add(*request.mutable_resource_spans(0), 1, 0, 2, "GET /", 0, 10000);
  add(*request.mutable_resource_spans(0), 2, 1, 3, "reserve", 2000, 8000);
  add(*request.mutable_resource_spans(1), 3, 2, 2, "reserve", 3000, 7000)->mutable_status()->set_code(2);
  return request.SerializeAsString();
}

}  // namespace spillway::real::bodies
