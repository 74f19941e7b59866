#include "models/wire/json_reader.hpp"
#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

constexpr const char* kKinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
constexpr const char* kCodes[] = {"UNSET", "OK", "ERROR"};

void read_events_and_links(Reader& in, const Json& json, WireSpan& span) {
  in.each(Reader::member(json, "events"), [&](const Json& event) {
    const auto at = in.number<std::uint64_t>(Reader::member(event, "timeUnixNano", "time_unix_nano"));
    span.shape.events.push_back({in.text(Reader::member(event, "name")), in.attributes(Reader::member(event, "attributes")),
                                 Duration{static_cast<std::int64_t>(at - span.start_ns)}});
  });
  in.each(Reader::member(json, "links"), [&](const Json& link) {
    span.shape.links.push_back({in.id(Reader::member(link, "traceId", "trace_id"), 32),
                                in.id(Reader::member(link, "spanId", "span_id"), 16).low,
                                in.text(Reader::member(link, "traceState", "trace_state")),
                                in.attributes(Reader::member(link, "attributes"))});
  });
}

WireSpan read_span(Reader& in, const Json& json) {
  WireSpan span;
  span.trace = in.id(Reader::member(json, "traceId", "trace_id"), 32);
  span.id = in.id(Reader::member(json, "spanId", "span_id"), 16).low;
  span.parent = in.id(Reader::member(json, "parentSpanId", "parent_span_id"), 16).low;
  span.shape.name = in.text(Reader::member(json, "name"));
  span.shape.kind = static_cast<SpanKind>(in.word(Reader::member(json, "kind"), kKinds, "SPAN_KIND_"));
  span.shape.attributes = in.attributes(Reader::member(json, "attributes"));
  span.shape.trace_state = in.text(Reader::member(json, "traceState", "trace_state"));
  const Json& status = in.object(Reader::member(json, "status"));
  span.shape.status_message = in.text(Reader::member(status, "message"));
  span.status = static_cast<SpanStatus>(in.word(Reader::member(status, "code"), kCodes, "STATUS_CODE_"));
  span.start_ns = in.number<std::uint64_t>(Reader::member(json, "startTimeUnixNano", "start_time_unix_nano"));
  span.end_ns = in.number<std::uint64_t>(Reader::member(json, "endTimeUnixNano", "end_time_unix_nano"));
  read_events_and_links(in, json, span);
  return span;
}

}  // namespace

std::optional<WireSpans> decode_otlp_json(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_null()) return WireSpans{};
  if (!json.is_object()) return std::nullopt;
  Reader in;
  WireSpans groups;
  in.each(Reader::member(json, "resourceSpans", "resource_spans"), [&](const Json& resource) {
    const Json& of = in.object(Reader::member(resource, "resource"));
    in.each(Reader::member(resource, "scopeSpans", "scope_spans"), [&](const Json& scope_spans) {
      WireGroup& group = groups.emplace_back();
      const Json& scope = in.object(Reader::member(scope_spans, "scope"));
      set_resource_attributes(group.resource, in.attributes(Reader::member(of, "attributes")));
      group.resource.scope_name = in.text(Reader::member(scope, "name"));
      group.resource.scope_version = in.text(Reader::member(scope, "version"));
      group.resource.scope_attributes = in.attributes(Reader::member(scope, "attributes"));
      in.each(Reader::member(scope_spans, "spans"), [&](const Json& span) { group.spans.push_back(read_span(in, span)); });
    });
  });
  if (in.failed()) return std::nullopt;
  return groups;
}

}  // namespace spillway::wire
