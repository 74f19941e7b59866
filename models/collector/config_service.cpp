// The service section. Sources: service, service/pipelines, service/telemetry of v0.111 and v0.159.
#include "models/collector/config_service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

void add_reference(const Value& item, const std::string& text, const std::string& path, Reading& reading,
                   std::vector<Reference>& out) {
  std::string error;
  if (const auto id = parse_id(text, error))
    out.push_back({id->text(), &item});
  else
    reading.refuse(item, path, error + "; write type or type/name");
}

const std::string* text_of(const Value& value) {
  if (value.original) return &*value.original;
  return value.kind == Value::Kind::text ? &value.text : nullptr;
}

/// A list of component ids.
void references(Fields& fields, std::string_view key, std::vector<Reference>& out) {
  const Value* const value = fields.take(key);
  if (value == nullptr || value->kind == Value::Kind::null) return;
  Reading& reading = fields.reading();
  const std::string path = fields.path_of(key);
  if (value->kind == Value::Kind::text && reading.semantics.ids_from_text) {
    for (std::string_view rest = value->text;;) {
      const std::size_t comma = rest.find(',');
      add_reference(*value, std::string(rest.substr(0, comma)), path, reading, out);
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
    }
  }
  if (value->kind != Value::Kind::list)
    return reading.refuse(*value, path, "source data must be an array or slice, got " + std::string(go_type(*value)) +
                                            "; write [" + value->text + "]");
  for (const Value& item : value->items) {
    if (item.broken) continue;
    if (const std::string* const text = text_of(item))
      add_reference(item, *text, path, reading, out);
    else
      reading.refuse(item, path, "expected a component id, got '" + std::string(go_type(item)) + "'; write type or type/name");
  }
}

/// The signal of a pipeline id, or nothing when it was refused.
bool is_signal(const Member& entry, const Id& id, const std::string& path, Reading& reading) {
  if (id.type == "traces" || id.type == "metrics" || id.type == "logs") return true;
  const std::string close = nearest(id.type, {"traces", "metrics", "logs"});
  const std::string message =
      id.type == "profiles"
          ? "pipeline \"" + id.text() + "\": profiling signal support is at alpha level, gated under the "
            "\"service.profilesSupport\" feature gate; drop it"
          : "in \"" + entry.key + "\" id: unknown pipeline signal: \"" + id.type + "\"; " +
                (close.empty() ? "use traces, metrics or logs" : "did you mean '" + close + "'?");
  reading.refuse(entry.document, entry.key_mark, path, message);
  return false;
}

void pipeline(const Member& entry, Fields& fields, std::vector<Pipeline>& out) {
  Reading& reading = fields.reading();
  std::string error;
  const auto id = parse_id(entry.key, error);
  Pipeline one;
  one.path = fields.path_of(entry.key);
  if (!id) return reading.refuse(entry.document, entry.key_mark, one.path, error);
  fields.section(entry.key, [&one](Fields& inner) {
    references(inner, "receivers", one.receivers);
    references(inner, "processors", one.processors);
    references(inner, "exporters", one.exporters);
  });
  if (!is_signal(entry, *id, one.path, reading)) return;
  one.id = id->text();
  one.signal = id->type;
  one.document = entry.document;
  one.mark = entry.key_mark;
  const bool twice = std::ranges::any_of(out, [&one](const Pipeline& other) { return other.id == one.id; });
  if (twice) return reading.refuse(one.document, one.mark, one.path, "duplicate name \"" + one.id + "\"; rename one");
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
    Setting{"level", Shape::text, kNoEffect},
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
constexpr std::array kOwnTraces{
    Setting{"level", Shape::text, kNoEffect},
    Setting{"propagators", Shape::texts, kNoEffect},
    Setting{"processors", Shape::any, kNoEffect},
    Setting{"limits", Shape::any, kNoEffect, {}, &Semantics::telemetry_checked},
    Setting{"sampler", Shape::any, kNoEffect, {}, &Semantics::telemetry_checked},
};

/// The scrape pages that the file asks for.
struct Pages {
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
  if (!given("host")) fields.refuse("", "host must be specified; give host: localhost");
  if (!given("port")) fields.refuse("", "port must be specified; give port: 8888");
  page.port = static_cast<int>(port);
  pages.pages.push_back(page);
}

void reader(Fields& fields, Pages& pages) {
  ++pages.readers;
  constexpr std::array others{Setting{"periodic", Shape::any, kUnknownEffect},
                              Setting{"producers", Shape::any, kUnknownEffect, {}, &Semantics::telemetry_checked}};
  fields.unmodelled(others);
  fields.section("pull", [&pages](Fields& pull) {
    pull.section("exporter", [&pages](Fields& exporter) {
      constexpr std::array push{Setting{"otlp", Shape::any, kUnknownEffect}, Setting{"console", Shape::any, kNoEffect}};
      if (!exporter.reading().semantics.telemetry_checked) exporter.unmodelled(push);
      exporter.section("prometheus", [&pages](Fields& page) { prometheus(page, pages); });
    });
  });
}

void readers(Fields& fields, Pages& pages) {
  const Value* const list = fields.take("readers");
  if (list == nullptr || list->kind == Value::Kind::null) return;
  pages.given = true;
  if (list->kind != Value::Kind::list)
    return fields.refuse("readers", "source data must be an array or slice, got " + std::string(go_type(*list)) +
                                        "; start each reader with '- '");
  for (const Value& item : list->items) {
    if (item.broken) continue;
    if (item.kind == Value::Kind::map)
      fields.item("readers", item, [&pages](Fields& one) { reader(one, pages); });
    else
      fields.reading().refuse(item, fields.path_of("readers"), "expected a map; write - pull: …");
  }
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
    return fields.refuse("address", "failing to parse metrics address \"" + text + "\": " + error + "; write host:port");
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
  std::string text = out;
  fields.text("level", text);
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array levels{"none", "basic", "normal", "detailed"};
  if (std::ranges::find(levels, text) == levels.end())
    return fields.refuse("level", "unknown metrics level \"" + text + "\"; use none, basic, normal or detailed");
  out = text;
}

void check_metrics(Fields& fields, const TelemetryConfig& telemetry, const Pages& pages) {
  const Semantics& semantics = fields.reading().semantics;
  const Value* const views = fields.value().find("views");
  if (views != nullptr && views->kind == Value::Kind::list && telemetry.level != "detailed" && semantics.telemetry_views)
    fields.refuse("views", "service::telemetry::metrics::views can only be set when service::telemetry::metrics::level "
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

}  // namespace

void decode_telemetry(Fields& fields, TelemetryConfig& telemetry) {
  fields.quiet([&fields] {
    fields.section("logs", [](Fields& logs) { logs.unmodelled(kOwnLogs); });
    fields.section("traces", [](Fields& traces) { traces.unmodelled(kOwnTraces); });
  });
  static_cast<void>(fields.take("resource"));
  fields.section("metrics", [&telemetry](Fields& inner) { metrics(inner, telemetry); });
}

Service decode_service(Fields& root) {
  Service service;
  root.section("service", [&service](Fields& fields) {
    fields.section("telemetry", [&service](Fields& inner) { decode_telemetry(inner, service.telemetry); });
    references(fields, "extensions", service.extensions);
    fields.section("pipelines", [&service](Fields& inner) {
      for (const Member& entry : inner.value().members) pipeline(entry, inner, service.pipelines);
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
