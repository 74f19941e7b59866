#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>

#include "models/wire/zipkin.hpp"

namespace spillway::wire {
namespace {

using Tags = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kNoService = "OTLPResourceNoServiceName";  // as the translation calls it: it takes part in the sort
constexpr std::string_view kServiceNameSource = "otlp.service.name.source";

/// Beside the names of conventions: tags that never become attributes of a span.
bool is_of_the_resource(std::string_view key, const ZipkinTranslation& how) {
  constexpr std::string_view newer[] = {"device.manufacturer", "cloud.resource_id", "k8s.container.restart_count"};
  constexpr std::string_view census[] = {"opencensus.starttime", "opencensus.exporterversion", "opencensus.resourcetype"};
  if (how.new_names && std::find(std::begin(newer), std::end(newer), key) != std::end(newer)) return true;
  return is_resource_convention(key) || std::find(std::begin(census), std::end(census), key) != std::end(census);
}

bool is_of_the_scope(std::string_view key, const ZipkinTranslation& how) {
  if (key == "otel.library.name" || key == "otel.library.version") return true;
  return how.new_names && (key == "otel.scope.name" || key == "otel.scope.version");
}

std::string take(Tags& tags, std::string_view key, bool& found) {
  const auto tag = std::find_if(tags.begin(), tags.end(), [&](const auto& t) { return t.first == key; });
  found = tag != tags.end();
  if (!found) return {};
  std::string value = std::move(tag->second);
  tags.erase(tag);
  return value;
}

std::string_view value_of(const Tags& tags, std::string_view key) {
  const auto tag = std::find_if(tags.begin(), tags.end(), [&](const auto& t) { return t.first == key; });
  return tag == tags.end() ? std::string_view{} : std::string_view{tag->second};
}

std::string_view service_of(const ZipkinSpan& span) { return span.local.service.empty() ? kNoService : std::string_view{span.local.service}; }

std::string_view scope_of(const ZipkinSpan& span, const ZipkinTranslation& how) {
  const std::string_view newer = how.new_names ? value_of(span.tags, "otel.scope.name") : std::string_view{};
  return newer.empty() ? value_of(span.tags, "otel.library.name") : newer;
}

/// The order of the real sort, whose comparison says yes to equals: an insertion sort then turns them around.
std::vector<std::size_t> sorted(const std::vector<ZipkinSpan>& spans, const ZipkinTranslation& how) {
  std::vector<std::size_t> order(spans.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::reverse(order.begin(), order.end());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int services = service_of(spans[a]).compare(service_of(spans[b]));
    return services != 0 ? services < 0 : scope_of(spans[a], how) < scope_of(spans[b], how);
  });
  return order;
}

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

/// `^-?\d+$` an integer, `^-?\d+\.\d+$` a float, true and false; what does not fit takes the nearest end, as Go has it.
Value parsed(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  const std::string_view digits = std::string_view{text}.substr(text.starts_with('-') ? 1 : 0);
  const std::size_t dot = digits.find('.');
  if (all_digits(digits)) {
    std::int64_t number = 0;
    const auto error = std::from_chars(text.data(), text.data() + text.size(), number).ec;
    if (error == std::errc{}) return number;
    return text.starts_with('-') ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  }
  if (dot == std::string_view::npos || !all_digits(digits.substr(0, dot)) || !all_digits(digits.substr(dot + 1))) return text;
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

ResourceShape resource_of(Tags& tags, std::string_view service, const ZipkinTranslation& how) {
  ResourceShape resource;
  if (service == kNoService) return resource;
  bool found = false;
  const std::string source = take(tags, kServiceNameSource, found);
  Attributes attributes{{source.empty() ? "service.name" : source, std::string{service}}};
  std::erase_if(tags, [&](const auto& tag) {
    if (!is_of_the_resource(tag.first, how)) return false;
    set_attribute(attributes, tag.first, tag.second);
    return true;
  });
  set_resource_attributes(resource, std::move(attributes));
  return resource;
}

void read_scope(Tags& tags, const ZipkinTranslation& how, ResourceShape& resource) {
  bool found = false;
  for (const char* prefix : {"otel.library.", "otel.scope."}) {
    if (prefix[5] == 's' && !how.new_names) continue;
    const std::string name = take(tags, std::string{prefix} + "name", found);
    if (found) resource.scope_name = name;
    const std::string version = take(tags, std::string{prefix} + "version", found);
    if (found) resource.scope_version = version;
  }
}

SpanKind kind_of(const std::string& kind, Tags& tags) {
  if (kind == "CLIENT") return SpanKind::client;
  if (kind == "SERVER") return SpanKind::server;
  if (kind == "PRODUCER") return SpanKind::producer;
  if (kind == "CONSUMER") return SpanKind::consumer;
  bool found = false;
  return take(tags, "span.kind", found) == "internal" ? SpanKind::internal : SpanKind::unspecified;
}

void read_status(Tags& tags, WireSpan& span) {
  bool found = false;
  const std::string code = take(tags, "otel.status_code", found);
  if (code == "STATUS_CODE_OK" || code == "Ok") span.status = SpanStatus::ok;
  if (code == "STATUS_CODE_ERROR" || code == "Error") span.status = SpanStatus::error;
  if (found) span.shape.status_message = take(tags, "otel.status_description", found);
  const auto error = std::find_if(tags.begin(), tags.end(), [](const auto& tag) { return tag.first == "error"; });
  if (error == tags.end()) return;
  span.status = SpanStatus::error;
  if (error->second == "true") tags.erase(error);
}

void add_endpoints(const ZipkinSpan& span, const ZipkinTranslation& how, Attributes& out) {
  const auto text = [&](const char* newer, const char* older, const std::string& value) {
    if (!value.empty()) set_attribute(out, how.new_names ? newer : older, value);
  };
  text("network.local.address", "net.host.ip", span.local.ipv4);
  text("network.local.address", "net.host.ip", span.local.ipv6);
  if (span.local.port > 0) set_attribute(out, "net.host.port", span.local.port);
  text("service.peer.name", "peer.service", span.remote.service);
  text("network.peer.address", "net.peer.ip", span.remote.ipv4);
  text("network.peer.address", "net.peer.ip", span.remote.ipv6);
  if (span.remote.port > 0) set_attribute(out, "net.peer.port", span.remote.port);
}

/// "name|{attributes}|dropped", or a name alone. False: refused.
bool read_event(const std::string& value, SpanEvent& event) {
  const std::size_t first = value.find('|'), last = value.rfind('|');
  event.name = value.substr(0, first);
  if (first == last) return true;
  const auto json = nlohmann::json::parse(value.substr(first + 1, last - first - 1), nullptr, false);
  if (!json.is_object()) return json.is_null();
  for (const auto& [key, item] : json.items()) {
    const double number = item.is_number() ? item.get<double>() : 0.5;
    const bool whole = number == static_cast<double>(static_cast<std::int64_t>(number));
    if (item.is_string()) event.attributes.emplace_back(key, item.get<std::string>());
    else if (item.is_boolean()) event.attributes.emplace_back(key, item.get<bool>());
    else if (item.is_number() && whole) event.attributes.emplace_back(key, static_cast<std::int64_t>(number));
    else if (item.is_number()) event.attributes.emplace_back(key, number);
  }
  return all_digits(value.substr(last + 1));
}

bool read_span(const ZipkinSpan& given, Tags tags, const ZipkinTranslation& how, WireSpan& span) {
  bool found = false;
  span.trace = given.trace;
  span.id = given.id;
  span.parent = given.parent == given.id ? 0 : given.parent;
  span.shape.name = given.name;
  span.shape.trace_state = take(tags, "w3c.tracestate", found);
  span.shape.kind = kind_of(given.kind, tags);
  read_status(tags, span);
  for (const auto& [key, value] : tags) {
    if (is_of_the_resource(key, how) || is_of_the_scope(key, how) || key == kServiceNameSource) continue;
    span.shape.attributes.emplace_back(key, how.parse_string_tags ? parsed(value) : Value{value});
  }
  add_endpoints(given, how, span.shape.attributes);
  span.start_ns = given.timestamp_us * 1000;
  span.end_ns = span.start_ns + given.duration_us * 1000;
  if (given.timestamp_us == 0) set_attribute(span.shape.attributes, "otel.zipkin.absentField.startTime", true);
  for (const auto& [at, value] : given.annotations) {
    SpanEvent& event = span.shape.events.emplace_back();
    event.after_start = Duration{static_cast<std::int64_t>(at * 1000 - span.start_ns)};
    if (!read_event(value, event)) return false;
  }
  return true;
}

}  // namespace

std::optional<TranslatedZipkin> translate_zipkin(const std::vector<ZipkinSpan>& spans, const ZipkinTranslation& how) {
  TranslatedZipkin out;
  out.origins = sorted(spans, how);
  std::string_view service, scope;
  ResourceShape resource;
  for (const std::size_t index : out.origins) {
    Tags tags = spans[index].tags;
    const bool other_service = out.groups.empty() || service_of(spans[index]) != service;
    if (other_service) resource = resource_of(tags, service = service_of(spans[index]), how);
    if (other_service || scope_of(spans[index], how) != scope) {
      scope = scope_of(spans[index], how);
      WireGroup& group = out.groups.emplace_back();
      group.resource = resource;
      if (!scope.empty()) read_scope(tags, how, group.resource);
    }
    if (!read_span(spans[index], std::move(tags), how, out.groups.back().spans.emplace_back())) return std::nullopt;
  }
  return out;
}

}  // namespace spillway::wire
