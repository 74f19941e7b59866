#include "models/scenario/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "models/scenario/ascii.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

struct Scale {
  std::string_view name;
  double factor;  ///< of the base unit; times in nanoseconds
};

constexpr std::array kTimes{Scale{"ns", 1},   Scale{"us", 1e3},   Scale{"µs", 1e3},
                            Scale{"ms", 1e6}, Scale{"s", 1e9},    Scale{"min", 60e9},
                            Scale{"m", 60e9}, Scale{"h", 3600e9}, Scale{"d", 86400e9}};
constexpr std::array kSizes{Scale{"B", 1},    Scale{"KB", 1e3},   Scale{"kB", 1e3},      Scale{"MB", 1e6},
                            Scale{"GB", 1e9}, Scale{"KiB", 1024}, Scale{"MiB", 1048576}, Scale{"GiB", 1073741824}};
constexpr std::array kPeriods{Scale{"s", 1}, Scale{"min", 60}, Scale{"h", 3600}, Scale{"d", 86400}};

template <std::size_t N>
const Scale* find(const std::array<Scale, N>& scales, std::string_view name) {
  for (const Scale& scale : scales)
    if (scale.name == name) return &scale;
  return nullptr;
}

void skip_spaces(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(' '), text.size())); }

/// Takes a finite decimal number off the front. "inf", "nan" and hexadecimal are no numbers here.
std::optional<double> take_number(std::string_view& text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative || text.starts_with('+') ? 1 : 0);
  const std::size_t first = digits.starts_with('.') ? 1 : 0;
  if (digits.size() <= first || !is_digit(digits[first])) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text = digits.substr(static_cast<std::size_t>(end - digits.data()));
  return negative ? -value : value;
}

/// Takes the letters of a unit off the front.
std::string_view take_word(std::string_view& text) {
  skip_spaces(text);
  std::size_t length = 0;
  while (length < text.size() && text[length] != ' ' && text[length] != '/' && text[length] != '%' &&
         !is_digit(text[length]) && text[length] != '.')
    ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

template <class T = double>
Parsed<T> refused(std::string_view text, Unit unit) {
  return {std::nullopt, "'" + shortened(text, 40) + "' is not " + expectation(unit)};
}

/// Nanoseconds; long double keeps 64 bits, enough for 292 years.
std::optional<long double> take_nanoseconds(std::string_view text) {
  long double total = 0;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  do {
    if (text.starts_with('-') || text.starts_with('+')) return std::nullopt;
    const std::optional<double> number = take_number(text);
    const Scale* scale = number ? find(kTimes, take_word(text)) : nullptr;
    if (!scale) return std::nullopt;
    total += static_cast<long double>(*number) * scale->factor;
    skip_spaces(text);
  } while (!text.empty());
  return negative ? -total : total;
}

/// A number, its unit and what follows.
struct Amount {
  double number = 0;
  std::string_view word;  ///< unit
  std::string_view rest;  ///< after it
};

std::optional<Amount> split(std::string_view text) {
  const std::optional<double> number = take_number(text);
  if (!number) return std::nullopt;
  const std::string_view word = take_word(text);
  skip_spaces(text);
  return Amount{*number, word, text};
}

std::optional<double> period_seconds(std::string_view rest) {
  if (!rest.starts_with('/')) return std::nullopt;
  rest.remove_prefix(1);
  skip_spaces(rest);
  const Scale* period = find(kPeriods, rest);
  return period ? std::optional{period->factor} : std::nullopt;
}

std::optional<double> read_seconds(std::string_view text) {
  const std::optional<long double> nanoseconds = take_nanoseconds(text);
  if (!nanoseconds || !std::isfinite(*nanoseconds)) return std::nullopt;
  return static_cast<double>(*nanoseconds / 1e9L);
}

std::optional<double> read_bytes(const Amount& amount) {
  const Scale* size = find(kSizes, amount.word);
  return size && amount.rest.empty() ? std::optional{amount.number * size->factor} : std::nullopt;
}

std::optional<double> read_rate(const Amount& amount) {
  const std::optional<double> period = period_seconds(amount.rest);
  return amount.word.empty() && period ? std::optional{amount.number / *period} : std::nullopt;
}

std::optional<double> read_bandwidth(const Amount& amount) {
  const Scale* size = find(kSizes, amount.word);
  const std::optional<double> period = period_seconds(amount.rest);
  return size && period ? std::optional{amount.number * size->factor / *period} : std::nullopt;
}

std::optional<double> read_percent(const Amount& amount) {
  return amount.word.empty() && amount.rest == "%" ? std::optional{amount.number / 100} : std::nullopt;
}

std::optional<double> read_plain(const Amount& amount) {
  return amount.word.empty() && amount.rest.empty() ? std::optional{amount.number} : std::nullopt;
}

std::optional<double> read_any(std::string_view text, const Amount& amount) {
  if (const auto value = read_plain(amount)) return value;
  if (const auto value = read_percent(amount)) return value;
  if (const auto value = read_rate(amount)) return value;
  if (const auto value = read_bandwidth(amount)) return value;
  if (const auto value = read_bytes(amount)) return value;
  return read_seconds(text);
}

std::optional<double> read(std::string_view text, const Amount& amount, Unit unit) {
  const bool bare_zero = amount.number == 0 && amount.word.empty() && amount.rest.empty();
  switch (unit) {
    case Unit::none:
      return read_plain(amount);
    case Unit::seconds:
      return bare_zero ? std::optional{0.0} : read_seconds(text);
    case Unit::bytes:
      return bare_zero ? std::optional{0.0} : read_bytes(amount);
    case Unit::per_second:
      return bare_zero ? std::optional{0.0} : read_rate(amount);
    case Unit::bytes_per_second:
      return bare_zero ? std::optional{0.0} : read_bandwidth(amount);
    case Unit::share:
      return amount.rest == "%" ? read_percent(amount) : read_plain(amount);
    case Unit::any:
      return read_any(text, amount);
  }
  return std::nullopt;
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const bool readable = value == 0 || (std::fabs(value) >= 1e-6 && std::fabs(value) < 1e16);
  const auto form = readable ? std::chars_format::fixed : std::chars_format::general;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form);
  return {buffer.data(), result.ptr};
}

/// In the largest unit that needs no decimals, else in the one with the shortest text.
std::string show_seconds(double value) {
  constexpr std::array scales{Scale{"d", 86400}, Scale{"h", 3600},  Scale{"min", 60}, Scale{"s", 1},
                              Scale{"ms", 1e-3}, Scale{"us", 1e-6}, Scale{"ns", 1e-9}};
  std::string best = number_text(value) + "s";
  for (const Scale& scale : scales) {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "%.12g", value / scale.factor);  // hides the error of the division
    const std::string text = number.data() + std::string{scale.name};
    const bool exact = std::fabs(value) >= scale.factor && read_seconds(text) == value;
    if (exact && text.find_first_of(".e") == std::string::npos) return text;
    if (exact && text.size() < best.size()) best = text;
  }
  return best;
}

}  // namespace

Parsed<double> parse_quantity(std::string_view text, Unit unit) {
  const std::optional<Amount> amount = split(text);
  if (!amount) return refused(text, unit);
  const std::optional<double> value = read(text, *amount, unit);
  if (value && std::isfinite(*value)) return {*value, {}};
  const bool unit_missing = unit != Unit::none && unit != Unit::any && read_plain(*amount).has_value();
  if (unit_missing) return {std::nullopt, "'" + shortened(text, 40) + "' has no unit; give " + expectation(unit)};
  return refused(text, unit);
}

Parsed<Duration> parse_duration(std::string_view text) {
  const Parsed<double> checked = parse_quantity(text, Unit::seconds);
  if (!checked.value) return {std::nullopt, checked.why};
  if (*checked.value == 0) return {Duration{}, {}};
  const long double nanoseconds = *take_nanoseconds(text);
  if (std::fabs(nanoseconds) > 9.2e18L)
    return {std::nullopt, "'" + shortened(text, 40) + "' is too long; 400d is the most"};
  const auto rounded = static_cast<std::int64_t>(std::llround(nanoseconds));
  if (rounded == 0)
    return {std::nullopt, "'" + shortened(text, 40) + "' is less than a nanosecond; give 1ns or more, or 0"};
  return {Duration{rounded}, {}};
}

template <class T>
Parsed<T> parse_integer(std::string_view text) {
  T value{};
  const std::string_view digits = text.starts_with('+') && !text.starts_with("+-") ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (std::is_unsigned_v<T> && digits.starts_with('-'))
    return {std::nullopt, "'" + shortened(text, 40) + "' is negative; give 0 or more"};
  if (error == std::errc::result_out_of_range) return {std::nullopt, "'" + shortened(text, 40) + "' is too large"};
  if (error != std::errc{} || end != digits.data() + digits.size())
    return {std::nullopt, "'" + shortened(text, 40) + "' is not a whole number such as 42"};
  return {value, {}};
}
template Parsed<int> parse_integer<int>(std::string_view);
template Parsed<std::int64_t> parse_integer<std::int64_t>(std::string_view);
template Parsed<std::uint64_t> parse_integer<std::uint64_t>(std::string_view);

std::string show(double value, Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return show_seconds(value);
    case Unit::bytes:
      return number_text(value) + "B";
    case Unit::per_second:
      return number_text(value) + "/s";
    case Unit::bytes_per_second:
      return number_text(value) + "B/s";
    case Unit::none:
    case Unit::share:
    case Unit::any:
      return number_text(value);
  }
  return {};
}

std::string show(Duration duration) {
  if (duration == Duration{}) return "0s";
  const std::int64_t total = duration.count();
  constexpr std::array<std::pair<const char*, std::int64_t>, 7> units{{{"d", 86'400'000'000'000},
                                                                       {"h", 3'600'000'000'000},
                                                                       {"min", 60'000'000'000},
                                                                       {"s", 1'000'000'000},
                                                                       {"ms", 1'000'000},
                                                                       {"us", 1'000},
                                                                       {"ns", 1}}};
  for (const auto& [name, length] : units)
    if (total % length == 0) return std::to_string(total / length) + name;
  return {};
}

std::string expectation(Unit unit) {
  switch (unit) {
    case Unit::none:
      return "a number such as 0.5";
    case Unit::seconds:
      return "a duration such as 200ms, 5min or 1min 30s (units ns us ms s min h d)";
    case Unit::bytes:
      return "a size such as 64KiB or 5MB (units B KB MB GB KiB MiB GiB)";
    case Unit::per_second:
      return "a rate such as 2/s or 30/min";
    case Unit::bytes_per_second:
      return "a bandwidth such as 100MB/s";
    case Unit::share:
      return "a share such as 0.7 or 70 %";
    case Unit::any:
      return "a number, with a unit where the figure has one, such as 1000, 70 %, 200ms, 5MiB or 2/s";
  }
  return {};
}

std::string pattern(Unit unit) {
  const std::string number = "[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?";
  const std::string time = "(" + number + " *(ns|us|µs|ms|s|min|m|h|d) *)+";
  const std::string size = number + " *(B|KB|kB|MB|GB|KiB|MiB|GiB)";
  const std::string period = " */ *(s|min|h|d)";
  switch (unit) {
    case Unit::none:
      return {};
    case Unit::seconds:
      return "^" + time + "$";
    case Unit::bytes:
      return "^" + size + "$";
    case Unit::per_second:
      return "^" + number + period + "$";
    case Unit::bytes_per_second:
      return "^" + size + period + "$";
    case Unit::share:
      return "^" + number + " *%$";
    case Unit::any:
      return "^(" + time + "|" + size + "(" + period + ")?|" + number + "(" + period + "| *%)?)$";
  }
  return {};
}

}  // namespace spillway::language
