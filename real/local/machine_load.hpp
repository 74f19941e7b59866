// How busy the machine was, from /proc/stat.
#pragma once

#include <cstdint>

namespace spillway::real {

struct MachineLoad {
  std::int64_t idle = 0, total = 0;  ///< clock ticks of all CPUs since boot
};
MachineLoad machine_load();
/// Share of CPU time that was idle between two readings, 0..1.
double idle_share(const MachineLoad& before, const MachineLoad& after);

}  // namespace spillway::real
