#include <google/protobuf/arena.h>

#include <limits>

#include "models/wire/otlp_messages.hpp"
#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

/// Reads an id of that many bytes, or an empty one. False: any other length.
bool read_id(std::string_view bytes, std::size_t length, std::uint64_t& high, std::uint64_t& low) {
  if (!bytes.empty() && bytes.size() != length) return false;
  for (const char c : bytes) {
    high = high << 8U | low >> 56U;
    low = low << 8U | static_cast<unsigned char>(c);
  }
  return true;
}

bool read_span_id(std::string_view bytes, std::uint64_t& id) {
  std::uint64_t high = 0;
  return read_id(bytes, 8, high, id);
}

Value value_of(const otlp::AnyValue& value);

template <class Entries>
Attributes attributes_of(const Entries& entries) {
  Attributes attributes;
  for (const auto& entry : entries) attributes.emplace_back(entry.key(), value_of(entry.value()));
  return attributes;
}

Value value_of(const otlp::AnyValue& value) {
  switch (value.value_case()) {
    case otlp::AnyValue::kStringValue: return value.string_value();
    case otlp::AnyValue::kBoolValue: return value.bool_value();
    case otlp::AnyValue::kIntValue: return std::int64_t{value.int_value()};
    case otlp::AnyValue::kDoubleValue: return value.double_value();
    case otlp::AnyValue::kBytesValue: return Bytes{value.bytes_value()};
    case otlp::AnyValue::kKvlistValue: return attributes_of(value.kvlist_value().values());
    case otlp::AnyValue::kArrayValue: {
      ValueList list;
      for (const otlp::AnyValue& item : value.array_value().values()) list.push_back(value_of(item));
      return list;
    }
    case otlp::AnyValue::VALUE_NOT_SET: break;
  }
  return {};
}

bool read_links(const otlp::Span& span, SpanShape& shape) {
  for (const auto& given : span.links()) {
    SpanLink& link = shape.links.emplace_back();
    if (!read_id(given.trace_id(), 16, link.trace.high, link.trace.low) || !read_span_id(given.span_id(), link.span)) return false;
    link.trace_state = given.trace_state();
    link.attributes = attributes_of(given.attributes());
  }
  return true;
}

bool read_span(const otlp::Span& given, WireSpan& span) {
  if (!read_id(given.trace_id(), 16, span.trace.high, span.trace.low) || !read_span_id(given.span_id(), span.id)) return false;
  if (!read_span_id(given.parent_span_id(), span.parent)) return false;
  span.shape.name = given.name();
  span.shape.kind = static_cast<SpanKind>(given.kind());
  span.shape.attributes = attributes_of(given.attributes());
  span.shape.trace_state = given.trace_state();
  span.shape.status_message = given.status().message();
  span.status = static_cast<SpanStatus>(given.status().code());
  span.start_ns = given.start_time_unix_nano();
  span.end_ns = given.end_time_unix_nano();
  for (const auto& event : given.events()) {
    const auto after = static_cast<std::int64_t>(event.time_unix_nano() - span.start_ns);
    span.shape.events.push_back({event.name(), attributes_of(event.attributes()), Duration{after}});
  }
  return read_links(given, span.shape);
}

}  // namespace

ResourceShape resource_of(const otlp::Resource& resource, const otlp::InstrumentationScope& scope) {
  ResourceShape shape;
  set_resource_attributes(shape, attributes_of(resource.attributes()));
  shape.scope_name = scope.name();
  shape.scope_version = scope.version();
  shape.scope_attributes = attributes_of(scope.attributes());
  return shape;
}

std::optional<WireSpans> decode_otlp_proto(std::string_view body) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<otlp::ExportTraceServiceRequest>(&arena);
  if (!request->ParseFromArray(body.data(), static_cast<int>(body.size()))) return std::nullopt;
  WireSpans groups;
  for (const auto& resource : request->resource_spans()) {
    for (const auto& scope : resource.scope_spans()) {
      WireGroup& group = groups.emplace_back();
      group.resource = resource_of(resource.resource(), scope.scope());
      for (const auto& span : scope.spans()) {
        if (!read_span(span, group.spans.emplace_back())) return std::nullopt;
      }
    }
  }
  return groups;
}

}  // namespace spillway::wire
