#include "models/services/shared_host.hpp"

#include <algorithm>
#include <cmath>

namespace spillway {

double SharedHost::speed(std::size_t tasks) const {
  const auto n = static_cast<double>(tasks);
  const double share = cores_ > 0 && n > cores_ ? cores_ / n : 1;
  return share / (1 + contention_ * (n - 1));
}

void SharedHost::catch_up() {
  const Time now = sim_.now();
  const Duration passed = now - caught_up_;
  if (!tasks_.empty()) done_ += static_cast<double>(passed.count()) * speed(tasks_.size());
  if (cold_slowdown_ > 0) {
    const double towards = tasks_.empty() ? 0 : 1;
    warmth_ = towards + (warmth_ - towards) * std::exp(-seconds(passed) / cools_within_);
  }
  caught_up_ = now;
}

void SharedHost::submit(Duration work, TaskOwner& owner, std::uint64_t token) {
  catch_up();
  if (tasks_.empty()) done_ = 0;  // keeps the clock small, so that nothing of a nanosecond is lost
  const double all = static_cast<double>(work.count()) * (1 + cold_slowdown_ * (1 - warmth_));
  tasks_.push_back({done_ + all, next_number_++, &owner, token, sim_.now()});
  std::push_heap(tasks_.begin(), tasks_.end(), later);
  wait_for_next();
}

void SharedHost::wait_for_next() {
  sim_.cancel(timer_);
  if (tasks_.empty()) return;
  const double left = std::max(0.0, tasks_.front().ends - done_) / speed(tasks_.size());
  timer_ = sim_.start_timer(sim_.now() + Duration{static_cast<std::int64_t>(std::ceil(left))}, self_, 0);
}

// One task at a time: what it starts has its part in the speed of the next.
void SharedHost::handle(const Event&) {
  catch_up();
  std::pop_heap(tasks_.begin(), tasks_.end(), later);
  const Task task = tasks_.back();
  tasks_.pop_back();
  wait_for_next();
  task.owner->task_done(task.token, task.started);
}

}  // namespace spillway
