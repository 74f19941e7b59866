// The routing connector. Sources: routingconnector of v0.111, v0.152 and v0.157.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"
#include "models/collector/config_service.hpp"

namespace spillway::collector {
namespace {

/// One entry of the table as written.
struct Entry {
  std::string context, statement, condition, action;
};

/// Ids of pipelines, in the collector's syntax "signal[/name]".
std::vector<std::string> pipeline_ids(Fields& fields, std::string_view key) {
  std::vector<std::string> texts;
  fields.texts(key, texts);
  std::vector<std::string> ids;
  for (const std::string& text : texts) {
    std::string error;
    const auto id = parse_id(text, error);
    if (!id)
      fields.refuse(key, error + "; write a pipeline as signal/name");
    else if (id->type != "traces" && id->type != "metrics" && id->type != "logs" && id->type != "profiles")
      fields.refuse(key, "in \"" + text + "\" id: unknown pipeline signal: \"" + id->type + "\"; use traces, metrics or logs");
    else
      ids.push_back(id->text());
  }
  return ids;
}

/// request["name"] == "value": a language of its own.
void check_request(Fields& fields, const Entry& entry) {
  const auto count = [&](std::string_view mark) {
    std::size_t found = 0;
    for (std::size_t at = entry.condition.find(mark); at != std::string::npos; at = entry.condition.find(mark, at + 2)) ++found;
    return found;
  };
  if (!entry.statement.empty() || entry.condition.empty())
    return fields.refuse("context", "\"request\" context requires a 'condition'; write condition: 'request[\"header\"] == \"value\"'");
  if (count("==") + count("!=") != 1)
    return fields.refuse("condition", "condition must have format 'request[\"<name>\"] <comparator> <value>'; use == or != once");
  std::size_t middle = entry.condition.find("==");
  if (middle == std::string::npos) middle = entry.condition.find("!=");
  const std::string left = entry.condition.substr(0, middle);
  const std::size_t open = left.find("request[\"");
  const std::size_t quote = entry.condition.find('"', middle);
  if (open == std::string::npos || left.rfind("\"]") < open + 9 || left.rfind("\"]") == std::string::npos ||
      quote == std::string::npos || entry.condition.rfind('"') == quote)
    fields.refuse("condition", "condition must have format 'request[\"<name>\"] <comparator> \"<value>\"'");
}

void check_entry(Fields& fields, const Entry& entry, const RoutingConfig::Route& route) {
  if (entry.statement.empty() && entry.condition.empty())
    fields.refuse("", "invalid route: no condition or statement provided; say which telemetry takes it");
  if (!entry.statement.empty() && !entry.condition.empty())
    fields.refuse("statement", "invalid route: both condition and statement provided; keep one");
  if (route.pipelines.empty()) fields.refuse("pipelines", "invalid route: no pipelines defined; name one");
  constexpr std::array<std::string_view, 8> contexts{"", "resource", "span", "metric", "datapoint", "log", "otelcol", "request"};
  const bool newest = fields.reading().semantics.routing_ignores_errors;
  if (std::ranges::find(contexts, entry.context) == contexts.end() || (entry.context == "otelcol" && !newest))
    fields.refuse("context", "invalid context: " + entry.context + "; use resource, span, metric, datapoint, log or request");
  if (entry.context == "request") check_request(fields, entry);
}

Entry read_entry(Fields& fields) {
  const Semantics& semantics = fields.reading().semantics;
  Entry entry;
  fields.text("statement", entry.statement);
  if (!semantics.routing_takes_turns) return entry;
  fields.text("context", entry.context);
  fields.text("condition", entry.condition);
  if (!semantics.routing_copies) return entry;
  fields.text("action", entry.action);
  const bool given = has_text(fields.value(), "action");
  if (given && entry.action != "move" && entry.action != "copy")
    fields.refuse("action", "invalid Action string: " + entry.action + "; use move or copy");
  return entry;
}

/// Where it is asked, when that can be modelled; the text was checked as far as it can be.
bool compile(Fields& fields, const Entry& entry, RoutingConfig::Route& route) {
  Reading& reading = fields.reading();
  const std::string key = entry.condition.empty() ? "statement" : "condition";
  const std::string text = entry.condition.empty() ? entry.statement : "route() where " + entry.condition;
  std::string context = entry.context;
  if (context.empty() && reading.semantics.routing_ignores_errors) context = ottl::routed_context(text, reading.semantics);
  if (!context.empty() && context != "resource" && context != "span") {
    fields.leave_out("table: context " + context + ", where nothing matches here", kUnknownEffect);
    return false;
  }
  route.by_span = context == "span";
  ottl::Diagnosis diagnosis;
  const auto place = route.by_span ? ottl::Context::span : ottl::Context::resource;
  auto condition = ottl::Condition::parse_route(text, place, reading.semantics, diagnosis);
  if (!diagnosis.error.empty())
    fields.refuse_when_used(key, "unable to parse OTTL statement \"" + text + "\": " + diagnosis.error + ", at character " +
                                     std::to_string(diagnosis.offset + 1) + " of the statement");
  for (const std::string& what : diagnosis.unmodelled) fields.leave_out("OTTL " + what, kUnknownEffect);
  if (condition) route.condition.push_back(std::move(*condition));
  return condition.has_value();
}

}  // namespace

RoutingConfig routing_connector(Fields& fields) {
  RoutingConfig config;
  const Semantics& semantics = fields.reading().semantics;
  config.mode = ottl_error_mode(fields).value_or(semantics.routing_ignores_errors ? ottl::ErrorMode::ignore
                                                                                  : ottl::ErrorMode::propagate);
  config.default_pipelines = pipeline_ids(fields, "default_pipelines");
  if (!semantics.routing_takes_turns) fields.boolean("match_once", config.match_once);
  std::set<std::string> known;
  bool any = false;
  fields.maps("table", [&](Fields& one) {
    any = true;
    const Entry entry = read_entry(one);
    RoutingConfig::Route route;
    route.copies = entry.action == "copy";
    route.pipelines = pipeline_ids(one, "pipelines");
    if (one.reading().errors == 0) check_entry(one, entry, route);
    if (one.reading().errors > 0) return;
    compile(one, entry, route);
    // Said again, a statement has no effect: its first route takes all.
    if (known.insert(entry.context + '\n' + entry.statement + '\n' + entry.condition).second) config.table.push_back(std::move(route));
  });
  if (!any && fields.reading().errors == 0)
    fields.refuse("table", "invalid routing table: the routing table is empty; add a route");
  return config;
}

void check_routing(const Component& component, const RoutingConfig& config, const Service& service, Reading& reading) {
  std::set<std::string> behind, signals;
  for (const Pipeline& pipeline : service.pipelines) {
    const auto names = [&](const std::vector<Reference>& list) {
      return std::ranges::any_of(list, [&](const Reference& one) { return one.id == component.id; });
    };
    if (names(pipeline.receivers)) behind.insert(pipeline.id);
    if (names(pipeline.exporters)) signals.insert(pipeline.signal);
  }
  const auto check = [&](const std::vector<std::string>& pipelines, const std::string& key) {
    for (const std::string& id : pipelines) {
      const bool fits = behind.contains(id) && std::ranges::all_of(signals, [&](const std::string& signal) {
                          return id == signal || id.starts_with(signal + '/');
                        });
      if (fits) continue;
      const Value* const at = component.value->find(key);
      reading.refuse(at == nullptr ? *component.value : *at, component.path + '.' + key,
                     "pipeline not found: missing consumer: " + in_quotes(id) + "; list " + in_quotes(component.id) +
                         " under its receivers");
    }
  };
  check(config.default_pipelines, "default_pipelines");
  for (const RoutingConfig::Route& route : config.table) check(route.pipelines, "table");
}

}  // namespace spillway::collector
