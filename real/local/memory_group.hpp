// A limit on the memory of a program: what a container's limit is on a node.
#pragma once

#include <cstdint>
#include <string>

#include "real/local/control_group.hpp"

namespace spillway::real {

/// The kernel kills a member when the group needs more than the limit, swap included.
class MemoryGroup {
 public:
  /// Never throws: problem() says why there is no limit.
  MemoryGroup(const std::string& name, std::int64_t limit);
  /// Around starting a program: it is a member from its first page on.
  void enter() { group_.enter(); }
  void leave() { group_.leave(); }
  const std::string& problem() const { return group_.problem(); }  ///< empty: the limit is in force

 private:
  ControlGroup group_;
};

}  // namespace spillway::real
