// Thresholds: what a run is expected to keep, judged with its uncertainty.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/intervals.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

/// A limit on a figure, in the figure's unit (spans, seconds, share from 0 to 1, bytes).
struct Threshold {
  std::string figure;
  std::optional<double> at_least;
  std::optional<double> at_most;
};

enum class Outcome {
  ok,         ///< the whole interval keeps the limits
  undecided,  ///< the interval contains a limit: more replications would tell
  failed,     ///< the whole interval is beyond a limit
  unknown,    ///< the record has no such figure
};

struct ThresholdResult {
  Threshold threshold;
  Outcome outcome = Outcome::unknown;
  Estimate estimate;
  std::string limit;   ///< ">= 70 %", "6 min - 7 min"
  std::string remark;  ///< why there is no verdict, or what a reader should know of it; may be empty
};

/// Judges the 95 % interval of the mean. A moment that did not come in some replication breaks every at_most; for
/// at_least it is beyond any limit, and the replications in which it came decide. One replication has no interval and
/// stays undecided, whatever its value: nothing is known of the spread.
ThresholdResult judge_threshold(const Threshold& threshold, const RunRecord& record);
std::vector<ThresholdResult> judge_thresholds(const std::vector<Threshold>& thresholds, const RunRecord& record);

/// "ok", "FAILED", "undecided", "unknown figure".
std::string_view to_text(Outcome outcome);

/// 2 when a figure is unknown, else 99 when one failed, else 98 when one is undecided, else 0.
int exit_code(const std::vector<ThresholdResult>& results);

}  // namespace spillway::analysis
