#include "models/services/cpu.hpp"

#include "models/services/shared_host.hpp"

namespace spillway {

void Cpu::submit(Duration work, TaskOwner& owner, std::uint64_t token) {
  if (host_ != nullptr) {
    busy_time_ += work;
    return host_->submit(work, owner, token);
  }
  const Task task{work, &owner, token, {}};
  if (workers_ != 0 && running_ >= workers_) waiting_.push_back(task);
  else start(task);
}

void Cpu::start(Task task) {
  ++running_;
  task.started = sim_.now();
  busy_time_ += task.work;
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(tasks_.size());
    tasks_.push_back(task);
  } else {
    slot = free_.back();
    free_.pop_back();
    tasks_[slot] = task;
  }
  sim_.schedule(sim_.now() + task.work, self_, 0, slot);
}

void Cpu::handle(const Event& event) {
  const auto slot = static_cast<std::uint32_t>(event.a);
  const Task task = tasks_[slot];
  free_.push_back(slot);
  --running_;
  // What the finished task starts queues up behind what was waiting already, as in an event loop.
  if (!waiting_.empty()) {
    const Task next = waiting_.front();
    waiting_.pop_front();
    start(next);
  }
  task.owner->task_done(task.token, task.started);
}

}  // namespace spillway
