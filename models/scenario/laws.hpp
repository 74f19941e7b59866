// Probability laws as they are written in a scenario: `{lognormal: {median: 40ms, p99: 200ms}}`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/scenario/bind.hpp"
#include "sim/distribution.hpp"

namespace spillway::language {

struct UniformLaw {
  Unit unit = Unit::none;
  double min = 0, max = 0;
};
struct ExponentialLaw {
  Unit unit = Unit::none;
  double mean = 0;
};
struct LognormalLaw {
  Unit unit = Unit::none;
  double median = 0;
  double p = 0;  ///< 0.99 for the key p99; 0: none given
  double value_at = 0;
};
struct SpreadLaw {  ///< gamma, hyperexponential
  Unit unit = Unit::none;
  double least_cv = 0;
  double mean = 0, cv = 0;
};
struct WeibullLaw {
  Unit unit = Unit::none;
  double scale = 0, shape = 0;
};
struct ParetoLaw {
  Unit unit = Unit::none;
  double min = 0, max = 0, alpha = 0;
};
struct EmpiricalLaw {
  std::string file;
};
struct MixturePart {
  Unit unit = Unit::none;
  double weight = 0;
  Distribution of = Distribution::constant(0);
};

/// The map form of a distribution: exactly one is given.
struct Laws {
  Unit unit = Unit::none;
  std::optional<UniformLaw> uniform;
  std::optional<ExponentialLaw> exponential;
  std::optional<LognormalLaw> lognormal;
  std::optional<SpreadLaw> gamma, hyperexponential;
  std::optional<WeibullLaw> weibull;
  std::optional<ParetoLaw> bounded_pareto;
  std::vector<MixturePart> mixture;
  std::optional<EmpiricalLaw> empirical;
};

/// What the ranges of single keys cannot say; empty when the law can be built.
std::string disagreement(const Laws& laws);

/// The law, except an empirical one, which needs its file. Requires an empty disagreement().
Distribution to_distribution(const Laws& laws);

inline constexpr double kTiny = 1e-12;     ///< the least positive value of a law's parameter
inline constexpr double kHuge = kLongest;  ///< the greatest value: 400 days, or a factor of as much

template <class V>
void describe(V& v, UniformLaw& law) {
  v.about("every value between min and max is equally likely");
  v.required("min", law.min, About{"smallest value", law.unit, 0, kHuge});
  v.required("max", law.max, About{"largest value", law.unit, 0, kHuge});
}

template <class V>
void describe(V& v, ExponentialLaw& law) {
  v.about("exponential: memoryless, its standard deviation equals its mean");
  v.required("mean", law.mean, About{"mean", law.unit, kTiny, kHuge});
}

template <class V>
void describe(V& v, LognormalLaw& law) {
  v.about("lognormal, by its median and one percentile above it, such as p95, p99 or p99.9");
  v.required("median", law.median, About{"median", law.unit, kTiny, kHuge});
  v.percentile(law.p, law.value_at, About{"value that this share of the draws stays below", law.unit, kTiny, kHuge});
}

template <class V>
void describe(V& v, SpreadLaw& law) {
  v.about("by mean and coefficient of variation (standard deviation / mean)");
  v.required("mean", law.mean, About{"mean", law.unit, kTiny, kHuge});
  v.required("cv", law.cv, About{"coefficient of variation", Unit::none, law.least_cv, 100});
}

template <class V>
void describe(V& v, WeibullLaw& law) {
  v.about("Weibull, by scale and shape");
  v.required("scale", law.scale, About{"scale", law.unit, kTiny, kHuge});
  v.required("shape", law.shape, About{"shape; below 1 a long tail", Unit::none, 0.1, 100});
}

template <class V>
void describe(V& v, ParetoLaw& law) {
  v.about("Pareto cut at both ends");
  v.required("min", law.min, About{"smallest value", law.unit, kTiny, kHuge});
  v.required("max", law.max, About{"largest value", law.unit, kTiny, kHuge});
  v.required("alpha", law.alpha, About{"exponent of the tail", Unit::none, 0.01, 100});
}

template <class V>
void describe(V& v, EmpiricalLaw& law) {
  v.about("measured values, drawn with equal probability");
  v.required("file", law.file,
             About{"file with one value and unit per line, relative to the scenario; # starts a comment"});
}

template <class V>
void describe(V& v, MixturePart& part) {
  v.about("one part of a mixture");
  v.required("weight", part.weight, About{"relative weight", Unit::none, kTiny, 1e9});
  v.required("of", part.of, About{"law of this part", part.unit, 0, kHuge});
}

template <class V>
void describe(V& v, Laws& laws) {
  constexpr std::size_t most_parts = 16;
  const Unit unit = laws.unit;
  v.about("a probability law: one key names it");
  v.nested("uniform", laws.uniform, "equally likely between two values", UniformLaw{unit});
  v.nested("exponential", laws.exponential, "exponential", ExponentialLaw{unit});
  v.nested("lognormal", laws.lognormal, "lognormal", LognormalLaw{unit});
  v.nested("gamma", laws.gamma, "gamma", SpreadLaw{unit, 0.01});
  v.nested("weibull", laws.weibull, "Weibull", WeibullLaw{unit});
  v.nested("bounded_pareto", laws.bounded_pareto, "bounded Pareto", ParetoLaw{unit});
  v.nested("hyperexponential", laws.hyperexponential, "two exponential phases, balanced means", SpreadLaw{unit, 1});
  v.list("mixture", laws.mixture, "one of several laws, by weight", most_parts, MixturePart{unit});
  v.nested("empirical", laws.empirical, "measured values from a file");
  v.exactly_one({"uniform", "exponential", "lognormal", "gamma", "weibull", "bounded_pareto", "hyperexponential",
                 "mixture", "empirical"});
}

}  // namespace spillway::language
