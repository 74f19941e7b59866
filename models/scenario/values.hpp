// Single values of a scenario: YAML scalars and short lists to the types of scenario.hpp, with unit and range.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario/bind.hpp"
#include "models/scenario/hints.hpp"
#include "models/scenario/input.hpp"
#include "models/scenario/words.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"

namespace spillway::language {

/// A value of the tree on its way into a field. One that cannot be read leaves the field as it was and adds a problem.
struct Value {
  Input& input;
  const Node& node;
  const std::string& path;
  const About& about;

  void problem(std::string message) const { input.problem(node.mark, path, std::move(message)); }
  /// The text of a scalar; a problem and nothing when it is a list, a map or empty.
  std::optional<std::string_view> scalar() const;
  /// Whether `amount` (in the base unit) lies in about.min … about.max; a problem when not.
  bool in_range(double amount) const;
};

void read(const Value& value, std::string& out);
void read(const Value& value, bool& out);
void read(const Value& value, int& out);
void read(const Value& value, std::int64_t& out);
void read(const Value& value, std::uint64_t& out);
void read(const Value& value, double& out);
void read(const Value& value, Duration& out);
void read(const Value& value, Time& out);
void read(const Value& value, Distribution& out);
void read(const Value& value, std::vector<std::string>& out);  ///< a list, or one text
void read(const Value& value, std::vector<Time>& out);
void read(const Value& value, std::vector<std::filesystem::path>& out);  ///< files that must be readable; list or one
void read(const Value& value, std::map<std::string, std::string>& out);
void read(const Value& value, Recording& out);  ///< a file
void read(const Value& value, Attributes& out);                  ///< typed as YAML's core schema has it
void read(const Value& value, std::vector<SpanAttribute>& out);  ///< the same, or {choose: {value: weight, …}}

/// A distribution in its map form, e.g. {exponential: {mean: 20ms}}: known by its only key.
bool is_law(const Node& node);

template <class T>
void read(const Value& value, std::optional<T>& out) {
  const T fallback = [] {
    if constexpr (std::is_same_v<T, Distribution>)
      return Distribution::constant(0);
    else
      return T{};
  }();
  T inner = out.value_or(fallback);
  read(value, inner);
  out = std::move(inner);
}

/// A word of an enum.
template <class E>
requires std::is_enum_v<E>
void read(const Value& value, E& out) {
  const std::optional<std::string_view> text = value.scalar();
  if (!text) return;
  std::vector<std::string> known;
  for (const auto& word : words(E{})) {
    if (word.text == *text) {
      out = word.value;
      return;
    }
    known.emplace_back(word.text);
  }
  value.problem("'" + std::string{text->substr(0, 80)} + "' is none of its values" + hint(*text, known));
}

}  // namespace spillway::language
