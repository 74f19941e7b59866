#include "models/collector/ottl/getter.hpp"

namespace spillway::collector::ottl {
namespace {

constexpr std::int64_t kLongestList = 10'000;  ///< that an index may make; the real program knows no bound

bool shallow(const ValueList& list, int levels);

bool shallow(const Attributes& map, int levels) {
  if (levels == 0) return false;
  for (const auto& [key, value] : map) {
    if (const auto* inner = value.get<Attributes>(); inner != nullptr && !shallow(*inner, levels - 1)) return false;
    if (const auto* inner = value.get<ValueList>(); inner != nullptr && !shallow(*inner, levels - 1)) return false;
  }
  return true;
}

bool shallow(const ValueList& list, int levels) {
  if (levels == 0) return false;
  for (const AttributeValue& value : list) {
    if (const auto* inner = value.get<Attributes>(); inner != nullptr && !shallow(*inner, levels - 1)) return false;
    if (const auto* inner = value.get<ValueList>(); inner != nullptr && !shallow(*inner, levels - 1)) return false;
  }
  return true;
}

AttributeValue* member(Attributes& map, std::string_view key) {
  for (auto& [name, value] : map)
    if (name == key) return &value;
  map.emplace_back(std::string{key}, AttributeValue{});
  return &map.back().second;
}

/// An empty value takes the form that the index asks for.
AttributeValue* into_empty(AttributeValue& at, const Datum& key) {
  if (const auto text = key.text()) {
    at.any = Attributes{};
    return member(std::get<Attributes>(at.any), *text);
  }
  const auto* number = key.get<std::int64_t>();
  if (number == nullptr || *number < 0 || *number > kLongestList) return nullptr;
  at.any = ValueList(static_cast<std::size_t>(*number) + 1);
  return &std::get<ValueList>(at.any).back();
}

AttributeValue* into(AttributeValue& at, const Datum& key) {
  if (auto* map = std::get_if<Attributes>(&at.any)) return key.text() ? member(*map, *key.text()) : nullptr;
  if (auto* list = std::get_if<ValueList>(&at.any)) {
    const auto* number = key.get<std::int64_t>();
    const bool inside = number != nullptr && *number >= 0 && static_cast<std::size_t>(*number) < list->size();
    return inside ? &(*list)[static_cast<std::size_t>(*number)] : nullptr;
  }
  return std::holds_alternative<std::monostate>(at.any) ? into_empty(at, key) : nullptr;
}

}  // namespace

bool within_bounds(const Datum& value) {
  if (const auto text = value.text()) return text->size() <= kLargestValue;
  if (const auto* map = value.map()) return shallow(*map, kDeepestValue) && otlp_attributes_bytes(*map) <= kLargestMap;
  if (const auto* list = value.list())
    return shallow(*list, kDeepestValue) && otlp_value_bytes(AttributeValue{*list}) <= kLargestValue;
  return true;
}

bool resolve_index(const Index& index, Scene& scene, Datum& out) {
  if (!index.computed) {
    out = index.is_integer ? Datum{index.integer} : Datum{std::string_view{index.text}};
    return true;
  }
  return index.computed->get(scene, out) && (out.text() || out.get<std::int64_t>() != nullptr);
}

bool step_into(const AttributeValue& value, const std::vector<Index>& indices, std::size_t from, Scene& scene,
               Datum& out) {
  const AttributeValue* at = &value;
  for (std::size_t i = from; i < indices.size(); ++i) {
    Datum key;
    if (!resolve_index(indices[i], scene, key)) return false;
    if (const auto* map = at->get<Attributes>()) {
      if (!key.text()) return false;
      at = find_attribute(*map, *key.text());
      if (at == nullptr) return out = Datum{}, true;
    } else if (const auto* list = at->get<ValueList>()) {
      const auto* number = key.get<std::int64_t>();
      if (number == nullptr || *number < 0 || static_cast<std::size_t>(*number) >= list->size()) return false;
      at = &(*list)[static_cast<std::size_t>(*number)];
    } else {
      return false;
    }
  }
  out = Datum::borrow(*at);
  return true;
}

bool step_into_result(Datum& result, const std::vector<Index>& indices, Scene& scene) {
  for (const Index& index : indices) {
    Datum key;
    if (!resolve_index(index, scene, key)) return false;
    AttributeValue inner;
    if (const auto text = key.text()) {
      const Attributes* map = result.map();
      const AttributeValue* found = map == nullptr ? nullptr : find_attribute(*map, *text);
      if (found == nullptr) return false;
      inner = *found;
    } else {
      const ValueList* list = result.list();
      const std::int64_t number = *key.get<std::int64_t>();
      if (list == nullptr || number < 0 || static_cast<std::size_t>(number) >= list->size()) return false;
      inner = (*list)[static_cast<std::size_t>(number)];
    }
    Datum next = Datum::borrow(inner);
    if (const auto text = next.text())
      next = Datum{std::string{*text}};
    else if (const auto* map = next.map())
      next = Datum{Attributes{*map}};
    else if (const auto* list = next.list())
      next = Datum{ValueList{*list}};
    result = std::move(next);
  }
  return true;
}

bool store(AttributeValue& at, const std::vector<Index>& indices, std::size_t from, Scene& scene, const Datum& value,
           bool strict) {
  AttributeValue* target = &at;
  for (std::size_t i = from; i < indices.size(); ++i) {
    Datum key;
    if (!resolve_index(indices[i], scene, key)) return false;
    target = into(*target, key);
    if (target == nullptr) return false;
  }
  if (!value.fits_attribute() && strict) return false;
  *target = value.to_value();
  return true;
}

}  // namespace spillway::collector::ottl
