#include "sim/app/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "analysis/units.hpp"

namespace spillway::app {

Progress::Progress(std::int64_t total)
    : total_{total}, visible_{isatty(STDERR_FILENO) == 1}, start_{WallClock::now()}, written_{start_} {
  if (visible_) write(0);
}

Progress::~Progress() {
  if (visible_) std::fputs("\r\033[K", stderr);
}

void Progress::done(std::int64_t count) {
  const auto now = WallClock::now();
  if (!visible_ || now - written_ < std::chrono::milliseconds{200}) return;
  written_ = now;
  write(count);
}

void Progress::write(std::int64_t count) const {
  std::string line = "\r" + std::to_string(count) + " of " + std::to_string(total_) + " replications";
  if (count > 0) {
    const double passed = std::chrono::duration<double>(WallClock::now() - start_).count();
    const double left = passed / static_cast<double>(count) * static_cast<double>(total_ - count);
    line += ", about " + analysis::duration_text(left) + " left";
  }
  line += "\033[K";
  std::fputs(line.c_str(), stderr);
}

}  // namespace spillway::app
