#include "analysis/expect.hpp"

#include <algorithm>

namespace spillway::analysis {
namespace {

Outcome worse(Outcome a, Outcome b) { return std::max(a, b); }

Outcome judge_at_least(double limit, const Estimate& estimate) {
  const Interval& interval = estimate.interval;
  if (interval.n == 0) return Outcome::ok;  // it never came: later than any moment
  if (interval.n == 1 && estimate.replications == 1) return Outcome::undecided;
  if (interval.low >= limit) return Outcome::ok;
  return interval.high < limit ? Outcome::failed : Outcome::undecided;
}

Outcome judge_at_most(double limit, const Estimate& estimate) {
  const Interval& interval = estimate.interval;
  if (estimate.never > 0) return Outcome::failed;
  if (interval.n == 1) return Outcome::undecided;
  if (interval.high <= limit) return Outcome::ok;
  return interval.low > limit ? Outcome::failed : Outcome::undecided;
}

std::string limit_text(const Threshold& threshold, Unit unit) {
  if (threshold.at_least && threshold.at_most) return range_text(*threshold.at_least, *threshold.at_most, unit);
  if (threshold.at_least) return ">= " + with_unit(*threshold.at_least, unit);
  return threshold.at_most ? "<= " + with_unit(*threshold.at_most, unit) : "no limit";
}

std::string remark_on(const ThresholdResult& result) {
  const Estimate& estimate = result.estimate;
  if (!estimate.error.empty()) return estimate.error;
  if (estimate.interval.n == 1 && result.outcome == Outcome::undecided) {
    return "one run says nothing about the spread; give --replications 2 or more";
  }
  if (result.outcome == Outcome::undecided)
    return "the interval contains the limit; more --replications make it narrower";
  return estimate.remark;
}

}  // namespace

ThresholdResult judge_threshold(const Threshold& threshold, const RunRecord& record) {
  ThresholdResult result;
  result.threshold = threshold;
  result.estimate = estimate(threshold.figure, record);
  result.limit = limit_text(threshold, result.estimate.figure.unit);
  if (result.estimate.error.empty()) {
    result.outcome = Outcome::ok;
    if (threshold.at_least)
      result.outcome = worse(result.outcome, judge_at_least(*threshold.at_least, result.estimate));
    if (threshold.at_most) result.outcome = worse(result.outcome, judge_at_most(*threshold.at_most, result.estimate));
  }
  result.remark = remark_on(result);
  return result;
}

std::vector<ThresholdResult> judge_thresholds(const std::vector<Threshold>& thresholds, const RunRecord& record) {
  std::vector<ThresholdResult> results;
  for (const Threshold& threshold : thresholds) results.push_back(judge_threshold(threshold, record));
  return results;
}

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::undecided:
      return "undecided";
    case Outcome::failed:
      return "FAILED";
    case Outcome::unknown:
      return "unknown figure";
  }
  return "";
}

int exit_code(const std::vector<ThresholdResult>& results) {
  Outcome worst = Outcome::ok;
  for (const ThresholdResult& result : results) worst = worse(worst, result.outcome);
  switch (worst) {
    case Outcome::ok:
      return 0;
    case Outcome::undecided:
      return 98;
    case Outcome::failed:
      return 99;
    case Outcome::unknown:
      return 2;
  }
  return 0;
}

}  // namespace spillway::analysis
