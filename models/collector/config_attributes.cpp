// attributes and resource processors, and the properties by which older settings choose spans. Sources: attraction,
// filterconfig, filterset and filtermatcher of v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

/// A value of the file as one of an attribute; nothing for null and for dates.
std::optional<spillway::Value> attribute_value(const Value& value) {
  switch (value.kind) {
    case Value::Kind::boolean:
      return value.truth;
    case Value::Kind::integer:
      return value.integer;
    case Value::Kind::real:
      return value.real;
    case Value::Kind::text:
      return value.text;
    case Value::Kind::list: {
      ValueList list;
      for (const Value& item : value.items) list.push_back(attribute_value(item).value_or(spillway::Value{}));
      return list;
    }
    case Value::Kind::map: {
      Attributes map;
      for (const Member& entry : value.members)
        map.emplace_back(entry.key, attribute_value(entry.value).value_or(spillway::Value{}));
      return map;
    }
    default:
      return std::nullopt;
  }
}

// Actions

struct ActionKeys {
  std::string key, action, pattern, from_attribute, from_context, converted_type;
  std::optional<spillway::Value> value, default_value;
  int sources() const { return (value ? 1 : 0) + (from_attribute.empty() ? 0 : 1) + (from_context.empty() ? 0 : 1); }
};

std::optional<AttributeAction::Kind> kind_of(const std::string& action) {
  using Kind = AttributeAction::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 7> kinds{{{"insert", Kind::insert},
                                                                    {"update", Kind::update},
                                                                    {"upsert", Kind::upsert},
                                                                    {"delete", Kind::erase},
                                                                    {"hash", Kind::hash},
                                                                    {"extract", Kind::extract},
                                                                    {"convert", Kind::convert}}};
  const auto found = std::ranges::find(kinds, lower(action), &std::pair<std::string_view, Kind>::first);
  return found == kinds.end() ? std::nullopt : std::optional{found->second};
}

bool compile_pattern(Fields& fields, const ActionKeys& keys, AttributeAction& out) {
  if (keys.pattern.empty()) return true;
  std::string error;
  out.pattern = Regex::compile(keys.pattern, error);
  if (!out.pattern) fields.refuse_when_used("pattern", "Field \"pattern\" has invalid pattern: " + error);
  return out.pattern.has_value();
}

void check_put(Fields& fields, const ActionKeys& keys) {
  if (keys.sources() == 0 && !keys.default_value)
    fields.refuse_when_used("action", "Either field \"value\", \"from_attribute\" or \"from_context\" must be specified; add one");
  if (keys.sources() > 1)
    fields.refuse_when_used("action", "multiple value sources are set; keep one of value, from_attribute and from_context");
  if (!keys.pattern.empty())
    fields.refuse_when_used("pattern", "Action \"" + keys.action + "\" does not use the \"pattern\" field; drop it");
}

void check_extract(Fields& fields, const ActionKeys& keys, const AttributeAction& action) {
  if (keys.sources() > 0) fields.refuse_when_used("action", "Action \"extract\" does not use a value source field; drop it");
  if (keys.pattern.empty())
    return fields.refuse_when_used("action", "missing required field \"pattern\" for action \"extract\"; add it");
  if (!action.pattern) return;
  const std::vector<std::string>& names = action.pattern->group_names();
  if (names.size() <= 1)
    fields.refuse_when_used("pattern", "Field \"pattern\" contains no named matcher groups; write (?P<name>…)");
  else if (std::any_of(names.begin() + 1, names.end(), [](const std::string& name) { return name.empty(); }))
    fields.refuse_when_used("pattern", "Field \"pattern\" contains at least one unnamed matcher group; write (?P<name>…)");
}

void check_convert(Fields& fields, const ActionKeys& keys) {
  if (keys.sources() > 0 || !keys.pattern.empty())
    fields.refuse_when_used("action", "Action \"convert\" does not use value sources or \"pattern\" field; drop them");
  constexpr std::array<std::string_view, 3> types{"string", "int", "double"};
  if (keys.converted_type.empty())
    fields.refuse_when_used("action", "missing required field \"converted_type\" for action \"convert\"; add it");
  else if (std::ranges::find(types, keys.converted_type) == types.end())
    fields.refuse_when_used("converted_type", "invalid value \"" + keys.converted_type + "\"; use string, int or double");
}

void check_action(Fields& fields, const ActionKeys& keys, const AttributeAction& action) {
  using Kind = AttributeAction::Kind;
  if (action.kind != Kind::convert && !keys.converted_type.empty())
    fields.refuse_when_used("converted_type", "Action \"" + keys.action + "\" does not use the \"converted_type\" field; drop it");
  switch (action.kind) {
    case Kind::insert:
    case Kind::update:
    case Kind::upsert:
      return check_put(fields, keys);
    case Kind::erase:
    case Kind::hash:
      if (keys.value || !keys.from_attribute.empty())
        fields.refuse_when_used("action",
             "Action \"" + keys.action + "\" does not use \"value\" or \"from_attribute\"; drop them");
      return;
    case Kind::extract:
      return check_extract(fields, keys, action);
    case Kind::convert:
      return check_convert(fields, keys);
  }
}

ActionKeys read_action(Fields& fields) {
  ActionKeys keys;
  fields.text("key", keys.key);
  fields.text("action", keys.action);
  fields.text("pattern", keys.pattern);
  fields.text("from_attribute", keys.from_attribute);
  fields.text("from_context", keys.from_context);
  fields.text("converted_type", keys.converted_type);
  if (const Value* const value = fields.take("value")) keys.value = attribute_value(*value);
  if (!fields.reading().semantics.attribute_default_values) return keys;
  if (const Value* const value = fields.take("default_value")) keys.default_value = attribute_value(*value);
  return keys;
}

void add_action(Fields& fields, std::vector<AttributeAction>& actions) {
  const ActionKeys keys = read_action(fields);
  const auto kind = kind_of(keys.action);
  if (!kind)
    return fields.refuse_when_used(
        "action",
        "unsupported action \"" + keys.action + "\"; use insert, update, upsert, delete, hash, extract or convert");
  const bool by_pattern = *kind == AttributeAction::Kind::erase || *kind == AttributeAction::Kind::hash;
  if (keys.key.empty() && !(by_pattern && !keys.pattern.empty()))
    return fields.refuse_when_used("key", "missing required field \"key\"; name the attribute");
  AttributeAction action;
  action.kind = *kind;
  action.key = keys.key;
  action.value = keys.value;
  action.default_value = keys.default_value;
  action.from_attribute = keys.from_attribute;
  action.converted_type = keys.converted_type;
  action.hashes_empty_text = fields.reading().semantics.hashes_empty_text;
  const bool compiled = compile_pattern(fields, keys, action);
  check_action(fields, keys, action);
  // Who asks is not modelled, so such a value is never there.
  if (!keys.from_context.empty()) fields.leave_out("from_context", kUnknownEffect);
  if (compiled) actions.push_back(std::move(action));
}

// Matching

struct MatchKeys {
  std::string type;
  std::vector<std::string> services, span_names, span_kinds;
};

std::optional<TextChoice> choice(Fields& fields, std::string_view key, const std::vector<std::string>& texts,
                                 const std::string& type) {
  if (texts.empty()) return std::nullopt;
  TextChoice result;
  if (type == "strict") {
    result.texts = texts;
    return result;
  }
  if (type != "regexp") {
    fields.refuse_when_used("match_type", "unrecognized match_type: '" + type + "', valid types are: [regexp strict]");
    return result;
  }
  for (const std::string& text : texts) {
    std::string error;
    if (auto regex = Regex::compile(text, error))
      result.expressions.push_back(std::move(*regex));
    else
      fields.refuse_when_used(key, "error parsing regexp \"" + text + "\": " + error);
  }
  return result;
}

std::vector<AttributeMatch> attribute_matches(Fields& fields, std::string_view key, const std::string& type) {
  std::vector<AttributeMatch> all;
  fields.maps(key, [&](Fields& one) {
    AttributeMatch match;
    one.text("key", match.key);
    if (match.key.empty()) one.refuse_when_used("key", "can't have empty key in the list of attributes; name one");
    const Value* const value = one.take("value");
    match.value = value == nullptr ? std::nullopt : attribute_value(*value);
    if (match.value && type == "regexp") {
      const auto* text = match.value->get<std::string>();
      if (text == nullptr)
        one.refuse_when_used("value", "match_type=regexp only supports texts; put the value in quotes");
      else
        match.expression = choice(one, "value", {*text}, type);
    } else if (match.value && type != "strict") {
      fields.refuse_when_used("match_type", "unrecognized match_type: '" + type + "', valid types are: [regexp strict]");
    }
    all.push_back(std::move(match));
  });
  return all;
}

std::vector<LibraryMatch> library_matches(Fields& fields, const std::string& type) {
  std::vector<LibraryMatch> all;
  fields.maps("libraries", [&](Fields& one) {
    std::string name, version;
    one.text("name", name);
    one.text("version", version);
    LibraryMatch match;
    match.name = *choice(one, "name", {name}, type);
    if (has_text(one.value(), "version")) match.version = choice(one, "version", {version}, type);
    all.push_back(std::move(match));
  });
  return all;
}

constexpr std::array kRegexpSettings{Setting{"cacheenabled", Shape::boolean, kNoEffect},
                                     Setting{"cachemaxnumentries", Shape::integer, kNoEffect}};
constexpr std::array kOtherSignals{
    Setting{"regexp", Shape::section, kNoEffect, kRegexpSettings}, Setting{"log_bodies", Shape::texts, kNoEffect},
    Setting{"log_severity_texts", Shape::texts, kNoEffect}, Setting{"log_severity_number", Shape::any, kNoEffect},
    Setting{"metric_names", Shape::texts, kNoEffect}};

MatchProperties match_properties(Fields& fields) {
  MatchKeys keys;
  fields.text("match_type", keys.type);
  fields.texts("services", keys.services);
  fields.texts("span_names", keys.span_names);
  fields.texts("span_kinds", keys.span_kinds);
  MatchProperties result;
  result.services = choice(fields, "services", keys.services, keys.type);
  result.span_names = choice(fields, "span_names", keys.span_names, keys.type);
  result.span_kinds = choice(fields, "span_kinds", keys.span_kinds, keys.type);
  result.attributes = attribute_matches(fields, "attributes", keys.type);
  result.resources = attribute_matches(fields, "resources", keys.type);
  result.libraries = library_matches(fields, keys.type);
  fields.unmodelled(kOtherSignals);
  if (!result.services && !result.span_names && !result.span_kinds && result.attributes.empty() &&
      result.resources.empty() && result.libraries.empty())
    fields.refuse_when_used("",
         "at least one of \"attributes\", \"libraries\", or \"resources\" field must be specified; add one");
  return result;
}

}  // namespace

MatchConfig match_config(Fields& fields) {
  MatchConfig config;
  if (fields.section("include", [&](Fields& inner) { config.include = match_properties(inner); }) != Presence::given)
    config.include.reset();
  if (fields.section("exclude", [&](Fields& inner) { config.exclude = match_properties(inner); }) != Presence::given)
    config.exclude.reset();
  return config;
}

AttributesConfig attributes_processor(Fields& fields) {
  AttributesConfig config;
  config.match = match_config(fields);
  bool any = false;
  fields.maps("actions", [&](Fields& action) {
    any = true;
    add_action(action, config.actions);
  });
  if (!any && fields.reading().errors == 0) fields.refuse("actions", "missing required field \"actions\"; list them");
  return config;
}

ResourceConfig resource_processor(Fields& fields) {
  ResourceConfig config;
  bool any = false;
  fields.maps("attributes", [&](Fields& action) {
    any = true;
    add_action(action, config.actions);
  });
  if (!any && fields.reading().errors == 0)
    fields.refuse("attributes", "missing required field \"attributes\"; list the actions");
  return config;
}

}  // namespace spillway::collector
