#include <algorithm>

#include "models/scenario/input.hpp"
#include "models/scenario/units.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

constexpr std::size_t kLongestPath = 1000;  ///< characters; bounds the depth that a path can build

/// Every place of the new value is the command line.
void mark_all(Node& node, Mark mark) {
  node.mark = mark;
  for (Node& item : node.items) mark_all(item, mark);
  for (Entry& entry : node.entries) {
    entry.key_mark = mark;
    mark_all(entry.value, mark);
  }
}

/// A step of a path: the entry that the longest prefix names, or the text up to the next dot when none does.
struct Step {
  Entry* entry = nullptr;
  std::string_view key;
  std::string_view rest;
};

Step split(std::string_view path, std::size_t at) {
  return {nullptr, path.substr(0, at), at < path.size() ? path.substr(at + 1) : std::string_view{}};
}

Step next_step(Node& map, std::string_view path) {
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
    Step step = split(path, end);
    const auto found =
        std::find_if(map.entries.begin(), map.entries.end(), [&](const Entry& e) { return e.key == step.key; });
    if (found == map.entries.end()) continue;
    step.entry = &*found;
    return step;
  }
  return split(path, std::min(path.find('.'), path.size()));
}

class Setter {
 public:
  Setter(Input& input, std::size_t number)
      : input_{input}, set_{input.overrides()[number]}, mark_{mark_of_override(number)} {}

  void apply() {
    if (set_.path.empty()) return problem("there is no path; write --set path.to.key=value");
    if (set_.path.size() > kLongestPath) return problem("the path is too long; is it one path?");
    std::optional<Node> value = parse_value();
    if (value) place(input_.root(), set_.path, std::move(*value));
  }

 private:
  void problem(std::string message) { input_.problem(mark_, {}, std::move(message)); }

  /// The value is YAML, too: `--set services.web.in=[aws,gcp]`.
  std::optional<Node> parse_value() {
    Problems problems;
    LoadedDocument parsed = parse_document(set_.value, "value", problems);
    if (!parsed.document) {
      problem(problems.all().front().message);
      return std::nullopt;
    }
    mark_all(parsed.document->root, mark_);
    return std::move(parsed.document->root);
  }

  void place(Node& node, std::string_view path, Node value) {
    if (path.empty()) {
      node = std::move(value);
      return;
    }
    if (node.kind == Node::Kind::sequence) return place_in_list(node, path, std::move(value));
    if (node.kind == Node::Kind::scalar)
      return problem("the path goes on behind '" + shortened(node.text) + "', which has no keys");
    place_in_map(node, path, std::move(value));
  }

  void place_in_list(Node& list, std::string_view path, Node value) {
    const Step step = split(path, std::min(path.find('.'), path.size()));
    const Parsed<std::uint64_t> index = parse_integer<std::uint64_t>(step.key);
    if (!index.value || *index.value >= list.items.size())
      return problem("'" + shortened(step.key) + "' is no index of a list of " + std::to_string(list.items.size()) +
                     "; count from 0");
    place(list.items[*index.value], step.rest, std::move(value));
  }

  void place_in_map(Node& map, std::string_view path, Node value) {
    Step step = next_step(map, path);
    if (step.key.empty()) return problem("the path has an empty part; write --set path.to.key=value");
    if (!step.entry) {
      map.kind = Node::Kind::map;
      map.entries.push_back(Entry{std::string{step.key}, mark_, Node{}});
      step.entry = &map.entries.back();
      step.entry->value.mark = mark_;
    }
    place(step.entry->value, step.rest, std::move(value));
  }

  Input& input_;
  const Override& set_;
  Mark mark_;
};

}  // namespace

void apply_overrides(Input& input) {
  for (std::size_t i = 0; i < input.overrides().size(); ++i) Setter{input, i}.apply();
}

}  // namespace spillway::language
