// A figure over the replications of a record: its mean and how far that can be trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/figures.hpp"
#include "sim/statistics.hpp"

namespace spillway::analysis {

inline constexpr double kConfidence = 0.95;

struct Estimate {
  Figure figure;
  Interval interval;  ///< Student's, over the replications that have a number; cut at what the figure can be at all
  int never = 0;      ///< replications in which the moment did not come
  int replications = 0;
  std::string remark;  ///< what the first observation has to say, e.g. that no such series exists
  std::string error;   ///< no estimate: unknown figure, or a text

  bool has_interval() const { return error.empty() && interval.n >= 2; }
};

/// The numbers of the observations, in order; moments that did not come and what is absent are left out.
std::vector<double> numbers(const Observations& observations);

/// Mean and interval of a figure. One replication gives a mean without an interval (infinite until cut).
Estimate estimate(std::string_view figure, const RunRecord& record, double confidence = kConfidence);
Estimate estimate(const Observations& observations, double confidence = kConfidence);

/// "812 spans", or "never", or "3 min 21 s (never in 3 of 8 replications)".
std::string mean_text(const Estimate& estimate);

/// "790 - 834 spans", "exactly 812 spans" for zero width, "one run, no interval".
std::string interval_text(const Estimate& estimate);

/// "790 - 834" in the unit's own notation, the unit once where both ends share it.
std::string range_text(double low, double high, Unit unit);

}  // namespace spillway::analysis
