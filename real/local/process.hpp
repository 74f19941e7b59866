// Programs that we start: each is waited for, signalled and measured by its own process id. No shell anywhere.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "real/local/file_descriptor.hpp"
#include "sim/time.hpp"

namespace spillway::real {

struct ProgramSpec {
  std::vector<std::string> argv{};                   ///< argv[0]: a path, or a name to be found in PATH
  std::map<std::string, std::string> environment{};  ///< complete: only PATH is inherited, when it is not given here
  std::filesystem::path working_directory{};         ///< empty: that of this process
  std::filesystem::path stdout_file{};               ///< appended to; empty: /dev/null
  std::filesystem::path stderr_file{};               ///< appended to; empty: /dev/null
  int cpus = 0;  ///< logical CPUs that it may use and sees (Go's runtime.NumCPU); 0: as many as this process
};

/// How a program ended.
struct ProcessEnd {
  int exit_code = 0;  ///< meaningful when signal is 0
  int signal = 0;
  std::string text() const;  ///< "exit code 1" or "signal 9"
};

/// What a program has used since its start.
struct ProcessUsage {
  double cpu_user = 0;    ///< seconds
  double cpu_system = 0;  ///< seconds
  std::int64_t rss = 0;   ///< resident bytes now; 0 once ended
  std::int64_t rss_peak = 0;
};

/// A started program. Used from one thread at a time. Destroying it kills the program if it still runs.
class Process {
 public:
  /// Starts in the namespaces of the calling thread, in a session of its own, with /dev/null as its input, no other
  /// descriptors of ours and default signal handling. Throws std::runtime_error naming program and reason.
  explicit Process(const ProgramSpec& spec);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& program() const { return program_; }
  bool running();           ///< asks the kernel, does not wait
  void signal(int number);  ///< nothing happens when it has ended
  /// Waits at most `timeout`; empty: still running.
  std::optional<ProcessEnd> wait(Duration timeout);
  std::optional<ProcessEnd> end() const { return end_; }  ///< as last seen by running() or wait()
  ProcessUsage usage();  ///< from /proc with the clock tick's resolution; after the end the final figures

 private:
  std::string program_;
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<ProcessEnd> end_;
  ProcessUsage last_;
};

/// What a short-lived tool said.
struct ToolResult {
  ProcessEnd end;
  std::string output;  ///< stdout and stderr together, the first 64 KiB
};

/// Runs a tool to its end with `input` as its standard input, in the namespaces of the calling thread.
/// Throws std::runtime_error naming the program when it cannot be started.
ToolResult run_tool(const std::vector<std::string>& argv, std::string_view input);

/// Path of a program in PATH, /usr/sbin or /sbin (which PATH of ordinary users may lack); empty: not there.
std::filesystem::path find_program(std::string_view name);

}  // namespace spillway::real
