// The Go heap of a collector: what it holds, and the garbage between two collections. What memory_limiter looks at
// and what decides how much memory the process keeps.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "sim/time.hpp"

namespace spillway::collector {

/// Settings of the Go runtime that come from the environment.
struct GoRuntime {
  double gogc = 100;  ///< percent of the live heap that may be allocated until the next collection; negative: off
  double memory_limit = std::numeric_limits<double>::infinity();  ///< GOMEMLIMIT, bytes
};
/// From GOGC ("100", "off") and GOMEMLIMIT ("400MiB", "off"). What the runtime would refuse at start goes to `why`.
std::optional<GoRuntime> go_runtime_of(const std::map<std::string, std::string>& environment, std::string& why);

/// Heap bytes at which the next collection starts, after one that left `live` bytes: Go's pacing without stacks.
/// The memory limit counts `overhead` bytes of the runtime as well; a live heap above it is collected all the time.
double heap_goal(const GoRuntime& runtime, double live, double overhead);

/// MemStats.Alloc over time. Collections are instantaneous and find exactly what is live.
/// Leaves out: the mark phase, during which Go allocates on, so the real peak is some per cent higher.
class GoHeap {
 public:
  static constexpr Duration kPeriod = std::chrono::minutes{2};  ///< Go collects at least that often

  GoHeap(GoRuntime runtime, double idle_live);
  void start(Time now);
  /// `bytes` are allocated, `live` would survive a collection now.
  void allocate(Time now, double bytes, double live) {
    alloc_ += bytes;
    peak_ = std::max(peak_, alloc_);
    if (alloc_ >= goal_) collect(now, live);
  }
  /// Returns what is left.
  double collect(Time now, double live);
  /// When the runtime collects although nothing is allocated.
  Time due() const { return last_ + kPeriod; }

  double alloc() const { return alloc_; }
  double goal() const { return goal_; }
  /// What it has grown to since the start, above the goal of an idle collector with GOGC=100: Go gives memory back late.
  double grown() const;
  /// What it may grow to, or has, above that of an idle collector with GOGC=100.
  double growth() const;
  double collected_bytes() const { return collected_bytes_; }  ///< live heap, summed over collections since start
  std::int64_t collections() const { return collections_; }

 private:
  GoRuntime runtime_;
  double idle_live_;
  double alloc_ = 0, peak_ = 0, goal_ = 0, collected_bytes_ = 0;
  std::int64_t collections_ = 0;
  Time last_{};
};

}  // namespace spillway::collector
