// What a run measures. Declared beside the model with the real program's metric name and labels; counting
// is an addition to an integer at a fixed place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/record.hpp"
#include "sim/time.hpp"

namespace spillway {

/// A count that only grows, until the program that owns it restarts. `visible` says whether the real program
/// shows the series yet: many appear with their first increment only.
class Counter {
 public:
  void add(std::int64_t n) {
    value_ += n;
    visible_ = true;
  }
  std::int64_t value() const { return value_; }
  bool visible() const { return visible_; }
  void show() { visible_ = true; }
  void reset(bool visible) {
    value_ = 0;
    visible_ = visible;
  }

 private:
  std::int64_t value_ = 0;
  bool visible_ = false;
};

/// A quantity that has a value at every moment: averaged over time, with its peak. Integers, so sums are exact.
class Level {
 public:
  void set(Time now, std::int64_t value);
  std::int64_t value() const { return value_; }
  std::int64_t peak() const { return peak_; }
  /// Mean from the start of the run to `now`; 0 at the start itself.
  double mean(Time now) const;

 private:
  std::int64_t value_ = 0, peak_ = 0;
  Time since_{};
  __extension__ __int128 area_ = 0;  ///< value times nanoseconds
};

/// The metrics of one run: every part registers a function that lists what it shows now.
class MetricsPage {
 public:
  using Writer = std::function<void(std::vector<MetricValue>&)>;
  void add(Writer writer) { writers_.push_back(std::move(writer)); }
  /// All series now, sorted by (name, labels).
  std::vector<MetricValue> read() const;

 private:
  std::vector<Writer> writers_;
};

/// Time series of a metrics page at a fixed step. A series that appears late is 0 before.
class SeriesRecorder {
 public:
  void take(const MetricsPage& page);
  std::vector<Series> series() const;

 private:
  std::map<std::pair<std::string, Labels>, std::vector<double>> values_;
  std::size_t taken_ = 0;
};

}  // namespace spillway
