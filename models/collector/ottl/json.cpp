#include "models/collector/ottl/json.hpp"

#include <nlohmann/json.hpp>

namespace spillway::collector::ottl {
namespace {

AttributeValue converted(const nlohmann::json& node) {
  if (node.is_boolean()) return node.get<bool>();
  if (node.is_number()) return node.get<double>();
  if (node.is_string()) return node.get<std::string>();
  if (node.is_array()) {
    ValueList list;
    for (const auto& item : node) list.push_back(converted(item));
    return list;
  }
  if (!node.is_object()) return {};
  Attributes map;
  for (const auto& [key, item] : node.items()) map.emplace_back(key, converted(item));
  return map;
}

}  // namespace

std::optional<AttributeValue> json_value(std::string_view text) {
  constexpr int deepest = 200;
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep |= depth > deepest;
    return depth <= deepest;
  };
  const nlohmann::json root = nlohmann::json::parse(text, watch, false);
  if (root.is_discarded() || too_deep) return std::nullopt;
  return converted(root);
}

}  // namespace spillway::collector::ottl
