// What an OTTL expression yields: a value of an attribute, or one of the types that only OTTL knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "models/telemetry/span.hpp"
#include "models/telemetry/value.hpp"
#include "sim/time.hpp"

namespace spillway::collector::ottl {

using AttributeValue = spillway::Value;

/// A moment; the unit of the wall clock, counted from 1970.
struct Moment {
  std::int64_t unix_ns = 0;
  auto operator<=>(const Moment&) const = default;
};
struct SpanId {
  std::uint64_t id = 0;
  bool operator==(const SpanId&) const = default;
};
/// Something that exists, but that no expression can look into here.
struct Opaque {
  bool operator==(const Opaque&) const { return false; }
};

/// Texts, maps and lists are borrowed where they lie in a span, so that looking at them allocates nothing.
class Datum {
 public:
  using Any = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, std::string, Bytes, Duration,
                           Moment, TraceId, SpanId, const ValueList*, ValueList, const Attributes*, Attributes, Opaque>;
  Any any;

  Datum() = default;
  template <class T>
  Datum(T value) : any{std::move(value)} {}
  /// What a path to a value yields; borrowed from it.
  static Datum borrow(const AttributeValue& value);

  bool is_nil() const { return std::holds_alternative<std::monostate>(any); }
  template <class T>
  const T* get() const {
    return std::get_if<T>(&any);
  }
  std::optional<std::string_view> text() const;
  const Attributes* map() const;
  const ValueList* list() const;
  /// The same, independent of where it was borrowed from.
  AttributeValue to_value() const;
  /// Whether an attribute can hold it.
  bool fits_attribute() const;
};

enum class Order : std::uint8_t { equal, unequal, less, less_or_equal, greater_or_equal, greater };

/// OTTL's comparison: nil equals nil only; numbers compare with each other, all else within its type; what cannot be
/// compared is unequal. `collections`: maps and lists are compared by content, otherwise never equal.
bool compare(const Datum& left, const Datum& right, Order order, bool collections);

/// StringLikeGetter: numbers, lists and maps as JSON, bytes in hexadecimal. Nothing for nil.
std::optional<std::string> text_like(const Datum& datum);

}  // namespace spillway::collector::ottl
