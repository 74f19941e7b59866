// The groupbytrace processor: holds the spans of a trace for a fixed time after the first of them, then sends them on
// together. Semantics: groupbytraceprocessor, the same in v0.111 and v0.159. Takes no time of its own, so its events
// never queue. Leaves out: which worker has which trace (arbitrary in the real program), which matters with
// num_traces near its limit only.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/trace_index.hpp"
#include "models/collector/work.hpp"

namespace spillway::collector {

struct GroupByTraceCounters {
  Counter incomplete_releases, spans_released, traces_evicted, traces_released;
  std::int64_t traces_in_memory = 0;  ///< a gauge, read every second
  enum Event { received, expired, released, removed };
  std::array<std::int64_t, 4> events{};  ///< event_latency's counts
};

class GroupByTrace final : public Consumer, public Caller, public Component, public Stage, public StepCounter {
 public:
  GroupByTrace(Run& run, const std::string& name, const GroupByTraceConfig& config, Consumer& next,
               std::int64_t& held_bytes);
  void consume(Payload payload, Done done) override;
  bool mutates_data() const override { return true; }
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;
  const GroupByTraceCounters& counters() const { return counters_; }
  const GroupByTraceConfig& config() const { return config_; }

 private:
  enum Kind : std::uint32_t { trace_expired, read_gauges };
  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};
  /// The ids of one worker's traces, in a ring: a new one takes the place of the oldest.
  struct Worker {
    IndexTable places;  ///< trace -> place in ring
    std::vector<std::uint64_t> ring;
    std::size_t last = 0;
  };
  Worker& worker_of(std::uint64_t trace);
  void receive(const SpanGroup& fragment);
  void begin(Worker& worker, std::uint64_t trace);
  void expire(std::uint64_t trace);
  Payload take(std::uint64_t trace);
  void lose_all(Cause cause);

  Run& run_;
  const GroupByTraceConfig& config_;
  Consumer& next_;
  std::int64_t& held_bytes_;
  Target self_;
  Cause evicted_, shutdown_;
  std::vector<Worker> workers_;
  IndexTable stored_;  ///< trace -> its spans
  Slab<Payload> spans_;
  Slab<Payload> sending_;
  std::vector<std::uint32_t> live_;  ///< of sending_
  std::uint32_t life_ = 0;           ///< timers of an earlier life are ignored
  GroupByTraceCounters counters_;
};

}  // namespace spillway::collector
