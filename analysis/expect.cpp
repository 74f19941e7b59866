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
  std::string text;
  if (threshold.at_least) text = ">= " + with_unit(*threshold.at_least, unit);
  if (threshold.at_most) text += (text.empty() ? "<= " : " and <= ") + with_unit(*threshold.at_most, unit);
  return text;
}

std::string reason_of(const Estimate& estimate) {
  if (estimate.interval.n == 0) return "never in " + std::to_string(estimate.replications) + " replications";
  std::string text = "mean " + mean_text(estimate);
  if (estimate.interval.n == 1) return text + ", one run says nothing about the spread; give --replications 2 or more";
  text += ", 95 % interval " + interval_text(estimate);
  return estimate.remark.empty() ? text : text + " (" + estimate.remark + ")";
}

}  // namespace

ThresholdResult judge_threshold(const Threshold& threshold, const RunRecord& record) {
  ThresholdResult result;
  result.threshold = threshold;
  result.estimate = estimate(threshold.figure, record);
  result.limit = limit_text(threshold, result.estimate.figure.unit);
  if (!result.estimate.error.empty()) {
    result.reason = result.estimate.error;
    return result;
  }
  result.outcome = Outcome::ok;
  if (threshold.at_least) result.outcome = worse(result.outcome, judge_at_least(*threshold.at_least, result.estimate));
  if (threshold.at_most) result.outcome = worse(result.outcome, judge_at_most(*threshold.at_most, result.estimate));
  result.reason = reason_of(result.estimate);
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
