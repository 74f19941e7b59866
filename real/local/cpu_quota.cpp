#include "real/local/cpu_quota.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "real/local/file_descriptor.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
constexpr int kPeriod = 100'000;  // microseconds

/// Where groups are made: below the one that this process is in, where that can be seen.
fs::path parent_group(bool second_version) {
  const fs::path root = second_version ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
  std::ifstream in{"/proc/self/cgroup"};
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool fits = second_version ? controllers == ",," : controllers.find(",cpu,") != std::string::npos;
    const fs::path own = root / fs::path{line.substr(second + 1)}.relative_path();
    if (fits && fs::exists(own / "cgroup.procs")) return own;
  }
  return root;
}

}  // namespace

CpuQuota::CpuQuota(const std::string& name, double cpus) : second_version_{fs::exists("/sys/fs/cgroup/cgroup.controllers")} {
  group_ = parent_group(second_version_) / (name + "-" + std::to_string(::getpid()));
  if (::mkdir(group_.c_str(), 0755) != 0) {
    problem_ = "cannot make a control group: " + group_.string() + ": " + std::strerror(errno);
    group_.clear();
    return;
  }
  const std::string quota = std::to_string(static_cast<int>(cpus * kPeriod));
  if (second_version_) {
    write("cpu.max", quota + " " + std::to_string(kPeriod));
    return;
  }
  if (write("cpu.cfs_period_us", std::to_string(kPeriod))) write("cpu.cfs_quota_us", quota);
}

CpuQuota::~CpuQuota() {
  if (!group_.empty()) ::rmdir(group_.c_str());
}

bool CpuQuota::write(const char* file, const std::string& text) {
  const fs::path path = group_ / file;
  const FileDescriptor fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (fd.open() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return true;
  problem_ = "cannot write " + path.string() + ": " + std::strerror(errno);
  return false;
}

void CpuQuota::add(pid_t process) {
  if (problem_.empty()) write("cgroup.procs", std::to_string(process));
}

double CpuQuota::throttled_seconds() const {
  std::ifstream in{group_ / "cpu.stat"};
  std::string key;
  for (double value = 0; in >> key >> value;) {
    if (key == "throttled_time") return value * 1e-9;
    if (key == "throttled_usec") return value * 1e-6;
  }
  return 0;
}

}  // namespace spillway::real
