// The memory_limiter processor: a flag that changes at ticks only. Semantics: internal/memorylimiter, checked
// against running v0.111 and v0.159. The heap it looks at is GoHeap's: what the collector holds, and garbage.
#pragma once

#include <functional>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/version.hpp"

namespace spillway::collector {

/// What limit_percentage refers to when nothing says how much memory there is: collector pods of the reference
/// platforms have that much. A run that depends on it says so.
inline constexpr double kAssumedMemory = 512.0 * (1 << 20);

/// The heap that a limiter reads, and the collection that it forces.
struct LimiterHeap {
  std::function<std::int64_t()> alloc;
  std::function<std::int64_t()> collect;  ///< returns what is left
  double total_memory = 0;
};

/// State machine of one tick. Pure: time and heap come in, the flag and "collect now" come out.
class LimiterState {
 public:
  /// `total_memory`: of the machine or cgroup, what limit_percentage refers to; 0: kAssumedMemory.
  LimiterState(const MemoryLimiterConfig& config, const Semantics& semantics, Time started, double total_memory = 0);
  /// `heap` in bytes; `collect` runs a garbage collection and returns the heap after it.
  void tick(Time now, std::int64_t heap, const std::function<std::int64_t()>& collect);
  bool must_refuse() const { return must_refuse_; }
  std::int64_t hard_limit() const { return hard_; }
  std::int64_t soft_limit() const { return soft_; }

 private:
  void classify(std::int64_t heap, bool collected);
  Duration gate(bool above_hard) const;
  const MemoryLimiterConfig* config_;
  bool gate_at_start_, backs_off_;
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
                LimiterHeap heap);
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;
  void handle(const Event& event) override;
  bool must_refuse() const { return state_.must_refuse(); }
  Cause refused_cause() const { return refused_; }
  LimiterCounters& counters(Signal signal) { return counters_[static_cast<std::size_t>(signal)]; }
  const Semantics& semantics() const { return semantics_; }

 private:
  Run& run_;
  const MemoryLimiterConfig& config_;
  Semantics semantics_;
  LimiterHeap heap_;
  Target self_;
  LimiterState state_;
  TimerId timer_;
  Cause refused_;
  std::array<LimiterCounters, 3> counters_;  ///< by signal
};

/// The limiter's place in one pipeline.
class LimiterGate final : public Consumer {
 public:
  LimiterGate(MemoryLimiter& limiter, Signal signal, Consumer& next) : limiter_{limiter}, signal_{signal}, next_{next} {
    reach = next.reach;
  }
  void consume(Payload payload, Done done) override;
  void cancel(Done done) override { next_.cancel(done); }
  bool mutates_data() const override { return next_.mutates_data(); }

 private:
  MemoryLimiter& limiter_;
  Signal signal_;
  Consumer& next_;
};

}  // namespace spillway::collector
