#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/collector/sampling_state.hpp"
#include "models/wire/spans.hpp"
#include "sim/span_set.hpp"

namespace spillway::wire {
namespace {

void append(std::string& out, const Value& value);

/// Sorted by key; of a repeated key all values, in their order.
void append(std::string& out, const Attributes& attributes) {
  std::vector<const std::pair<std::string, Value>*> sorted;
  for (const auto& entry : attributes) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  out += '{';
  for (const auto* entry : sorted) {
    if (out.back() != '{') out += ',';
    append_json_string(out, entry->first);
    out += ':';
    append(out, entry->second);
  }
  out += '}';
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) return append_json_string(out, std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  char buffer[64];
  const std::string_view text{buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, number).ptr - buffer)};
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append(std::string& out, const Value& value) {
  if (const auto* list = value.get<ValueList>()) {
    out += '[';
    for (const Value& item : *list) {
      if (out.back() != '[') out += ',';
      append(out, item);
    }
    out += ']';
  } else if (const auto* map = value.get<Attributes>()) {
    append(out, *map);
  } else if (const auto* number = value.get<double>()) {
    append_number(out, *number);
  } else if (const auto* text = value.get<std::string>()) {
    append_json_string(out, *text);
  } else if (value.get<Bytes>() != nullptr) {
    out += "{\"bytes\":";
    append_json_string(out, to_text(value));
    out += '}';
  } else {
    out += std::holds_alternative<std::monostate>(value.any) ? "null" : to_text(value);
  }
}

void append_field(std::string& out, std::string_view key, std::string_view text) {
  ((out += ",\"") += key) += "\":";
  append_json_string(out, text);
}

void append_field(std::string& out, std::string_view key, const Attributes& attributes) {
  ((out += ",\"") += key) += "\":";
  append(out, attributes);
}

void append_field(std::string& out, std::string_view key, std::int64_t number) {
  (((out += ",\"") += key) += "\":") += std::to_string(number);
}

void append_events(std::string& out, const SpanShape& shape) {
  if (!shape.events.empty()) out += ",\"events\":[";
  for (const SpanEvent& event : shape.events) {
    out += out.back() == '[' ? "{\"after_ns\":" : ",{\"after_ns\":";
    out += std::to_string(event.after_start.count());
    append_field(out, "name", event.name);
    append_field(out, "attributes", event.attributes);
    out += '}';
  }
  if (!shape.events.empty()) out += ']';
}

void append_links(std::string& out, const SpanShape& shape) {
  if (!shape.links.empty()) out += ",\"links\":[";
  for (const SpanLink& link : shape.links) {
    out += out.back() == '[' ? "{\"trace\":\"" : ",{\"trace\":\"";
    out += hex16(link.trace.high) + hex16(link.trace.low) + '"';
    append_field(out, "span", hex16(link.span));
    if (!link.trace_state.empty()) append_field(out, "trace_state", link.trace_state);
    append_field(out, "attributes", link.attributes);
    out += '}';
  }
  if (!shape.links.empty()) out += ']';
}

}  // namespace

std::string span_text(const WireSpan& span, const ResourceShape& resource) {
  const SpanShape& shape = span.shape;
  std::string out = "{\"trace\":\"" + hex16(span.trace.high) + hex16(span.trace.low) + '"';
  append_field(out, "span", hex16(span.id));
  if (span.parent != 0) append_field(out, "parent", hex16(span.parent));
  append_field(out, "name", shape.name);
  append_field(out, "kind", static_cast<std::int64_t>(shape.kind));
  append_field(out, "status", static_cast<std::int64_t>(span.status));
  if (!shape.status_message.empty()) append_field(out, "message", shape.status_message);
  if (!shape.trace_state.empty()) append_field(out, "trace_state", collector::on_the_wire(shape.trace_state, span.trace));
  append_field(out, "duration_ns", static_cast<std::int64_t>(span.end_ns - span.start_ns));
  append_field(out, "attributes", shape.attributes);
  append_field(out, "resource", resource_attributes(resource));
  if (!resource.scope_name.empty()) append_field(out, "scope", resource.scope_name);
  if (!resource.scope_version.empty()) append_field(out, "scope_version", resource.scope_version);
  if (!resource.scope_attributes.empty()) append_field(out, "scope_attributes", resource.scope_attributes);
  append_events(out, shape);
  append_links(out, shape);
  return out += '}';
}

}  // namespace spillway::wire
