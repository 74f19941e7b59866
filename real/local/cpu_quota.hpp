// A limit on the CPU of a program.
#pragma once

#include <string>

#include "real/local/control_group.hpp"

namespace spillway::real {

class CpuQuota {
 public:
  /// `cpus` CPUs' worth of time in every period of 100 ms, as Kubernetes sets it. Never throws: problem() says why
  /// there is no limit.
  CpuQuota(const std::string& name, double cpus);

  /// From now on it holds for this process and what it starts.
  void add(pid_t process) { group_.add(process); }
  const std::string& problem() const { return group_.problem(); }  ///< empty: the limit is in force
  double throttled_seconds() const;  ///< for how long its programs had to wait so far

 private:
  ControlGroup group_;
};

}  // namespace spillway::real
