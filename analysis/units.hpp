// Units of figures and the one way in which numbers are written for people: always with their unit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/time.hpp"

namespace spillway::analysis {

enum class Unit { none, spans, requests, events, bytes, seconds, share, dollars, text };

/// As in JSON and table heads: "spans", "s", "1" for a share; "" for none.
std::string_view symbol(Unit unit);

/// "12 345 spans", "204 ms", "3 min 21 s", "98.3 %", "41.2 MiB", "12.34 USD"; infinity is "never" for seconds.
std::string with_unit(double value, Unit unit);

/// The same without the unit's name where that is a word: for columns whose head says it.
std::string bare(double value, Unit unit);

/// Groups of three digits with a space; three significant digits when it is not a whole number and below 1 000.
std::string grouped(double value);

/// Dollars with cents below a hundred: "0.42", "61.70", "1 234". Never rounds to 0.00 what is not exactly that.
std::string money(double usd);

/// Shares from 0 to 1 as per cent. Never rounds to 0 % or 100 % what is not exactly that.
std::string percent(double share);

/// A length of time in the two largest units that matter: "1.2 ms", "12.5 s", "3 min 21 s", "2 h 5 min".
std::string duration_text(double seconds);

/// A sequence of number and unit without spaces, as the scenario spells it: "30s", "1m30s", "250ms". nullopt on
/// anything else, on a negative length and on one above 292 years.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace spillway::analysis
