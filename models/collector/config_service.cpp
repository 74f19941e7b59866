// The service section. Sources: service, service/pipelines, service/telemetry of v0.111 and v0.159.
#include "models/collector/config_service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

/// A list of component ids.
void references(Fields& fields, std::string_view key, std::vector<Reference>& out) {
  const Value* const value = fields.take(key);
  if (value == nullptr || value->kind == Value::Kind::null) return;
  Reading& reading = fields.reading();
  const std::string path = fields.path_of(key);
  if (value->kind != Value::Kind::list)
    return reading.refuse(
        *value, path,
        "source data must be an array or slice, got " + std::string(go_type(*value)) + "; write [" + value->text + "]");
  for (const Value& item : value->items) {
    if (item.broken) continue;
    const std::string* const text = text_of(item);
    std::string error = "expected a component id, got '" + std::string(go_type(item)) + '\'';
    if (const auto id = text == nullptr ? std::nullopt : parse_id(*text, error))
      out.push_back({id->text(), &item});
    else
      reading.refuse(item, path, error + "; write type or type/name");
  }
}

/// The signal of a pipeline id, or nothing when it was refused.
bool is_signal(const Member& entry, const Id& id, const std::string& path, Reading& reading) {
  if (id.type == "traces" || id.type == "metrics" || id.type == "logs") return true;
  const std::string close = nearest(id.type, {"traces", "metrics", "logs"});
  const std::string message =
      id.type == "profiles" ? "pipeline \"" + id.text() +
                                  "\": profiling signal support is at alpha level, gated under the "
                                  "\"service.profilesSupport\" feature gate; drop it"
                            : "in \"" + entry.key + "\" id: unknown pipeline signal: \"" + id.type + "\"; " +
                                  (close.empty() ? "use traces, metrics or logs" : "did you mean '" + close + "'?");
  reading.refuse(entry.document, entry.key_mark, path, message);
  return false;
}

void pipeline(const Member& entry, Fields& fields, std::set<std::string>& ids, std::vector<Pipeline>& out) {
  Reading& reading = fields.reading();
  std::string error;
  const auto id = parse_id(entry.key, error);
  Pipeline one;
  one.path = fields.path_of(entry.key);
  if (!id) return reading.refuse(entry.document, entry.key_mark, one.path, error);
  fields.section(entry, [&one](Fields& inner) {
    references(inner, "receivers", one.receivers);
    references(inner, "processors", one.processors);
    references(inner, "exporters", one.exporters);
  });
  if (!is_signal(entry, *id, one.path, reading)) return;
  one.id = id->text();
  one.signal = id->type;
  one.document = entry.document;
  one.mark = entry.key_mark;
  if (!ids.insert(one.id).second)
    return reading.refuse(one.document, one.mark, one.path, "duplicate name \"" + one.id + "\"; rename one");
  out.push_back(std::move(one));
}

// Telemetry

constexpr std::array kLogSampling{
    Setting{"enabled", Shape::boolean, kNoEffect},
    Setting{"tick", Shape::duration, kNoEffect},
    Setting{"initial", Shape::integer, kNoEffect},
    Setting{"thereafter", Shape::integer, kNoEffect},
};
constexpr std::array kOwnLogs{
    Setting{"development", Shape::boolean, kNoEffect},
    Setting{"encoding", Shape::text, kNoEffect},
    Setting{"disable_caller", Shape::boolean, kNoEffect},
    Setting{"disable_stacktrace", Shape::boolean, kNoEffect},
    Setting{"sampling", Shape::section, kNoEffect, kLogSampling},
    Setting{"output_paths", Shape::texts, kNoEffect},
    Setting{"error_output_paths", Shape::texts, kNoEffect},
    Setting{"initial_fields", Shape::any, kNoEffect},
    Setting{"processors", Shape::any, kNoEffect, {}, &Semantics::telemetry_checked},
    Setting{"disable_zap_resource", Shape::boolean, kNoEffect, {}, &Semantics::telemetry_checked},
};
constexpr Named kLogLevels[] = {{"debug", -1}, {"info", 0},  {"warn", 1}, {"error", 2},  {"dpanic", 3},
                                {"panic", 4},  {"fatal", 5}, {"", 0},     {"warning", 1}};
constexpr std::array kOwnTraces{
    Setting{"propagators", Shape::texts, kNoEffect},
    Setting{"processors", Shape::any, kNoEffect},
    Setting{"limits", Shape::any, kNoEffect, {}, &Semantics::telemetry_checked},
    Setting{"sampler", Shape::any, kNoEffect, {}, &Semantics::telemetry_checked},
};

/// The scrape pages that the file asks for.
struct Pages {
  bool off = false;    ///< level none: nothing is opened
  bool given = false;  ///< readers were written
  std::size_t readers = 0;
  std::vector<TelemetryConfig> pages;
};

void suffix_switch(Fields& fields, std::string_view key, bool& adds) {
  const Value* const value = fields.value().find(key);
  const bool given = value != nullptr && value->kind == Value::Kind::boolean;
  bool without = !adds;
  fields.boolean(key, without);
  if (given) adds = !without && fields.reading().semantics.reader_can_add_suffixes;
}

void prometheus(Fields& fields, Pages& pages) {
  const Semantics& semantics = fields.reading().semantics;
  TelemetryConfig page;
  page.suffixes = semantics.reader_adds_suffixes;
  bool units = semantics.reader_adds_suffixes;
  bool scope = units;
  std::int64_t port = -1;
  page.host.clear();
  fields.text("host", page.host);
  fields.integer("port", port);
  suffix_switch(fields, "without_type_suffix", page.suffixes);
  suffix_switch(fields, "without_units", units);
  suffix_switch(fields, "without_scope_info", scope);
  if (fields.take("with_resource_constant_labels") != nullptr || units || scope)
    fields.leave_out("labels and units", kUnknownEffect);
  const auto given = [&fields](std::string_view key) {
    const Value* const value = fields.value().find(key);
    return value != nullptr && (value->broken || value->kind != Value::Kind::null);
  };
  page.port = static_cast<int>(port);
  pages.pages.push_back(page);
  if (pages.off) return;
  const auto same = [&page](const TelemetryConfig& other) {
    return &other != &page && other.host == page.host && other.port == page.port;
  };
  if (semantics.telemetry_checked && port > 0 && std::ranges::count_if(pages.pages, same) > 1)
    return fields.refuse("port", "binding address " + page.host + ':' + std::to_string(port) +
                                     " for Prometheus exporter: bind: address already in use; give another port");
  if (!given("host")) return fields.refuse("", "host must be specified; give host: localhost");
  if (!given("port")) return fields.refuse("", "port must be specified; give port: 8888");
  if (semantics.telemetry_checked && (port < 0 || port > 65535))
    fields.refuse("port", "listen tcp: address " + std::to_string(port) + ": invalid port; give 0 to 65535");
}

bool has_section(const Value& map, std::string_view key) {
  const Value* const value = map.find(key);
  return value != nullptr && value->kind != Value::Kind::null;
}

void reader(Fields& fields, Pages& pages) {
  ++pages.readers;
  constexpr std::array others{Setting{"periodic", Shape::any, kUnknownEffect},
                              Setting{"producers", Shape::any, kUnknownEffect, {}, &Semantics::telemetry_checked}};
  fields.unmodelled(others);
  const std::size_t before = pages.pages.size();
  bool pushed = has_section(fields.value(), "periodic");
  const Presence pull = fields.section("pull", [&](Fields& inner) {
    inner.section("exporter", [&](Fields& exporter) {
      constexpr std::array push{Setting{"otlp", Shape::any, kUnknownEffect}, Setting{"console", Shape::any, kNoEffect}};
      if (!exporter.reading().semantics.telemetry_checked) exporter.unmodelled(push);
      pushed = pushed || has_section(exporter.value(), "otlp") || has_section(exporter.value(), "console");
      exporter.section("prometheus", [&pages](Fields& page) { prometheus(page, pages); });
    });
  });
  if (pages.off || pushed || pages.pages.size() > before) return;
  fields.refuse("", std::string(pull == Presence::given ? "no valid metric exporter" : "no valid metric reader") +
                        "; write pull: {exporter: {prometheus: {host: localhost, port: 8888}}}");
}

void readers(Fields& fields, Pages& pages) {
  const Value* const list = fields.value().find("readers");
  pages.given = list != nullptr && list->kind != Value::Kind::null;
  fields.maps("readers", [&pages](Fields& one) { reader(one, pages); });
}

/// service.telemetry.metrics.address of older versions.
void address(Fields& fields, Pages& pages) {
  const Semantics& semantics = fields.reading().semantics;
  if (!semantics.telemetry_address_known) return;
  std::string text;
  fields.text("address", text);
  if (text.empty() || !semantics.telemetry_address_works) return;
  std::string error;
  const auto parts = split_host_port(text, error);
  if (!parts)
    return fields.refuse("address",
                         "failing to parse metrics address \"" + text + "\": " + error + "; write host:port");
  int port = 0;
  const char* const last = parts->port.data() + parts->port.size();
  const auto [end, code] = std::from_chars(parts->port.data(), last, port);
  if (code != std::errc{} || end != last)
    return fields.refuse("address", "failing to extract the port from the metrics address \"" + text +
                                        "\"; write host:port with a number");
  pages.pages.push_back({.host = parts->host, .port = port});
  ++pages.readers;
  pages.given = true;
}

void level(Fields& fields, std::string& out) {
  std::int32_t number = 1;
  fields.named("level", kLevels, "unknown metrics level", number);
  out = kLevels[std::clamp(number, -1, 2) + 1].text;
}

void check_metrics(Fields& fields, const TelemetryConfig& telemetry, const Pages& pages) {
  const Semantics& semantics = fields.reading().semantics;
  const Value* const views = fields.value().find("views");
  if (views != nullptr && views->kind != Value::Kind::list && views->kind != Value::Kind::null &&
      semantics.telemetry_views)
    return fields.refuse("views", "source data must be an array or slice, got " + std::string(go_type(*views)) +
                                      "; start each view with '- '");
  if (views != nullptr && views->kind == Value::Kind::list && telemetry.level != "detailed" &&
      semantics.telemetry_views)
    fields.refuse("views",
                  "service::telemetry::metrics::views can only be set when service::telemetry::metrics::level "
                  "is detailed; set level: detailed");
  if (telemetry.level == "none" || !pages.given || pages.readers > 0) return;
  constexpr std::string_view missing = "collector telemetry metrics reader should exist when metric level is not none";
  if (semantics.telemetry_checked)
    fields.refuse("readers", std::string(missing) + "; add a reader or set level: none");
  else
    fields.reading().warn(fields.value(), fields.path_of("readers"), std::string(missing));
}

void metrics(Fields& fields, TelemetryConfig& telemetry) {
  const int errors = fields.reading().errors;
  Pages pages;
  level(fields, telemetry.level);
  pages.off = telemetry.level == "none";
  readers(fields, pages);
  address(fields, pages);
  constexpr std::array views{Setting{"views", Shape::any, kUnknownEffect, {}, &Semantics::telemetry_views}};
  fields.unmodelled(views);
  if (fields.reading().errors != errors) return;
  check_metrics(fields, telemetry, pages);
  if (pages.pages.size() > 1) fields.leave_out("a second page", kNoEffect);
  const std::string chosen = telemetry.level;
  if (!pages.pages.empty()) telemetry = pages.pages.front();
  if (pages.given && pages.pages.empty()) telemetry.port = 0;
  telemetry.level = chosen;
  if (chosen == "none") telemetry.port = 0;
}

void logs(Fields& fields) {
  std::int32_t number = 0;
  const std::span<const Named> levels(kLogLevels);
  const bool warning = fields.reading().semantics.log_level_warning;
  fields.named("level", warning ? levels : levels.first(levels.size() - 1), "unrecognized level:", number);
  fields.unmodelled(kOwnLogs);
  const Value* const encoding = fields.value().find("encoding");
  const std::string* const name = encoding == nullptr ? nullptr : text_of(*encoding);
  if (name != nullptr && *name != "console" && *name != "json")
    fields.refuse("encoding", "no encoder registered for name \"" + *name + "\"; use console or json");
}

void check_propagators(Fields& fields) {
  if (fields.reading().semantics.telemetry_checked) return;
  std::vector<std::string> names;
  fields.texts("propagators", names);
  for (const std::string& name : names)
    if (name != "tracecontext" && name != "b3")
      fields.refuse("propagators", "unsupported trace propagator \"" + name + "\"; use tracecontext or b3");
}

/// Attributes as a map of texts; newer versions also know a structured form.
void resource(Fields& fields) {
  const bool structured = fields.reading().semantics.telemetry_resource_form;
  const Value* const attributes = structured ? fields.value().find("attributes") : nullptr;
  const bool has_attributes = attributes != nullptr && !attributes->items.empty();
  fields.each([&](const Member& entry) {
    constexpr std::array own{"attributes", "schema_url", "detectors", "detection/development"};
    const std::string path = fields.path_of(entry.key);
    if (structured && std::ranges::find(own, entry.key) != own.end()) return;
    if (structured && entry.key == "attributes_list")
      fields.reading().refuse(entry.value, path,
                              "resource::attributes_list is not currently supported, please use resource::attributes");
    else if (entry.value.kind != Value::Kind::null && text_of(entry.value) == nullptr)
      fields.reading().refuse(
          entry.value, path,
          "legacy resource attribute \"" + entry.key + "\" must be string or null; put it in quotes");
    else if (has_attributes)
      fields.reading().refuse(entry.value, path,
                              "resource::attributes cannot be used together with legacy inline resource attributes; "
                              "move it there");
  });
}

}  // namespace

void decode_telemetry(Fields& fields, TelemetryConfig& telemetry) {
  fields.quiet([&fields] {
    fields.section("logs", logs);
    fields.section("traces", [](Fields& traces) {
      std::int32_t number = 0;
      traces.named("level", kLevels, "unknown metrics level", number);
      traces.unmodelled(kOwnTraces);
      check_propagators(traces);
    });
    fields.section("resource", resource);
  });
  const Presence presence = fields.section("metrics", [&telemetry](Fields& inner) { metrics(inner, telemetry); });
  if (presence == Presence::disabled && fields.reading().semantics.telemetry_checked)
    fields.refuse("metrics",
                  "collector telemetry metrics reader should exist when metric level is not none; write "
                  "metrics: {}");
}

Service decode_service(Fields& root) {
  Service service;
  root.section("service", [&service](Fields& fields) {
    fields.section("telemetry", [&service](Fields& inner) { decode_telemetry(inner, service.telemetry); });
    references(fields, "extensions", service.extensions);
    fields.section("pipelines", [&service](Fields& inner) {
      std::set<std::string> ids;
      inner.each([&](const Member& entry) { pipeline(entry, inner, ids, service.pipelines); });
    });
  });
  return service;
}

std::set<std::string> used_components(const Service& service) {
  std::set<std::string> used;
  for (const Reference& extension : service.extensions) used.insert("extension " + extension.id);
  for (const Pipeline& pipeline : service.pipelines) {
    for (const Reference& one : pipeline.receivers) used.insert("receiver " + one.id);
    for (const Reference& one : pipeline.processors) used.insert("processor " + one.id);
    for (const Reference& one : pipeline.exporters) used.insert("exporter " + one.id);
    for (const Reference& one : pipeline.receivers) used.insert("connector " + one.id);
    for (const Reference& one : pipeline.exporters) used.insert("connector " + one.id);
  }
  return used;
}

}  // namespace spillway::collector
