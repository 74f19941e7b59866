// Who runs when in a process: an event loop (one task at a time), a pool of workers, as much as is asked for, or what
// a shared host gives.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/fifo.hpp"
#include "sim/meters.hpp"
#include "sim/simulation.hpp"

namespace spillway {

/// Has work done for it.
class TaskOwner {
 public:
  virtual ~TaskOwner() = default;
  /// The task ends now; it began to run at `started`.
  virtual void task_done(std::uint64_t token, Time started) = 0;
};

class SharedHost;

/// First come, first served on `workers` servers; 0 workers: no limit, nothing waits. Tasks are not interrupted.
/// On a shared host: whatever that gives.
class Cpu final : public Component {
 public:
  Cpu(Simulation& sim, int workers) : sim_{sim}, self_{sim.add(*this)}, workers_{workers} {}
  Cpu(Simulation& sim, SharedHost& host) : Cpu{sim, 0} { host_ = &host; }
  void submit(Duration work, TaskOwner& owner, std::uint64_t token);
  void handle(const Event& event) override;
  std::size_t waiting() const { return waiting_.size(); }
  Duration busy_time() const { return busy_time_; }

 private:
  struct Task {
    Duration work{};
    TaskOwner* owner = nullptr;
    std::uint64_t token = 0;
    Time started{};
  };
  void start(Task task);

  Simulation& sim_;
  Target self_;
  int workers_;
  int running_ = 0;
  Fifo<Task> waiting_;
  std::vector<Task> tasks_;  ///< running, by slot
  std::vector<std::uint32_t> free_;
  Duration busy_time_{};
  SharedHost* host_ = nullptr;
};

}  // namespace spillway
