// Values of attributes, as OTLP has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace spillway {

struct Value;
/// Key and value, in the order in which they are sent. Keys are not unique by construction: a sender may repeat one.
using Attributes = std::vector<std::pair<std::string, Value>>;
using ValueList = std::vector<Value>;

/// Raw bytes, kept apart from text.
struct Bytes {
  std::string octets;
  bool operator==(const Bytes&) const = default;
};

/// An AnyValue: nothing, text, truth, integer, floating point, list, map, bytes.
struct Value {
  using Any = std::variant<std::monostate, std::string, bool, std::int64_t, double, ValueList, Attributes, Bytes>;
  Any any;

  Value() = default;
  Value(std::string text) : any{std::move(text)} {}
  Value(const char* text) : any{std::string{text}} {}
  Value(bool truth) : any{truth} {}
  Value(std::int64_t number) : any{number} {}
  Value(int number) : any{std::int64_t{number}} {}
  Value(double number) : any{number} {}
  Value(ValueList list) : any{std::move(list)} {}
  Value(Attributes map) : any{std::move(map)} {}
  Value(Bytes bytes) : any{std::move(bytes)} {}
  bool operator==(const Value&) const = default;

  template <class T>
  const T* get() const { return std::get_if<T>(&any); }
};

/// The first attribute of that key, null when there is none.
const Value* find_attribute(const Attributes& attributes, std::string_view key);
/// Replaces the first of that key, or appends.
void set_attribute(Attributes& attributes, std::string_view key, Value value);
/// Removes all of that key; true when there was one.
bool remove_attribute(Attributes& attributes, std::string_view key);

/// As the collector writes it where text is wanted (pcommon.Value.AsString): numbers in shortest form, lists and maps as
/// JSON, bytes in base64, nothing as "".
std::string to_text(const Value& value);

/// The text as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Bytes of an AnyValue message in OTLP protobuf, without its own tag and length.
std::size_t otlp_value_bytes(const Value& value);
/// Bytes of a repeated KeyValue field, tags and lengths included.
std::size_t otlp_attributes_bytes(const Attributes& attributes);

std::size_t varint_bytes(std::uint64_t value);
/// Bytes of a length-delimited field with a one-byte tag.
inline std::size_t field_bytes(std::size_t length) { return 1 + varint_bytes(length) + length; }

}  // namespace spillway
