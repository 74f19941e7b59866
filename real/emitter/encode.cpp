#include "real/emitter/encode.hpp"

#include <nlohmann/json.hpp>

#include "real/sink/otlp_trace.pb.h"

namespace spillway::real {
namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return bytes;
}

std::string hex(const std::string& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (text += digits[byte >> 4]) += digits[byte & 15];
  }
  return text;
}

std::uint64_t unix_nano(Time t, std::int64_t epoch_us) {
  return static_cast<std::uint64_t>(epoch_us * 1000 + t.time_since_epoch().count());
}

template <class Message>
void add_attribute(Message& to, const std::string& key, const std::string& value) {
  auto* attribute = to.add_attributes();
  attribute->set_key(key);
  attribute->mutable_value()->set_string_value(value);
}

void fill(otlp::Span& out, const Span& span, const Catalog& catalog, std::int64_t epoch_us) {
  const TraceId trace = catalog.trace_id(span.trace);
  const SpanShape& shape = catalog.shape(span.shape);
  out.set_trace_id(big_endian(trace.high) + big_endian(trace.low));
  out.set_span_id(big_endian(catalog.span_id(span.trace, span.ordinal)));
  if (span.parent != kNoParent) out.set_parent_span_id(big_endian(catalog.span_id(span.trace, span.parent)));
  out.set_name(shape.name);
  out.set_kind(static_cast<int>(shape.kind));
  out.set_start_time_unix_nano(unix_nano(span.start, epoch_us));
  out.set_end_time_unix_nano(unix_nano(span.start + span.duration, epoch_us));
  for (const auto& [key, value] : shape.attributes) add_attribute(out, key, value);
  if (span.status != SpanStatus::unset) out.mutable_status()->set_code(static_cast<int>(span.status));
}

otlp::ExportTraceServiceRequest request_of(const Payload& payload, const Catalog& catalog, std::int64_t epoch_us) {
  otlp::ExportTraceServiceRequest request;
  for (const SpanGroup& group : payload.groups()) {
    auto& resource_spans = *request.add_resource_spans();
    const ResourceShape& resource = catalog.resource(group.resource);
    add_attribute(*resource_spans.mutable_resource(), "service.name", resource.service);
    for (const auto& [key, value] : resource.attributes) add_attribute(*resource_spans.mutable_resource(), key, value);
    auto& scope_spans = *resource_spans.add_scope_spans();
    for (std::uint32_t i = group.begin; i < group.end; ++i) fill(*scope_spans.add_spans(), group.block->spans[i], catalog, epoch_us);
  }
  return request;
}

template <class Attributes>
nlohmann::json attributes_json(const Attributes& attributes) {
  auto list = nlohmann::json::array();
  for (const auto& attribute : attributes) {
    list.push_back({{"key", attribute.key()}, {"value", {{"stringValue", attribute.value().string_value()}}}});
  }
  return list;
}

nlohmann::json span_json(const otlp::Span& span) {
  nlohmann::json json{{"traceId", hex(span.trace_id())},
                      {"spanId", hex(span.span_id())},
                      {"parentSpanId", hex(span.parent_span_id())},
                      {"name", span.name()},
                      {"kind", span.kind()},
                      {"startTimeUnixNano", std::to_string(span.start_time_unix_nano())},
                      {"endTimeUnixNano", std::to_string(span.end_time_unix_nano())},
                      {"attributes", attributes_json(span.attributes())}};
  if (span.has_status()) json["status"] = {{"code", span.status().code()}};
  return json;
}

std::string otlp_json(const otlp::ExportTraceServiceRequest& request) {
  auto all = nlohmann::json::array();
  for (const auto& group : request.resource_spans()) {
    auto spans = nlohmann::json::array();
    for (const auto& span : group.scope_spans(0).spans()) spans.push_back(span_json(span));
    const nlohmann::json scope_spans{{"scope", nlohmann::json::object()}, {"spans", std::move(spans)}};
    const nlohmann::json resource{{"attributes", attributes_json(group.resource().attributes())}};
    all.push_back({{"resource", resource}, {"scopeSpans", nlohmann::json::array({scope_spans})}});
  }
  return nlohmann::json{{"resourceSpans", std::move(all)}}.dump();
}

std::string zipkin_json(const Payload& payload, const Catalog& catalog, std::int64_t epoch_us) {
  std::string body = "[";
  payload.for_each([&](const Span& span) {
    if (body.size() > 1) body += ',';
    append_zipkin_json(body, catalog, span, epoch_us);
  });
  return body += ']';
}

}  // namespace

std::string encode(const Payload& payload, const Catalog& catalog, WireFormat format, std::int64_t epoch_us) {
  switch (format) {
    case WireFormat::zipkin_json: return zipkin_json(payload, catalog, epoch_us);
    case WireFormat::otlp_proto: return request_of(payload, catalog, epoch_us).SerializeAsString();
    case WireFormat::otlp_json: return otlp_json(request_of(payload, catalog, epoch_us));
  }
  return {};
}

const char* content_type(WireFormat format) {
  return format == WireFormat::otlp_proto ? "application/x-protobuf" : "application/json";
}

}  // namespace spillway::real
