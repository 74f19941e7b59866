// A control group of the kernel's for programs that we start, version 1 or 2.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace spillway::real {

/// Made below the group of this process, and gone with this object once its programs have ended. Never throws: problem()
/// says why it is not in force.
class ControlGroup {
 public:
  /// `controller`: "cpu" or "memory".
  ControlGroup(const std::string& controller, const std::string& name);
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  bool second_version() const { return second_version_; }
  bool has(const char* file) const { return std::filesystem::exists(group_ / file); }
  /// False when the kernel did not take it.
  bool write(const char* file, const std::string& text);
  std::string read(const char* file) const;
  /// From now on its limits hold for this process and what it starts; memory that it has already stays outside.
  void add(pid_t process);
  /// This process itself goes in and comes back: what it starts meanwhile is in the group from its first page on.
  void enter();
  void leave();
  const std::string& problem() const { return problem_; }

 private:
  std::filesystem::path parent_, group_;
  bool second_version_ = false;
  std::string problem_;
};

}  // namespace spillway::real
