// Attributes as a scenario writes them: plain YAML values become typed ones.
#include <charconv>
#include <cmath>

#include "models/scenario/utf8.hpp"
#include "models/scenario/values.hpp"

namespace spillway::language {
namespace {

std::optional<double> decimal(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  if (digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  if (digits.empty() || digits.find_first_of("0123456789") > (digits.starts_with('.') ? 1u : 0u)) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return text.starts_with('-') ? -number : number;
}

/// As YAML's core schema resolves a plain scalar; octal, hexadecimal, infinite and not-a-number stay texts.
spillway::Value typed(std::string_view text, bool quoted) {
  if (quoted) return std::string{text};
  if (text == "true" || text == "false") return text == "true";
  const std::string_view unsigned_text = text.substr(text.starts_with('+') ? 1 : 0);
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), integer);
  const bool whole = error == std::errc{} && end == unsigned_text.data() + unsigned_text.size();
  if (whole && !(text.starts_with("+-"))) return integer;
  if (const auto number = decimal(text)) return *number;
  return std::string{text};
}

spillway::Value read_any(const Value& value) {
  switch (value.node.kind) {
    case Node::Kind::null:
    case Node::Kind::scalar: {
      std::string text;
      read(value, text);  // reports what is missing or too long
      return typed(text, value.node.quoted);
    }
    case Node::Kind::map: {
      Attributes map;
      read(value, map);
      return map;
    }
    case Node::Kind::sequence: break;
  }
  ValueList list;
  for (const Node& item : value.node.items) list.push_back(read_any({value.input, item, value.path, value.about}));
  return list;
}

/// Calls function(entry, its value) for every entry of a map of attributes.
template <class Function>
void for_each_attribute(const Value& value, Function function) {
  if (value.node.kind == Node::Kind::null) return;
  if (value.node.kind != Node::Kind::map) return value.problem("a map of attributes is needed here, such as {key: value}");
  if (value.node.entries.size() > kMostNames) {
    return value.problem("more than " + std::to_string(kMostNames) + " attributes; give fewer");
  }
  for (const Entry& entry : value.node.entries) {
    const std::string path = join(value.path, entry.key);
    value.input.note(path, entry.value.mark);
    function(entry, Value{value.input, entry.value, path, value.about});
  }
}

bool is_choice(const Node& node) {
  return node.kind == Node::Kind::map && node.entries.size() == 1 && node.entries.front().key == "choose";
}

std::vector<WeightedValue> read_choice(const Value& value) {
  const Node& options = value.node.entries.front().value;
  std::vector<WeightedValue> choice;
  if (options.kind != Node::Kind::map || options.entries.empty()) {
    value.problem("a map of values and weights is needed here, such as {choose: {200: 98, 500: 2}}");
    return {WeightedValue{}};
  }
  static constexpr About weight{"relative weight", Unit::none, 1e-9, 1e9};
  for (const Entry& option : options.entries) {
    const std::string path = join(value.path, "choose." + option.key);
    double of_it = 1;
    read(Value{value.input, option.value, path, weight}, of_it);
    choice.push_back({of_it, typed(option.key, option.key_quoted)});
  }
  return choice;
}

}  // namespace

void read(const Value& value, Attributes& out) {
  out.clear();
  for_each_attribute(value, [&](const Entry& entry, const Value& item) { out.emplace_back(entry.key, read_any(item)); });
}

void read(const Value& value, std::vector<SpanAttribute>& out) {
  out.clear();
  for_each_attribute(value, [&](const Entry& entry, const Value& item) {
    out.push_back({entry.key, is_choice(item.node) ? read_choice(item) : std::vector{WeightedValue{1, read_any(item)}}});
  });
}

}  // namespace spillway::language
