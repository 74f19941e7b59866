#include "sim/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace spillway {
namespace {

constexpr std::size_t kBatch = 5;

std::vector<double> batch_means(std::span<const double> series) {
  std::vector<double> means(series.size() / kBatch);
  for (std::size_t i = 0; i < means.size(); ++i) {
    double sum = 0;
    for (const double x : series.subspan(i * kBatch, kBatch)) sum += x;
    means[i] = sum / static_cast<double>(kBatch);
  }
  return means;
}

/// For each d, the squared standard error (up to a constant) of the mean of values[d..]. One pass from the end,
/// updating mean and squares as Welford does.
std::vector<double> standard_errors_of_tails(std::span<const double> values) {
  std::vector<double> errors(values.size());
  double mean = 0;
  double squares = 0;
  for (std::size_t i = values.size(); i-- > 0;) {
    const auto n = static_cast<double>(values.size() - i);
    const double delta = values[i] - mean;
    mean += delta / n;
    squares += delta * (values[i] - mean);
    errors[i] = squares / (n * n);
  }
  return errors;
}

}  // namespace

double student_t_quantile(double p, double degrees_of_freedom) {
  assert(p > 0 && p < 1 && degrees_of_freedom > 0);
  // Plain double inside too: long double differs between machines.
  using boost::math::policies::policy;
  using InDouble = policy<boost::math::policies::promote_double<false>>;
  return quantile(boost::math::students_t_distribution<double, InDouble>{degrees_of_freedom}, p);
}

Interval mean_interval(std::span<const double> observations, double confidence) {
  assert(confidence > 0 && confidence < 1);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (observations.empty()) return {std::numeric_limits<double>::quiet_NaN(), -infinity, infinity, 0};
  const auto n = static_cast<double>(observations.size());
  double sum = 0;
  for (const double x : observations) sum += x;
  const double mean = sum / n;
  if (observations.size() == 1) return {mean, -infinity, infinity, 1};
  double squares = 0;
  for (const double x : observations) squares += (x - mean) * (x - mean);
  const double half = student_t_quantile((1 + confidence) / 2, n - 1) * std::sqrt(squares / (n - 1) / n);
  return {mean, mean - half, mean + half, static_cast<int>(observations.size())};
}

Interval paired_difference_interval(std::span<const double> a, std::span<const double> b, double confidence) {
  assert(a.size() == b.size());
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  return mean_interval(differences, confidence);
}

std::optional<std::size_t> mser5_truncation(std::span<const double> series) {
  const std::vector<double> means = batch_means(series);
  if (means.size() < 10) return std::nullopt;
  const std::vector<double> errors = standard_errors_of_tails(means);
  std::size_t best = 0;
  for (std::size_t d = 1; d + 5 <= errors.size(); ++d) {
    if (errors[d] < errors[best]) best = d;
  }
  if (2 * best > means.size()) return std::nullopt;
  return best * kBatch;
}

}  // namespace spillway
