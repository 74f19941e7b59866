// How much faster than a plain binary heap the event queue is.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace spillway::bench {

/// Time of ours over time of std::priority_queue, both measured alternately in one run: below 1 is faster.
struct Ratio {
  std::string name;
  double nanoseconds = 0;            ///< of ours, per event
  double reference_nanoseconds = 0;  ///< of std::priority_queue
  double ratio = 0;                  ///< median of the ratios of all rounds
};

/// Hold model (Vaucher and Duval 1975) with 1 000, 10 000 and 100 000 pending, and a mix of which most timers are cancelled.
/// `operations` events per measurement, `rounds` measurements of each.
std::vector<Ratio> event_queue_ratios(std::size_t operations, int rounds);

}  // namespace spillway::bench
