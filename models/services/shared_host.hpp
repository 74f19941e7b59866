// Processors that all services of a machine share evenly.
#pragma once

#include <cstdint>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "models/services/cpu.hpp"
#include "sim/simulation.hpp"

namespace spillway {

/// Egalitarian processor sharing: every task in it goes at the same speed, which falls with their number n:
/// min(1, cores / n) / (1 + contention (n - 1)). What begins on a cold host has more to do. Leaves out priorities, affinity and time slices: a task never waits
/// while another runs, so short tasks are better off here than under a scheduler with long slices.
class SharedHost final : public Component {
 public:
  SharedHost(Simulation& sim, const Host& host)
      : sim_{sim}, self_{sim.add(*this)}, cores_{host.cores}, contention_{host.contention},
        cold_slowdown_{host.cold_slowdown}, cools_within_{seconds(host.cools_within)} {}
  void submit(Duration work, TaskOwner& owner, std::uint64_t token);
  void handle(const Event& event) override;
  std::size_t running() const { return tasks_.size(); }
  /// Of each of `tasks` tasks, 1 for one that is alone.
  double speed(std::size_t tasks) const;

 private:
  struct Task {
    double ends = 0;  ///< on the clock of work done: nanoseconds that a task has got since the host was idle
    std::uint64_t number = 0;
    TaskOwner* owner = nullptr;
    std::uint64_t token = 0;
    Time started{};
  };
  static bool later(const Task& a, const Task& b) { return a.ends != b.ends ? a.ends > b.ends : a.number > b.number; }
  void catch_up();
  void wait_for_next();

  Simulation& sim_;
  Target self_;
  double cores_, contention_, cold_slowdown_, cools_within_;
  double warmth_ = 0;  ///< exponentially weighted share of the past in which something ran
  std::vector<Task> tasks_;  ///< a heap, the next to end first
  double done_ = 0;          ///< the clock of work done
  Time caught_up_{};
  std::uint64_t next_number_ = 0;
  TimerId timer_;
};

}  // namespace spillway
