#include "analysis/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace spillway::analysis {
namespace {

std::string printed(const char* format, int precision, double value) {
  std::array<char, 352> buffer{};  // the largest double has 309 digits
  std::snprintf(buffer.data(), buffer.size(), format, precision, value);
  return buffer.data();
}

std::string fixed(double value, int decimals) { return printed("%.*f", decimals, value); }

/// Decimals that leave three significant digits of a value below 1 000.
int decimals_of(double value) {
  const double size = std::fabs(value);
  if (size == 0 || size >= 99.95) return 0;
  if (size >= 9.995) return 1;
  if (size >= 0.9995) return 2;
  return std::min(12, 2 - static_cast<int>(std::floor(std::log10(size))));
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string three_digits(double value) { return without_trailing_zeros(fixed(value, decimals_of(value))); }

std::string bytes_text(double bytes) {
  constexpr std::array names{" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  std::size_t step = 0;
  while (std::fabs(bytes) >= 1024 && step + 1 < names.size()) {
    bytes /= 1024;
    ++step;
  }
  return grouped(bytes) + names[step];
}

/// "3 min 21 s": whole numbers of the larger and of the smaller unit.
std::string two_units(double seconds, double larger, const char* larger_name, double smaller,
                      const char* smaller_name) {
  const double steps = std::round(seconds / smaller);
  const double per_larger = larger / smaller;
  const double whole = std::floor(steps / per_larger);
  const double rest = steps - whole * per_larger;
  std::string text = grouped(whole) + " " + larger_name;
  if (rest > 0) text += " " + grouped(rest) + " " + smaller_name;
  return text;
}

}  // namespace

std::string_view symbol(Unit unit) {
  switch (unit) {
    case Unit::none:
      return "";
    case Unit::spans:
      return "spans";
    case Unit::requests:
      return "requests";
    case Unit::events:
      return "events";
    case Unit::bytes:
      return "B";
    case Unit::seconds:
      return "s";
    case Unit::share:
      return "1";
    case Unit::dollars:
      return "USD";
    case Unit::text:
      return "text";
  }
  return "";
}

std::string grouped(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "?" : value > 0 ? "unlimited" : "-unlimited";
  const bool whole = value == std::floor(value) || std::fabs(value) >= 999.5;
  std::string text = whole ? fixed(value, 0) : three_digits(value);
  const std::size_t first_digit = text[0] == '-' ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > first_digit + 3) text.insert(at -= 3, 1, ' ');
  return text;
}

std::string money(double usd) {
  if (std::fabs(usd) >= 999.5 || !std::isfinite(usd)) return grouped(std::round(usd));
  const std::string text = std::fabs(usd) >= 99.995 ? fixed(usd, 0) : fixed(usd, 2);
  return usd != 0 && text == "0.00" ? "<0.01" : text;
}

std::string percent(double share) {
  if (!std::isfinite(share)) return "?";
  const double value = share * 100;
  if (value == 0 || value == 100) return fixed(value, 0) + " %";
  if (value > 0 && value < 0.01) return "<0.01 %";
  if (value < 100 && value > 99.99) return ">99.99 %";
  const bool near_an_end = (value > 0 && value < 1) || (value > 99 && value < 100);
  const std::string text = without_trailing_zeros(fixed(value, near_an_end ? 2 : 1));
  return (std::fabs(value) < 1000 ? text : grouped(value)) + " %";
}

std::string duration_text(double seconds) {
  if (std::isnan(seconds)) return "?";
  if (seconds < 0) return "-" + duration_text(-seconds);
  if (std::isinf(seconds)) return "never";
  if (seconds == 0) return "0 s";
  if (seconds < 0.9995e-3) return three_digits(seconds * 1e6) + " us";
  if (seconds < 0.9995) return three_digits(seconds * 1e3) + " ms";
  if (seconds < 119.5) return three_digits(seconds) + " s";
  if (seconds < 7199.5) return two_units(seconds, 60, "min", 1, "s");
  return two_units(seconds, 3600, "h", 60, "min");
}

std::string bare(double value, Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return duration_text(value);
    case Unit::share:
      return percent(value);
    case Unit::bytes:
      return bytes_text(value);
    case Unit::dollars:
      return money(value) + " USD";
    case Unit::none:
    case Unit::spans:
    case Unit::requests:
    case Unit::events:
    case Unit::text:
      return grouped(value);
  }
  return grouped(value);
}

std::string with_unit(double value, Unit unit) {
  const std::string text = bare(value, unit);
  const bool counted = unit == Unit::spans || unit == Unit::requests || unit == Unit::events;
  return counted ? text + " " + std::string{symbol(unit)} : text;
}

std::optional<Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> units{
      {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto* unit =
        std::find_if(units.begin(), units.end(), [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == units.end()) return std::nullopt;
    total += number * unit->second;
    text.remove_prefix(unit->first.size());
  }
  if (!(total < 9.2e9)) return std::nullopt;
  return from_seconds(total);
}

}  // namespace spillway::analysis
