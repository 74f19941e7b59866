#include "real/import/trace_reader.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "models/telemetry/digest.hpp"
#include "real/import/json_elements.hpp"

namespace spillway::real {
namespace {

using analysis::kServersHalf;
using analysis::SpanRole;
using analysis::TracedSpan;
using nlohmann::json;

constexpr std::size_t kMostProblems = 20;
constexpr std::int64_t kMicrosecond = 1000;           // nanoseconds
constexpr std::int64_t kLongest = 400LL * 86'400'000'000'000;  // of a span
constexpr std::int64_t kLatest = 9'000'000'000'000'000'000;    // nanoseconds since 1970: the year 2255

const json& member(const json& object, const char* key) {
  static const json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}
std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }

/// A whole number, however it is written; nothing for what has no place in 64 bits.
std::optional<std::int64_t> whole(const json& value) {
  constexpr double limit = 9e18;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(limit)) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float() && std::fabs(value.get<double>()) < limit) return std::llround(value.get<double>());
  return std::nullopt;
}

std::optional<std::uint64_t> span_id(const json& value) {
  const auto id = wire::from_hex(text_of(value), 16);
  return id ? std::optional{id->low} : std::nullopt;
}
std::optional<analysis::TraceCollection::Address> trace_id(const json& value) {
  const auto id = wire::from_hex(text_of(value), 32);
  if (!id || (id->high == 0 && id->low == 0)) return std::nullopt;
  return analysis::TraceCollection::Address{id->high, id->low};
}

SpanRole role_of(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (text == "server") return SpanRole::server;
  if (text == "client") return SpanRole::client;
  if (text == "producer") return SpanRole::producer;
  if (text == "consumer") return SpanRole::consumer;
  return SpanRole::internal;
}

/// Start and duration, when both make sense.
bool set_times(TracedSpan& span, std::optional<std::int64_t> start, std::optional<std::int64_t> duration,
               std::int64_t unit) {
  if (!start || !duration || *start <= 0 || *duration < 0) return false;
  if (*start > kLatest / unit || *duration > kLongest / unit) return false;
  span.start = *start * unit;
  span.duration = *duration * unit;
  return true;
}

/// Value of a Jaeger tag.
const json& tag(const json& tags, const char* key) {
  static const json nothing;
  if (!tags.is_array()) return nothing;
  for (const json& item : tags) {
    if (text_of(member(item, "key")) == key) return member(item, "value");
  }
  return nothing;
}
bool is_true(const json& value) { return value == true || value == "true"; }

/// Share of traces that a Jaeger sampler at the root keeps; 1 when it does not say.
double sampled_share(const json& tags) {
  const json& share = tag(tags, "sampler.param");
  if (text_of(tag(tags, "sampler.type")) != "probabilistic" || !share.is_number()) return 1;
  const double value = share.get<double>();
  return value > 0 && value <= 1 ? value : 1;
}

/// Tempo's API writes ids in base64.
void in_hex(json& span, const char* key, std::size_t bytes) {
  const auto found = span.find(key);
  if (found == span.end() || !found->is_string()) return;
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() == 2 * bytes || text.empty()) return;
  const auto raw = wire::from_base64(text);
  if (!raw || raw->size() != bytes) return;
  *found = hex(*raw);
}

/// What is under the old name gets the new one.
void rename(json& object, const char* old_name, const char* new_name) {
  if (!object.is_object() || object.contains(new_name) || !object.contains(old_name)) return;
  json moved = std::move(object[old_name]);
  object.erase(old_name);
  object[new_name] = std::move(moved);
}

void as_otlp(json& group) {
  rename(group, "instrumentationLibrarySpans", "scopeSpans");
  rename(group, "scope_spans", "scopeSpans");
  const auto scopes = group.find("scopeSpans");
  if (scopes == group.end() || !scopes->is_array()) return;
  for (json& scope : *scopes) {
    const auto spans = scope.is_object() ? scope.find("spans") : scope.end();
    if (!scope.is_object() || spans == scope.end() || !spans->is_array()) continue;
    for (json& span : *spans) {
      if (!span.is_object()) continue;
      in_hex(span, "traceId", 16);
      in_hex(span, "spanId", 8);
      in_hex(span, "parentSpanId", 8);
      span.erase("links");  // not needed, and their ids have other spellings, too
    }
  }
}

std::string attribute(const Attributes& attributes, std::string_view key) {
  const Value* const value = find_attribute(attributes, key);
  return value == nullptr ? std::string{} : to_text(*value);
}

std::string first_of(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

/// The first bytes of an export request in protobuf: field 1, of a length, and in it again a field 1 or 2 of a length.
bool looks_like_protobuf(const std::string& first) {
  if (first.size() < 4 || first[0] != '\x0a' || first[1] == '{' || first[1] == '[') return false;
  std::size_t at = 1;
  while (at < 5 && at + 1 < first.size() && (static_cast<unsigned char>(first[at]) & 0x80U) != 0) ++at;
  return at + 1 < first.size() && (first[at + 1] == '\x0a' || first[at + 1] == '\x12');
}

}  // namespace

void TraceReader::problem(std::string text) {
  if (notes_.first_problems.size() < kMostProblems) notes_.first_problems.push_back(std::move(text));
}

void TraceReader::read(std::unique_ptr<ByteSource> source, const std::string& name) {
  auto plain = decompressed(std::move(source));
  const std::string first = first_bytes(plain, 8);
  ByteReader bytes{*plain};
  if (looks_like_protobuf(first)) read_protobuf(bytes, name);
  else read_json(bytes, name);
  notes_.bytes += bytes.position();
  if (plain->damage().empty()) return;
  notes_.truncated_input = true;
  problem(name + ": " + plain->damage());
}

void TraceReader::read_json(ByteReader& bytes, const std::string& name) {
  const auto bad = [&](const BadElement& what) {
    ++notes_.damaged_elements;
    problem(name + ":" + std::to_string(what.line) + ": " + what.what);
  };
  read_elements(
      bytes, {},
      [&](json&& element, std::int64_t line) {
        if (!read_element(element)) bad({line, "is no trace, span or group of spans"});
      },
      bad);
}

bool TraceReader::read_element(json& element) {
  if (member(element, "spans").is_array()) return read_jaeger(element);
  if (element.contains("scopeSpans") || element.contains("scope_spans") ||
      element.contains("instrumentationLibrarySpans"))
    return read_otlp_json(element);
  if (element.contains("traceId") && element.contains("id")) return read_zipkin(element);
  // The rest of an answer whose arrays have passed already: {"total": 0, "errors": null}.
  return element.contains("errors") || element.contains("total") || element.contains("metrics");
}

void TraceReader::add(Address trace, const TracedSpan& span) {
  if (!traces_.add(trace, span)) ++notes_.spans_beyond_limit;
}

bool TraceReader::read_jaeger(const json& trace) {
  const json& processes = member(trace, "processes");
  for (const json& span : member(trace, "spans")) {
    if (!read_jaeger_span(span, processes)) ++notes_.damaged_spans;
  }
  return true;
}

bool TraceReader::read_jaeger_span(const json& span, const json& processes) {
  const auto trace = trace_id(member(span, "traceID"));
  const auto id = span_id(member(span, "spanID"));
  TracedSpan read;
  if (!trace || !id || *id == 0) return false;
  if (!set_times(read, whole(member(span, "startTime")), whole(member(span, "duration")), kMicrosecond)) return false;
  read.id = *id;
  const json& references = member(span, "references");
  for (const char* kind : {"FOLLOWS_FROM", "CHILD_OF"}) {  // the latter wins
    for (const json& reference : references.is_array() ? references : json::array()) {
      if (text_of(member(reference, "refType")) != kind) continue;
      const auto parent = span_id(member(reference, "spanID"));
      if (parent) read.parent = *parent;
      read.follows = parent && *kind == 'F';
    }
  }
  if (read.parent == 0) read.parent = span_id(member(span, "parentSpanID")).value_or(0);
  const json& named = member(processes, text_of(member(span, "processID")).c_str());
  const json& process = named.is_object() ? named : member(span, "process");
  const std::string service = first_of({text_of(member(process, "serviceName")), "(unknown)"});
  const json& about = member(process, "tags");
  const json& tags = member(span, "tags");
  const std::string host = first_of({text_of(tag(about, "hostname")), text_of(tag(about, "host.name")),
                                     text_of(tag(about, "ip"))});
  read.operation = traces_.operation(
      {service, text_of(member(span, "operationName")), role_of(text_of(tag(tags, "span.kind")))});
  read.host = traces_.host(service + "/" + host);
  read.error = is_true(tag(tags, "error")) || text_of(tag(tags, "otel.status_code")) == "ERROR";
  add(*trace, read);
  if (read.parent == 0) traces_.set_sampled(*trace, sampled_share(tags));
  return true;
}

bool TraceReader::read_zipkin(const json& span) {
  const auto trace = trace_id(member(span, "traceId"));
  const auto id = span_id(member(span, "id"));
  TracedSpan read;
  const json& duration = member(span, "duration");
  const bool timed = set_times(read, whole(member(span, "timestamp")), duration.is_null() ? 0 : whole(duration),
                               kMicrosecond);
  if (!trace || !id || *id == 0 || !timed) {
    ++notes_.damaged_spans;
    return true;
  }
  read.id = *id;
  read.parent = span_id(member(span, "parentId")).value_or(0);
  const SpanRole role = role_of(text_of(member(span, "kind")));
  const json& endpoint = member(span, "localEndpoint");
  const std::string service = first_of({text_of(member(endpoint, "serviceName")), "(unknown)"});
  if (is_true(member(span, "shared")) && role == SpanRole::server) {
    read.parent = read.id;
    read.id ^= kServersHalf;
  }
  read.operation = traces_.operation({service, text_of(member(span, "name")), role});
  read.host = traces_.host(service + "/" + first_of({text_of(member(endpoint, "ipv4")),
                                                     text_of(member(endpoint, "ipv6"))}));
  const json& tags = member(span, "tags");
  read.error = tags.is_object() && tags.contains("error");
  add(*trace, read);
  return true;
}

bool TraceReader::read_otlp_json(json& group) {
  as_otlp(group);
  json request;
  request["resourceSpans"] = json::array({std::move(group)});
  const auto groups = wire::decode_otlp_json(request.dump(-1, ' ', false, json::error_handler_t::replace));
  if (groups) add(*groups);
  return groups.has_value();
}

void TraceReader::add(const wire::WireSpans& groups) {
  for (const wire::WireGroup& group : groups) {
    const Attributes& about = group.resource.attributes;
    const std::string service = first_of({group.resource.service, attribute(about, "service.name"), "(unknown)"});
    const std::string host = first_of({attribute(about, "service.instance.id"), attribute(about, "k8s.pod.name"),
                                       attribute(about, "host.name")});
    for (const wire::WireSpan& span : group.spans) {
      TracedSpan read;
      const bool timed = span.end_ns >= span.start_ns && span.end_ns < static_cast<std::uint64_t>(kLatest) &&
                         set_times(read, static_cast<std::int64_t>(span.start_ns),
                                   static_cast<std::int64_t>(span.end_ns - span.start_ns), 1);
      if (!timed || span.id == 0 || (span.trace.high == 0 && span.trace.low == 0)) {
        ++notes_.damaged_spans;
        continue;
      }
      read.id = span.id;
      read.parent = span.parent;
      static constexpr std::array roles{SpanRole::internal, SpanRole::internal, SpanRole::server,
                                        SpanRole::client,   SpanRole::producer, SpanRole::consumer};
      const auto kind = static_cast<std::size_t>(span.shape.kind);
      read.operation = traces_.operation({service, span.shape.name, kind < roles.size() ? roles[kind] : roles[0]});
      read.host = traces_.host(service + "/" + host);
      read.error = span.status == SpanStatus::error;
      add({span.trace.high, span.trace.low}, read);
    }
  }
}

void TraceReader::read_protobuf(ByteReader& bytes, const std::string& name) {
  constexpr std::size_t largest = 64 << 20;
  const auto bad = [&](const std::string& what) {
    ++notes_.damaged_elements;
    problem(name + ": byte " + std::to_string(bytes.position()) + ": " + what);
  };
  while (bytes.peek() != ByteReader::kEnd) {
    if (bytes.get() != '\x0a') return bad("is no group of spans (field 1 of an export request)");
    std::string group{'\x0a'};
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const int byte = bytes.get();
      if (byte == ByteReader::kEnd) return bad("ends in the middle");
      group.push_back(static_cast<char>(byte));
      length |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (length > largest) return bad("is larger than a group may be");
    for (std::uint64_t i = 0; i < length; ++i) {
      const int byte = bytes.get();
      if (byte == ByteReader::kEnd) return bad("ends in the middle");
      group.push_back(static_cast<char>(byte));
    }
    const auto groups = wire::decode_otlp_proto(group);
    if (groups) add(*groups);
    else bad("is no group of spans");
  }
}

}  // namespace spillway::real
