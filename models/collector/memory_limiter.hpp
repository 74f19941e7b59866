// The memory_limiter processor: a flag that changes at ticks only. Semantics: internal/memorylimiter, checked
// against running v0.111 and v0.159. The heap it looks at is a model: idle heap plus what the collector holds times
// a factor. Garbage between two collections is left out, so refusal begins later here than in reality.
#pragma once

#include <functional>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/version.hpp"

namespace spillway::collector {

/// State machine of one tick. Pure: time and heap come in, the flag and "collect now" come out.
class LimiterState {
 public:
  LimiterState(const MemoryLimiterConfig& config, const Semantics& semantics, Time started);
  /// `heap` in bytes; `collect` runs a garbage collection and returns the heap after it.
  void tick(Time now, std::int64_t heap, const std::function<std::int64_t()>& collect);
  bool must_refuse() const { return must_refuse_; }
  std::int64_t hard_limit() const { return hard_; }
  std::int64_t soft_limit() const { return soft_; }

 private:
  void classify(std::int64_t heap, bool collected);
  Duration gate(bool above_hard) const;
  const MemoryLimiterConfig* config_;
  bool gate_at_start_;
  std::int64_t hard_, soft_;
  bool must_refuse_ = false;
  Time last_gc_;
  Duration soft_interval_{}, hard_interval_{};
  std::int64_t last_heap_ = 0;
};

struct LimiterCounters {
  Counter accepted, refused, incoming, outgoing;
};

/// One limiter of a collector: the flag is shared by all pipelines that name it.
class MemoryLimiter final : public Component, public Stage {
 public:
  MemoryLimiter(Run& run, std::string name, const MemoryLimiterConfig& config, const Semantics& semantics,
                std::function<std::int64_t()> heap);
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;
  void handle(const Event& event) override;
  bool must_refuse() const { return state_.must_refuse(); }
  Cause refused_cause() const { return refused_; }
  LimiterCounters& counters() { return counters_; }
  const Semantics& semantics() const { return semantics_; }

 private:
  Run& run_;
  const MemoryLimiterConfig& config_;
  Semantics semantics_;
  std::function<std::int64_t()> heap_;
  Target self_;
  LimiterState state_;
  TimerId timer_;
  Cause refused_;
  LimiterCounters counters_;
};

/// The limiter's place in one pipeline.
class LimiterGate final : public Consumer {
 public:
  LimiterGate(MemoryLimiter& limiter, Consumer& next) : limiter_{limiter}, next_{next} { reach = next.reach; }
  void consume(Payload payload, Done done) override;
  void cancel(Done done) override { next_.cancel(done); }

 private:
  MemoryLimiter& limiter_;
  Consumer& next_;
};

}  // namespace spillway::collector
