// The traces that a tail_sampling processor remembers, and what it makes of them: taking spans in, deciding at a tick.
// Nothing here waits; what has to be sent on is handed to the caller.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/collector/tail_policies.hpp"
#include "models/collector/trace_index.hpp"
#include "models/collector/work.hpp"
#include "models/run.hpp"

namespace spillway::collector {

enum class Decision : std::uint8_t { sampled, not_sampled, dropped, none };

/// A histogram's count and sum.
struct Samples {
  std::int64_t count = 0, sum = 0;
  void add(std::int64_t value) {
    ++count;
    sum += value;
  }
};

/// What a processor counts, all its loops together. Arrays by Decision, without none.
struct TailCounters {
  struct Policy {
    std::array<Counter, 3> traces;  ///< count_traces_sampled
    Counter executions;
  };
  std::vector<Policy> policies;
  std::array<Counter, 3> decided;  ///< global_count_traces_sampled
  Counter new_traces, dropped_too_early, evaluation_errors, too_large;
  std::array<Counter, 2> early_releases;  ///< sampled, not sampled
  Samples decision_timer, late_span_age, removal_age;
  Counter traces_on_memory;  ///< a gauge: as read last
  Time memory_read_at{};
};

/// How spans end here.
struct TailCauses {
  Cause not_sampled, dropped, late, evicted, too_large, undecided;
};

/// In which tick a trace is decided: a ring of as many ticks as decision_wait has seconds, and the tick that is being
/// filled. As a set, the collector's since SamplingSemantics::tick_is_a_set, or as a list.
class TickRing {
 public:
  TickRing(std::int64_t ticks, bool as_set);
  void clear();
  /// Returns the number of the tick in which the trace will be decided.
  std::uint64_t add(std::uint64_t trace);
  /// To the tick `from_now` ticks ahead, when that is earlier than where it is.
  std::uint64_t move_earlier(std::uint64_t trace, std::uint64_t tick, std::uint64_t from_now);
  void remove(std::uint64_t trace, std::uint64_t tick);
  /// Closes the tick that is being filled and takes the oldest into `out`.
  void take(std::vector<std::uint64_t>& out);
  /// The oldest, or at last the one that was being filled: then false, and there is nothing left.
  bool take_remaining(std::vector<std::uint64_t>& out);
  std::size_t memory() const;

 private:
  struct Tick {
    KeySet set;
    std::vector<std::uint64_t> list;
  };
  Tick& at(std::uint64_t number) { return number == taken_ + ring_.size() ? filling_ : ring_[number % ring_.size()]; }
  void hand_out(Tick& tick, std::vector<std::uint64_t>& out) const;
  std::vector<Tick> ring_;
  Tick filling_;
  std::uint64_t taken_ = 0;
  std::uint64_t remaining_ = 0;
  bool as_set_;
};

class TailTraces final : public StepCounter {
 public:
  struct Settings {
    const TailSamplingConfig* config = nullptr;
    Semantics semantics;
    std::int64_t shards = 1;
    DestinationSet reach = 0;
    TailCauses causes;
    StepCounts* steps = nullptr;  ///< null: nobody counts
  };
  TailTraces(Run& run, const Settings& settings, TailCounters& counters, std::int64_t& held_bytes);

  enum class Taken { here, full, forward };
  /// The spans of one trace out of one payload, held by the caller. `here`: kept or discarded, the caller has nothing
  /// more to do with them. `full`: nothing happened, there is no room. `forward`: `out` is to be sent on, followed by
  /// sent().
  Taken take_in(const SpanGroup& fragment, Payload& out);
  bool full() const { return static_cast<std::int64_t>(table_.size()) >= num_traces_; }

  void begin_tick();
  /// At shutdown, until it says false (after the last tick).
  bool begin_remaining_tick();
  /// The next trace of the tick that is to be sent on, followed by sent(); false when the tick is through.
  bool next_sampled(Payload& out);
  void end_tick();
  /// What was handed out last has been sent.
  void sent();

  /// Everything that waits ends with this cause.
  void lose_all(Cause cause);
  std::int64_t traces() const { return static_cast<std::int64_t>(table_.size()); }
  std::int64_t cached() const { return static_cast<std::int64_t>(sampled_.size() + not_sampled_.size()); }
  std::size_t memory() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Trace {
    std::uint64_t id = 0;
    Payload spans;
    std::int64_t span_count = 0, size_bytes = 0;
    Time arrived{}, decided{};
    Covered covered;
    std::uint64_t tick = 0;
    std::uint32_t older = kNone, newer = kNone;
    Decision decision = Decision::none;
    bool was_decided = false;  ///< `decided` says when
    bool lost = false;         ///< its spans are booked as lost, though still in memory
  };
  struct Votes {
    std::vector<std::array<std::int64_t, 3>> traces;
    std::vector<std::int64_t> executions;
    std::array<std::int64_t, 3> decided{};
    std::int64_t missed = 0, errors = 0;
  };

  bool take_cached(const SpanGroup& fragment, Taken& taken, Payload& out);
  std::uint32_t create(std::uint64_t id);
  void remove(std::uint32_t slot);
  void evict_oldest();
  void forget_spans(Trace& trace, Cause cause);
  void discard(const SpanGroup& fragment, Cause cause);
  Taken take_late(Trace& trace, const SpanGroup& fragment, Payload& out);
  Taken take_too_large(std::uint32_t slot, const SpanGroup& fragment);
  Taken evaluate_at_once(std::uint32_t slot, const SpanGroup& fragment, Payload& out);
  Decision vote_at_once(const Subject& subject);
  std::uint64_t* marks(std::uint32_t slot) { return &marks_[slot * policies_.words()]; }
  Subject subject_of(std::uint32_t slot);
  Decision vote(const Subject& subject);
  void count_vote(std::size_t policy, Vote vote);
  void commit_votes();
  void count_by_trace(Decision decision);
  void settle(std::uint32_t slot, Decision decision, Payload& out);
  std::uint64_t cache_key(std::uint64_t id) const { return run_.catalog.trace_id(id).low; }

  Run& run_;
  const TailSamplingConfig& config_;
  SamplingSemantics semantics_;
  DestinationSet reach_;
  TailCauses causes_;
  TailCounters& counters_;
  std::int64_t& held_bytes_;
  std::int64_t num_traces_;
  PolicySet policies_;
  RecentKeys sampled_, not_sampled_;

  IndexTable table_;
  std::vector<Trace> traces_;
  std::vector<std::uint64_t> marks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t oldest_ = kNone, newest_ = kNone;
  TickRing ticks_;

  std::vector<std::uint64_t> deciding_;  ///< of the tick that is under way
  std::size_t next_ = 0;
  Votes votes_;
  std::uint64_t releasing_ = 0;  ///< its trace leaves when it has been sent
  bool release_removes_ = false;
  std::vector<std::uint64_t> fragment_marks_;
};

}  // namespace spillway::collector
