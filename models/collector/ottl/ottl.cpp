#include "models/collector/ottl/ottl.hpp"

#include <algorithm>
#include <array>

#include "models/collector/ottl/build.hpp"
#include "models/collector/ottl/syntax.hpp"

namespace spillway::collector::ottl {

std::optional<Condition> Condition::parse(std::string_view text, Context context, const Semantics& semantics,
                                          Diagnosis& diagnosis) {
  SyntaxError error;
  const auto tree = syntax::parse_condition(text, !semantics.ottl_unary_signs, error);
  if (!tree) {
    diagnosis.error = "condition has invalid syntax: " + error.message;
    diagnosis.offset = error.offset;
    return std::nullopt;
  }
  Builder builder{context, Language::conditions, semantics, diagnosis};
  PredicatePtr root = builder.predicate(*tree);
  if (root == nullptr) return std::nullopt;
  return Condition{std::move(root), context};
}

std::optional<Condition> Condition::parse_route(std::string_view statement, Context context, const Semantics& semantics,
                                                Diagnosis& diagnosis) {
  SyntaxError error;
  const auto tree = syntax::parse_statement(statement, !semantics.ottl_unary_signs, error);
  if (!tree) {
    diagnosis.error = "statement has invalid syntax: " + error.message;
    diagnosis.offset = error.offset;
    return std::nullopt;
  }
  Builder builder{context, Language::routes, semantics, diagnosis};
  const GetterPtr editor = builder.call(tree->editor);
  PredicatePtr where = editor != nullptr && tree->where ? builder.predicate(*tree->where) : nullptr;
  if (!diagnosis.error.empty()) return std::nullopt;
  if (tree->editor.function != "route")
    diagnosis.unmodelled.push_back(tree->editor.function + ": what it takes away stays");
  return Condition{std::move(where), context};
}

std::optional<Statement> Statement::parse(std::string_view text, Context context, const Semantics& semantics,
                                          Diagnosis& diagnosis) {
  SyntaxError error;
  const auto tree = syntax::parse_statement(text, !semantics.ottl_unary_signs, error);
  if (!tree) {
    diagnosis.error = "statement has invalid syntax: " + error.message;
    diagnosis.offset = error.offset;
    return std::nullopt;
  }
  Builder builder{context, Language::statements, semantics, diagnosis};
  Statement result;
  result.editor_ = builder.call(tree->editor);
  if (result.editor_ != nullptr && tree->where) result.where_ = builder.predicate(*tree->where);
  if (!diagnosis.error.empty()) return std::nullopt;
  result.depends_ = result.editor_->depends | (result.where_ ? result.where_->depends : std::uint8_t{kNothing});
  result.writes_resource_ = builder.writes_resource();
  result.writes_times_ = builder.writes_times();
  return result;
}

bool Statement::run(Scene& scene) const {
  if (where_ != nullptr) {
    const Verdict verdict = where_->test(scene);
    if (verdict != Verdict::yes) return verdict == Verdict::no;
  }
  Datum ignored;
  return editor_->get(scene, ignored);
}

Verdict Matcher::fresh(std::size_t i, const Span& span, std::size_t event) const {
  Scene scene{&catalog_, &span, &catalog_.shape(span.shape), &catalog_.resource(span.resource), event, nullptr};
  return conditions_[i].test(scene);
}

Verdict Matcher::one(std::size_t i, const Span& span) {
  if ((conditions_[i].depends() & kSpan) != 0) return fresh(i, span, 0);
  auto& rows = known_[i];
  if (rows.size() <= span.resource) rows.resize(span.resource + 1);
  auto& row = rows[span.resource];
  if (row.size() <= span.shape) row.resize(span.shape + 1);
  std::optional<Verdict>& cell = row[span.shape].by_status[static_cast<std::size_t>(span.status)];
  if (!cell) cell = fresh(i, span, 0);
  return *cell;
}

Verdict Matcher::test(const Span& span) {
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    const Verdict verdict = one(i, span);
    if (verdict == Verdict::failed && mode_ == ErrorMode::propagate) return verdict;
    if (verdict == Verdict::yes) return verdict;
  }
  return Verdict::no;
}

Verdict Matcher::test_event(const Span& span, std::size_t event) {
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    const Verdict verdict = fresh(i, span, event);
    if (verdict == Verdict::failed && mode_ == ErrorMode::propagate) return verdict;
    if (verdict == Verdict::yes) return verdict;
  }
  return Verdict::no;
}

namespace {

struct Named {
  std::string_view name;
  Context context;
};
constexpr std::array kContexts{Named{"spanevent", Context::spanevent}, Named{"span", Context::span},
                               Named{"scope", Context::scope}, Named{"instrumentation_scope", Context::scope},
                               Named{"resource", Context::resource}};

bool knows_all(Context context, const std::vector<std::string>& functions, Language language,
               const Semantics& semantics) {
  return std::ranges::all_of(functions, [&](const std::string& name) {
    return find_function(name, context, language, semantics) != nullptr;
  });
}

}  // namespace

std::optional<Context> inferred_context(const std::vector<std::string>& texts, bool statements,
                                        const Semantics& semantics, Diagnosis& diagnosis) {
  std::vector<syntax::Path> paths;
  std::vector<std::string> functions;
  for (const std::string& text : texts) {
    SyntaxError error;
    bool parsed = true;
    if (statements) {
      const auto tree = syntax::parse_statement(text, !semantics.ottl_unary_signs, error);
      parsed = tree.has_value();
      if (tree) syntax::collect_paths(*tree, paths), syntax::collect_functions(*tree, functions);
    } else {
      const auto tree = syntax::parse_condition(text, !semantics.ottl_unary_signs, error);
      parsed = tree.has_value();
      if (tree) syntax::collect_paths(*tree, paths), syntax::collect_functions(*tree, functions);
    }
    if (parsed) continue;
    diagnosis.error = std::string{statements ? "statement" : "condition"} + " has invalid syntax: " + error.message;
    diagnosis.offset = error.offset;
    return std::nullopt;
  }
  const Language language = statements ? Language::statements : Language::conditions;
  for (const Named& named : kContexts) {
    const bool named_by_one = std::ranges::any_of(
        paths, [&](const syntax::Path& path) { return path.dotted_start && path.fields[0].name == named.name; });
    if (!named_by_one) continue;
    Context context = named.context;
    // A function that spans alone have moves the whole to their context.
    if (context != Context::span && !knows_all(context, functions, language, semantics) &&
        knows_all(Context::span, functions, language, semantics) && context != Context::spanevent) {
      context = Context::span;
    }
    return context;
  }
  diagnosis.error = "unable to infer a valid context from " + std::string{statements ? "statements" : "conditions"} +
                    ": write one in front of each path, as in span.name";
  return std::nullopt;
}

std::string routed_context(std::string_view statement, const Semantics& semantics) {
  SyntaxError error;
  const auto tree = syntax::parse_statement(statement, !semantics.ottl_unary_signs, error);
  if (!tree) return "";
  std::vector<syntax::Path> paths;
  std::vector<std::string> functions;
  syntax::collect_paths(*tree, paths);
  syntax::collect_functions(*tree, functions);
  constexpr std::array<std::string_view, 6> lowest_first{"log", "datapoint", "metric", "span", "resource", "otelcol"};
  for (const std::string_view name : lowest_first) {
    const bool named = std::ranges::any_of(
        paths, [&](const syntax::Path& path) { return path.dotted_start && path.fields[0].name == name; });
    if (!named) continue;
    const bool of_spans = name == "resource" && std::ranges::find(functions, "IsRootSpan") != functions.end();
    return std::string{of_spans ? "span" : name};
  }
  return "";
}

}  // namespace spillway::collector::ottl
