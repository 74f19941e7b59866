#include "real/local/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace spillway::real {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr char kUsualPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

/// posix_spawn's two option objects, with the settings that every program of ours gets.
struct SpawnOptions {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  SpawnOptions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_lines(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : environment) lines.push_back(name + '=' + value);
  if (environment.contains("PATH")) return lines;
  const char* path = std::getenv("PATH");
  lines.push_back(std::string{"PATH="} + (path != nullptr ? path : kUsualPath));
  return lines;
}

/// Narrows the calling thread, and with it what it starts, to its first `count` CPUs, until the end of the scope.
class FewerCpus {
 public:
  FewerCpus(int count, const std::string& program) {
    if (count <= 0 || sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    if (count > CPU_COUNT(&before_))
      throw std::runtime_error("cannot start " + program + " with " + std::to_string(count) +
                               " CPUs: this machine gives us " + std::to_string(CPU_COUNT(&before_)));
    cpu_set_t fewer;
    CPU_ZERO(&fewer);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&fewer) < count; ++cpu) {
      if (CPU_ISSET(cpu, &before_)) CPU_SET(cpu, &fewer);
    }
    changed_ = sched_setaffinity(0, sizeof fewer, &fewer) == 0;
  }
  ~FewerCpus() {
    if (changed_) sched_setaffinity(0, sizeof before_, &before_);
  }
  FewerCpus(const FewerCpus&) = delete;
  FewerCpus& operator=(const FewerCpus&) = delete;

 private:
  cpu_set_t before_{};
  bool changed_ = false;
};

pid_t spawn(std::vector<std::string> argv, const std::map<std::string, std::string>& environment,
            const SpawnOptions& options) {
  std::vector<std::string> lines = environment_lines(environment);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv.at(0).c_str(), &options.files, &options.attributes, pointers(argv).data(),
                                 pointers(lines).data());
  if (error != 0) fail("cannot start " + argv[0], error);
  return pid;
}

const char* or_null_device(const std::filesystem::path& file) { return file.empty() ? "/dev/null" : file.c_str(); }

/// posix_spawn does not say which of its steps failed, so the likely ones are tried here first.
void check_output(const std::string& program, const std::filesystem::path& file) {
  if (file.empty()) return;
  const FileDescriptor probe{::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (!probe.open()) fail("cannot start " + program + ": cannot write " + file.string(), errno);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

ProcessEnd decode(int status) {
  ProcessEnd end;
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.exit_code = WEXITSTATUS(status);
  return end;
}

/// Fields utime and stime of /proc/PID/stat; the program's name before them may hold anything but ends with ')'.
void read_cpu(pid_t pid, ProcessUsage& usage) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  if (!(fields >> user >> system)) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.cpu_user = user / ticks;
  usage.cpu_system = system / ticks;
}

void read_memory(pid_t pid, ProcessUsage& usage) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/status"};
  usage.rss = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields{line};
    std::string name;
    std::int64_t kib = 0;
    if (!(fields >> name >> kib)) continue;
    if (name == "VmRSS:") usage.rss = kib * 1024;
    if (name == "VmHWM:") usage.rss_peak = kib * 1024;
  }
}

}  // namespace

std::string ProcessEnd::text() const {
  return signal != 0 ? "signal " + std::to_string(signal) : "exit code " + std::to_string(exit_code);
}

Process::Process(const ProgramSpec& spec) : program_{spec.argv.at(0)} {
  check_output(program_, spec.stdout_file);
  check_output(program_, spec.stderr_file);
  SpawnOptions options;
  constexpr int append = O_WRONLY | O_CREAT | O_APPEND;
  posix_spawn_file_actions_addopen(&options.files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&options.files, 1, or_null_device(spec.stdout_file), append, 0644);
  posix_spawn_file_actions_addopen(&options.files, 2, or_null_device(spec.stderr_file), append, 0644);
  posix_spawn_file_actions_addclosefrom_np(&options.files, 3);
  if (!spec.working_directory.empty()) {
    if (!std::filesystem::is_directory(spec.working_directory))
      throw std::runtime_error("cannot start " + program_ + ": no folder " + spec.working_directory.string());
    posix_spawn_file_actions_addchdir_np(&options.files, spec.working_directory.c_str());
  }
  const FewerCpus fewer{spec.cpus, program_};
  pid_ = spawn(spec.argv, spec.environment, options);
  pidfd_ = FileDescriptor{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))};
}

Process::~Process() {
  if (!running()) return;
  signal(SIGKILL);
  wait(std::chrono::seconds{10});
}

bool Process::running() {
  if (end_) return false;
  int status = 0;
  rusage used{};
  const pid_t reaped = wait4(pid_, &status, WNOHANG, &used);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return true;
  end_ = reaped == pid_ ? decode(status) : ProcessEnd{};
  last_ = {seconds_of(used.ru_utime), seconds_of(used.ru_stime), 0, used.ru_maxrss * 1024};
  return false;
}

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);  // not reaped yet, so the id cannot belong to anybody else
}

std::optional<ProcessEnd> Process::wait(Duration timeout) {
  const auto until = SteadyClock::now() + timeout;
  while (running()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    const long slice = pidfd_.open() ? 60'000 : 5;  // without pidfd (Linux before 5.3): look every 5 ms
    ::poll(&ended, pidfd_.open() ? 1U : 0U, static_cast<int>(std::min<long>(left, slice)));
  }
  return end_;
}

ProcessUsage Process::usage() {
  if (!running()) return last_;
  read_cpu(pid_, last_);
  read_memory(pid_, last_);
  return last_;
}

namespace {

FileDescriptor memory_file(std::string_view content) {
  FileDescriptor file{memfd_create("spillway", MFD_CLOEXEC)};
  if (!file.open()) fail("cannot make a file in memory", errno);
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written <= 0) fail("cannot fill a file in memory", errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace

ToolResult run_tool(const std::vector<std::string>& argv, std::string_view input) {
  const FileDescriptor in = memory_file(input);
  const FileDescriptor out = memory_file("");
  SpawnOptions options;
  posix_spawn_file_actions_adddup2(&options.files, in.get(), 0);
  posix_spawn_file_actions_adddup2(&options.files, out.get(), 1);
  posix_spawn_file_actions_adddup2(&options.files, out.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&options.files, 3);
  const pid_t pid = spawn(argv, {{"LC_ALL", "C"}}, options);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ToolResult result{decode(status), std::string(65536, '\0')};
  const ssize_t got = pread(out.get(), result.output.data(), result.output.size(), 0);
  result.output.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return result;
}

std::filesystem::path find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path != nullptr ? path : ""} + ":/usr/sbin:/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path candidate = std::filesystem::path{folder} / name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace spillway::real
