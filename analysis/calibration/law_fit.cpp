#include "analysis/calibration/law_fit.hpp"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <numeric>

namespace spillway::analysis {
namespace {

constexpr double kLeastSigma = 0.03;  ///< of a part of a mixture: clocks tick in microseconds, values repeat

struct Sample {
  std::vector<double> values, logs;  ///< ascending
  double mean = 0, log_mean = 0, log_variance = 0;
  double n() const { return static_cast<double>(values.size()); }
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
double variance_of(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size());
}

double bic_of(double log_likelihood, int parameters, double n) { return parameters * std::log(n) - 2 * log_likelihood; }

void consider(FittedLaw& best, FittedLaw candidate) {
  if (std::isfinite(candidate.bic) && candidate.bic < best.bic) best = std::move(candidate);
}

FittedLaw exponential(const Sample& s) {
  FittedLaw law;
  law.family = FittedLaw::Family::exponential;
  law.a = s.mean;
  law.bic = bic_of(-s.n() * (std::log(s.mean) + 1), 1, s.n());
  return law;
}

/// Maximum likelihood by Newton's method on the shape (Minka, Estimating a Gamma distribution, 2002).
FittedLaw gamma(const Sample& s) {
  const double gap = std::log(s.mean) - s.log_mean;
  if (gap <= 1e-9) return exponential(s);
  double shape = (3 - gap + std::sqrt((gap - 3) * (gap - 3) + 24 * gap)) / (12 * gap);
  for (int round = 0; round < 20; ++round) {
    const double step = (std::log(shape) - boost::math::digamma(shape) - gap) /
                        (1 / shape - boost::math::trigamma(shape));
    const double next = shape - step;
    shape = next > 0 ? next : shape / 2;
    if (std::fabs(step) < 1e-10 * shape) break;
  }
  FittedLaw law;
  law.family = FittedLaw::Family::gamma;
  law.a = s.mean;
  law.b = 1 / std::sqrt(shape);
  const double scale = s.mean / shape;
  const double likelihood =
      s.n() * ((shape - 1) * s.log_mean - s.mean / scale - shape * std::log(scale) - std::lgamma(shape));
  law.bic = bic_of(likelihood, 2, s.n());
  return law;
}

/// Maximum likelihood: the root of a monotone function of the shape, by bisection.
FittedLaw weibull(const Sample& s) {
  const double top = s.values.back();
  const auto excess = [&](double shape) {
    double sum = 0, weighted = 0;
    for (std::size_t i = 0; i < s.values.size(); ++i) {
      const double power = std::pow(s.values[i] / top, shape);
      sum += power;
      weighted += power * s.logs[i];
    }
    return weighted / sum - 1 / shape - s.log_mean;
  };
  double low = 0.1, high = 50;
  for (int round = 0; round < 60; ++round) {
    const double middle = std::sqrt(low * high);
    (excess(middle) < 0 ? low : high) = middle;
  }
  FittedLaw law;
  law.family = FittedLaw::Family::weibull;
  law.b = low;
  double sum = 0;
  for (const double v : s.values) sum += std::pow(v / top, law.b);
  law.a = top * std::pow(sum / s.n(), 1 / law.b);
  const double likelihood = s.n() * (std::log(law.b) - law.b * std::log(law.a) + (law.b - 1) * s.log_mean - 1);
  law.bic = bic_of(likelihood, 2, s.n());
  return law;
}

double log_normal_density(double x, double mean, double sigma) {
  const double z = (x - mean) / sigma;
  return -0.5 * z * z - std::log(sigma) - 0.5 * std::log(2 * std::numbers::pi);
}

/// Expectation and maximisation on the logarithms, from equal parts of the sorted values.
class MixtureFit {
 public:
  MixtureFit(const Sample& s, std::size_t parts) : s_{s}, parts_{parts}, share_(s.values.size() * parts) {
    start();
    double before = -1e300;
    for (int round = 0; round < 80; ++round) {
      const double now = expect();
      if (now - before < 1e-6 * s_.n()) break;
      before = now;
      maximise();
    }
  }
  FittedLaw law() {
    FittedLaw law;
    law.family = parts_ == 1 ? FittedLaw::Family::lognormal : FittedLaw::Family::lognormal_mixture;
    const double likelihood = expect() - s_.n() * s_.log_mean;  // of the values, not of their logarithms
    law.bic = bic_of(likelihood, static_cast<int>(3 * parts_ - 1), s_.n());
    for (std::size_t k = 0; k < parts_; ++k) law.parts.push_back({weight_[k], std::exp(mean_[k]), sigma_[k]});
    return law;
  }

 private:
  void start() {
    const std::size_t n = s_.logs.size();
    for (std::size_t k = 0; k < parts_; ++k) {
      const std::vector<double> slice(s_.logs.begin() + static_cast<std::ptrdiff_t>(k * n / parts_),
                                      s_.logs.begin() + static_cast<std::ptrdiff_t>((k + 1) * n / parts_));
      weight_[k] = 1 / static_cast<double>(parts_);
      mean_[k] = mean_of(slice);
      sigma_[k] = std::max(kLeastSigma, std::sqrt(variance_of(slice, mean_[k])));
    }
  }
  double expect() {
    double total = 0;
    for (std::size_t i = 0; i < s_.logs.size(); ++i) {
      double* const share = &share_[i * parts_];
      double top = -1e300, sum = 0;
      for (std::size_t k = 0; k < parts_; ++k) {
        share[k] = std::log(std::max(1e-300, weight_[k])) + log_normal_density(s_.logs[i], mean_[k], sigma_[k]);
        top = std::max(top, share[k]);
      }
      for (std::size_t k = 0; k < parts_; ++k) sum += share[k] = std::exp(share[k] - top);
      for (std::size_t k = 0; k < parts_; ++k) share[k] /= sum;
      total += top + std::log(sum);
    }
    return total;
  }
  void maximise() {
    for (std::size_t k = 0; k < parts_; ++k) {
      double weight = 0, sum = 0, squares = 0;
      for (std::size_t i = 0; i < s_.logs.size(); ++i) {
        weight += share_[i * parts_ + k];
        sum += share_[i * parts_ + k] * s_.logs[i];
      }
      if (weight < 1e-9) continue;
      mean_[k] = sum / weight;
      for (std::size_t i = 0; i < s_.logs.size(); ++i) {
        const double gap = s_.logs[i] - mean_[k];
        squares += share_[i * parts_ + k] * gap * gap;
      }
      sigma_[k] = std::max(kLeastSigma, std::sqrt(squares / weight));
      weight_[k] = weight / s_.n();
    }
  }

  const Sample& s_;
  std::size_t parts_;
  std::vector<double> share_;
  std::array<double, 3> weight_{}, mean_{}, sigma_{};
};

FittedLaw best_of(const Sample& s) {
  FittedLaw best = exponential(s);
  consider(best, gamma(s));
  consider(best, weibull(s));
  constexpr std::size_t least_values[] = {2, 30, 60};  // for one, two, three parts
  for (std::size_t parts = 1; parts <= 3; ++parts) {
    if (s.values.size() >= least_values[parts - 1]) consider(best, MixtureFit{s, parts}.law());
  }
  return best;
}

std::string number_text(const char* format, double value) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string lognormal_text(const FittedLaw::Part& part) {
  return "{lognormal: {median: " + duration_in_yaml(part.median) +
         ", p95: " + duration_in_yaml(part.median * std::exp(kNormal95 * part.sigma)) + "}}";
}

std::string positive_law_text(const FittedLaw& law) {
  using Family = FittedLaw::Family;
  switch (law.family) {
    case Family::constant: return duration_in_yaml(law.a);
    case Family::exponential: return "{exponential: {mean: " + duration_in_yaml(law.a) + "}}";
    case Family::gamma:
      return "{gamma: {mean: " + duration_in_yaml(law.a) + ", cv: " + number_text("%.5g", std::clamp(law.b, 0.01, 100.0)) +
             "}}";
    case Family::weibull:
      return "{weibull: {scale: " + duration_in_yaml(law.a) + ", shape: " + number_text("%.5g", law.b) + "}}";
    case Family::lognormal: return lognormal_text(law.parts[0]);
    case Family::lognormal_mixture: break;
  }
  std::string text = "{mixture: [";
  for (const FittedLaw::Part& part : law.parts) {
    if (part.weight < 1e-6) continue;
    if (text.back() == '}') text += ", ";
    text += "{weight: " + number_text("%.6f", part.weight) + ", of: " + lognormal_text(part) + "}";
  }
  return text + "]}";
}

}  // namespace

FittedLaw fit_law(std::vector<double> values, double resolution) {
  const std::size_t all = values.size();
  FittedLaw law;
  law.values = all;
  if (all == 0) return law;
  const double mean = mean_of(values);
  const double error = kNormal95 * std::sqrt(variance_of(values, mean) / static_cast<double>(all));
  std::erase_if(values, [&](double v) { return !(v >= resolution); });
  Sample s;
  if (!values.empty()) {
    std::sort(values.begin(), values.end());
    s.values = std::move(values);
    for (const double v : s.values) s.logs.push_back(std::log(v));
    s.mean = mean_of(s.values);
    s.log_mean = mean_of(s.logs);
    s.log_variance = variance_of(s.logs, s.log_mean);
    if (s.log_variance > 1e-8) law = best_of(s);
    else law.a = s.mean;
  }
  law.zero = 1 - s.n() / static_cast<double>(all);
  law.values = all;
  law.mean = mean;
  law.low = std::max(0.0, mean - error);
  law.high = mean + error;
  return law;
}

std::string duration_in_yaml(double seconds) {
  if (seconds < 1e-9) return "0s";
  if (seconds < 1e-3) return number_text("%.6gus", seconds * 1e6);
  return seconds < 1 ? number_text("%.6gms", seconds * 1e3) : number_text("%.10gs", seconds);
}

std::string law_text(const FittedLaw& law) {
  constexpr double hardly = 1e-4;  // of the values
  if (law.zero >= 1 - hardly) return "0s";
  if (law.zero <= hardly) return positive_law_text(law);
  return "{mixture: [{weight: " + number_text("%.6f", law.zero) + ", of: 0s}, {weight: " +
         number_text("%.6f", 1 - law.zero) + ", of: " + positive_law_text(law) + "}]}";
}

const char* family_name(FittedLaw::Family family) {
  constexpr std::array names{"constant", "exponential", "gamma", "weibull", "lognormal", "lognormal mixture"};
  return names[static_cast<std::size_t>(family)];
}

}  // namespace spillway::analysis
