// Quantities as people write them: "1min 30s", "70 %", "30/min", "100MB/s". One parser for scenario and report limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/time.hpp"

namespace spillway::language {

/// What a number of the scenario counts; values are kept in the base unit named here.
enum class Unit {
  none,              ///< a plain number
  seconds,           ///< text needs a unit: ns us ms s min h d, may be joined: 1min 30s
  bytes,             ///< text needs a unit: B KB MB GB (powers of 1000), KiB MiB GiB (of 1024)
  per_second,        ///< 2/s, 30/min, 7200/h
  bytes_per_second,  ///< a size per s
  share,             ///< 0.7 or 70 %
  any,               ///< any of the above; a limit takes the unit of its figure
};

/// A value in the base unit, or why the text is none.
template <class T>
struct Parsed {
  std::optional<T> value;
  std::string why;  ///< "what; way out" when there is no value
};

/// `0` needs no unit. Infinite and not-a-number are refused, negative numbers are not: ranges are the field's business.
Parsed<double> parse_quantity(std::string_view text, Unit unit);

/// Whole nanoseconds; what is not zero but rounds to zero is refused, as is what 64 bits cannot hold.
Parsed<Duration> parse_duration(std::string_view text);

/// Decimal digits with an optional sign, within `T`.
template <class T>
Parsed<T> parse_integer(std::string_view text);

/// The shortest text that reads back as the same value, in the largest fitting unit: "200ms", "0.7", "2/s".
std::string show(double value, Unit unit);
std::string show(Duration duration);

/// "a duration such as 200ms or 1min 30s": what a field of this unit wants.
std::string expectation(Unit unit);

/// Regular expression (ECMA 262) of the text forms, for the JSON Schema; empty when only numbers are allowed.
std::string pattern(Unit unit);

}  // namespace spillway::language
