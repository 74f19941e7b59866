// The visitor that fills a struct from a map of the tree. See bind.hpp for the interface, vocabulary.hpp for the table.
#pragma once

#include <set>
#include <type_traits>

#include "models/scenario/values.hpp"

namespace spillway::language {

/// Rules and unknown keys of one map; everything that does not depend on the struct.
class MapReaderBase {
 public:
  MapReaderBase(Input& input, const Node& node, std::string path)
      : input_{input}, node_{node}, path_{std::move(path)} {}

  void about(const char*) {}
  void duration_or_auto(const char* key, std::optional<Duration>& out, const About& about);
  void percentile(double& p, double& value, const About& about);
  void exactly_one(Keys keys);
  void at_most_one(Keys keys);
  void at_least_one(Keys keys);
  void needs(const char* key, Keys others);
  void excludes(const char* key, Keys others);
  /// Reports the keys that no call has asked for.
  void finish();

 protected:
  const Node* take(const char* key);
  void missing(const char* key, const About& about);
  bool given(const char* key) const { return node_.find(key) != nullptr; }
  std::vector<const char*> given(Keys keys) const;
  std::vector<const Entry*> unknown() const;  ///< keys that no call has asked for so far
  /// Whether `flag: true` is set; a problem for anything else than true.
  bool is_true(const char* key, const Node& node);
  bool is_kind(const Node& node, Node::Kind kind, const std::string& path, const char* wanted);
  bool fits(const Node& node, std::size_t count, std::size_t most, const std::string& path);
  bool is_good_name(const Entry& entry, const std::string& path, bool free_text);
  std::string child(std::string_view key) const { return join(path_, key); }

  Input& input_;
  const Node& node_;
  std::string path_;
  std::vector<std::string> known_;
};

class MapReader;
template <class T>
void read_struct(Input& input, const Node& node, const std::string& path, T& out);

class MapReader : public MapReaderBase {
 public:
  using MapReaderBase::MapReaderBase;

  template <class T>
  void field(const char* key, T& out, const About& about) {
    if (const Node* node = take(key)) read(Value{input_, *node, child(key), about}, out);
  }

  template <class T>
  void required(const char* key, T& out, const About& about) {
    if (!given(key)) missing(key, about);
    field(key, out, about);
  }

  template <class E>
  void sets(const char* key, E& kind, E value, const char*) {
    const Node* node = take(key);
    if (node && is_true(key, *node)) kind = value;
  }

  template <class E, class T>
  void chooses(const char* key, E& kind, E value, T& out, const About& about) {
    if (given(key)) kind = value;
    field(key, out, about);
  }

  template <class T>
  void nested(const char* key, T& out, const char*) {
    if (const Node* node = take(key)) read_struct(input_, *node, child(key), out);
  }

  template <class T>
  void nested(const char* key, std::optional<T>& out, const char*, T initial = {}) {
    const Node* node = take(key);
    if (!node) return;
    out = std::move(initial);
    read_struct(input_, *node, child(key), *out);
  }

  template <class T>
  void list(const char* key, std::vector<T>& out, const char*, std::size_t most, const T& initial = {}) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::null) return;
    if (!is_kind(*node, Node::Kind::sequence, child(key), "a list")) return;
    if (!fits(*node, node->items.size(), most, child(key))) return;
    for (const Node& item : node->items) {
      const std::string path = join(child(key), std::to_string(out.size()));
      input_.note(path, item.mark);
      set_where(out.emplace_back(initial), item.mark, path);
      read_struct(input_, item, path, out.back());
    }
  }

  template <class T>
  void section(const char* key, std::vector<T>& out, const char*, std::size_t most) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::null) return;
    if (!is_kind(*node, Node::Kind::map, child(key), "a map of names")) return;
    if (!fits(*node, node->entries.size(), most, child(key))) return;
    for (const Entry& entry : node->entries) read_named(entry, join(child(key), entry.key), out);
  }

 private:
  template <class T>
  void read_named(const Entry& entry, const std::string& path, std::vector<T>& out) {
    if (!is_good_name(entry, path, std::is_same_v<T, Operation>)) return;
    input_.note(path, entry.key_mark);
    T& item = out.emplace_back();
    item.name = entry.key;
    set_where(item, entry.key_mark, path);
    read_struct(input_, entry.value, path, item);
  }

  template <class T>
  void set_where(T& item, Mark mark, const std::string& path) {
    if constexpr (requires { item.where; }) item.where = input_.where(mark, path);
  }
};

/// Fills `out` from a map, or from what its short form allows. An empty value is an empty map.
template <class T>
void read_struct(Input& input, const Node& node, const std::string& path, T& out) {
  Node map;
  map.kind = Node::Kind::map;
  map.mark = node.mark;
  const bool is_short = short_form<T> && (node.kind == Node::Kind::scalar || is_law(node));
  if (is_short) map.entries.push_back(Entry{short_form<T>, node.mark, node});
  const bool is_map = node.kind == Node::Kind::map || node.kind == Node::Kind::null || is_short;
  if (!is_map) return input.problem(node.mark, path, "a map of keys is needed here; indent 'key: value' below it");
  MapReader reader{input, node.kind == Node::Kind::map && !is_short ? node : map, path};
  describe(reader, out);
  reader.finish();
}

}  // namespace spillway::language
