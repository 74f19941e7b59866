#include "real/local/cpu_quota.hpp"

#include <sstream>

namespace spillway::real {
namespace {

constexpr int kPeriod = 100'000;  // microseconds

}  // namespace

CpuQuota::CpuQuota(const std::string& name, double cpus) : group_{"cpu", name} {
  const std::string quota = std::to_string(static_cast<int>(cpus * kPeriod));
  if (group_.second_version()) group_.write("cpu.max", quota + " " + std::to_string(kPeriod));
  else if (group_.write("cpu.cfs_period_us", std::to_string(kPeriod))) group_.write("cpu.cfs_quota_us", quota);
}

double CpuQuota::throttled_seconds() const {
  std::istringstream in{group_.read("cpu.stat")};
  std::string key;
  for (double value = 0; in >> key >> value;) {
    if (key == "throttled_time") return value * 1e-9;
    if (key == "throttled_usec") return value * 1e-6;
  }
  return 0;
}

}  // namespace spillway::real
