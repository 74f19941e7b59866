// Linear least squares with coefficients that cannot be negative: costs, from measured runs. The only door to Eigen.
#pragma once

#include <cstddef>
#include <vector>

namespace spillway::analysis {

/// Rows of sum_j matrix[i, j] x_j = values[i]. Rows are to be scaled to equal importance by who makes them.
struct Equations {
  std::size_t columns = 0;
  std::vector<double> matrix;  ///< row by row, values.size() x columns
  std::vector<double> values;

  void add(const std::vector<double>& row, double value);
};

/// The x >= 0 with the smallest sum of squared residuals: active-set method of Lawson and Hanson (Solving Least
/// Squares Problems, 1974, chapter 23). A column of zeros, or one that others make superfluous, gets 0. Everything
/// must be finite. Where columns depend on each other, one of the equally good answers.
std::vector<double> non_negative_least_squares(const Equations& equations);

/// How far a coefficient is known.
struct Coefficient {
  double value = 0;
  double low = 0, high = 0;  ///< 95 % of the fits to resampled rows
};

/// The fit with intervals by the bootstrap: `resamples` fits to rows drawn with replacement. Rows of one run are not
/// independent, so intervals are somewhat narrow. Deterministic.
std::vector<Coefficient> non_negative_fit(const Equations& equations, int resamples = 200);

}  // namespace spillway::analysis
