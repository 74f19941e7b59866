// Predictions for loads that nothing was fitted to, beside what was measured there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/calibration/application_fit.hpp"
#include "sim/histogram.hpp"

namespace spillway::analysis {

/// Plays a scenario, given as its text; latencies of all requests in seconds. Of equal texts equal results.
using PlayScenario = std::function<Histogram(const std::string& scenario)>;

struct Predicted {
  double value = 0, low = 0, high = 0;  ///< 90 % interval
};

/// A figure of a load held out.
struct HeldOut {
  std::string load;
  double rate = 0;
  std::string figure;  ///< p50, p95, p99, mean
  Predicted predicted;
  double measured = 0;
  double naive = 0;  ///< the same figure under the heaviest load that was fitted to
  double error() const { return predicted.value / measured - 1; }
  double naive_error() const { return naive / measured - 1; }
  bool covered() const { return predicted.low <= measured && measured <= predicted.high; }
};

struct ValidationOptions {
  int draws = 24;             ///< fits to resampled requests, for the intervals
  double requests = 20'000;   ///< played for the prediction itself
  std::uint64_t seed = 1;
  double run_to_run = 1;      ///< of the usual difference between two runs, where only one was recorded; 0: none
};

/// Of each load, p50 and p95: what the scenario of the fit yields at that rate, times what was measured over what it yields under
/// the nearest load that was fitted to (so that only the growth is the model's). Intervals: fits to resampled requests, each
/// played for as many requests as were measured, so they hold what the parameters leave open and the chance of a
/// recording of that length; where several loads were fitted to, also how far runs differ beyond what load explains.
/// From one recording nothing is known of that: then it is what six recordings of two applications showed, in which predictions from
/// one run missed the others by 14 % (p50) and 28 % (p95), root mean square of the logarithm. Another platform may be steadier or less so.
std::vector<HeldOut> validate(const ApplicationFit& fit, const std::vector<Load>& held_out, const PlayScenario& play,
                              const ValidationOptions& options = {});

}  // namespace spillway::analysis
