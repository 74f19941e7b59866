// Which spans a processor acts on, in the older form: include and exclude by services, names, kinds and attributes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/telemetry/regex.hpp"
#include "models/telemetry/span.hpp"

namespace spillway::collector {

/// Texts of which one must be equal, or expressions of which one must match.
struct TextChoice {
  std::vector<std::string> texts;
  std::vector<Regex> expressions;
  bool matches(std::string_view text) const;
};

struct AttributeMatch {
  std::string key;
  std::optional<spillway::Value> value;  ///< equal in type and value
  std::optional<TextChoice> expression;  ///< … or its text matches; neither: the key alone must be there
};

struct LibraryMatch {
  TextChoice name;
  std::optional<TextChoice> version;
};

struct MatchProperties {
  std::optional<TextChoice> services, span_names, span_kinds;
  std::vector<AttributeMatch> attributes, resources;
  std::vector<LibraryMatch> libraries;
  bool matches(const SpanShape& shape, const ResourceShape& resource) const;
};

struct MatchConfig {
  std::optional<MatchProperties> include, exclude;
  /// Whether the span is left alone: not included, or excluded.
  bool skips(const SpanShape& shape, const ResourceShape& resource) const;
};

}  // namespace spillway::collector
