// The tail_sampling processor: keeps the spans of a trace until the tick in which it is decided. Semantics:
// tailsamplingprocessor v0.111 (callers take spans in themselves) and v0.140 on (an event loop behind a channel). Takes
// no time of its own: ticks are missed only when what is behind it keeps a loop waiting. Leaves out: policies of
// extensions, tail_storage, feature gates, and the order of traces in one tick and one payload, which is arbitrary in
// the real program since 0.140 (here: of arrival).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/tail_traces.hpp"
#include "sim/fifo.hpp"

namespace spillway::collector {

/// Bytes of the collector's heap, estimated from the sizes of its structs: an entry with its place in map, list and tick;
/// a key in a cache.
inline constexpr std::int64_t kTailEntryBytes = 340, kTailCachedBytes = 190;

struct TailSamplingSettings {
  std::string name;  ///< for the ledger: "aws/otel-collector processor tail_sampling"
  const TailSamplingConfig* config = nullptr;
  Semantics semantics;
  int cpus = 2;  ///< messages that fit into a loop's channel
  StepCounts* steps = nullptr;  ///< of the process; null: nobody counts
};

class TailSampling final : public Consumer, public Caller, public Component, public Stage {
 public:
  TailSampling(Run& run, TailSamplingSettings settings, Consumer& next, std::int64_t& held_bytes);

  void consume(Payload payload, Done done) override;
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;
  bool mutates_data() const override { return next_.mutates_data(); }

  const TailCounters& counters() const { return counters_; }
  const TailSamplingConfig& config() const { return *settings_.config; }
  /// In the collector's memory: entries of traces and caches, without the spans.
  std::int64_t entry_bytes() const;
  /// In this program's memory: tables and entries, without the spans.
  std::size_t memory() const;
  std::int64_t traces() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  /// A message on its way into the traces, or a tick: one after the other, standing still while something is sent.
  struct Work {
    enum class Kind : std::uint8_t { idle, message, tick } kind = Kind::idle;
    Payload message;
    std::size_t next = 0;  ///< group of the message
    bool waits = false;    ///< for what is being sent
    bool parked = false;   ///< the message waits for room
    Payload sending;
    Done done;             ///< callers that take in themselves
  };
  struct Loop {  ///< one shard
    std::unique_ptr<TailTraces> traces;
    Work message, tick;      ///< in an event loop, one at a time
    Fifo<Payload> channel;
    bool tick_due = false;
    bool running = false;
    bool last_tick = false;  ///< the one under way, at shutdown
    bool shut = false;       ///< nothing more to do
  };
  struct Call {  ///< one consume() that has not got all its messages into the channels
    std::vector<std::pair<std::uint32_t, Payload>> messages;
    std::size_t next = 0;
    Done done;
  };

  std::uint32_t loop_of(const SpanGroup& fragment) const;
  void cut(Payload fragments, Call& call);
  bool push(Call& call);
  void push_waiting();
  void accept(std::uint32_t loop, Payload message);

  void run(std::uint32_t loop);
  bool step(std::uint32_t loop);
  bool choose(std::uint32_t loop);
  void begin_tick(std::uint32_t loop);
  bool begin_last_tick(std::uint32_t loop);
  bool step_message(std::uint32_t loop, Work& work, std::uint32_t token);
  bool step_tick(std::uint32_t loop, std::uint32_t token);
  bool send(Work& work, Payload spans, std::uint32_t token);

  void take_in_directly(Payload message, Done done);
  void run_direct(std::uint32_t token);
  void tick_directly();

  void loop_shut();
  void release_rest(Work& work, Cause cause);

  Run& run_;
  TailSamplingSettings settings_;
  Consumer& next_;
  std::int64_t& held_bytes_;
  Target self_;
  Sequence choice_;
  TailCauses causes_;
  TailCounters counters_;
  std::vector<Loop> loops_;
  Fifo<Call> calls_;            ///< blocked callers, the first one pushing
  Slab<Work> direct_;           ///< callers that take in themselves, while they wait
  std::vector<std::uint32_t> live_direct_;
  TimerId ticker_;
  Time started_{};
  bool pushing_ = false;
  bool stopping_ = false;
  Done stopped_;
};

}  // namespace spillway::collector
