#include "analysis/calibration/validation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/calibration/scenario_text.hpp"

namespace spillway::analysis {
namespace {

struct Figure {
  const char* name;
  double p;
  double Load::*measured;
  double run_to_run;  ///< of the logarithm, where one recording tells nothing of it: see the header
};
constexpr std::array kFigures{Figure{"p50", 0.50, &Load::p50, 0.14}, Figure{"p95", 0.95, &Load::p95, 0.28}};

constexpr double kNinety = 1.6449;  ///< standard deviations to either side that hold 90 %

/// The load that naive people carry forward.
const Load& heaviest(const std::vector<Load>& loads) {
  return *std::max_element(loads.begin(), loads.end(), [](const Load& a, const Load& b) { return a.rate < b.rate; });
}

/// Under a load that was fitted to, measured over simulated: what independent parts leave out, and what makes runs differ
/// beyond what the model knows.
struct Anchor {
  double rate = 0, factor = 1;
};

/// All of one figure, by rate. Such a factor changes slowly with the load, so that of the nearest load holds.
struct Anchors {
  std::vector<Anchor> all;

  double nearest(double rate) const {
    const auto distance = [&](const Anchor& a) { return std::fabs(std::log(a.rate / rate)); };
    const auto found = std::min_element(all.begin(), all.end(), [&](const Anchor& a, const Anchor& b) { return distance(a) < distance(b); });
    return found == all.end() ? 1 : found->factor;
  }
  /// Of the logarithm, from one load to the next; where there is only one, what is said.
  double spread(double otherwise) const {
    double squares = 0;
    for (std::size_t i = 1; i < all.size(); ++i) squares += std::pow(std::log(all[i].factor / all[i - 1].factor), 2);
    return all.size() < 2 ? otherwise : std::sqrt(squares / static_cast<double>(all.size() - 1));
  }
};

using PerFigure = std::array<double, kFigures.size()>;

/// One way to look at all loads held out.
class Forecast {
 public:
  Forecast(const ApplicationFit& fit, const PlayScenario& play, const ValidationOptions& options)
      : fit_{fit}, play_{play}, options_{options}, best_{fit.fit()} {
    std::vector<Load> loads = best_.loads;
    std::sort(loads.begin(), loads.end(), [](const Load& a, const Load& b) { return a.rate < b.rate; });
    for (const Load& load : loads) {
      const PerFigure played = figures(text(best_, load.rate, options_.requests, options_.seed));
      for (std::size_t f = 0; f < kFigures.size(); ++f) {
        if (played[f] > 0 && load.rate > 0) anchors_[f].all.push_back({load.rate, load.*kFigures[f].measured / played[f]});
      }
    }
  }

  std::array<Predicted, kFigures.size()> predict(const Load& load) const {
    const PerFigure best = figures(text(best_, load.rate, options_.requests, options_.seed));
    PerFigure squares{};  // of the logarithm of a draw over the best
    for (int d = 0; d < options_.draws; ++d) {
      const auto number = static_cast<std::uint64_t>(d);
      const FittedApplication other = fit_.resampled(options_.seed + number);
      const PerFigure drawn = figures(text(other, load.rate, static_cast<double>(load.requests), options_.seed + 1 + number));
      for (std::size_t f = 0; f < kFigures.size(); ++f) {
        if (drawn[f] > 0 && best[f] > 0) squares[f] += std::pow(std::log(drawn[f] / best[f]), 2);
      }
    }
    std::array<Predicted, kFigures.size()> all;
    for (std::size_t f = 0; f < kFigures.size(); ++f) {
      const double value = best[f] * anchors_[f].nearest(load.rate);
      const double runs = anchors_[f].spread(options_.run_to_run * kFigures[f].run_to_run);
      const double spread = options_.draws == 0 ? 0 : std::sqrt(squares[f] / options_.draws + runs * runs);
      all[f] = {value, value * std::exp(-kNinety * spread), value * std::exp(kNinety * spread)};
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
    for (std::size_t f = 0; f < kFigures.size(); ++f) all[f] = latencies.quantile(kFigures[f].p);
    return all;
  }

  const ApplicationFit& fit_;
  const PlayScenario& play_;
  const ValidationOptions& options_;
  FittedApplication best_;
  std::array<Anchors, kFigures.size()> anchors_;
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
