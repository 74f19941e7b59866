#include "models/telemetry/span.hpp"

#include <algorithm>
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

std::size_t json_bytes(std::string_view text) {
  std::string written;
  append_json_string(written, text);
  return written.size();
}

/// As tags of a Zipkin span, with a comma behind each.
std::size_t tag_text_bytes(const Attributes& attributes) {
  std::size_t total = 0;
  for (const auto& [key, value] : attributes) total += json_bytes(key) + json_bytes(to_text(value)) + 2;
  return total;
}

std::string_view zipkin_kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::unspecified:
    case SpanKind::internal: return "";
    case SpanKind::server: return "SERVER";
    case SpanKind::client: return "CLIENT";
    case SpanKind::producer: return "PRODUCER";
    case SpanKind::consumer: return "CONSUMER";
  }
  return "";
}

/// Everything that tells one set of attributes from another, as text.
void append_key(std::string& out, const Attributes& attributes);

void append_key(std::string& out, std::string_view text) { ((out += std::to_string(text.size())) += ':') += text; }

void append_key(std::string& out, const Value& value) {
  out += static_cast<char>('a' + value.any.index());
  if (const auto* list = value.get<ValueList>()) {
    for (const Value& item : *list) append_key(out, item);
    out += ']';
  } else if (const auto* map = value.get<Attributes>()) {
    append_key(out, *map);
  } else if (const auto* number = value.get<double>()) {
    out.append(reinterpret_cast<const char*>(number), sizeof *number);
  } else {
    append_key(out, std::string_view{to_text(value)});
  }
}

void append_key(std::string& out, const Attributes& attributes) {
  for (const auto& [key, value] : attributes) {
    append_key(out, std::string_view{key});
    append_key(out, value);
  }
  out += '}';
}

std::string key_of(const SpanShape& shape) {
  std::string key;
  key += static_cast<char>('0' + static_cast<int>(shape.kind));
  for (const std::string* text : {&shape.name, &shape.status_message, &shape.trace_state}) append_key(key, std::string_view{*text});
  append_key(key, shape.attributes);
  for (const SpanEvent& event : shape.events) {
    append_key(key += 'e', std::string_view{event.name});
    append_key(key, event.attributes);
    key += std::to_string(event.after_start.count());
  }
  for (const SpanLink& link : shape.links) {
    append_key(key += 'l', std::string_view{link.trace_state});
    append_key(key, link.attributes);
    for (const std::uint64_t id : {link.trace.high, link.trace.low, link.span}) append_hex(key, id);
  }
  return key;
}

std::string key_of(const ResourceShape& resource) {
  std::string key;
  for (const std::string* text : {&resource.service, &resource.scope_name, &resource.scope_version}) {
    append_key(key, std::string_view{*text});
  }
  append_key(key, resource.attributes);
  append_key(key, resource.scope_attributes);
  return key;
}

std::size_t text_field_bytes(const std::string& text) { return text.empty() ? 0 : field_bytes(text.size()); }

std::size_t events_bytes(const std::vector<SpanEvent>& events) {
  constexpr std::size_t time = 9;
  std::size_t total = 0;
  for (const SpanEvent& event : events) {
    total += field_bytes(time + text_field_bytes(event.name) + otlp_attributes_bytes(event.attributes));
  }
  return total;
}

std::size_t links_bytes(const std::vector<SpanLink>& links) {
  constexpr std::size_t ids = 18 + 10;
  std::size_t total = 0;
  for (const SpanLink& link : links) {
    total += field_bytes(ids + text_field_bytes(link.trace_state) + otlp_attributes_bytes(link.attributes));
  }
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

constexpr std::uint64_t kGiven = std::uint64_t{1} << 63;  ///< marks traces whose ids are given

}  // namespace

bool is_resource_convention(std::string_view key) {
  return std::binary_search(std::begin(kResourceConventions), std::end(kResourceConventions), key);
}

Attributes resource_attributes(const ResourceShape& resource) {
  Attributes all;
  if (!resource.service.empty()) all.emplace_back("service.name", resource.service);
  all.insert(all.end(), resource.attributes.begin(), resource.attributes.end());
  return all;
}

void set_resource_attributes(ResourceShape& resource, Attributes attributes) {
  resource.service.clear();
  const Value* service = find_attribute(attributes, "service.name");
  if (const auto* name = service == nullptr ? nullptr : service->get<std::string>(); name != nullptr && !name->empty()) {
    resource.service = *name;
    remove_attribute(attributes, "service.name");
  }
  resource.attributes = std::move(attributes);
}

Catalog::Catalog(std::uint64_t seed, std::uint32_t replication)
    : key_{hash_combine(seed, replication)}, first_key_{hash_combine(seed, 0)} {}

std::uint32_t Catalog::add_shape(const SpanShape& shape) {
  const auto [known, added] = shape_index_.try_emplace(key_of(shape), static_cast<std::uint32_t>(shapes_.size()));
  if (!added) return known->second;
  const std::size_t kind_field = shape.kind == SpanKind::unspecified ? 0 : 2;
  const std::size_t body = kind_field + text_field_bytes(shape.name) + otlp_attributes_bytes(shape.attributes) +
                           text_field_bytes(shape.trace_state) + events_bytes(shape.events) + links_bytes(shape.links);
  const std::string_view kind = zipkin_kind(shape.kind);
  const std::size_t kind_text = kind.empty() ? 0 : std::string_view{R"(,"kind":"")"}.size() + kind.size();
  shape_sizes_.push_back({static_cast<std::uint32_t>(body), static_cast<std::uint32_t>(text_field_bytes(shape.status_message)),
                          {json_bytes(shape.name) + kind_text, tag_text_bytes(shape.attributes)}});
  shapes_.push_back(shape);
  return known->second;
}

ResourceId Catalog::add_resource(const ResourceShape& resource) {
  const auto [known, added] = resource_index_.try_emplace(key_of(resource), static_cast<ResourceId>(resources_.size()));
  if (!added) return known->second;
  const std::size_t scope = text_field_bytes(resource.scope_name) + text_field_bytes(resource.scope_version) +
                            otlp_attributes_bytes(resource.scope_attributes);
  resource_sizes_.push_back({static_cast<std::int64_t>(field_bytes(otlp_attributes_bytes(resource_attributes(resource)))),
                             static_cast<std::int64_t>(field_bytes(scope)),
                             {json_bytes(resource.service), tag_text_bytes(resource.attributes)}});
  resources_.push_back(resource);
  return known->second;
}

TraceId Catalog::trace_id(std::uint64_t trace) const { return trace_id(key_, trace); }

TraceId Catalog::first_trace_id(std::uint64_t trace) const { return trace_id(first_key_, trace); }

std::uint64_t Catalog::span_id(std::uint64_t trace, std::uint32_t ordinal) const { return span_id(key_, trace, ordinal); }

std::uint64_t Catalog::first_span_id(std::uint64_t trace, std::uint32_t ordinal) const {
  return span_id(first_key_, trace, ordinal);
}

TraceId Catalog::trace_id(std::uint64_t key, std::uint64_t trace) const {
  if (trace & kGiven) return given_[trace & ~kGiven].id;
  const std::uint64_t high = hash_combine(key, trace);
  return {high, hash_combine(high, trace) | 1};  // never all zero
}

std::uint64_t Catalog::span_id(std::uint64_t key, std::uint64_t trace, std::uint32_t ordinal) const {
  if (trace & kGiven) return given_[trace & ~kGiven].spans[ordinal];
  return hash_combine(hash_combine(key ^ 0x5a, trace), ordinal) | 1;
}

std::uint64_t Catalog::add_trace(TraceId id) {
  const auto [known, added] = given_index_.try_emplace({id.high, id.low}, kGiven | given_.size());
  if (added) given_.push_back({id, {}});
  return known->second;
}

// Traces are short, so looking through their spans is cheaper than another index.
std::uint32_t Catalog::add_span_id(std::uint64_t trace, std::uint64_t id) {
  std::vector<std::uint64_t>& spans = given_[trace & ~kGiven].spans;
  const auto found = std::find(spans.begin(), spans.end(), id);
  const auto ordinal = static_cast<std::uint32_t>(found - spans.begin());
  if (found == spans.end()) spans.push_back(id);
  return ordinal;
}

std::uint32_t Catalog::otlp_bytes(const Span& span) const {
  constexpr std::size_t ids = 18 + 10, times = 9 + 9;
  const ShapeSize& shape = shape_sizes_[span.shape];
  const std::size_t parent = span.parent == kNoParent ? 2 : 10;  // the empty parent id is still sent
  const std::size_t status = field_bytes((span.status == SpanStatus::unset ? 0 : 2) + shape.status_message);
  return static_cast<std::uint32_t>(field_bytes(ids + parent + times + status + shape.body));
}

Catalog::Translated Catalog::translate(const Span& span) {
  const ResourceShape& resource = resources_[span.resource];
  SpanShape shape = shapes_[span.shape];
  ResourceShape kept{resource.service, {}, {}, {}, {}};
  Attributes tags = resource.attributes;
  tags.insert(tags.end(), shape.attributes.begin(), shape.attributes.end());
  shape.attributes.clear();
  for (auto& [key, value] : tags) {
    set_attribute(is_resource_convention(key) ? kept.attributes : shape.attributes, key, to_text(value));
  }
  if (shape.kind == SpanKind::internal) shape.kind = SpanKind::unspecified;
  shape.events.clear();
  shape.links.clear();
  shape.trace_state.clear();
  return {add_shape(shape), add_resource(kept)};
}

Span Catalog::from_zipkin(Span span) {
  if (from_zipkin_.size() <= span.resource) from_zipkin_.resize(span.resource + 1);
  if (from_zipkin_[span.resource].size() <= span.shape) from_zipkin_[span.resource].resize(span.shape + 1);
  Translated& known = from_zipkin_[span.resource][span.shape];
  if (known.shape == kUnknown) known = translate(span);
  span.shape = known.shape;
  span.resource = known.resource;
  span.duration = std::max<Duration>(std::chrono::microseconds{1}, span.duration / std::chrono::microseconds{1} * std::chrono::microseconds{1});
  span.bytes = otlp_bytes(span);
  return span;
}

std::int64_t Catalog::otlp_group_bytes(ResourceId resource, std::int64_t span_bytes) const {
  const ResourceSize& size = resource_sizes_[resource];
  const auto scope_spans = static_cast<std::int64_t>(field_bytes(static_cast<std::size_t>(size.scope + span_bytes)));
  return static_cast<std::int64_t>(field_bytes(static_cast<std::size_t>(size.resource + scope_spans)));
}

// The length of what append_zipkin_json writes, without writing it: this is asked for with every POST.
std::int64_t Catalog::zipkin_bytes(const Span& span) const {
  constexpr std::string_view frame =
      R"({"traceId":"","id":"","name":,"timestamp":,"duration":,"localEndpoint":{"serviceName":},"tags":{}})";
  constexpr std::string_view parent = R"(,"parentId":"")", error = R"("error":"true",)";
  constexpr std::size_t ids = 32 + 16, timestamp = 16;  // microseconds of any year from 2001 to 2286
  const ZipkinText& shape = shape_sizes_[span.shape].zipkin;
  const ZipkinText& resource = resource_sizes_[span.resource].zipkin;
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
  for (const auto& [key, value] : resource.attributes) tag(key, to_text(value));
  for (const auto& [key, value] : shape.attributes) tag(key, to_text(value));
  if (span.status == SpanStatus::error) tag("error", "true");
  out += "}}";
}

}  // namespace spillway
