#include "analysis/intervals.hpp"

#include <algorithm>
#include <cmath>

namespace spillway::analysis {
namespace {

/// No count, length of time or latency is below 0, no share above 1. A metric may be anything.
void cut(Interval& interval, const Figure& figure) {
  const bool free = figure.kind == Figure::Kind::metric || figure.kind == Figure::Kind::series_peak;
  if (free) return;
  interval.low = std::max(interval.low, 0.0);
  const bool part_of_whole = figure.unit == Unit::share && figure.fate != Figure::Fate::duplicates;
  if (part_of_whole) interval.high = std::min(interval.high, 1.0);
}

/// " ms" of "1 204 ms"; empty when there is no unit or more than one, as in "3 min 21 s".
std::string_view unit_word(std::string_view text) {
  const std::size_t at = text.find_first_not_of("0123456789 .-<>");
  if (at == std::string_view::npos || at == 0) return {};
  const std::string_view word = text.substr(at - 1);
  return word.find_first_of("0123456789") == std::string_view::npos ? word : std::string_view{};
}

}  // namespace

std::vector<double> numbers(const Observations& observations) {
  std::vector<double> result;
  for (const Observation& o : observations.each) {
    if (o.kind == Observation::Kind::number) result.push_back(o.number);
  }
  return result;
}

Estimate estimate(const Observations& observations, double confidence) {
  Estimate result;
  result.figure = observations.figure;
  result.error = observations.error;
  result.replications = static_cast<int>(observations.each.size());
  if (!result.error.empty()) return result;
  if (result.figure.unit == Unit::text) {
    result.error = "'" + result.figure.name + "' is a text and has no mean";
    return result;
  }
  result.remark = observations.each.front().text;
  result.never = static_cast<int>(std::count_if(observations.each.begin(), observations.each.end(),
                                                [](const auto& o) { return o.kind == Observation::Kind::never; }));
  result.interval = mean_interval(numbers(observations), confidence);
  cut(result.interval, result.figure);
  return result;
}

Estimate estimate(std::string_view figure, const RunRecord& record, double confidence) {
  return estimate(observe(figure, record), confidence);
}

std::string mean_text(const Estimate& estimate) {
  if (!estimate.error.empty()) return "?";
  if (estimate.interval.n == 0) return "never";
  std::string text = with_unit(estimate.interval.mean, estimate.figure.unit);
  if (estimate.never > 0) {
    text += " (never in " + std::to_string(estimate.never) + " of " + std::to_string(estimate.replications) +
            " replications)";
  }
  return text;
}

std::string range_text(double low, double high, Unit unit) {
  std::string from = bare(low, unit);
  const std::string to = bare(high, unit);
  const std::string_view name = unit_word(from);
  if (!name.empty() && name == unit_word(to)) from.erase(from.size() - name.size());
  const bool counted = unit == Unit::spans || unit == Unit::requests || unit == Unit::events;
  return from + " - " + to + (counted ? " " + std::string{symbol(unit)} : "");
}

std::string interval_text(const Estimate& estimate) {
  if (!estimate.error.empty() || estimate.interval.n == 0) return "no interval";
  if (estimate.interval.n == 1) return "one run, no interval";
  const Interval& interval = estimate.interval;
  if (interval.low == interval.high) return "exactly " + with_unit(interval.mean, estimate.figure.unit);
  return range_text(interval.low, interval.high, estimate.figure.unit);
}

}  // namespace spillway::analysis
