// OTLP as JSON, value by value. Private to models/wire.
#pragma once

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "models/wire/spans.hpp"

namespace spillway::wire {

using Json = nlohmann::json;

/// Reads as the collectors' own decoder does: by the type that a field wants, null being nothing. The first value of
/// another type refuses the body.
class Reader {
 public:
  static constexpr int kDeepest = 100;
  bool failed() const { return failed_; }
  void refuse() { failed_ = true; }

  /// The member under its camelCase or snake_case name; null when there is none or it is null.
  static const Json* member(const Json& object, const char* camel, const char* snake) {
    for (const char* name : {camel, snake}) {
      const auto found = object.find(name);
      if (found != object.end() && !found->is_null()) return &*found;
    }
    return nullptr;
  }
  static const Json* member(const Json& object, const char* name) { return member(object, name, name); }

  std::string text(const Json* json) {
    if (json == nullptr) return {};
    if (!json->is_string()) return fail(std::string{});
    return json->get<std::string>();
  }

  template <class Number>
  Number number(const Json* json) {
    if (json == nullptr) return {};
    if (json->is_string()) return from_text<Number>(json->get_ref<const std::string&>());
    const bool fits = std::is_floating_point_v<Number> ? json->is_number()
                      : std::is_unsigned_v<Number>     ? json->is_number_unsigned()
                                                       : json->is_number_integer();
    return fits ? json->get<Number>() : fail(Number{});
  }

  template <class Names>
  int word(const Json* json, const Names& names, std::string_view prefix) {
    if (json == nullptr) return 0;
    if (!json->is_string()) return static_cast<int>(number<std::int64_t>(json));
    const std::string& given = json->get_ref<const std::string&>();
    for (std::size_t i = 0; i < std::size(names); ++i) {
      if (given == std::string{prefix} + names[i]) return static_cast<int>(i);
    }
    return fail(0);
  }

  /// Calls function(element) for each element of an array of objects.
  template <class Function>
  void each(const Json* json, Function function) {
    if (json == nullptr || failed_) return;
    if (!json->is_array()) return void(fail(0));
    for (const Json& item : *json) {
      if (item.is_null()) function(Json::object());
      else if (item.is_object()) function(item);
      else return void(fail(0));
    }
  }
  const Json& object(const Json* json) {
    static const Json nothing = Json::object();
    if (json == nullptr) return nothing;
    return json->is_object() ? *json : fail(nothing);
  }

  TraceId id(const Json* json, std::size_t digits) {
    const std::string hex = text(json);
    if (hex.empty()) return {};
    const auto read = hex.size() == digits ? from_hex(hex, digits) : std::nullopt;
    return read ? *read : fail(TraceId{});
  }

  Attributes attributes(const Json* json, int depth = 0) {
    Attributes all;
    each(json, [&](const Json& entry) {
      std::string key = text(member(entry, "key"));
      all.emplace_back(std::move(key), value(object(member(entry, "value")), depth + 1));
    });
    return all;
  }

  Value value(const Json& json, int depth) {
    if (depth > kDeepest) return fail(Value{});
    if (const Json* v = member(json, "stringValue", "string_value")) return text(v);
    if (const Json* v = member(json, "boolValue", "bool_value")) return v->is_boolean() ? v->get<bool>() : fail(false);
    if (const Json* v = member(json, "intValue", "int_value")) return number<std::int64_t>(v);
    if (const Json* v = member(json, "doubleValue", "double_value")) return number<double>(v);
    if (const Json* v = member(json, "bytesValue", "bytes_value")) {
      const auto octets = from_base64(text(v));
      return octets ? Value{Bytes{*octets}} : fail(Value{});
    }
    if (const Json* v = member(json, "kvlistValue", "kvlist_value")) return attributes(member(object(v), "values"), depth);
    if (const Json* v = member(json, "arrayValue", "array_value")) {
      ValueList list;
      each(member(object(v), "values"), [&](const Json& item) { list.push_back(value(item, depth + 1)); });
      return list;
    }
    return {};
  }

 private:
  template <class T>
  T fail(T instead) {
    failed_ = true;
    return instead;
  }
  const Json& fail(const Json& instead) {
    failed_ = true;
    return instead;
  }
  template <class Number>
  Number from_text(const std::string& digits) {
    Number number{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole ? number : fail(Number{});
  }

  bool failed_ = false;
};

}  // namespace spillway::wire
