// A probability law from measured values: the family that explains them best for its number of parameters.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace spillway::analysis {

constexpr double kNormal95 = 1.6448536269514722;  ///< 0.95 quantile of the standard normal: half a 90 % interval in standard errors

/// A fitted law of durations in seconds.
struct FittedLaw {
  enum class Family { constant, exponential, gamma, weibull, lognormal, lognormal_mixture };
  struct Part {
    double weight = 1, median = 0, sigma = 0;  ///< sigma: standard deviation of the logarithm
  };
  Family family = Family::constant;
  double a = 0, b = 0;      ///< constant: value; exponential: mean; gamma: mean, cv; weibull: scale, shape
  std::vector<Part> parts;  ///< lognormals
  double zero = 0;          ///< share of values that are 0 (or below what the clock tells)
  double mean = 0, low = 0, high = 0;  ///< of the values, with the 90 % interval of their mean
  std::size_t values = 0;
  double bic = 0;  ///< Bayesian information criterion of the chosen family; smaller is better
};

/// Chooses among constant, exponential, gamma, Weibull, lognormal and mixtures of two and three lognormals by the Bayesian
/// information criterion (Schwarz, Annals of Statistics 6, 1978). Values below `resolution` count as 0. No values: 0.
FittedLaw fit_law(std::vector<double> values, double resolution = 1e-6);

/// As a scenario writes it: `{lognormal: {median: 1.2ms, p95: 4ms}}`.
std::string law_text(const FittedLaw& law);
/// A duration as a scenario writes it, six significant digits.
std::string duration_in_yaml(double seconds);
const char* family_name(FittedLaw::Family family);

}  // namespace spillway::analysis
