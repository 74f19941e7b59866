#include "models/scenario/map_reader.hpp"

#include <algorithm>

#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

std::string listed(Keys keys) {
  std::string out;
  for (const char* key : keys) out += (out.empty() ? "" : ", ") + std::string{key};
  return out;
}

/// The percentile that a key such as p99 or p99.9 names, as a probability.
std::optional<double> percentile_of(std::string_view key) {
  if (!key.starts_with('p')) return std::nullopt;
  const Parsed<double> number = parse_quantity(key.substr(1), Unit::none);
  return number.value ? std::optional{*number.value / 100} : std::nullopt;
}

}  // namespace

const Node* MapReaderBase::take(const char* key) {
  known_.emplace_back(key);
  const Node* node = node_.find(key);
  if (node) input_.note(child(key), node->mark);
  return node;
}

void MapReaderBase::missing(const char* key, const About& about) {
  input_.problem(node_.mark, path_, "'" + std::string{key} + "' is missing; add it: " + about.text);
}

std::vector<const char*> MapReaderBase::given(Keys keys) const {
  std::vector<const char*> out;
  for (const char* key : keys)
    if (given(key)) out.push_back(key);
  return out;
}

void MapReaderBase::duration_or_auto(const char* key, std::optional<Duration>& out, const About& about) {
  const Node* node = take(key);
  if (!node) return;
  if (node->kind == Node::Kind::scalar && node->text == "auto")
    out.reset();
  else
    read(Value{input_, *node, child(key), about}, out);
}

void MapReaderBase::percentile(double& p, double& value, const About& about) {
  const Entry* chosen = nullptr;
  for (const Entry& entry : node_.entries) {
    const std::optional<double> probability = percentile_of(entry.key);
    if (!probability) continue;
    known_.push_back(entry.key);
    if (*probability <= 0.5 || *probability >= 1)
      return input_.problem(entry.key_mark, child(entry.key),
                            "a percentile between p50 and p100 is needed, such as p99");
    if (chosen)
      return input_.problem(entry.key_mark, child(entry.key), "a second percentile; give one, it fixes the law");
    chosen = &entry;
    p = *probability;
  }
  if (!chosen) return missing("p99", about);
  read(Value{input_, chosen->value, child(chosen->key), about}, value);
}

void MapReaderBase::exactly_one(Keys keys) {
  at_most_one(keys);
  at_least_one(keys);
}

void MapReaderBase::at_most_one(Keys keys) {
  const std::vector<const char*> both = given(keys);
  if (both.size() < 2) return;
  input_.problem(node_.find(both[1])->mark, child(both[1]),
                 "'" + std::string{both[1]} + "' and '" + both[0] + "' exclude each other; remove one of them");
}

void MapReaderBase::at_least_one(Keys keys) {
  if (given(keys).empty() && unknown().empty())
    input_.problem(node_.mark, path_, "one of these keys is missing: " + listed(keys));
}

void MapReaderBase::needs(const char* key, Keys others) {
  if (!given(key) || given(others).size() == others.size()) return;
  input_.problem(node_.find(key)->mark, child(key),
                 "'" + std::string{key} + "' has no effect without '" + listed(others) + "'; add that or remove this");
}

void MapReaderBase::excludes(const char* key, Keys others) {
  const std::vector<const char*> both = given(others);
  if (!given(key) || both.empty()) return;
  input_.problem(node_.find(both[0])->mark, child(both[0]),
                 "'" + std::string{both[0]} + "' has no effect beside '" + key + "'; remove one of them");
}

bool MapReaderBase::is_true(const char* key, const Node& node) {
  bool flag = false;
  const std::size_t before = input_.errors();
  read(Value{input_, node, child(key), About{}}, flag);
  if (!flag && input_.errors() == before)
    input_.problem(node.mark, child(key), "only true makes sense here; remove the key");
  return flag;
}

bool MapReaderBase::is_kind(const Node& node, Node::Kind kind, const std::string& path, const char* wanted) {
  if (node.kind == kind) return true;
  input_.problem(
      node.mark, path,
      std::string{wanted} + " is needed here" +
          (kind == Node::Kind::map ? "; write 'name:' and indent its keys below" : "; begin each entry with '- '"));
  return false;
}

bool MapReaderBase::fits(const Node& node, std::size_t count, std::size_t most, const std::string& path) {
  if (count <= most) return true;
  input_.problem(node.mark, path,
                 std::to_string(count) + " entries are more than " + std::to_string(most) + "; give fewer");
  return false;
}

/// Names become parts of paths, streams and metric labels. Operations are named as their spans are, freely.
bool MapReaderBase::is_good_name(const Entry& entry, const std::string& path, bool free_text) {
  constexpr std::size_t longest = 100;
  if (is_override(entry.key_mark)) {
    std::vector<std::string> known;
    for (const Entry& other : node_.find(known_.back())->entries)
      if (!is_override(other.key_mark)) known.push_back(other.key);
    input_.problem(entry.key_mark, path,
                   "there is no '" + shortened(entry.key) + "' in " + known_.back() + hint(entry.key, known));
    return false;
  }
  const bool plain = std::all_of(entry.key.begin(), entry.key.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
  });
  const bool fitting = !entry.key.empty() && characters(entry.key) <= longest;
  const bool good = fitting && (plain || free_text);
  const char* wanted =
      fitting ? "' is no name; use letters, digits, '-', '_' and '.'" : "' is no name; give it 1 to 100 characters";
  if (!good) input_.problem(entry.key_mark, path, "'" + shortened(entry.key, 40) + wanted);
  return good;
}

/// A misspelt key explains why another one is missing.
std::vector<const Entry*> MapReaderBase::unknown() const {
  std::vector<const Entry*> out;
  for (const Entry& entry : node_.entries)
    if (std::find(known_.begin(), known_.end(), entry.key) == known_.end()) out.push_back(&entry);
  return out;
}

void MapReaderBase::finish() {
  for (const Entry* entry : unknown()) {
    if (input_.is_full()) return;
    input_.problem(entry->key_mark, path_,
                   "unknown key '" + shortened(entry->key, 60) + "'" + hint(entry->key, known_));
  }
}

}  // namespace spillway::language
