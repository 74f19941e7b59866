#include "real/mandelbrot/span.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/wire/otlp_trace.pb.h"
#include "real/mandelbrot/json_text.hpp"

namespace spillway::mandelbrot {
namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = 8; i-- > 0; value >>= 8U) bytes[i] = static_cast<char>(value & 0xffU);
  return bytes;
}

template <class Entries>
void add_attribute(Entries& out, const std::string& key, const std::string& value) {
  auto* attribute = out.Add();
  attribute->set_key(key);
  attribute->mutable_value()->set_string_value(value);
}

void fill(otlp::Span& out, const FinishedSpan& span) {
  const auto start = std::chrono::duration_cast<std::chrono::nanoseconds>(span.start.time_since_epoch());
  out.set_trace_id(big_endian(span.context.trace.high) + big_endian(span.context.trace.low));
  out.set_span_id(big_endian(span.context.span));
  if (span.context.parent != 0) out.set_parent_span_id(big_endian(span.context.parent));
  out.set_trace_state(span.context.trace_state);
  out.set_name(span.name);
  out.set_kind(static_cast<int>(span.kind));
  out.set_start_time_unix_nano(static_cast<std::uint64_t>(start.count()));
  out.set_end_time_unix_nano(static_cast<std::uint64_t>((start + span.duration).count()));
  for (const auto& [key, value] : span.tags) add_attribute(*out.mutable_attributes(), key, value);
  if (span.failed) out.mutable_status()->set_code(2);
}

}  // namespace

std::string json_quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string zipkin_json(const FinishedSpan& span, const Resource& resource) {
  using std::chrono::duration_cast;
  const auto started = duration_cast<std::chrono::milliseconds>(span.start.time_since_epoch()).count() * 1000;
  const auto lasted = duration_cast<std::chrono::microseconds>(span.duration).count();
  std::string out = R"([{"traceId":")" + hex(span.context.trace) + R"(","id":")" + hex(span.context.span) + '"';
  if (span.context.parent != 0) out += R"(,"parentId":")" + hex(span.context.parent) + '"';
  out += R"(,"name":)" + json_quoted(span.name);
  if (span.kind != Kind::internal) out += span.kind == Kind::server ? R"(,"kind":"SERVER")" : R"(,"kind":"CLIENT")";
  out += R"(,"timestamp":)" + std::to_string(started);
  out += R"(,"duration":)" + std::to_string(std::max<std::int64_t>(1, lasted));
  out += R"(,"localEndpoint":{"serviceName":)" + json_quoted(resource.service) + R"(},"tags":{)";
  const char* separator = "";
  const auto tag = [&](const std::string& key, const std::string& value) {
    out += separator + json_quoted(key) + ':' + json_quoted(value);
    separator = ",";
  };
  for (const auto& [key, value] : resource.tags) tag(key, value);
  for (const auto& [key, value] : span.tags) tag(key, value);
  if (span.failed) tag("error", "true");
  return out += "}}]";
}

std::string otlp_proto(const std::vector<FinishedSpan>& spans, const Resource& resource) {
  otlp::ExportTraceServiceRequest request;
  auto& group = *request.add_resource_spans();
  auto& attributes = *group.mutable_resource()->mutable_attributes();
  add_attribute(attributes, "service.name", resource.service);
  for (const auto& [key, value] : resource.tags) add_attribute(attributes, key, value);
  auto& scope = *group.add_scope_spans();
  for (const FinishedSpan& span : spans) fill(*scope.add_spans(), span);
  return request.SerializeAsString();
}

}  // namespace spillway::mandelbrot
