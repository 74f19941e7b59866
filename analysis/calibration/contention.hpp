// How much requests slow each other down, from one load alone: a request that shares its time with more of the work of
// others takes longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/calibration/shapes.hpp"

namespace spillway::analysis {

/// How many pieces of work ran, at any time and over any time.
class BusyTime {
 public:
  void add(std::int64_t start, std::int64_t end);
  void ready();  ///< after the last add, before the first mean
  /// Mean number of pieces between two moments, of which end > start.
  double mean(std::int64_t start, std::int64_t end) const;

 private:
  double until(std::int64_t moment) const;  ///< piece-nanoseconds
  struct Edges {
    std::vector<std::int64_t> at;
    std::vector<double> sum;  ///< of at[0] … at[i-1], relative to at[0]
    double before(std::int64_t moment, std::int64_t origin) const;
  };
  Edges starts_, ends_;
  std::int64_t origin_ = 0;
};

/// One request as the regression sees it.
struct Crowding {
  std::size_t group = 0;     ///< requests that are compared with each other: of one run and one kind
  double log_duration = 0;
  double others = 0;         ///< mean number of pieces of work of other requests while it ran, all requests counted
  double own = 0;            ///< mean number of its own
};

/// Work of one goes at 1 / (1 + value (n - 1)) of its speed alone while n pieces of work run.
struct Contention {
  double value = 0, low = 0, high = 0;  ///< 90 % interval
  double slope = 0, slope_error = 0;    ///< of log(duration) per piece of work of others, with its standard error
  double others = 0, own = 0;           ///< means of the requests
  std::size_t requests = 0;
};

/// Ordinary least squares within the groups, so that differences between runs and kinds of requests say nothing; standard
/// error that allows for unequal variances (White). log(duration) grows with the work of others by
/// value / (1 + value (own - 1 + others)), which is solved for the value. Never negative.
Contention fit_contention(const std::vector<Crowding>& requests);

/// By how much work is slowed that shares its time with `others` pieces on average.
inline double slowdown(double contention, double others) { return 1 + contention * others; }

}  // namespace spillway::analysis
