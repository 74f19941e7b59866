#include "models/telemetry/span.hpp"

#include <array>
#include <algorithm>
#include <bit>
#include <iterator>
#include <string_view>
#include <utility>

#include "sim/hash.hpp"

namespace spillway {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
}

// Names and attribute values come from scenario files: anything is possible in them.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (byte < 0x20) ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    else out += c;
  }
  out += '"';
}

std::size_t json_bytes(std::string_view text) {
  std::string written;
  append_json_string(written, text);
  return written.size();
}

/// As tags of a Zipkin span, with a comma behind each.
std::size_t tag_text_bytes(const Attributes& attributes) {
  std::size_t total = 0;
  for (const auto& [key, value] : attributes) total += json_bytes(key) + json_bytes(value) + 2;
  return total;
}

std::string_view zipkin_kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::internal: return "";
    case SpanKind::server: return "SERVER";
    case SpanKind::client: return "CLIENT";
    case SpanKind::producer: return "PRODUCER";
    case SpanKind::consumer: return "CONSUMER";
  }
  return "";
}

std::size_t field_bytes(std::size_t length) { return 1 + varint_bytes(length) + length; }

std::size_t attribute_bytes(const Attributes& attributes) {
  std::size_t total = 0;
  for (const auto& [key, value] : attributes) total += field_bytes(field_bytes(key.size()) + field_bytes(field_bytes(value.size())));
  return total;
}

/// Names of resource attributes in semantic conventions 1.6.1, the list of the collectors' Zipkin translation, sorted.
constexpr std::string_view kResourceConventions[] = {
    "aws.ecs.cluster.arn", "aws.ecs.container.arn", "aws.ecs.launchtype", "aws.ecs.task.arn", "aws.ecs.task.family",
    "aws.ecs.task.revision", "aws.eks.cluster.arn", "aws.log.group.arns", "aws.log.group.names",
    "aws.log.stream.arns", "aws.log.stream.names", "cloud.account.id", "cloud.availability_zone", "cloud.platform",
    "cloud.provider", "cloud.region", "container.id", "container.image.name", "container.image.tag",
    "container.name", "container.runtime", "deployment.environment", "device.id", "device.model.identifier",
    "device.model.name", "faas.id", "faas.instance", "faas.max_memory", "faas.name", "faas.version", "host.arch",
    "host.id", "host.image.id", "host.image.name", "host.image.version", "host.name", "host.type",
    "k8s.cluster.name", "k8s.container.name", "k8s.cronjob.name", "k8s.cronjob.uid", "k8s.daemonset.name",
    "k8s.daemonset.uid", "k8s.deployment.name", "k8s.deployment.uid", "k8s.job.name", "k8s.job.uid",
    "k8s.namespace.name", "k8s.node.name", "k8s.node.uid", "k8s.pod.name", "k8s.pod.uid", "k8s.replicaset.name",
    "k8s.replicaset.uid", "k8s.statefulset.name", "k8s.statefulset.uid", "os.description", "os.name", "os.type",
    "os.version", "process.command", "process.command_args", "process.command_line", "process.executable.name",
    "process.executable.path", "process.owner", "process.pid", "process.runtime.description",
    "process.runtime.name", "process.runtime.version", "service.instance.id", "service.name", "service.namespace",
    "service.version", "telemetry.auto.version", "telemetry.sdk.language", "telemetry.sdk.name",
    "telemetry.sdk.version", "webengine.description", "webengine.name", "webengine.version",
};

bool is_resource_convention(std::string_view key) {
  return std::binary_search(std::begin(kResourceConventions), std::end(kResourceConventions), key);
}

}  // namespace

std::size_t varint_bytes(std::uint64_t value) { return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7; }

Catalog::Catalog(std::uint64_t seed, std::uint32_t replication) : key_{hash_combine(seed, replication)} {}

std::uint32_t Catalog::add_shape(SpanShape shape) {
  shape_bytes_.push_back(static_cast<std::uint32_t>(field_bytes(shape.name.size()) + attribute_bytes(shape.attributes)));
  const std::string_view kind = zipkin_kind(shape.kind);
  const std::size_t kind_text = kind.empty() ? 0 : std::string_view{R"(,"kind":"")"}.size() + kind.size();
  shape_texts_.push_back({json_bytes(shape.name) + kind_text, tag_text_bytes(shape.attributes)});
  shapes_.push_back(std::move(shape));
  return static_cast<std::uint32_t>(shapes_.size() - 1);
}

std::uint16_t Catalog::add_resource(ResourceShape resource) {
  Attributes all{{"service.name", resource.service}};
  all.insert(all.end(), resource.attributes.begin(), resource.attributes.end());
  resource_bytes_.push_back(static_cast<std::int64_t>(field_bytes(attribute_bytes(all))));
  ResourceShape kept{resource.service, {}};
  Attributes tags;
  for (const auto& attribute : resource.attributes) {
    (is_resource_convention(attribute.first) ? kept.attributes : tags).push_back(attribute);
  }
  tag_bytes_.push_back(static_cast<std::uint32_t>(attribute_bytes(tags)));
  resource_texts_.push_back({json_bytes(resource.service), tag_text_bytes(resource.attributes)});
  resources_.push_back(std::move(resource));
  const auto index = static_cast<std::uint16_t>(resources_.size() - 1);
  from_zipkin_.push_back(index);
  if (!tags.empty()) {
    const std::uint16_t left = add_resource(std::move(kept));
    from_zipkin_[index] = left;
  }
  return index;
}

TraceId Catalog::trace_id(std::uint64_t trace) const {
  const std::uint64_t high = hash_combine(key_, trace);
  return {high, hash_combine(high, trace) | 1};  // never all zero
}

std::uint64_t Catalog::span_id(std::uint64_t trace, std::uint32_t ordinal) const {
  return hash_combine(hash_combine(key_ ^ 0x5a, trace), ordinal) | 1;
}

std::uint32_t Catalog::sized(const Span& span, std::size_t more_bytes) const {
  constexpr std::size_t ids = 18 + 10, times = 9 + 9;
  const std::size_t parent = span.parent == kNoParent ? 2 : 10;  // the empty parent id is still sent
  const std::size_t status = span.status == SpanStatus::unset ? 2 : 4;
  return static_cast<std::uint32_t>(field_bytes(ids + parent + times + status + shape_bytes_[span.shape] + more_bytes));
}

std::uint32_t Catalog::otlp_bytes(const Span& span) const {
  constexpr std::size_t kind = 2;
  return sized(span, kind);
}

Span Catalog::from_zipkin(Span span) const {
  const std::size_t kind = shapes_[span.shape].kind == SpanKind::internal ? 0 : 2;
  span.bytes = sized(span, kind + tag_bytes_[span.resource]);
  span.resource = from_zipkin_[span.resource];
  return span;
}

std::int64_t Catalog::otlp_group_bytes(std::uint16_t resource, std::int64_t span_bytes) const {
  constexpr std::int64_t empty_scope = 2;
  const auto scope_spans = static_cast<std::int64_t>(field_bytes(static_cast<std::size_t>(empty_scope + span_bytes)));
  return static_cast<std::int64_t>(field_bytes(static_cast<std::size_t>(resource_bytes_[resource] + scope_spans)));
}

// The length of what append_zipkin_json writes, without writing it: this is asked for with every POST.
std::int64_t Catalog::zipkin_bytes(const Span& span) const {
  constexpr std::string_view frame =
      R"({"traceId":"","id":"","name":,"timestamp":,"duration":,"localEndpoint":{"serviceName":},"tags":{}})";
  constexpr std::string_view parent = R"(,"parentId":"")", error = R"("error":"true",)";
  constexpr std::size_t ids = 32 + 16, timestamp = 16;  // microseconds of any year from 2001 to 2286
  const ZipkinText& shape = shape_texts_[span.shape];
  const ZipkinText& resource = resource_texts_[span.resource];
  const std::size_t tags = shape.tags + resource.tags + (span.status == SpanStatus::error ? error.size() : 0);
  std::size_t bytes = frame.size() + ids + timestamp + shape.name + resource.name + tags - (tags > 0);
  if (span.parent != kNoParent) bytes += parent.size() + 16;
  for (std::int64_t rest = span.duration.count() / 1000; rest >= 10; rest /= 10) ++bytes;
  return static_cast<std::int64_t>(bytes + 1);
}

void append_zipkin_json(std::string& out, const Catalog& catalog, const Span& span, std::int64_t epoch_us) {
  const SpanShape& shape = catalog.shape(span.shape);
  const ResourceShape& resource = catalog.resource(span.resource);
  const TraceId trace = catalog.trace_id(span.trace);
  const std::int64_t started_us = epoch_us + span.start.time_since_epoch().count() / 1000;
  out += R"({"traceId":")";
  append_hex(out, trace.high);
  append_hex(out, trace.low);
  out += R"(","id":")";
  append_hex(out, catalog.span_id(span.trace, span.ordinal));
  if (span.parent != kNoParent) {
    out += R"(","parentId":")";
    append_hex(out, catalog.span_id(span.trace, span.parent));
  }
  out += R"(","name":)";
  append_json_string(out, shape.name);
  if (const auto kind = zipkin_kind(shape.kind); !kind.empty()) ((out += R"(,"kind":")") += kind) += '"';
  (out += R"(,"timestamp":)") += std::to_string(started_us / 1000 * 1000);
  (out += R"(,"duration":)") += std::to_string(std::max<std::int64_t>(1, span.duration.count() / 1000));
  out += R"(,"localEndpoint":{"serviceName":)";
  append_json_string(out, resource.service);
  out += R"(},"tags":{)";
  bool first = true;
  const auto tag = [&](std::string_view key, std::string_view value) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  };
  for (const auto& [key, value] : resource.attributes) tag(key, value);
  for (const auto& [key, value] : shape.attributes) tag(key, value);
  if (span.status == SpanStatus::error) tag("error", "true");
  out += "}}";
}

}  // namespace spillway
