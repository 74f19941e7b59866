#include "analysis/calibration/validation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/calibration/scenario_text.hpp"
#include "sim/distribution.hpp"
#include "sim/stream.hpp"

namespace spillway::analysis {
namespace {

struct Figure {
  const char* name;
  double p;
  double Load::*measured;
};
constexpr std::array kFigures{Figure{"p50", 0.50, &Load::p50}, Figure{"p95", 0.95, &Load::p95}};

/// The load that naive people carry forward.
const Load& heaviest(const std::vector<Load>& loads) {
  return *std::max_element(loads.begin(), loads.end(), [](const Load& a, const Load& b) { return a.rate < b.rate; });
}

/// Under the loads that were fitted to, measured over simulated, of one figure: what independent parts leave out, and how
/// runs differ that the load does not make different.
struct Anchor {
  double factor = 1;  ///< geometric mean
  double spread = 0;  ///< standard deviation of the logarithm of that of a further run; 0 when there is one run only
};

Anchor anchor_of(const std::vector<double>& ratios) {
  Anchor anchor;
  const auto n = static_cast<double>(ratios.size());
  double sum = 0, squares = 0;
  for (const double ratio : ratios) sum += std::log(ratio);
  for (const double ratio : ratios) squares += (std::log(ratio) - sum / n) * (std::log(ratio) - sum / n);
  anchor.factor = std::exp(sum / n);
  if (ratios.size() > 1) anchor.spread = std::sqrt(squares / (n - 1) * (1 + 1 / n));
  return anchor;
}

using PerFigure = std::array<double, kFigures.size()>;

/// One way to look at all loads held out.
class Forecast {
 public:
  Forecast(const ApplicationFit& fit, const PlayScenario& play, const ValidationOptions& options)
      : fit_{fit}, play_{play}, options_{options}, best_{fit.fit()} {
    for (std::size_t f = 0; f < kFigures.size(); ++f) {
      std::vector<double> ratios;
      for (const Load& load : best_.loads) {
        const double played = play_(text(best_, load.rate, options_.requests, options_.seed)).quantile(kFigures[f].p);
        if (played > 0) ratios.push_back(load.*kFigures[f].measured / played);
      }
      if (!ratios.empty()) anchors_[f] = anchor_of(ratios);
    }
  }

  std::array<Predicted, kFigures.size()> predict(const Load& load) const {
    std::array<std::vector<double>, kFigures.size()> draws;
    for (int d = 0; d < options_.draws; ++d) {
      const auto number = static_cast<std::uint64_t>(d);
      const auto requests = static_cast<double>(load.requests);
      const PerFigure drawn = figures(text(fit_.resampled(options_.seed + number), load.rate, requests, options_.seed + 1 + number));
      Draws chance{stream_key(options_.seed, 0, "calibration", "run to run"), number};
      const double z = normal_quantile(chance.uniform());
      for (std::size_t f = 0; f < kFigures.size(); ++f) draws[f].push_back(drawn[f] * std::exp(z * anchors_[f].spread));
    }
    const PerFigure best = figures(text(best_, load.rate, options_.requests, options_.seed));
    std::array<Predicted, kFigures.size()> all;
    for (std::size_t f = 0; f < kFigures.size(); ++f) {
      all[f] = {best[f], best[f], best[f]};
      if (draws[f].empty()) continue;
      all[f].low = std::min(best[f], quantile_of(draws[f], 0.05));
      all[f].high = std::max(best[f], quantile_of(draws[f], 0.95));
    }
    return all;
  }
  const std::vector<Load>& fitted() const { return best_.loads; }

 private:
  static std::string text(const FittedApplication& application, double rate, double requests, std::uint64_t seed) {
    return scenario_text(application, {"prediction", rate, requests, 1, seed});
  }
  PerFigure figures(const std::string& scenario) const {
    const Histogram latencies = play_(scenario);
    PerFigure all{};
    for (std::size_t f = 0; f < kFigures.size(); ++f) all[f] = anchors_[f].factor * latencies.quantile(kFigures[f].p);
    return all;
  }

  const ApplicationFit& fit_;
  const PlayScenario& play_;
  const ValidationOptions& options_;
  FittedApplication best_;
  std::array<Anchor, kFigures.size()> anchors_;
};

}  // namespace

std::vector<HeldOut> validate(const ApplicationFit& fit, const std::vector<Load>& held_out, const PlayScenario& play,
                              const ValidationOptions& options) {
  const Forecast forecast{fit, play, options};
  const Load& carried = heaviest(forecast.fitted());
  std::vector<HeldOut> all;
  for (const Load& load : held_out) {
    const auto predicted = forecast.predict(load);
    for (std::size_t f = 0; f < kFigures.size(); ++f) {
      all.push_back({load.name, load.rate, kFigures[f].name, predicted[f], load.*kFigures[f].measured,
                     carried.*kFigures[f].measured});
    }
  }
  return all;
}

}  // namespace spillway::analysis
