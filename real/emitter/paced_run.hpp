// The simulation's kernel paced by the wall clock, in one thread with whatever else runs on the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "models/run.hpp"

namespace spillway::real {

class PacedRun {
 public:
  /// Time{} of the simulation is `zero` on the steady clock.
  PacedRun(boost::asio::io_context& io, Run& run, std::chrono::steady_clock::time_point zero);

  /// Plays until `end` of the simulated clock, or until stop() is called.
  void play(Time end);
  void stop() { stopped_ = true; }
  /// Handles what is due and brings the simulated clock to the present.
  void catch_up();
  Time now() const;
  /// Largest distance by which an event was handled late, so far.
  Duration worst_lateness() const { return worst_lateness_; }

 private:
  void wake_at(Time moment);

  boost::asio::io_context& io_;
  Run& run_;
  std::chrono::steady_clock::time_point zero_;
  boost::asio::steady_timer timer_;
  Time alarm_ = kNever;  ///< what the timer is set to
  bool stopped_ = false;
  Duration worst_lateness_{};
};

}  // namespace spillway::real
