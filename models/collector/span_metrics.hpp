// The span_metrics connector: calls and durations of spans by service, name, kind, status and chosen attributes, as data points that
// go to metrics pipelines every metrics_flush_interval. Semantics: spanmetricsconnector of v0.111 and v0.159, both run.
// Leaves out: how many spans a sampled one stands for (changes values, and by it only the size of exponential
// histograms), globs among the dimensions.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/exponential_histogram.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/work.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class SpanMetrics final : public Consumer, public Caller, public Component, public Stage, public StepCounter {
 public:
  SpanMetrics(Run& run, const SpanMetricsConfig& config, const Semantics& semantics, Consumer& next);
  void consume(Payload payload, Done done) override;
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;
  void start() override;
  void stop(Done stopped) override;
  void kill(Cause cause) override;
  /// In the collector's memory: about a kilobyte for the two series that a set of dimensions has.
  std::int64_t series_bytes() const { return live_series_ * 512; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  enum Kind : std::uint8_t { calls, duration, events };
  static constexpr std::size_t kKinds = 3;
  /// What one resource counts of one metric under one set of dimensions.
  struct Series {
    std::uint32_t entry = 0;
    Kind kind = calls;
    bool there = false, overflows = false;  ///< overflows: stands for all beyond the limit
    std::size_t attributes = 0;             ///< bytes of the data point's
    std::int64_t exemplars = 0;
    Time last_seen{};
    std::optional<ExponentialHistogram> histogram{};
  };
  struct Table {
    std::vector<std::uint32_t> live;  ///< series, in order of appearance
    std::uint32_t overflow = kNone;   ///< the series that overflows, once it was needed
  };
  struct Entry {  ///< one resource, or all with the same key attributes
    ResourceId resource = 0;
    std::array<Table, kKinds> tables;
    Time last_seen{};
    bool there = false, evicted = false;
    std::list<std::uint32_t>::iterator place;  ///< in lru_, unless evicted
  };
  /// The series that a span adds to.
  struct Keys {
    std::uint32_t calls = kNone, duration = kNone;
    std::vector<std::uint32_t> events;
  };
  using Dimensions = std::vector<SpanMetricsConfig::Dimension>;
  /// What distinguishes a series, and what it says of itself.
  struct Description {
    std::string key;
    Attributes attributes;
    void add(std::string_view part) { (key += '\0') += part; }
  };

  std::uint32_t entry_of(ResourceId resource);
  ResourceId key_resource(ResourceId resource);
  Keys keys_of(const Span& span, std::uint32_t entry);
  std::uint32_t series_of(std::uint32_t entry, Kind kind, const Description& description);
  Description describe(const Span& span, const Dimensions& own, const Attributes& around) const;
  void describe_sampling(const Span& span, Description& description) const;
  void touch(std::uint32_t entry);
  void evict(std::uint32_t entry);
  void count_one(const Span& span, std::uint32_t entry);
  void add(std::uint32_t series, const Span& span);
  Series& beyond_limit(Table& table, const Series& like);
  void begin(Table& table, Series& series, std::uint32_t index);
  void flush();
  void emit(Entry& entry);
  std::size_t point_bytes(const Series& series) const;
  std::size_t around_points(Kind kind, std::size_t points) const;
  void forget_after_flush();
  void forget_series(Entry& entry);
  void clear(Entry& entry);

  Run& run_;
  const SpanMetricsConfig& config_;
  bool newer_;
  Consumer& next_;
  Target self_;
  std::array<std::string, kKinds> names_;
  std::array<std::uint32_t, kKinds> shapes_{};
  std::array<ShapeMemo<Keys>, 3> keys_;  ///< by status
  std::map<std::string, std::uint32_t> series_index_;
  std::deque<Series> series_;
  std::int64_t live_series_ = 0;
  std::vector<std::uint32_t> entry_of_;  ///< by resource; kNone: not met, kNone - 1: it has no service
  std::map<ResourceId, std::uint32_t> entry_index_;  ///< by the resource's key
  std::deque<Entry> entries_;
  std::list<std::uint32_t> lru_;       ///< used longest ago first
  std::vector<std::uint32_t> evicted_;  ///< go on with the next flush, then end
  std::vector<Span> points_;
  std::uint64_t next_item_ = 0;
  Payload sending_;
  bool is_sending_ = false, tick_waits_ = false;
  TimerId tick_;
  Done stopped_;
};

}  // namespace spillway::collector
