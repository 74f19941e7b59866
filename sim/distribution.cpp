#include "sim/distribution.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

namespace spillway {
namespace {

using Coefficients = std::array<double, 8>;

/// Degree 7, from the constant term up; Estrin's scheme, because its multiplications overlap.
double polynomial(const Coefficients& c, double x) {
  const double x2 = x * x;
  const double low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * x2;
  const double high = (c[4] + c[5] * x) + (c[6] + c[7] * x) * x2;
  return low + high * (x2 * x2);
}

double ratio(const Coefficients& numerator, const Coefficients& denominator, double x) {
  return polynomial(numerator, x) / polynomial(denominator, x);
}

constexpr Coefficients kCentreNumerator{
    3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
    4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr Coefficients kCentreDenominator{
    1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
    2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3};
constexpr Coefficients kTailNumerator{
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients kTailDenominator{
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
constexpr Coefficients kFarNumerator{
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients kFarDenominator{
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};

/// Exponential with mean 1 by inversion, growing with u.
double unit_exponential(double u) { return -std::log(1 - u); }

std::string text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%g", value);
  return buffer.data();
}

std::string call(const char* law, std::initializer_list<std::pair<std::string, double>> arguments) {
  std::string result = law;
  const char* separator = "(";
  for (const auto& [name, value] : arguments) {
    result.append(separator).append(name).append(name.empty() ? "" : " ").append(text(value));
    separator = ", ";
  }
  return result.append(")");
}

}  // namespace

double normal_quantile(double p) {
  assert(p > 0 && p < 1);
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) return q * ratio(kCentreNumerator, kCentreDenominator, 0.180625 - q * q);
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double z = r <= 5 ? ratio(kTailNumerator, kTailDenominator, r - 1.6)
                          : ratio(kFarNumerator, kFarDenominator, r - 5);
  return q < 0 ? -z : z;
}

/// What does not fit four numbers.
struct Distribution::Parts {
  std::vector<double> weights;       ///< mixture: sum 1
  std::vector<double> cumulative;    ///< mixture: running sum of weights, ends with exactly 1
  std::vector<Distribution> laws;    ///< mixture
  std::vector<double> values;        ///< empirical: ascending
};

// a: the value
Distribution Distribution::constant(double value) { return {Kind::constant, value}; }

// a: minimum, b: width
Distribution Distribution::uniform(double min, double max) {
  assert(min <= max);
  return {Kind::uniform, min, max - min};
}

// a: mean
Distribution Distribution::exponential(double mean) {
  assert(mean > 0);
  return {Kind::exponential, mean};
}

// a: median, b: standard deviation of the logarithm, c: the percentile it was given by
Distribution Distribution::lognormal(double median, double p, double value_at) {
  assert(median > 0 && value_at > median && p > 0.5 && p < 1);
  return {Kind::lognormal, median, std::log(value_at / median) / normal_quantile(p), p};
}

// a: shape, b: scale, c: Marsaglia and Tsang's d, d: their c, both for shape + 1 where the shape is below 1
Distribution Distribution::gamma(double mean, double cv) {
  assert(mean > 0 && cv > 0);
  const double shape = 1 / (cv * cv);
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0;
  return {Kind::gamma, shape, mean / shape, d, 1 / std::sqrt(9 * d)};
}

// a: scale, b: shape, c: 1/shape
Distribution Distribution::weibull(double scale, double shape) {
  assert(scale > 0 && shape > 0);
  return {Kind::weibull, scale, shape, 1 / shape};
}

// a: minimum, b: maximum, c: alpha, d: share of the unbounded law below the maximum
Distribution Distribution::bounded_pareto(double min, double max, double alpha) {
  assert(min > 0 && min <= max && alpha > 0);
  if (min == max) return constant(min);
  return {Kind::bounded_pareto, min, max, alpha, -std::expm1(alpha * std::log(min / max))};
}

// a: mean of the frequent phase, b: mean of the rare one, c: probability of the frequent one, d: cv
Distribution Distribution::hyperexponential(double mean, double cv) {
  assert(mean > 0 && cv >= 1);
  const double c2 = cv * cv;
  const double frequent = (1 + std::sqrt((c2 - 1) / (c2 + 1))) / 2;
  const double rare = 1 / ((c2 + 1) * 2 * frequent);  // 1 - frequent, without its cancellation
  return {Kind::hyperexponential, mean / (2 * frequent), mean / (2 * rare), frequent, cv};
}

Distribution Distribution::mixture(std::vector<double> weights, std::vector<Distribution> parts) {
  assert(!weights.empty() && weights.size() == parts.size());
  std::vector<double> cumulative(weights.size());
  std::partial_sum(weights.begin(), weights.end(), cumulative.begin());
  const double total = cumulative.back();
  assert(total > 0);
  for (double& w : weights) w /= total;
  for (double& c : cumulative) c /= total;
  Distribution result{Kind::mixture, 0};
  result.parts_ = std::make_shared<const Parts>(
      Parts{std::move(weights), std::move(cumulative), std::move(parts), {}});
  return result;
}

// a: mean, b: variance
Distribution Distribution::empirical(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  Distribution result{Kind::empirical, mean, squares / n};
  result.parts_ = std::make_shared<const Parts>(Parts{{}, {}, {}, std::move(values)});
  return result;
}

double Distribution::sample(Draws& draws) const {
  switch (kind_) {
    case Kind::constant: return a_;
    case Kind::uniform: return a_ + b_ * draws.uniform();
    case Kind::exponential: return a_ * unit_exponential(draws.uniform());
    case Kind::lognormal: return a_ * std::exp(b_ * normal_quantile(draws.uniform()));
    case Kind::gamma: return sample_gamma(draws);
    case Kind::weibull: return a_ * std::pow(unit_exponential(draws.uniform()), c_);
    case Kind::bounded_pareto: return sample_bounded_pareto(draws.uniform());
    case Kind::hyperexponential: {
      const double phase_mean = draws.uniform() < c_ ? a_ : b_;
      return phase_mean * unit_exponential(draws.uniform());
    }
    case Kind::mixture: return sample_mixture(draws);
    case Kind::empirical: return sample_empirical(draws.uniform());
  }
  return 0;
}

/// Marsaglia and Tsang, ACM TOMS 26 (2000): a squeezed cube of a normal, accepted in more than 95 % of cases.
double Distribution::sample_gamma(Draws& draws) const {
  const double boost = a_ < 1 ? std::pow(draws.uniform(), 1 / a_) : 1;
  for (;;) {
    const double z = normal_quantile(draws.uniform());
    const double u = draws.uniform();
    const double root = 1 + d_ * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(u) < 0.5 * z * z + c_ * (1 - v + std::log(v))) return b_ * boost * c_ * v;
  }
}

double Distribution::sample_bounded_pareto(double u) const {
  return std::min(b_, a_ * std::pow(1 - u * d_, -1 / c_));
}

double Distribution::sample_mixture(Draws& draws) const {
  const auto& cumulative = parts_->cumulative;
  const auto chosen = std::upper_bound(cumulative.begin(), cumulative.end(), draws.uniform());
  return parts_->laws[static_cast<std::size_t>(chosen - cumulative.begin())].sample(draws);
}

double Distribution::sample_empirical(double u) const {
  const auto& values = parts_->values;
  const auto index = static_cast<std::size_t>(u * static_cast<double>(values.size()));
  return values[std::min(index, values.size() - 1)];
}

double Distribution::moment(int power) const {
  if (kind_ == Kind::weibull) return std::pow(a_, power) * std::tgamma(1 + power * c_);
  assert(kind_ == Kind::bounded_pareto);
  const double log_ratio = std::log(a_ / b_);
  const double rest = c_ - power;
  const double integral = rest == 0 ? -log_ratio : -std::expm1(rest * log_ratio) / rest;
  return c_ * std::pow(a_, power) * integral / d_;
}

double Distribution::mean() const {
  switch (kind_) {
    case Kind::constant:
    case Kind::exponential:
    case Kind::empirical: return a_;
    case Kind::uniform: return a_ + b_ / 2;
    case Kind::lognormal: return a_ * std::exp(b_ * b_ / 2);
    case Kind::gamma: return a_ * b_;
    case Kind::weibull:
    case Kind::bounded_pareto: return moment(1);
    case Kind::hyperexponential: return 2 * c_ * a_;
    case Kind::mixture: break;
  }
  double sum = 0;
  for (std::size_t i = 0; i < parts_->laws.size(); ++i) sum += parts_->weights[i] * parts_->laws[i].mean();
  return sum;
}

double Distribution::variance() const {
  const double m = mean();
  switch (kind_) {
    case Kind::constant: return 0;
    case Kind::uniform: return b_ * b_ / 12;
    case Kind::exponential: return a_ * a_;
    case Kind::lognormal: return m * m * std::expm1(b_ * b_);
    case Kind::gamma: return a_ * b_ * b_;
    case Kind::weibull:
    case Kind::bounded_pareto: return moment(2) - m * m;
    case Kind::hyperexponential: return m * m * d_ * d_;
    case Kind::empirical: return b_;
    case Kind::mixture: break;
  }
  double sum = 0;
  for (std::size_t i = 0; i < parts_->laws.size(); ++i) {
    const double shift = parts_->laws[i].mean() - m;
    sum += parts_->weights[i] * (parts_->laws[i].variance() + shift * shift);
  }
  return sum;
}

std::string Distribution::describe() const {
  switch (kind_) {
    case Kind::constant: return call("constant", {{"", a_}});
    case Kind::uniform: return call("uniform", {{"min", a_}, {"max", a_ + b_}});
    case Kind::exponential: return call("exponential", {{"mean", a_}});
    case Kind::lognormal:
      return call("lognormal", {{"median", a_},
                                {std::string{"p"}.append(text(100 * c_)), a_ * std::exp(b_ * normal_quantile(c_))}});
    case Kind::gamma: return call("gamma", {{"mean", mean()}, {"cv", 1 / std::sqrt(a_)}});
    case Kind::weibull: return call("weibull", {{"scale", a_}, {"shape", b_}});
    case Kind::bounded_pareto: return call("bounded_pareto", {{"min", a_}, {"max", b_}, {"alpha", c_}});
    case Kind::hyperexponential: return call("hyperexponential", {{"mean", mean()}, {"cv", d_}});
    case Kind::mixture: return describe_parts();
    case Kind::empirical:
      return call("empirical", {{"values", static_cast<double>(parts_->values.size())}, {"mean", a_}});
  }
  return {};
}

std::string Distribution::describe_parts() const {
  std::string result = "mixture(";
  for (std::size_t i = 0; i < parts_->laws.size(); ++i) {
    result.append(i == 0 ? "" : ", ").append(text(parts_->weights[i])).append(" ").append(parts_->laws[i].describe());
  }
  return result.append(")");
}

}  // namespace spillway
