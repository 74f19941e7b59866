// Probability laws with our own algorithms: the standard library leaves its algorithms open, ours give the
// same numbers everywhere. A value is a plain double; whoever owns the distribution says its unit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/stream.hpp"

namespace spillway {

/// Inverse of the standard normal distribution function, for 0 < p < 1; relative error about 1e-16.
/// Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988).
double normal_quantile(double p);

/// One of the laws below. Cheap to copy; sampling never allocates. Each law uses a fixed number of draws
/// per sample where it can (inversion), so that addressed draws stay aligned between variants of a scenario;
/// a larger draw gives a larger value. Only gamma takes a varying number of draws (rejection): 2 or 3 at the least.
/// The factories trust their arguments: whoever reads them from a file has checked the ranges given here.
class Distribution {
 public:
  enum class Kind : std::uint8_t {
    constant, uniform, exponential, lognormal, gamma, weibull, bounded_pareto, hyperexponential, mixture, empirical
  };

  static Distribution constant(double value);
  static Distribution uniform(double min, double max);           ///< min <= max
  static Distribution exponential(double mean);                  ///< mean > 0
  /// By its median and one percentile: `value_at` is the value at probability `p` (0.5 < p < 1), > median > 0.
  static Distribution lognormal(double median, double p, double value_at);
  static Distribution gamma(double mean, double cv);             ///< cv: coefficient of variation, > 0
  static Distribution weibull(double scale, double shape);       ///< both > 0
  /// Pareto cut at max and scaled up to one; 0 < min <= max, alpha > 0. Mean and variance are finite for every alpha.
  static Distribution bounded_pareto(double min, double max, double alpha);
  static Distribution hyperexponential(double mean, double cv);  ///< two phases, balanced means, cv >= 1; two draws
  /// One draw chooses the part, the part then draws. As many weights as parts; weights >= 0 with a sum > 0.
  static Distribution mixture(std::vector<double> weights, std::vector<Distribution> parts);
  static Distribution empirical(std::vector<double> values);     ///< not empty; equal probability; sorted inside

  double sample(Draws& draws) const;
  double mean() const;      ///< exact, not estimated
  double variance() const;  ///< exact, not estimated; of the values themselves (divided by n) for empirical
  bool is_constant() const { return kind_ == Kind::constant; }
  Kind kind() const { return kind_; }
  std::string describe() const;  ///< e.g. "lognormal(median 0.04, p99 0.2)"; for messages

 private:
  struct Parts;
  Distribution(Kind kind, double a, double b = 0, double c = 0, double d = 0)
      : kind_{kind}, a_{a}, b_{b}, c_{c}, d_{d} {}
  double sample_gamma(Draws& draws) const;
  double sample_bounded_pareto(double u) const;
  double sample_mixture(Draws& draws) const;
  double sample_empirical(double u) const;
  double moment(int power) const;  ///< E[X^power] of weibull and bounded_pareto
  std::string describe_parts() const;

  Kind kind_;
  double a_, b_, c_, d_;  ///< parameters in the form that sampling needs; their meaning is beside each factory
  std::shared_ptr<const Parts> parts_;  ///< mixture, empirical
};

}  // namespace spillway
