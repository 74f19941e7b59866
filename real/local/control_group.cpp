#include "real/local/control_group.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "real/local/file_descriptor.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;

/// Where groups are made: below the one that this process is in, where that can be seen.
fs::path parent_group(const std::string& controller, bool second_version) {
  const fs::path base = "/sys/fs/cgroup", root = second_version ? base : base / controller;
  std::ifstream in{"/proc/self/cgroup"};
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool fits = second_version ? controllers == ",," : controllers.find("," + controller + ",") != std::string::npos;
    const fs::path own = root / fs::path{line.substr(second + 1)}.relative_path();
    if (fits && fs::exists(own / "cgroup.procs")) return own;
  }
  return root;
}

}  // namespace

ControlGroup::ControlGroup(const std::string& controller, const std::string& name)
    : second_version_{fs::exists("/sys/fs/cgroup/cgroup.controllers")} {
  parent_ = parent_group(controller, second_version_);
  // Numbers of processes repeat in namespaces, so the name may be taken.
  for (int number = 0; number < 1000; ++number) {
    group_ = parent_ / (name + "-" + std::to_string(::getpid()) + "-" + std::to_string(number));
    if (::mkdir(group_.c_str(), 0755) == 0) return;
    if (errno != EEXIST) break;
  }
  problem_ = "cannot make a control group: " + group_.string() + ": " + std::strerror(errno);
  group_.clear();
}

// A program that has just ended is a member for some milliseconds more.
ControlGroup::~ControlGroup() {
  if (group_.empty()) return;
  for (int attempt = 0; attempt < 200 && ::rmdir(group_.c_str()) != 0 && errno == EBUSY; ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
}

bool ControlGroup::write(const char* file, const std::string& text) {
  if (group_.empty()) return false;
  const fs::path path = group_ / file;
  const FileDescriptor fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (fd.open() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return true;
  problem_ = "cannot write " + path.string() + ": " + std::strerror(errno);
  return false;
}

std::string ControlGroup::read(const char* file) const {
  std::ifstream in{group_ / file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void ControlGroup::add(pid_t process) {
  if (problem_.empty()) write("cgroup.procs", std::to_string(process));
}

void ControlGroup::enter() { add(::getpid()); }

void ControlGroup::leave() {
  std::ofstream out{parent_ / "cgroup.procs"};
  if (!(out << ::getpid() << std::flush)) problem_ = "cannot leave the control group " + group_.string();
}

}  // namespace spillway::real
