#include "models/telemetry/value.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string_view>

namespace spillway {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

constexpr std::string_view kHex = "0123456789abcdef";

// As Go's encoding/json writes a float64: exponents from 1e21 and below 1e-6, without a leading zero in them.
std::string number_text(double number) {
  if (!std::isfinite(number)) return "json: unsupported value: " + std::string{std::isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf"};
  const double size = std::abs(number);
  const bool fixed = size == 0 || (size >= 1e-6 && size < 1e21);
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, fixed ? std::chars_format::fixed : std::chars_format::scientific).ptr;
  std::string text{buffer, end};
  const std::size_t digits = text.size();
  if (!fixed && digits >= 4 && text[digits - 4] == 'e' && text[digits - 3] == '-' && text[digits - 2] == '0') text.erase(digits - 2, 1);
  return text;
}

std::string base64(std::string_view octets) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < left ? static_cast<unsigned char>(octets[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) text += j <= left ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

void append_json(std::string& out, const Value& value);

void append_json(std::string& out, const ValueList& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, list[i]);
  }
  out += ']';
}

// Go sorts the keys of a map; of a repeated key the last value counts.
void append_json(std::string& out, const Attributes& map) {
  std::vector<const std::pair<std::string, Value>*> sorted;
  for (const auto& entry : map) {
    std::erase_if(sorted, [&](const auto* other) { return other->first == entry.first; });
    sorted.push_back(&entry);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, sorted[i]->first);
    out += ':';
    append_json(out, sorted[i]->second);
  }
  out += '}';
}

void append_json(std::string& out, const Value& value) {
  std::visit(Overloaded{[&](std::monostate) { out += "null"; },
                        [&](const std::string& text) { append_json_string(out, text); },
                        [&](bool truth) { out += truth ? "true" : "false"; },
                        [&](std::int64_t number) { out += std::to_string(number); },
                        [&](double number) { out += number_text(number); },
                        [&](const ValueList& list) { append_json(out, list); },
                        [&](const Attributes& map) { append_json(out, map); },
                        [&](const Bytes& bytes) { append_json_string(out, base64(bytes.octets)); }},
             value.any);
}

std::size_t list_bytes(const ValueList& list) {
  std::size_t total = 0;
  for (const Value& value : list) total += field_bytes(otlp_value_bytes(value));
  return total;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (byte < 0x20) ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    else out += c;
  }
  out += '"';
}

const Value* find_attribute(const Attributes& attributes, std::string_view key) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [key](const auto& entry) { return entry.first == key; });
  return found == attributes.end() ? nullptr : &found->second;
}

void set_attribute(Attributes& attributes, std::string_view key, Value value) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [key](const auto& entry) { return entry.first == key; });
  if (found == attributes.end()) attributes.emplace_back(key, std::move(value));
  else found->second = std::move(value);
}

bool remove_attribute(Attributes& attributes, std::string_view key) {
  return std::erase_if(attributes, [key](const auto& entry) { return entry.first == key; }) > 0;
}

std::string to_text(const Value& value) {
  if (std::holds_alternative<std::monostate>(value.any)) return {};
  if (const auto* text = value.get<std::string>()) return *text;
  if (const auto* bytes = value.get<Bytes>()) return base64(bytes->octets);
  std::string out;
  append_json(out, value);
  return out;
}

std::size_t varint_bytes(std::uint64_t value) { return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7; }

std::size_t otlp_value_bytes(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::size_t{0}; },
                               [](const std::string& text) { return field_bytes(text.size()); },
                               [](bool) { return std::size_t{2}; },
                               [](std::int64_t number) { return 1 + varint_bytes(static_cast<std::uint64_t>(number)); },
                               [](double) { return std::size_t{9}; },
                               [](const ValueList& list) { return field_bytes(list_bytes(list)); },
                               [](const Attributes& map) { return field_bytes(otlp_attributes_bytes(map)); },
                               [](const Bytes& bytes) { return field_bytes(bytes.octets.size()); }},
                    value.any);
}

std::size_t otlp_attributes_bytes(const Attributes& attributes) {
  std::size_t total = 0;
  for (const auto& [key, value] : attributes) total += field_bytes(field_bytes(key.size()) + field_bytes(otlp_value_bytes(value)));
  return total;
}

}  // namespace spillway
