#include "models/collector/ottl/datum.hpp"

#include <algorithm>
#include <type_traits>

#include "models/telemetry/digest.hpp"

namespace spillway::collector::ottl {
namespace {

template <class... T>
struct Overloaded : T... {
  using T::operator()...;
};

template <class T>
bool ordered(const T& left, const T& right, Order order) {
  switch (order) {
    case Order::equal:
      return left == right;
    case Order::unequal:
      return left != right;
    case Order::less:
      return left < right;
    case Order::less_or_equal:
      return left <= right;
    case Order::greater_or_equal:
      return left >= right;
    case Order::greater:
      return left > right;
  }
  return false;
}

bool never(Order order) { return order == Order::unequal; }
bool by_equality(bool equal, Order order) {
  if (order == Order::equal) return equal;
  return order == Order::unequal && !equal;
}

bool same(const AttributeValue& left, const AttributeValue& right);

/// Maps are equal whatever the order of their keys.
bool same(const Attributes& left, const Attributes& right) {
  return left.size() == right.size() && std::ranges::all_of(left, [&right](const auto& entry) {
           const AttributeValue* other = find_attribute(right, entry.first);
           return other != nullptr && same(entry.second, *other);
         });
}

bool same(const ValueList& left, const ValueList& right) {
  return std::ranges::equal(left, right, [](const auto& a, const auto& b) { return same(a, b); });
}

bool same(const AttributeValue& left, const AttributeValue& right) {
  if (const auto* map = left.get<Attributes>()) return right.get<Attributes>() && same(*map, *right.get<Attributes>());
  if (const auto* list = left.get<ValueList>()) return right.get<ValueList>() && same(*list, *right.get<ValueList>());
  return left == right;
}

std::optional<double> number(const Datum& datum) {
  if (const auto* whole = datum.get<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = datum.get<double>()) return *real;
  return std::nullopt;
}

template <class T>
std::optional<bool> compare_as(const Datum& left, const Datum& right, Order order) {
  const T* a = left.get<T>();
  const T* b = right.get<T>();
  if (a == nullptr || b == nullptr) return std::nullopt;
  return ordered(*a, *b, order);
}

std::optional<bool> compare_numbers(const Datum& left, const Datum& right, Order order) {
  if (const auto whole = compare_as<std::int64_t>(left, right, order)) return whole;
  const auto a = number(left), b = number(right);
  if (!a || !b) return std::nullopt;
  return ordered(*a, *b, order);
}

}  // namespace

Datum Datum::borrow(const AttributeValue& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return Datum{}; },
                 [](const std::string& text) { return Datum{std::string_view{text}}; },
                 [](const ValueList& list) { return Datum{&list}; }, [](const Attributes& map) { return Datum{&map}; },
                 [](const auto& plain) { return Datum{plain}; }},
      value.any);
}

std::optional<std::string_view> Datum::text() const {
  if (const auto* view = get<std::string_view>()) return *view;
  if (const auto* own = get<std::string>()) return std::string_view{*own};
  return std::nullopt;
}

const Attributes* Datum::map() const {
  if (const auto* borrowed = get<const Attributes*>()) return *borrowed;
  return get<Attributes>();
}

const ValueList* Datum::list() const {
  if (const auto* borrowed = get<const ValueList*>()) return *borrowed;
  return get<ValueList>();
}

AttributeValue Datum::to_value() const {
  return std::visit(
      Overloaded{
          [](std::string_view text) { return AttributeValue{std::string{text}}; },
          [](const std::string& text) { return AttributeValue{text}; },
          [](bool truth) { return AttributeValue{truth}; }, [](std::int64_t whole) { return AttributeValue{whole}; },
          [](double real) { return AttributeValue{real}; }, [](const Bytes& bytes) { return AttributeValue{bytes}; },
          [](const ValueList* list) { return AttributeValue{*list}; },
          [](const ValueList& list) { return AttributeValue{list}; },
          [](const Attributes* map) { return AttributeValue{*map}; },
          [](const Attributes& map) { return AttributeValue{map}; }, [](const auto&) { return AttributeValue{}; }},
      any);
}

bool Datum::fits_attribute() const {
  return std::visit(
      [](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        return !std::is_same_v<T, Duration> && !std::is_same_v<T, Moment> && !std::is_same_v<T, TraceId> &&
               !std::is_same_v<T, SpanId> && !std::is_same_v<T, Opaque>;
      },
      any);
}

bool compare(const Datum& left, const Datum& right, Order order, bool collections) {
  if (left.is_nil() && right.is_nil()) {
    return order == Order::equal || order == Order::less_or_equal || order == Order::greater_or_equal;
  }
  if (const auto verdict = compare_numbers(left, right, order)) return *verdict;
  const auto a = left.text(), b = right.text();
  if (a && b) return ordered(*a, *b, order);
  if (const auto verdict = compare_as<bool>(left, right, order)) return *verdict;
  if (const auto verdict = compare_as<Duration>(left, right, order)) return *verdict;
  if (const auto verdict = compare_as<Moment>(left, right, order)) return *verdict;
  if (left.get<Bytes>() && right.get<Bytes>())
    return ordered(left.get<Bytes>()->octets, right.get<Bytes>()->octets, order);
  if (left.get<TraceId>() && right.get<TraceId>())
    return by_equality(*left.get<TraceId>() == *right.get<TraceId>(), order);
  if (left.get<SpanId>() && right.get<SpanId>()) return by_equality(*left.get<SpanId>() == *right.get<SpanId>(), order);
  if (!collections) return never(order);
  if (left.map() && right.map()) return by_equality(same(*left.map(), *right.map()), order);
  if (left.list() && right.list()) return by_equality(same(*left.list(), *right.list()), order);
  return never(order);
}

std::optional<std::string> text_like(const Datum& datum) {
  if (datum.is_nil()) return std::nullopt;
  if (const auto text = datum.text()) return std::string{*text};
  if (const auto* bytes = datum.get<Bytes>()) return hex(bytes->octets);
  if (const auto* span = datum.get<Duration>()) return std::to_string(span->count());
  return to_text(datum.to_value());
}

}  // namespace spillway::collector::ottl
