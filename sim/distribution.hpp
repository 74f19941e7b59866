// Probability laws with our own algorithms: the standard library leaves its algorithms open, ours give the
// same numbers everywhere. A value is a plain double; whoever owns the distribution says its unit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/stream.hpp"

namespace spillway {

/// One of the laws below. Cheap to copy; sampling never allocates. Each law uses a fixed number of draws
/// per sample where it can (inversion), so that addressed draws stay aligned between variants of a scenario.
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
  static Distribution weibull(double scale, double shape);
  static Distribution bounded_pareto(double min, double max, double alpha);
  static Distribution hyperexponential(double mean, double cv);  ///< two phases, balanced means, cv >= 1
  static Distribution mixture(std::vector<double> weights, std::vector<Distribution> parts);
  static Distribution empirical(std::vector<double> values);     ///< drawn with equal probability; sorted inside

  double sample(Draws& draws) const;
  double mean() const;
  double variance() const;
  bool is_constant() const { return kind_ == Kind::constant; }
  Kind kind() const { return kind_; }
  std::string describe() const;  ///< e.g. "lognormal(median 0.04, p99 0.2)"; for messages

 private:
  struct Parts;
  Distribution(Kind kind, double a, double b, double c) : kind_{kind}, a_{a}, b_{b}, c_{c} {}
  Kind kind_ = Kind::constant;
  double a_ = 0, b_ = 0, c_ = 0;  ///< parameters in the form that sampling needs
  std::shared_ptr<const Parts> parts_;  ///< mixture, empirical
};

}  // namespace spillway
