#include "real/emitter/encode.hpp"

#include <nlohmann/json.hpp>

#include "models/telemetry/digest.hpp"
#include "models/wire/otlp_trace.pb.h"

namespace spillway::real {
namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return bytes;
}

std::uint64_t unix_nano(Time t, std::int64_t epoch_us) {
  return static_cast<std::uint64_t>(epoch_us * 1000 + t.time_since_epoch().count());
}

void set(otlp::AnyValue& out, const Value& value);

template <class Entries>
void add_attributes(Entries& out, const Attributes& attributes) {
  for (const auto& [key, value] : attributes) {
    auto* attribute = out.Add();
    attribute->set_key(key);
    set(*attribute->mutable_value(), value);
  }
}

void set(otlp::AnyValue& out, const Value& value) {
  if (const auto* text = value.get<std::string>()) out.set_string_value(*text);
  else if (const auto* truth = value.get<bool>()) out.set_bool_value(*truth);
  else if (const auto* integer = value.get<std::int64_t>()) out.set_int_value(*integer);
  else if (const auto* number = value.get<double>()) out.set_double_value(*number);
  else if (const auto* bytes = value.get<Bytes>()) out.set_bytes_value(bytes->octets);
  else if (const auto* map = value.get<Attributes>()) add_attributes(*out.mutable_kvlist_value()->mutable_values(), *map);
  else if (const auto* list = value.get<ValueList>()) {
    out.mutable_array_value();
    for (const Value& item : *list) set(*out.mutable_array_value()->add_values(), item);
  }
}

std::string trace_bytes(TraceId trace) { return big_endian(trace.high) + big_endian(trace.low); }

void add_events(otlp::Span& out, const SpanShape& shape, std::uint64_t start) {
  for (const SpanEvent& event : shape.events) {
    auto& added = *out.add_events();
    added.set_time_unix_nano(start + static_cast<std::uint64_t>(event.after_start.count()));
    added.set_name(event.name);
    add_attributes(*added.mutable_attributes(), event.attributes);
  }
  for (const SpanLink& link : shape.links) {
    auto& added = *out.add_links();
    added.set_trace_id(trace_bytes(link.trace));
    added.set_span_id(big_endian(link.span));
    added.set_trace_state(link.trace_state);
    add_attributes(*added.mutable_attributes(), link.attributes);
  }
}

void fill(otlp::Span& out, const Span& span, const Catalog& catalog, std::int64_t epoch_us) {
  const SpanShape& shape = catalog.shape(span.shape);
  out.set_trace_id(trace_bytes(catalog.trace_id(span.trace)));
  out.set_span_id(big_endian(catalog.span_id(span.trace, span.ordinal)));
  if (span.parent != kNoParent) out.set_parent_span_id(big_endian(catalog.span_id(span.trace, span.parent)));
  out.set_name(shape.name);
  out.set_kind(static_cast<int>(shape.kind));
  out.set_start_time_unix_nano(unix_nano(span.start, epoch_us));
  out.set_end_time_unix_nano(unix_nano(span.start + span.duration, epoch_us));
  out.set_trace_state(shape.trace_state);
  add_attributes(*out.mutable_attributes(), shape.attributes);
  add_events(out, shape, out.start_time_unix_nano());
  if (span.status != SpanStatus::unset) out.mutable_status()->set_code(static_cast<int>(span.status));
  if (!shape.status_message.empty()) out.mutable_status()->set_message(shape.status_message);
}

void fill(otlp::ScopeSpans& out, const ResourceShape& resource) {
  if (resource.scope_name.empty() && resource.scope_version.empty() && resource.scope_attributes.empty()) return;
  out.mutable_scope()->set_name(resource.scope_name);
  out.mutable_scope()->set_version(resource.scope_version);
  add_attributes(*out.mutable_scope()->mutable_attributes(), resource.scope_attributes);
}

otlp::ExportTraceServiceRequest request_of(const Payload& payload, const Catalog& catalog, std::int64_t epoch_us) {
  otlp::ExportTraceServiceRequest request;
  for (const SpanGroup& group : payload.groups()) {
    auto& resource_spans = *request.add_resource_spans();
    const ResourceShape& resource = catalog.resource(group.resource);
    add_attributes(*resource_spans.mutable_resource()->mutable_attributes(), resource_attributes(resource));
    auto& scope_spans = *resource_spans.add_scope_spans();
    fill(scope_spans, resource);
    for (std::uint32_t i = group.begin; i < group.end; ++i) fill(*scope_spans.add_spans(), group.block->spans[i], catalog, epoch_us);
  }
  return request;
}

// OTLP's JSON: ids in hexadecimal, integers of 64 bits as texts, bytes in base64.
template <class Entries>
nlohmann::json attributes_json(const Entries& attributes);

nlohmann::json value_json(const otlp::AnyValue& value) {
  switch (value.value_case()) {
    case otlp::AnyValue::kStringValue: return {{"stringValue", value.string_value()}};
    case otlp::AnyValue::kBoolValue: return {{"boolValue", value.bool_value()}};
    case otlp::AnyValue::kIntValue: return {{"intValue", std::to_string(value.int_value())}};
    case otlp::AnyValue::kDoubleValue: return {{"doubleValue", value.double_value()}};
    case otlp::AnyValue::kBytesValue: return {{"bytesValue", to_text(Value{Bytes{value.bytes_value()}})}};
    case otlp::AnyValue::kKvlistValue: return {{"kvlistValue", {{"values", attributes_json(value.kvlist_value().values())}}}};
    case otlp::AnyValue::kArrayValue: {
      auto list = nlohmann::json::array();
      for (const otlp::AnyValue& item : value.array_value().values()) list.push_back(value_json(item));
      return {{"arrayValue", {{"values", std::move(list)}}}};
    }
    case otlp::AnyValue::VALUE_NOT_SET: break;
  }
  return nlohmann::json::object();
}

template <class Entries>
nlohmann::json attributes_json(const Entries& attributes) {
  auto list = nlohmann::json::array();
  for (const auto& attribute : attributes) list.push_back({{"key", attribute.key()}, {"value", value_json(attribute.value())}});
  return list;
}

void add_events_json(nlohmann::json& out, const otlp::Span& span) {
  for (const auto& event : span.events()) {
    out["events"].push_back({{"timeUnixNano", std::to_string(event.time_unix_nano())},
                             {"name", event.name()},
                             {"attributes", attributes_json(event.attributes())}});
  }
  for (const auto& link : span.links()) {
    out["links"].push_back({{"traceId", hex(link.trace_id())},
                            {"spanId", hex(link.span_id())},
                            {"traceState", link.trace_state()},
                            {"attributes", attributes_json(link.attributes())}});
  }
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
  if (!span.trace_state().empty()) json["traceState"] = span.trace_state();
  if (span.has_status()) json["status"] = {{"code", span.status().code()}};
  if (!span.status().message().empty()) json["status"]["message"] = span.status().message();
  add_events_json(json, span);
  return json;
}

nlohmann::json scope_json(const otlp::InstrumentationScope& scope) {
  auto json = nlohmann::json::object();
  if (!scope.name().empty()) json["name"] = scope.name();
  if (!scope.version().empty()) json["version"] = scope.version();
  if (scope.attributes_size() > 0) json["attributes"] = attributes_json(scope.attributes());
  return json;
}

std::string otlp_json(const otlp::ExportTraceServiceRequest& request) {
  auto all = nlohmann::json::array();
  for (const auto& group : request.resource_spans()) {
    auto spans = nlohmann::json::array();
    for (const auto& span : group.scope_spans(0).spans()) spans.push_back(span_json(span));
    const nlohmann::json scope_spans{{"scope", scope_json(group.scope_spans(0).scope())}, {"spans", std::move(spans)}};
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
    case WireFormat::otlp_grpc:
    case WireFormat::otlp_proto: return request_of(payload, catalog, epoch_us).SerializeAsString();
    case WireFormat::otlp_json: return otlp_json(request_of(payload, catalog, epoch_us));
  }
  return {};
}

const char* content_type(WireFormat format) {
  return format == WireFormat::otlp_proto ? "application/x-protobuf" : "application/json";
}

}  // namespace spillway::real
