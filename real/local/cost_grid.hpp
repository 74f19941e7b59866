// Running the cost grid for real, each run with its simulated twin, which says how much of everything was done.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/collector/costs.hpp"
#include "real/local/cost_runs.hpp"
#include "real/local/cost_sizes.hpp"
#include "real/local/measure.hpp"

namespace spillway::real {

/// One load (or the start, or a silence) as it was measured.
struct GridRow {
  std::string run;
  std::string load;             ///< "100 spans x 5 attributes of 15 B, 20/s"; "start", "silence"
  bool held_out = false;
  double seconds = 0;
  double cpu = 0;               ///< seconds
  double allocated = 0;         ///< bytes
  double resident = 0;          ///< bytes, the largest in it
  double spans = 0;             ///< accepted
  collector::Work work;         ///< of the simulated twin, in this stretch
  double heap_growth = 0;       ///< of the twin, the largest in it
  bool from_start = false;
};

/// What one version's grid yielded.
struct GridResult {
  collector::Version version;
  std::string date;             ///< of the measurement, YYYY-MM-DD, UTC
  std::vector<GridRow> rows;
  std::vector<SizeRow> sizes;   ///< of compressed bodies
  double idle_live_heap = 0;    ///< bytes left by a forced collection of an idle collector
  double held_live_heap = 0;    ///< the same with `held_bytes` in its queue
  double held_bytes = 0;        ///< OTLP bytes
  double held_resident = 0;     ///< resident bytes more than those of the idle one
  std::vector<std::string> remarks;  ///< runs on a busy machine, rows left out
  int repeats = 0;              ///< of runs on a busy machine
  double least_idle = 1;        ///< share of the machine's CPU time, of the worst run
};

/// YYYY-MM-DD, UTC.
std::string today();

/// Runs the grid on the real collector of this version. `costs`: for the twins' heaps. `say` is told what is being done.
GridResult run_cost_grid(const std::vector<GridRun>& grid, collector::Version version,
                         const collector::CostTable& costs, MeasureOptions options, GridSize size,
                         const std::function<void(const std::string&)>& say);

/// What is no row of the grid: sizes of compressed bodies, live heaps.
void measure_beside(GridResult& result, const collector::CostTable& costs, const MeasureOptions& options,
                    const std::function<void(const std::string&)>& say);

/// Sets work and heap of every row anew from simulated twins with these costs.
void simulate_twins(GridResult& result, const std::vector<GridRun>& grid, const collector::CostTable& costs,
                    GridSize size);

}  // namespace spillway::real
