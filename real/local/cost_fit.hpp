// From measured runs of the cost grid to the parameters of the cost model, and how well they predict.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/table.hpp"
#include "real/local/cost_grid.hpp"

namespace spillway::real {

/// Fits CPU, allocation and memory by non-negative least squares over the rows that are not held out, each weighted by
/// its size, so that relative errors count. What the grid does not tell keeps the value and source of `before`.
/// Sets the twins of `result` anew with what was found on the way.
collector::CostGeneration fit_costs(GridResult& result, const std::vector<GridRun>& grid,
                                    const collector::CostGeneration& before, GridSize size);

/// A row of the grid beside what costs say of it, and beside the naive guess: the mean CPU of a span, and the mean
/// resident memory, over all rows that are not held out.
struct CostPrediction {
  std::string run, load;
  bool held_out = false;
  double cpu = 0, predicted_cpu = 0, naive_cpu = 0;              ///< seconds
  double resident = 0, predicted_resident = 0, naive_resident = 0;  ///< bytes
};
/// Of every row with traffic. The rows' twins were simulated with these costs.
std::vector<CostPrediction> predictions(const GridResult& result, const collector::Costs& costs);

/// Largest relative errors.
struct CostErrors {
  double cpu = 0, naive_cpu = 0, resident = 0, naive_resident = 0;
  double mean_cpu = 0, mean_resident = 0;
};
CostErrors errors_of(const std::vector<CostPrediction>& list);

/// One row a prediction, the held-out ones when `held_out`, else the fitted ones.
analysis::Block predictions_block(const std::vector<CostPrediction>& list, bool held_out, const std::string& title);

/// How far compressed bodies are off, by compression, with these costs and with those before.
analysis::Block sizes_block(const GridResult& result, const collector::Costs& costs, const collector::Costs& before);

}  // namespace spillway::real
