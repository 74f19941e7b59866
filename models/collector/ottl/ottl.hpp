// OTTL, the collector's language for conditions and changes, as its filter, transform, routing and tail_sampling use
// it. A condition or statement is read once, checked as the collector checks it, and may be shared between runs; what
// a run remembers of its answers stands in a Matcher.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/ottl/getter.hpp"
#include "models/collector/version.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector::ottl {

/// What reading a text came to.
struct Diagnosis {
  std::string error;                    ///< in the collector's words where it has some; empty: accepted
  std::size_t offset = 0;               ///< of the error in the text
  std::vector<std::string> unmodelled;  ///< what the collector knows and this program does not: "function URL"
};

/// One condition.
class Condition {
 public:
  static std::optional<Condition> parse(std::string_view text, Context context, const Semantics& semantics,
                                        Diagnosis& diagnosis);
  /// What a statement of the routing connector asks: its where clause.
  static std::optional<Condition> parse_route(std::string_view statement, Context context, const Semantics& semantics,
                                              Diagnosis& diagnosis);
  Verdict test(Scene& scene) const { return root_ ? root_->test(scene) : Verdict::yes; }
  std::uint8_t depends() const { return root_ ? root_->depends : std::uint8_t{kNothing}; }
  Context context() const { return context_; }

 private:
  Condition(PredicatePtr root, Context context) : root_{std::move(root)}, context_{context} {}
  PredicatePtr root_;  ///< null: holds always
  Context context_;
};

/// An editor with its where clause.
class Statement {
 public:
  static std::optional<Statement> parse(std::string_view text, Context context, const Semantics& semantics,
                                        Diagnosis& diagnosis);
  /// Changes scene.draft. False: an error; what was written before it stays.
  bool run(Scene& scene) const;
  std::uint8_t depends() const { return depends_; }
  /// Whether it may change the resource or scope, which other spans share.
  bool writes_resource() const { return writes_resource_; }
  /// Whether it may change times, which are the span's own.
  bool writes_times() const { return writes_times_; }

 private:
  GetterPtr editor_;
  PredicatePtr where_;
  std::uint8_t depends_ = kNothing;
  bool writes_resource_ = false, writes_times_ = false;
};

enum class ErrorMode : std::uint8_t { propagate, ignore, silent };

/// Conditions of which one suffices, each answer remembered as far as it depends on shape, resource and status only.
/// Context span, scope or resource.
class Matcher {
 public:
  Matcher(std::vector<Condition> conditions, ErrorMode mode, const Catalog& catalog)
      : conditions_{std::move(conditions)}, mode_{mode}, catalog_{catalog}, known_(conditions_.size()) {}
  /// yes: one of them holds; failed: an error came first, and the mode is propagate.
  Verdict test(const Span& span);
  /// The same for one event of the span; context spanevent. Nothing is remembered.
  Verdict test_event(const Span& span, std::size_t event);
  bool is_empty() const { return conditions_.empty(); }

 private:
  struct Known {
    std::optional<Verdict> by_status[3];
  };
  Verdict one(std::size_t i, const Span& span);
  Verdict fresh(std::size_t i, const Span& span, std::size_t event) const;
  std::vector<Condition> conditions_;
  ErrorMode mode_;
  const Catalog& catalog_;
  std::vector<std::vector<std::vector<Known>>> known_;  ///< by condition, resource, shape
};

/// The context in which a text stands that names one in front of each path, as flat trace_statements and
/// trace_conditions do: the lowest of those named that suits all. Nothing and an error when there is none.
std::optional<Context> inferred_context(const std::vector<std::string>& texts, bool statements,
                                        const Semantics& semantics, Diagnosis& diagnosis);

/// The context that the paths of a statement of the routing connector name, "resource", "log" …; empty: none.
std::string routed_context(std::string_view statement, const Semantics& semantics);

}  // namespace spillway::collector::ottl
