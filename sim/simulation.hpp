// The clock and the loop. Components are handlers of events; the simulation knows nothing of telemetry.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/event_queue.hpp"
#include "sim/hash.hpp"
#include "sim/stream.hpp"
#include "sim/time.hpp"

namespace spillway {

/// A failure of ours, never of the user: names component, moment and what does not hold, then aborts.
/// Stays on in release builds.
[[noreturn]] void broken(std::string_view component, Time now, std::string_view what);

class Component {
 public:
  virtual ~Component() = default;
  virtual void handle(const Event& event) = 0;
};

/// Who handles an event.
using Target = std::uint32_t;

class Simulation {
 public:
  Simulation(std::uint64_t seed, std::uint32_t replication, QueueKind queue = QueueKind::wheel)
      : queue_{queue}, seed_{seed}, replication_{replication} {}
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Time now() const { return now_; }
  /// The component must outlive the simulation's last step.
  Target add(Component& component);

  /// Requires at >= now().
  void schedule(Time at, Target target, std::uint32_t kind, std::uint64_t a = 0, std::uint32_t b = 0) {
    check_order(at, target);
    queue_.push({at, 0, target, kind, a, b});
  }
  TimerId start_timer(Time at, Target target, std::uint32_t kind, std::uint64_t a = 0, std::uint32_t b = 0) {
    check_order(at, target);
    return queue_.push({at, 0, target, kind, a, b});
  }
  void cancel(TimerId timer) { queue_.cancel(timer); }
  bool pending(TimerId timer) const { return queue_.pending(timer); }

  /// Handles every event up to and including `horizon`, then sets the clock to it.
  void run_until(Time horizon);
  /// kNever when nothing is scheduled.
  Time next_event_time() { return queue_.next_time(); }
  /// Moves the clock without an event, for runs paced from outside. Requires now() <= at <= next_event_time().
  void advance_to(Time at);

  StreamKey stream(std::string_view component, std::string_view purpose) const {
    return stream_key(seed_, replication_, component, purpose);
  }
  std::uint64_t seed() const { return seed_; }
  std::uint32_t replication() const { return replication_; }

  std::int64_t events() const { return events_; }
  /// Over (time, target, kind, a, b) of every event handled, in order: equal runs have equal fingerprints.
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  void check_order(Time at, Target target) const;
  void count(const Event& event);

  EventQueue queue_;
  Time now_{};
  std::vector<Component*> components_;
  std::uint64_t seed_;
  std::uint32_t replication_;
  std::int64_t events_ = 0;
  std::uint64_t fingerprint_ = 0x5b1a;
};

}  // namespace spillway
