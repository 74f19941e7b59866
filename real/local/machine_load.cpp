#include "real/local/machine_load.hpp"

#include <fstream>
#include <string>

namespace spillway::real {

// First line: cpu user nice system idle iowait irq softirq steal …
MachineLoad machine_load() {
  std::ifstream in{"/proc/stat"};
  std::string label;
  in >> label;
  MachineLoad load;
  std::int64_t value = 0;
  for (int field = 0; field < 8 && in >> value; ++field) {
    load.total += value;
    if (field == 3 || field == 4) load.idle += value;
  }
  return load;
}

double idle_share(const MachineLoad& before, const MachineLoad& after) {
  const auto total = after.total - before.total;
  return total <= 0 ? 1.0 : static_cast<double>(after.idle - before.idle) / static_cast<double>(total);
}

}  // namespace spillway::real
