// One scenario under several settings, side by side.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

struct Variant {
  std::vector<std::string> values;  ///< one an axis
  RunRecord record;
};

struct Sweep {
  std::vector<std::string> axes;  ///< what is varied: paths of the scenario
  std::vector<Variant> variants;
  std::vector<std::string> figures;  ///< columns
};

/// Of every destination that costs something (of all, where none does) the shares stored, and lost and sampled out where that
/// happens in any variant; the bill where there is one.
std::vector<std::string> telling_figures(const Sweep& sweep);

/// Why a figure cannot be a column: no variant knows it, with the nearest ones. Empty: all can.
std::string objection_to(const Sweep& sweep);

/// A row a variant: means over the replications, below each the 95 % interval of the difference to the first variant.
Report report_of(const Sweep& sweep);
std::string sweep_json(const Sweep& sweep);

}  // namespace spillway::analysis
