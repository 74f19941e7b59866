// Statistics over replications and over one run's series: intervals, paired comparison, warm-up.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace spillway {

/// A mean with its confidence interval, in the unit of the observations.
struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
  int n = 0;  ///< observations

  double half_width() const { return (high - low) / 2; }
};

/// Quantile of Student's t: the x with P(T <= x) = p, for 0 < p < 1 and degrees_of_freedom > 0.
double student_t_quantile(double p, double degrees_of_freedom);

/// Two-sided interval of the mean by Student's t; 0 < confidence < 1. Assumes independent observations that are
/// roughly normal, as means over replications are; with strongly skewed ones it covers less than it says.
/// One observation says nothing about spread: its interval is infinite. None: the mean is NaN as well.
Interval mean_interval(std::span<const double> observations, double confidence);

/// Interval of the mean of a[i] - b[i]: two policies under common random numbers, pair by replication number.
/// Both have the same size. Narrower than comparing two intervals exactly as far as the pairs are correlated.
Interval paired_difference_interval(std::span<const double> a, std::span<const double> b, double confidence);

/// How many leading observations belong to the warm-up, a multiple of 5, by MSER-5 (White, Simulation 69, 1997):
/// the cut that makes the standard error of what remains, over means of 5, smallest. At least 5 means always remain,
/// since fewer have a small standard error by chance (Hoad, Robinson, Davies, 2010). nullopt when the minimum
/// lies in the second half: the series is then too short to tell, run longer. Also nullopt below 50 observations.
std::optional<std::size_t> mser5_truncation(std::span<const double> series);

}  // namespace spillway
