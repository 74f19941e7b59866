// Converters that ask for types, change them, or reckon with times.
#include <charconv>
#include <cmath>

#include "models/collector/config_fields.hpp"
#include "models/collector/ottl/bodies.hpp"

namespace spillway::collector::ottl::bodies {
namespace {

bool value_of(const Call& call, std::size_t i, Scene& scene, Datum& out) { return call[i].getter->get(scene, out); }

/// Answers whether the argument has the type; an error stays one.
template <class Fits>
bool answer(const Call& call, Scene& scene, Datum& out, Fits fits) {
  Datum value;
  if (!value_of(call, 0, scene, value)) return false;
  out = Datum{static_cast<bool>(fits(value))};
  return true;
}

std::optional<double> parse_real(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_whole(std::string_view text, int base) {
  std::int64_t number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Go's conversion, which is defined by the processor where the number is too large.
std::int64_t truncated(double real) {
  constexpr double limit = 9223372036854775808.0;
  if (!(real > -limit && real < limit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(real);
}

std::optional<bool> parse_truth(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == no) return false;
  return std::nullopt;
}

/// A duration in other units.
bool reckoned(const Call& call, Scene& scene, Datum& out, double unit_seconds) {
  Datum value;
  if (!value_of(call, 0, scene, value) || value.get<Duration>() == nullptr) return false;
  out = Datum{static_cast<double>(value.get<Duration>()->count()) / (unit_seconds * 1e9)};
  return true;
}

bool counted(const Call& call, Scene& scene, Datum& out, std::int64_t unit_ns) {
  Datum value;
  if (!value_of(call, 0, scene, value) || value.get<Duration>() == nullptr) return false;
  out = Datum{value.get<Duration>()->count() / unit_ns};
  return true;
}

bool since_1970(const Call& call, Scene& scene, Datum& out, std::int64_t unit_ns) {
  Datum value;
  if (!value_of(call, 0, scene, value) || value.get<Moment>() == nullptr) return false;
  out = Datum{value.get<Moment>()->unix_ns / unit_ns};
  return true;
}

std::uint64_t big_endian(std::string_view octets) {
  std::uint64_t number = 0;
  for (const char c : octets) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The octets of an id: raw, or as text in hexadecimal.
std::optional<std::string> id_octets(const Call& call, Scene& scene, std::size_t size) {
  if (call[0].getter == nullptr) return call[0].text;
  Datum value;
  if (!value_of(call, 0, scene, value)) return std::nullopt;
  std::string octets;
  if (const auto* bytes = value.get<Bytes>())
    octets = bytes->octets;
  else if (const auto text = value.text())
    octets = *text;
  if (octets.size() == 2 * size) {
    std::string raw;
    for (std::size_t i = 0; i < octets.size(); i += 2) {
      const int high = nibble(octets[i]), low = nibble(octets[i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      raw += static_cast<char>(high << 4 | low);
    }
    octets = raw;
  }
  if (octets.size() != size) return std::nullopt;
  return octets;
}

bool prepare_id(Call& call, std::string& error, std::size_t size, std::string_view what) {
  std::size_t given = call[0].text.size();
  if (call[0].getter != nullptr) {
    const Datum* literal = call[0].getter->literal();
    if (literal == nullptr) return true;
    given = literal->text()         ? literal->text()->size()
            : literal->get<Bytes>() ? literal->get<Bytes>()->octets.size()
                                    : 0;
    if (given == 2 * size) given = size;
  }
  if (given == size) return true;
  error = std::string{what} + " must be " + std::to_string(size) + " bytes";
  return false;
}

}  // namespace

bool is_match(const Call& call, Scene& scene, Datum& out) {
  std::optional<Regex> hold;
  const Regex* regex = regex_argument(call[1], scene, hold);
  Datum value;
  if (regex == nullptr || !value_of(call, 0, scene, value)) return false;
  if (const auto text = value.text()) return out = Datum{regex->matches(*text)}, true;
  const auto text = text_like(value);
  return out = Datum{text && regex->matches(*text)}, true;
}

bool is_string(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.text().has_value(); });
}
bool is_int(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.get<std::int64_t>() != nullptr; });
}
bool is_double(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.get<double>() != nullptr; });
}
bool is_bool(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.get<bool>() != nullptr; });
}
bool is_map(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.map() != nullptr; });
}
bool is_list(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) { return value.list() != nullptr; });
}

bool is_empty(const Call& call, Scene& scene, Datum& out) {
  return answer(call, scene, out, [](const Datum& value) {
    if (const auto text = value.text()) return text->empty();
    if (const auto* map = value.map()) return map->empty();
    if (const auto* list = value.list()) return list->empty();
    if (const auto* truth = value.get<bool>()) return !*truth;
    if (const auto* whole = value.get<std::int64_t>()) return *whole == 0;
    if (const auto* real = value.get<double>()) return *real == 0;
    if (const auto* bytes = value.get<Bytes>()) return bytes->octets.empty();
    if (const auto* length = value.get<Duration>()) return *length == Duration{};
    if (const auto* id = value.get<SpanId>()) return id->id == 0;
    if (const auto* id = value.get<TraceId>()) return *id == TraceId{};
    return value.is_nil();
  });
}

bool is_root_span(const Call&, Scene& scene, Datum& out) {
  out = Datum{scene.span->parent == kNoParent};
  return true;
}

bool to_int(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  if (!value_of(call, 0, scene, value)) return false;
  if (value.is_nil()) return out = Datum{}, true;
  if (const auto* whole = value.get<std::int64_t>()) return out = Datum{*whole}, true;
  if (const auto* real = value.get<double>()) return out = Datum{truncated(*real)}, true;
  if (const auto* truth = value.get<bool>()) return out = Datum{std::int64_t{*truth}}, true;
  const auto text = value.text();
  if (!text) return false;
  const auto whole = parse_whole(*text, 10);
  out = whole ? Datum{*whole} : Datum{};
  return true;
}

bool to_double(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  if (!value_of(call, 0, scene, value)) return false;
  if (value.is_nil()) return out = Datum{}, true;
  if (const auto* whole = value.get<std::int64_t>()) return out = Datum{static_cast<double>(*whole)}, true;
  if (const auto* real = value.get<double>()) return out = Datum{*real}, true;
  if (const auto* truth = value.get<bool>()) return out = Datum{*truth ? 1.0 : 0.0}, true;
  const auto text = value.text();
  const auto real = text ? parse_real(*text) : std::nullopt;
  if (real) out = Datum{*real};
  return real.has_value();
}

bool to_bool(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  if (!value_of(call, 0, scene, value)) return false;
  if (value.is_nil()) return out = Datum{}, true;
  if (const auto* truth = value.get<bool>()) return out = Datum{*truth}, true;
  if (const auto* whole = value.get<std::int64_t>()) return out = Datum{*whole != 0}, true;
  if (const auto* real = value.get<double>()) return out = Datum{*real != 0}, true;
  const auto text = value.text();
  const auto truth = text ? parse_truth(*text) : std::nullopt;
  if (truth) out = Datum{*truth};
  return truth.has_value();
}

bool to_string(const Call& call, Scene& scene, Datum& out) {
  std::optional<std::string> text;
  if (!text_like_argument(*call[0].getter, scene, text)) return false;
  out = text ? Datum{std::move(*text)} : Datum{};
  return true;
}

bool len(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  if (!value_of(call, 0, scene, value)) return false;
  std::size_t size = 0;
  if (const auto text = value.text())
    size = text->size();
  else if (const auto* map = value.map())
    size = map->size();
  else if (const auto* list = value.list())
    size = list->size();
  else if (const auto* bytes = value.get<Bytes>())
    size = bytes->octets.size();
  else
    return false;
  out = Datum{static_cast<std::int64_t>(size)};
  return true;
}

bool coalesce(const Call& call, Scene& scene, Datum& out) {
  for (const GetterPtr& getter : call[0].getters) {
    if (!getter->get(scene, out)) return false;
    if (!out.is_nil()) return true;
  }
  out = Datum{};
  return true;
}

bool contains_value(const Call& call, Scene& scene, Datum& out) {
  Datum list, item;
  if (!value_of(call, 0, scene, list) || !value_of(call, 1, scene, item) || list.list() == nullptr) return false;
  bool found = false;
  for (const AttributeValue& one : *list.list()) found |= compare(Datum::borrow(one), item, Order::equal, true);
  out = Datum{found};
  return true;
}

bool index_of(const Call& call, Scene& scene, Datum& out) {
  Datum target, item;
  if (!value_of(call, 0, scene, target) || !value_of(call, 1, scene, item)) return false;
  if (const auto text = target.text()) {
    if (!item.text()) return false;
    const std::size_t at = text->find(*item.text());
    return out = Datum{at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at)}, true;
  }
  if (target.list() == nullptr) return false;
  out = Datum{std::int64_t{-1}};
  for (std::size_t i = 0; i < target.list()->size(); ++i) {
    if (!compare(Datum::borrow((*target.list())[i]), item, Order::equal, true)) continue;
    out = Datum{static_cast<std::int64_t>(i)};
    break;
  }
  return true;
}

bool keys(const Call& call, Scene& scene, Datum& out) {
  Datum map;
  if (!value_of(call, 0, scene, map) || map.map() == nullptr) return false;
  ValueList all;
  for (const auto& [key, value] : *map.map()) all.emplace_back(key);
  out = Datum{std::move(all)};
  return true;
}

bool values(const Call& call, Scene& scene, Datum& out) {
  Datum map;
  if (!value_of(call, 0, scene, map) || map.map() == nullptr) return false;
  ValueList all;
  for (const auto& [key, value] : *map.map()) all.push_back(value);
  out = Datum{std::move(all)};
  return true;
}

bool log(const Call& call, Scene& scene, Datum& out) {
  if (!to_double(call, scene, out)) return false;
  const double* number = out.get<double>();
  if (number == nullptr || !(*number > 0)) return false;
  out = Datum{std::log(*number)};
  return true;
}

bool duration(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  std::string error;
  const auto text = text_argument(call[0], scene, value);
  const auto length = text ? parse_duration(*text, error) : std::nullopt;
  if (length) out = Datum{*length};
  return length.has_value();
}

bool hours(const Call& call, Scene& scene, Datum& out) { return reckoned(call, scene, out, 3600); }
bool minutes(const Call& call, Scene& scene, Datum& out) { return reckoned(call, scene, out, 60); }
bool seconds(const Call& call, Scene& scene, Datum& out) { return reckoned(call, scene, out, 1); }
bool milliseconds(const Call& call, Scene& scene, Datum& out) { return counted(call, scene, out, 1'000'000); }
bool microseconds(const Call& call, Scene& scene, Datum& out) { return counted(call, scene, out, 1'000); }
bool nanoseconds(const Call& call, Scene& scene, Datum& out) { return counted(call, scene, out, 1); }

bool unix_time(const Call& call, Scene& scene, Datum& out) {
  const auto whole = integer_argument(call[0], scene);
  const auto ns = call[1].given ? integer_argument(call[1], scene) : std::optional<std::int64_t>{0};
  if (!whole || !ns) return false;
  out = Datum{Moment{static_cast<std::int64_t>(static_cast<std::uint64_t>(*whole) * 1'000'000'000u +
                                               static_cast<std::uint64_t>(*ns))}};
  return true;
}
bool unix_seconds(const Call& call, Scene& scene, Datum& out) { return since_1970(call, scene, out, 1'000'000'000); }
bool unix_milli(const Call& call, Scene& scene, Datum& out) { return since_1970(call, scene, out, 1'000'000); }
bool unix_micro(const Call& call, Scene& scene, Datum& out) { return since_1970(call, scene, out, 1'000); }
bool unix_nano(const Call& call, Scene& scene, Datum& out) { return since_1970(call, scene, out, 1); }

bool parse_int(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  const auto text = text_argument(call[0], scene, value);
  const auto base = integer_argument(call[1], scene);
  if (!text || text->empty() || !base || *base < 2 || *base > 36) return false;
  const auto number = parse_whole(*text, static_cast<int>(*base));
  if (number) out = Datum{*number};
  return number.has_value();
}

bool trace_id(const Call& call, Scene& scene, Datum& out) {
  const auto octets = id_octets(call, scene, 16);
  if (!octets) return false;
  const std::string_view all = *octets;
  out = Datum{TraceId{big_endian(all.substr(0, 8)), big_endian(all.substr(8))}};
  return true;
}
bool span_id(const Call& call, Scene& scene, Datum& out) {
  const auto octets = id_octets(call, scene, 8);
  if (octets) out = Datum{SpanId{big_endian(*octets)}};
  return octets.has_value();
}
bool prepare_trace_id(Call& call, std::string& error) { return prepare_id(call, error, 16, "traces ids"); }
bool prepare_span_id(Call& call, std::string& error) { return prepare_id(call, error, 8, "span ids"); }

}  // namespace spillway::collector::ottl::bodies
