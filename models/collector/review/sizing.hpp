// How large things have to be for a stated load: slots, seconds until the first loss, memory, CPU, bytes out.
#pragma once

#include <string>
#include <vector>

#include "models/collector/review/facts.hpp"

namespace spillway::collector::review {

/// One line of the answer.
struct Size {
  std::string about;   ///< component or "process"
  std::string what;    ///< "outage until the first loss"
  double value = 0;    ///< in `unit`
  std::string unit;    ///< "s", "traces", "B", "cores", "B/s", "spans/s"
  std::string text;    ///< the value as people read it
  std::string source;  ///< formula or source, in one phrase
};

/// For one process: the load is divided by the replicas. Precondition: facts.load.traces_per_second is given.
std::vector<Size> sizes_of(const Facts& facts);

}  // namespace spillway::collector::review
