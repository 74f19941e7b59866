// A limit on the CPU of a program, by the kernel's control groups, version 1 or 2.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "sim/time.hpp"

namespace spillway::real {

/// A control group of its own, gone with this object once its programs have ended.
class CpuQuota {
 public:
  /// `cpus` CPUs' worth of time in every period of 100 ms, as Kubernetes sets it. Never throws: problem() says why
  /// there is no limit.
  CpuQuota(const std::string& name, double cpus);
  ~CpuQuota();
  CpuQuota(const CpuQuota&) = delete;
  CpuQuota& operator=(const CpuQuota&) = delete;

  /// From now on it holds for this process and what it starts.
  void add(pid_t process);
  const std::string& problem() const { return problem_; }  ///< empty: the limit is in force
  double throttled_seconds() const;  ///< for how long its programs had to wait so far

 private:
  bool write(const char* file, const std::string& text);

  std::filesystem::path group_;
  bool second_version_ = false;
  std::string problem_;
};

}  // namespace spillway::real
