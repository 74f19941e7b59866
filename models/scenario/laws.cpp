#include "models/scenario/laws.hpp"

namespace spillway::language {
namespace {

std::string below(const char* upper, double high, const char* lower, double low, Unit unit) {
  return std::string{upper} + " " + show(high, unit) + " is below " + lower + " " + show(low, unit) +
         "; swap or mend them";
}

}  // namespace

std::string disagreement(const Laws& laws) {
  const auto& u = laws.uniform;
  if (u && u->max < u->min) return below("max", u->max, "min", u->min, laws.unit);
  const auto& b = laws.bounded_pareto;
  if (b && b->max < b->min) return below("max", b->max, "min", b->min, laws.unit);
  const auto& l = laws.lognormal;
  if (l && l->value_at <= l->median)
    return "the percentile " + show(l->value_at, laws.unit) + " is not above the median " + show(l->median, laws.unit) +
           "; give a larger one";
  const bool single =
      u || laws.exponential || l || laws.gamma || laws.weibull || b || laws.hyperexponential || laws.empirical;
  if (!single && laws.mixture.empty()) return "a mixture without parts; give at least one {weight, of}";
  return {};
}

Distribution to_distribution(const Laws& laws) {
  if (laws.uniform) return Distribution::uniform(laws.uniform->min, laws.uniform->max);
  if (laws.exponential) return Distribution::exponential(laws.exponential->mean);
  if (laws.lognormal)
    return Distribution::lognormal(laws.lognormal->median, laws.lognormal->p, laws.lognormal->value_at);
  if (laws.gamma) return Distribution::gamma(laws.gamma->mean, laws.gamma->cv);
  if (laws.weibull) return Distribution::weibull(laws.weibull->scale, laws.weibull->shape);
  if (laws.hyperexponential)
    return Distribution::hyperexponential(laws.hyperexponential->mean, laws.hyperexponential->cv);
  if (laws.bounded_pareto)
    return Distribution::bounded_pareto(laws.bounded_pareto->min, laws.bounded_pareto->max, laws.bounded_pareto->alpha);
  std::vector<double> weights;
  std::vector<Distribution> parts;
  for (const MixturePart& part : laws.mixture) {
    weights.push_back(part.weight);
    parts.push_back(part.of);
  }
  return Distribution::mixture(std::move(weights), std::move(parts));
}

}  // namespace spillway::language
