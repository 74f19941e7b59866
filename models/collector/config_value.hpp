// A configuration value as the collector sees it: merged from several files, with ${…} expanded and plain
// scalars typed. Private to the reading of collector files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/document.hpp"

namespace spillway::collector {

struct Member;

/// One value and where it stands. What came out of ${…} stands where the ${…} stands.
struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, moment, list, map };
  Kind kind = Kind::null;
  bool truth = false;
  std::int64_t integer = 0;  ///< above 2^63-1: wrapped, as the collector does
  bool wrapped = false;
  double real = 0;
  std::string text;                     ///< kind text: its content
  std::optional<std::string> original;  ///< came out of ${…}: as it was written there; wins where text is wanted
  bool broken = false;                  ///< its expansion failed and was reported: say nothing more about it
  const Document* document = nullptr;
  Mark mark;
  std::vector<Value> items;
  std::vector<Member> members;

  const Value* find(std::string_view key) const;  ///< null when absent or when this is not a map
  Value* find(std::string_view key);
};
struct Member {
  std::string key;
  Mark key_mark;
  const Document* document = nullptr;
  Value value;
};

/// Types a node the way the collector's YAML reader does (YAML 1.2 core with underscores and 0b, octal with a
/// leading 0, dates) and splits keys at "::". `document` must outlive the value.
Value to_value(const Node& node, const Document& document);

/// Lays `over` on top of `base`: maps are merged deeply, everything else is replaced.
void merge(Value& base, Value over);

/// The value as YAML that reads as the same value, in flow style, one member of the first two levels a line.
std::string to_yaml(const Value& value);

/// Name of the Go type that the collector's messages give to such a value.
std::string_view go_type(const Value& value);

/// Everything that was read of one configuration; values point into the documents.
struct ConfigTree {
  std::vector<std::unique_ptr<Document>> documents;
  Value root;
  std::vector<std::unique_ptr<Value>> placed;  ///< components that were written as null
};

/// Adds a problem at this place. After the first two hundred, which is more than anybody reads, only its severity.
void add_problem(Problems& problems, const Document& document, Mark mark, std::string path, std::string message,
                 Problem::Severity severity = Problem::Severity::error);

/// All the environment there is, and what came of expanding.
struct Expansion {
  const std::map<std::string, std::string>& environment;
  Problems& problems;
  bool empty_default_is_text = true;  ///< ${env:NAME:-}: a text; otherwise null
  LoadFailure failure = LoadFailure::none;
};

/// Replaces every ${…} in `root`, in place. Paths of ${file:…} count from the folder of the file they stand in.
/// A failed expansion is reported once and leaves a broken value behind. The total of what is read is bounded
/// (8 MiB of text, 20,000 expressions, depth 64), which the collector does not do.
void expand(Value& root, Expansion& expansion);

}  // namespace spillway::collector
