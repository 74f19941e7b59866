// spillway measure --cost-grid: the costs of collectors, measured on this machine.
#pragma once

#include <string>

#include "real/local/measure.hpp"

namespace spillway::app {

struct CostGridSettings {
  bool quick = false;
  std::string only;  ///< runs whose names contain this, or "sizes"; empty: all
  std::string file;  ///< for the parameters found; empty: not written
};

/// Full: runs the grid on every collector there is, fits, predicts what was held out, writes. Quick: a few runs, and
/// how well the standard parameters predict them, as with `only`; 99 when they are off by more than a busy machine can explain.
int measure_costs(const CostGridSettings& settings, const real::MeasureOptions& options);

}  // namespace spillway::app
