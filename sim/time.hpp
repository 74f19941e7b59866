// Simulated time. Only a running simulation knows "now"; nobody can read a global clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace spillway {

/// The clock of one simulation: integer nanoseconds since its start. It has no now() on purpose.
struct SimClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};

using Time = SimClock::time_point;    ///< a moment; Time{} is the start of the run
using Duration = SimClock::duration;  ///< a length of time (a Span is a trace span, not a length)

inline constexpr Time kNever = Time::max();

/// Seconds as a real number, for ratios and for people. Never used to advance the clock.
constexpr double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
constexpr double seconds(Time t) { return seconds(t.time_since_epoch()); }

/// The nearest whole nanosecond; saturates instead of overflowing (292 years either way).
constexpr Duration from_seconds(double s) {
  constexpr double limit = 9.2e9;
  if (s >= limit) return Duration::max();
  if (s <= -limit) return Duration::min();
  const double ns = s * 1e9;
  return Duration{static_cast<Duration::rep>(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

}  // namespace spillway
