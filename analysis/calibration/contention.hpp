// How the host's state changes the time that work takes, from one load alone: a request that shares its time with more of the
// work of others takes longer, one that begins on an idle host, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace spillway::analysis {

/// How many pieces of work ran, at any time and over any time, and how warm that kept the host.
class BusyTime {
 public:
  void add(std::int64_t start, std::int64_t end);
  void ready();  ///< after the last add, before anything else
  /// Mean number of pieces between two moments, of which end > start.
  double mean(std::int64_t start, std::int64_t end) const;
  /// Share of the time from the first piece to the last in which nothing ran.
  double idle_share() const;
  /// 1 less the exponentially weighted share of the past in which something ran; of each moment, in any order.
  /// `within`: nanoseconds in which the weight of the past falls to 1/e.
  std::vector<double> coldness(const std::vector<std::int64_t>& moments, double within) const;

 private:
  double until(std::int64_t moment) const;  ///< piece-nanoseconds
  struct Edges {
    std::vector<std::int64_t> at;
    std::vector<double> sum;  ///< of at[0] … at[i-1], relative to the origin
    double before(std::int64_t moment, std::int64_t origin) const;
  };
  std::vector<std::pair<std::int64_t, std::int64_t>> busy_;  ///< when something ran, ascending, apart from each other
  Edges starts_, ends_;
  std::int64_t origin_ = 0;
};

/// One request as the regression sees it.
struct Surroundings {
  std::size_t group = 0;     ///< requests that are compared with each other: of one run and one kind
  double log_duration = 0;
  double others = 0;         ///< mean number of pieces of work of other requests while it ran, all requests counted
  double own = 0;            ///< mean number of its own
  double cold = 0;           ///< mean coldness of the host while it ran, as far as that is left from before it
};

struct Effect {
  double value = 0, low = 0, high = 0;  ///< 90 % interval
  double error = 0;                     ///< standard error
};

/// Work goes at 1 / (1 + contention (n - 1)) of its speed alone while n pieces run, and takes 1 + cold x coldness times as
/// long, with the coldness of the moment when it begins.
struct HostFit {
  Effect contention, cold;
  double cools_within = 0.01;  ///< seconds; chosen among a few by the smallest residuals
  double others = 0, own = 0, coldness = 0;  ///< means of the requests
  std::size_t requests = 0;
  double residual = 0;         ///< sum of squares

  double slowdown(double beside, double coldness_then) const {
    return (1 + contention.value * beside) * (1 + cold.value * coldness_then);
  }
};

/// Least squares within the groups, so that differences between runs and kinds of requests say nothing:
/// log(duration) = constant of the group + log(1 + contention (own - 1 + others)) + log(1 + cold coldness), own being the
/// mean of all. Standard errors allow for unequal variances (White). Neither effect is negative; coldness counts only where
/// it lowers the Bayesian information criterion.
HostFit fit_host(const std::vector<Surroundings>& requests);

}  // namespace spillway::analysis
