// The answer on one screen: what was asked, what the users noticed, where the spans went, what the collectors show,
// whether the thresholds hold, what the model leaves out.
#pragma once

#include <string>
#include <vector>

#include "analysis/expect.hpp"
#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

struct SummaryInput {
  const RunRecord& record;
  std::vector<ThresholdResult> thresholds;
  std::string headline;  ///< what the scenario is about, in a few words; may be empty
};

/// Means over the replications with 95 % intervals of the shares. Fits kWidth columns; long lists end in "… and N
/// more".
Report summary_of(const SummaryInput& input);

/// {"figures": every figure with mean and interval, "thresholds": …, "record": as to_json writes it}.
std::string summary_json(const SummaryInput& input);

}  // namespace spillway::analysis
