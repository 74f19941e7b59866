// What the service counts, shown in the OpenMetrics text format with exemplars.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::mandelbrot {

/// `{a="x",b="y"}` with escaped values.
std::string label_text(const std::vector<std::pair<std::string, std::string>>& labels);

/// A latency distribution in seconds. Each bucket keeps the last sampled trace that fell into it.
class LatencyHistogram {
 public:
  /// An empty trace id leaves no exemplar.
  void add(double seconds, const std::string& trace_id, double unix_seconds);
  void append_to(std::string& out, const std::string& name, const std::string& labels) const;

 private:
  struct Bucket {
    std::int64_t count = 0;  ///< of this bucket alone
    std::string exemplar;    ///< " # {…} value time"
  };
  static constexpr std::array kBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0};
  std::array<Bucket, kBounds.size() + 1> buckets_{};
  double sum_ = 0;
};

/// Families in order of their names, series in order of their labels.
class Metrics {
 public:
  void declare_counter(const std::string& name, const std::string& help) { counters_[name].help = help; }
  void declare_gauge(const std::string& name, const std::string& help) { gauges_[name].help = help; }
  void declare_latency(const std::string& name, const std::string& help) { latencies_[name].help = help; }

  void count(const std::string& name, const std::string& labels = "", double by = 1) { counters_[name].series[labels] += by; }
  /// For what is counted elsewhere.
  void set_counter(const std::string& name, double value) { counters_[name].series[""] = value; }
  void set(const std::string& name, double value, const std::string& labels = "") { gauges_[name].series[labels] = value; }
  LatencyHistogram& latency(const std::string& name, const std::string& labels) { return latencies_[name].series[labels]; }

  std::string text() const;

 private:
  template <class Series>
  struct Family {
    std::string help;
    std::map<std::string, Series> series;
  };
  std::map<std::string, Family<double>> counters_, gauges_;
  std::map<std::string, Family<LatencyHistogram>> latencies_;
};

}  // namespace spillway::mandelbrot
