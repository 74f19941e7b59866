// How far a long command has come, for people who watch.
#pragma once

#include <chrono>
#include <cstdint>

namespace spillway::app {

/// One line on standard error that is written over; silent when that is not a terminal. Erased at the end.
class Progress {
 public:
  explicit Progress(std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Not to be called by two threads at once. Writes at most five times a second.
  void done(std::int64_t count);

 private:
  using WallClock = std::chrono::steady_clock;  // for people only: no result depends on it

  void write(std::int64_t count) const;

  std::int64_t total_;
  bool visible_;
  WallClock::time_point start_, written_;
};

}  // namespace spillway::app
