#include "real/local/memory_group.hpp"

namespace spillway::real {

MemoryGroup::MemoryGroup(const std::string& name, std::int64_t limit) : group_{"memory", name} {
  const std::string bytes = std::to_string(limit);
  if (group_.second_version()) {
    group_.write("memory.max", bytes);
    if (group_.has("memory.swap.max")) group_.write("memory.swap.max", "0");
    return;
  }
  group_.write("memory.limit_in_bytes", bytes);
  if (group_.has("memory.memsw.limit_in_bytes")) group_.write("memory.memsw.limit_in_bytes", bytes);
}

}  // namespace spillway::real
