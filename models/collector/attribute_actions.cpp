#include "models/collector/attribute_actions.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "models/telemetry/digest.hpp"

namespace spillway::collector {
namespace {

std::string little_endian(std::uint64_t number) {
  std::string octets;
  for (int i = 0; i < 8; ++i, number >>= 8) octets += static_cast<char>(number & 255);
  return octets;
}

/// SHA-256 of the value's octets, as text; of what is no plain value: an empty text.
std::string hashed(const spillway::Value& value, bool hashes_empty_text) {
  if (const auto* text = value.get<std::string>())
    return text->empty() && !hashes_empty_text ? std::string{} : sha256_hex(*text);
  if (const auto* truth = value.get<bool>()) return sha256_hex(std::string(1, *truth ? '\1' : '\0'));
  if (const auto* whole = value.get<std::int64_t>())
    return sha256_hex(little_endian(static_cast<std::uint64_t>(*whole)));
  if (const auto* real = value.get<double>()) return sha256_hex(little_endian(std::bit_cast<std::uint64_t>(*real)));
  return {};
}

template <class Number>
std::optional<Number> parsed(const std::string& text) {
  Number number{};
  const std::string_view digits = std::string_view{text}.substr(text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::int64_t truncated(double real) {
  constexpr double limit = 9223372036854775808.0;
  return real > -limit && real < limit ? static_cast<std::int64_t>(real) : std::numeric_limits<std::int64_t>::min();
}

/// What cannot be converted stays as it is.
void convert(spillway::Value& value, const std::string& to) {
  if (to == "string") {
    if (value.get<std::string>() == nullptr) value = to_text(value);
    return;
  }
  const bool whole = to == "int";
  if (const auto* truth = value.get<bool>()) {
    value = whole ? spillway::Value{std::int64_t{*truth}} : spillway::Value{*truth ? 1.0 : 0.0};
  } else if (const auto* real = value.get<double>(); real != nullptr && whole) {
    value = truncated(*real);
  } else if (const auto* number = value.get<std::int64_t>(); number != nullptr && !whole) {
    value = static_cast<double>(*number);
  } else if (const auto* text = value.get<std::string>()) {
    const auto as_whole = whole ? parsed<std::int64_t>(*text) : std::nullopt;
    const auto as_real = whole ? std::nullopt : parsed<double>(*text);
    if (as_whole)
      value = *as_whole;
    else if (as_real)
      value = *as_real;
  }
}

std::optional<spillway::Value> source(const AttributeAction& action, const Attributes& attributes) {
  if (action.value) return action.value;
  const spillway::Value* from =
      action.from_attribute.empty() ? nullptr : find_attribute(attributes, action.from_attribute);
  return from != nullptr ? std::optional{*from} : action.default_value;
}

void put(const AttributeAction& action, Attributes& attributes) {
  const auto value = source(action, attributes);
  if (!value) return;
  const bool there = find_attribute(attributes, action.key) != nullptr;
  if (there ? action.kind == AttributeAction::Kind::insert : action.kind == AttributeAction::Kind::update) return;
  set_attribute(attributes, action.key, *value);
}

void erase(const AttributeAction& action, Attributes& attributes) {
  const auto first = std::ranges::find(attributes, action.key, &Attributes::value_type::first);
  if (first != attributes.end()) attributes.erase(first);
  if (action.pattern)
    std::erase_if(attributes, [&](const auto& entry) { return action.pattern->matches(entry.first); });
}

void hash(const AttributeAction& action, Attributes& attributes) {
  const auto first = std::ranges::find(attributes, action.key, &Attributes::value_type::first);
  if (first != attributes.end()) first->second = hashed(first->second, action.hashes_empty_text);
  if (!action.pattern) return;
  for (auto& [key, value] : attributes)
    if (action.pattern->matches(key)) value = hashed(value, action.hashes_empty_text);
}

void extract(const AttributeAction& action, Attributes& attributes) {
  const spillway::Value* value = find_attribute(attributes, action.key);
  const auto* text = value == nullptr ? nullptr : value->get<std::string>();
  if (text == nullptr) return;
  const std::string whole = *text;
  const auto match = action.pattern->first(whole);
  if (!match) return;
  for (std::size_t i = 1; i < match->size(); ++i)
    set_attribute(attributes, action.pattern->group_names()[i], std::string{(*match)[i]});
}

}  // namespace

void apply(const std::vector<AttributeAction>& actions, Attributes& attributes) {
  using Kind = AttributeAction::Kind;
  for (const AttributeAction& action : actions) {
    switch (action.kind) {
      case Kind::insert:
      case Kind::update:
      case Kind::upsert:
        put(action, attributes);
        break;
      case Kind::erase:
        erase(action, attributes);
        break;
      case Kind::hash:
        hash(action, attributes);
        break;
      case Kind::extract:
        extract(action, attributes);
        break;
      case Kind::convert: {
        const auto found = std::ranges::find(attributes, action.key, &Attributes::value_type::first);
        if (found != attributes.end()) convert(found->second, action.converted_type);
        break;
      }
    }
  }
}

}  // namespace spillway::collector
