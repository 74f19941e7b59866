#include "real/emitter/paced_run.hpp"

#include <algorithm>

namespace spillway::real {

PacedRun::PacedRun(boost::asio::io_context& io, Run& run, std::chrono::steady_clock::time_point zero)
    : io_{io}, run_{run}, zero_{zero}, timer_{io} {}

Time PacedRun::now() const {
  return Time{} + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - zero_);
}

void PacedRun::catch_up() {
  const Time present = now();
  const Time next = run_.sim.next_event_time();
  if (next < present) worst_lateness_ = std::max(worst_lateness_, present - next);
  run_.sim.run_until(std::max(present, run_.sim.now()));
}

void PacedRun::play(Time end) {
  while (!stopped_ && now() < end) {
    catch_up();
    wake_at(std::min(run_.sim.next_event_time(), end));
    io_.run_one();
    while (io_.poll_one() > 0) {
    }
  }
  catch_up();
}

// Only when the moment is another one: to set the timer ends the wait before, which is something to handle, too, and
// a loop that sets it in every round never sleeps.
void PacedRun::wake_at(Time moment) {
  if (moment == alarm_) return;
  alarm_ = moment;
  timer_.expires_at(zero_ + moment.time_since_epoch());
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) alarm_ = kNever;
  });
}

}  // namespace spillway::real
