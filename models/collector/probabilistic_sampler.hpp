// The probabilistic_sampler processor for traces: keeps or drops each span by the id of its trace. Semantics:
// probabilisticsamplerprocessor, the same in v0.111 and v0.159. Leaves out logs.
#pragma once

#include <array>
#include <map>
#include <string>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/sampling_state.hpp"
#include "models/collector/work.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

struct ProbabilisticSamplerCounters {
  /// count_traces_sampled, which counts spans: by policy, [0] kept, [1] dropped.
  std::map<std::string, std::array<Counter, 2>> by_policy;
  Counter incoming, outgoing;  ///< items, as every processor of this kind counts them
};

class ProbabilisticSampler final : public Consumer, public Stage, public StepCounter {
 public:
  ProbabilisticSampler(Run& run, const std::string& name, const ProbabilisticSamplerConfig& config,
                       bool counts_removed_payloads, Consumer& next);
  void consume(Payload payload, Done done) override;
  void cancel(Done done) override { next_.cancel(done); }
  bool mutates_data() const override { return true; }
  void start() override;
  void kill(Cause) override {}
  const ProbabilisticSamplerCounters& counters() const { return counters_; }

 private:
  enum class Mode : std::uint8_t { never, hash_seed, proportional, equalizing };
  enum class Priority : std::uint8_t { none, keep, drop };
  /// Which rule named the randomness.
  enum Policy : std::uint8_t { trace_id_hash, trace_id_w3c, sampling_randomness, sampling_priority, missing_randomness };
  /// What follows from the trace state and the attributes of a span alone.
  struct Known {
    SamplingState state;
    Priority priority = Priority::none;
    std::uint64_t threshold = 0;          ///< that the sampler decides with, when nothing is wrong
    bool in_use = false;                  ///< hash_seed: somebody sampled before
    std::uint32_t kept = kUnmade;         ///< shape of a span kept by `threshold`
    std::uint32_t kept_by_force = kUnmade;  ///< … by priority, or though something is wrong
    std::uint32_t kept_cleared = kUnmade;   ///< … though its threshold said it should not be there
  };
  static constexpr std::uint32_t kUnmade = 0xffffffff;

  Known look_at(const Span& span);
  bool keep(Span& span);
  std::uint64_t randomness(const Known& known, TraceId id, Policy& policy, bool& wrong) const;
  std::uint32_t shape_with(const Known& known, const Span& span, std::uint64_t threshold, bool cleared, bool missing);

  Run& run_;
  const ProbabilisticSamplerConfig& config_;
  bool counts_removed_payloads_;
  Consumer& next_;
  Mode mode_ = Mode::never;
  double ratio_ = 0;
  std::uint64_t threshold_ = kNoTraces;
  Cause not_sampled_;
  ShapeMemo<Known> memo_;
  std::array<std::array<std::int64_t, 2>, 5> counts_{};
  ProbabilisticSamplerCounters counters_;
};

}  // namespace spillway::collector
