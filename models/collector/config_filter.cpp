// filter and transform processors: conditions and statements in OTTL. Sources: filterprocessor and transformprocessor
// of v0.111 and v0.159.
#include <algorithm>
#include <array>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

using ottl::Context;

/// One text of the file; `kind` is condition or statement.
struct Text {
  const Value* value;
  std::string path, text;
};

void tell(Reading& reading, const Text& text, std::string_view kind, const ottl::Diagnosis& diagnosis) {
  if (!diagnosis.error.empty())
    reading.refuse(*text.value, text.path,
                   "unable to parse OTTL " + std::string(kind) + " \"" + text.text + "\": " + diagnosis.error +
                       ", at character " + std::to_string(diagnosis.offset + 1) + " of the " + std::string(kind));
  for (const std::string& what : diagnosis.unmodelled) reading.leave_out("OTTL " + what, kUnknownEffect);
}

std::vector<Text> texts_of(Fields& fields, std::string_view key) {
  std::vector<std::string> texts;
  fields.texts(key, texts);
  const Value* const value = fields.value().find(key);
  std::vector<Text> all;
  const bool one_each = value != nullptr && value->kind == Value::Kind::list && value->items.size() == texts.size();
  for (std::size_t i = 0; i < texts.size(); ++i)
    all.push_back({one_each ? &value->items[i] : value, fields.path_of(key), texts[i]});
  return all;
}

std::vector<ottl::Condition> conditions_of(Reading& reading, const std::vector<Text>& texts, Context context) {
  std::vector<ottl::Condition> all;
  for (const Text& text : texts) {
    ottl::Diagnosis diagnosis;
    if (auto one = ottl::Condition::parse(text.text, context, reading.semantics, diagnosis))
      all.push_back(std::move(*one));
    tell(reading, text, "condition", diagnosis);
  }
  return all;
}

std::vector<ottl::Condition> conditions_at(Fields& fields, std::string_view key, Context context) {
  return conditions_of(fields.reading(), texts_of(fields, key), context);
}

std::optional<Context> context_named(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, Context>, 4> contexts{{{"resource", Context::resource},
                                                                          {"scope", Context::scope},
                                                                          {"span", Context::span},
                                                                          {"spanevent", Context::spanevent}}};
  const auto found = std::ranges::find(contexts, lower(name), &std::pair<std::string_view, Context>::first);
  return found == contexts.end() ? std::nullopt : std::optional{found->second};
}

std::vector<ottl::Condition>& place_of(FilterPass& pass, Context context) {
  switch (context) {
    case Context::resource:
      return pass.resource;
    case Context::scope:
      return pass.scope;
    case Context::spanevent:
      return pass.spanevent;
    case Context::span:
      break;
  }
  return pass.span;
}

/// The context that the file names, refused when it is none of a span's; nothing when it names none.
std::optional<Context> named_context(Fields& fields) {
  std::string name;
  fields.text("context", name);
  const auto context = context_named(name);
  if (!name.empty() && !context)
    fields.refuse("context", "unknown context " + name + "; use resource, scope, span or spanevent");
  return context;
}

/// Each condition by the context that its paths name.
void add_inferred(Reading& reading, const std::vector<Text>& texts, FilterPass& pass) {
  for (const Text& text : texts) {
    ottl::Diagnosis diagnosis;
    const auto context = ottl::inferred_context({text.text}, false, reading.semantics, diagnosis);
    if (!context) {
      tell(reading, text, "condition", diagnosis);
      continue;
    }
    for (ottl::Condition& one : conditions_of(reading, {text}, *context))
      place_of(pass, *context).push_back(std::move(one));
  }
}

constexpr std::string_view kMixed =
    "configuring multiple configuration styles is not supported, please use only Basic configuration or only Advanced "
    "configuration";

/// Whether the list under the key consists of texts (the flat style); mixed ones are refused.
bool is_flat(Fields& fields, std::string_view key) {
  const Value* const value = fields.value().find(key);
  if (value == nullptr || value->kind != Value::Kind::list) return false;
  const auto texts = std::ranges::count(value->items, Value::Kind::text, &Value::kind);
  if (texts > 0 && static_cast<std::size_t>(texts) < value->items.size()) fields.refuse(key, std::string(kMixed));
  return texts > 0;
}

void trace_conditions(Fields& fields, ottl::ErrorMode mode, FilterConfig& config) {
  if (is_flat(fields, "trace_conditions")) {
    config.passes.push_back({{}, {}, {}, {}, mode});
    add_inferred(fields.reading(), texts_of(fields, "trace_conditions"), config.passes.back());
    return;
  }
  fields.maps("trace_conditions", [&](Fields& group) {
    FilterPass pass;
    pass.mode = ottl_error_mode(group).value_or(mode);
    const auto context = named_context(group);
    const std::vector<Text> texts = texts_of(group, "conditions");
    if (context)
      place_of(pass, *context) = conditions_of(group.reading(), texts, *context);
    else
      add_inferred(group.reading(), texts, pass);
    config.passes.push_back(std::move(pass));
  });
}

constexpr std::array kFilterOthers{Setting{"metrics", Shape::any, kNoEffect}, Setting{"logs", Shape::any, kNoEffect}};
constexpr std::array kFilterNewer{
    Setting{"profiles", Shape::any, kNoEffect}, Setting{"metric_conditions", Shape::any, kNoEffect},
    Setting{"log_conditions", Shape::any, kNoEffect}, Setting{"profile_conditions", Shape::any, kNoEffect}};

void check_styles(Fields& fields, bool by_place, bool older, bool inferred) {
  if (by_place && older)
    fields.refuse("spans",
                  "cannot use traces and the span settings spans.include, spans.exclude at the same time; keep one");
  if (by_place && inferred)
    fields.refuse("trace_conditions", "cannot use trace_conditions and traces at the same time; keep one");
}

// Statements

bool read_statements(Reading& reading, const std::vector<Text>& texts, TransformGroup& group) {
  for (const Text& text : texts) {
    ottl::Diagnosis diagnosis;
    auto one = ottl::Statement::parse(text.text, group.context, reading.semantics, diagnosis);
    if (one) group.statements.push_back(std::move(*one));
    tell(reading, text, "statement", diagnosis);
  }
  return !texts.empty();
}

/// One context for all statements of a group, from the paths in them and in the conditions.
bool infer(Reading& reading, const std::vector<Text>& statements, const std::vector<Text>& conditions,
           TransformGroup& group) {
  std::vector<std::string> texts;
  for (const Text& one : statements) texts.push_back(one.text);
  ottl::Diagnosis diagnosis;
  auto context = ottl::inferred_context(texts, true, reading.semantics, diagnosis);
  if (!context && !conditions.empty()) {
    texts.clear();
    for (const Text& one : conditions) texts.push_back(one.text);
    diagnosis = {};
    context = ottl::inferred_context(texts, false, reading.semantics, diagnosis);
  }
  if (context)
    group.context = *context;
  else if (!statements.empty())
    tell(reading, statements.front(), "statement", diagnosis);
  return context.has_value();
}

void add_group(Fields& fields, std::string_view key, std::optional<Context> context, ottl::ErrorMode mode,
               TransformConfig& config) {
  TransformGroup group;
  group.mode = mode;
  const std::vector<Text> statements = texts_of(fields, key);
  const std::vector<Text> conditions = key == "statements" ? texts_of(fields, "conditions") : std::vector<Text>{};
  if (context)
    group.context = *context;
  else if (!infer(fields.reading(), statements, conditions, group))
    return;
  group.conditions = conditions_of(fields.reading(), conditions, group.context);
  if (read_statements(fields.reading(), statements, group)) config.groups.push_back(std::move(group));
}

constexpr std::array kTransformOthers{Setting{"metric_statements", Shape::any, kNoEffect},
                                      Setting{"log_statements", Shape::any, kNoEffect}};
constexpr std::array kTransformNewer{Setting{"profile_statements", Shape::any, kNoEffect}};

}  // namespace

std::optional<ottl::ErrorMode> ottl_error_mode(Fields& fields) {
  std::string text;
  fields.text("error_mode", text);
  const Value* const value = fields.value().find("error_mode");
  if (value == nullptr || value->kind == Value::Kind::null) return std::nullopt;
  if (lower(text) == "propagate") return ottl::ErrorMode::propagate;
  if (lower(text) == "ignore") return ottl::ErrorMode::ignore;
  if (lower(text) == "silent") return ottl::ErrorMode::silent;
  fields.refuse("error_mode", "unknown error mode " + text + "; use ignore, silent or propagate");
  return std::nullopt;
}

std::vector<ottl::Condition> ottl_conditions(Fields& fields, std::string_view key, Context context) {
  return conditions_at(fields, key, context);
}

FilterConfig filter_processor(Fields& fields) {
  FilterConfig config;
  const Semantics& semantics = fields.reading().semantics;
  const auto standard = semantics.filter_ignores_errors ? ottl::ErrorMode::ignore : ottl::ErrorMode::propagate;
  const ottl::ErrorMode mode = ottl_error_mode(fields).value_or(standard);
  FilterPass pass;
  pass.mode = mode;
  fields.section("traces", [&](Fields& traces) {
    if (semantics.filter_resources) pass.resource = conditions_at(traces, "resource", Context::resource);
    pass.span = conditions_at(traces, "span", Context::span);
    pass.spanevent = conditions_at(traces, "spanevent", Context::spanevent);
  });
  fields.section("spans", [&](Fields& spans) { config.spans = match_config(spans); });
  const bool by_place = !pass.resource.empty() || !pass.span.empty() || !pass.spanevent.empty();
  if (by_place) config.passes.push_back(std::move(pass));
  fields.unmodelled(kFilterOthers);
  bool inferred = false;
  if (semantics.ottl_contexts) {
    const Value* const value = fields.value().find("trace_conditions");
    inferred = value != nullptr && value->kind == Value::Kind::list && !value->items.empty();
    trace_conditions(fields, mode, config);
    fields.unmodelled(kFilterNewer);
  }
  check_styles(fields, by_place, config.spans.include || config.spans.exclude, inferred);
  return config;
}

TransformConfig transform_processor(Fields& fields) {
  TransformConfig config;
  const Semantics& semantics = fields.reading().semantics;
  const auto standard = semantics.transform_ignores_errors ? ottl::ErrorMode::ignore : ottl::ErrorMode::propagate;
  const ottl::ErrorMode mode = ottl_error_mode(fields).value_or(standard);
  if (semantics.ottl_contexts && is_flat(fields, "trace_statements")) {
    add_group(fields, "trace_statements", std::nullopt, mode, config);
  } else {
    fields.maps("trace_statements", [&](Fields& group) {
      const auto own = semantics.ottl_contexts ? ottl_error_mode(group) : std::nullopt;
      const auto context = named_context(group);
      if (!context && !semantics.ottl_contexts && group.reading().errors == 0)
        group.refuse("context", "unknown context; name resource, scope, span or spanevent");
      add_group(group, "statements", context, own.value_or(mode), config);
    });
  }
  fields.unmodelled(kTransformOthers);
  if (semantics.ottl_contexts) fields.unmodelled(kTransformNewer);
  bool flatten = false;
  fields.boolean("flatten_data", flatten);
  if (flatten)
    fields.refuse("flatten_data", "'flatten_data' requires the 'transform.flatten.logs' feature gate; drop it");
  return config;
}

}  // namespace spillway::collector
