#include "real/local/confined.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

#include "real/local/file_descriptor.hpp"

namespace spillway::real {
namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what, int error, const std::string& way_out) {
  throw std::runtime_error(what + ": " + std::strerror(error) + "; " + way_out);
}

struct Pipe {
  FileDescriptor reading, writing;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe", errno, "raise the limit of open files");
    reading = FileDescriptor{ends[0]};
    writing = FileDescriptor{ends[1]};
  }
};

std::atomic<int> signal_sink{-1};  // a handler can reach nothing else; one confinement at a time sets it

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const ssize_t ignored = ::write(signal_sink.load(), &byte, 1);
  errno = saved;
}

/// Turns the signals that end a program into bytes of a pipe, as long as it lives.
class HeldSignals {
 public:
  HeldSignals() {
    int none = -1;
    if (!signal_sink.compare_exchange_strong(none, pipe_.writing.get()))
      throw std::logic_error("two confinements at once in one process");
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < kNumbers.size(); ++i) sigaction(kNumbers[i], &action, &before_[i]);
  }
  ~HeldSignals() {
    put_back();
    signal_sink = -1;
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  void put_back() {
    for (std::size_t i = 0; i < kNumbers.size(); ++i) sigaction(kNumbers[i], &before_[i], nullptr);
  }
  int fd() const { return pipe_.reading.get(); }
  int take() {
    unsigned char number = 0;
    return ::read(fd(), &number, 1) == 1 ? number : 0;
  }

 private:
  static constexpr std::array kNumbers{SIGINT, SIGTERM, SIGHUP};
  Pipe pipe_;
  std::array<struct sigaction, kNumbers.size()> before_{};
};

void write_file(const char* path, const std::string& content) {
  std::ofstream file{path};
  file << content << std::flush;
  if (!file) fail(std::string{"cannot write "} + path, errno, "run as root, or allow user namespaces");
}

/// Network, mount and PID namespaces; the last one holds for children only.
void enter_namespaces() {
  constexpr int wanted = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID;
  constexpr auto way_out = "run as root (in a container: with the capability SYS_ADMIN), or allow user namespaces";
  const auto uid = std::to_string(geteuid());
  const auto gid = std::to_string(getegid());
  if (unshare(wanted) == 0) return;
  if (errno != EPERM) fail("no network, mount and PID namespaces", errno, way_out);
  if (unshare(CLONE_NEWUSER | wanted) != 0) fail("no permission for namespaces", errno, way_out);
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + uid + " 1");
  write_file("/proc/self/gid_map", "0 " + gid + " 1");
}

void make_mounts_our_own() {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    fail("cannot make the mounts private", errno, "run as root");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    fail("cannot mount /proc in a new PID namespace", errno, "run as root, not in a container that masks /proc");
}

void die_with_parent() { prctl(PR_SET_PDEATHSIG, SIGKILL); }

void tell(const FileDescriptor& report, const char* message) {
  const std::size_t length = std::min<std::size_t>(std::strlen(message), 4000);
  [[maybe_unused]] const ssize_t ignored = ::write(report.get(), message, length);
}

/// Leaves without running what the caller's program has registered for its own end.
[[noreturn]] void leave(int code) {
  std::cout.flush();
  std::fflush(nullptr);
  _exit(code);
}

/// Process 1 of the new namespaces.
[[noreturn]] void first_process(const std::function<int(int)>& function, const FileDescriptor& report, int stop_fd) {
  die_with_parent();
  int code = 1;
  try {
    make_mounts_our_own();
    code = function(stop_fd);
  } catch (const std::exception& error) {
    tell(report, error.what());
  } catch (...) {
    tell(report, "an exception of unknown type");
  }
  leave(code);
}

int shell_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// The process between caller and process 1: a PID namespace begins with a child of the one who asked for it.
[[noreturn]] void keeper(const std::function<int(int)>& function, const FileDescriptor& report, int stop_fd) {
  die_with_parent();
  setsid();  // so that Ctrl-C on the terminal reaches the caller only
  pid_t first = -1;
  try {
    enter_namespaces();
    die_with_parent();  // again: a new user namespace forgets it
    first = fork();
    if (first < 0) fail("cannot fork", errno, "raise the limit of processes");
  } catch (const std::exception& error) {
    tell(report, error.what());
    _exit(1);
  }
  if (first == 0) first_process(function, report, stop_fd);
  const int status = wait_for(first);
  if (WIFSIGNALED(status))
    tell(report, ("the confined process was ended by signal " + std::to_string(WTERMSIG(status))).c_str());
  _exit(shell_code(status));
}

/// What the caller has seen of its child.
struct Watch {
  std::string message;
  int stopped_by = 0;  ///< signal
  bool ended = false;  ///< the report pipe is closed: nobody is left to write to it
};

void read_report(const FileDescriptor& report, Watch& watch) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(report.get(), buffer.data(), buffer.size());
  if (got > 0) watch.message.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) watch.ended = true;
}

Watch watch_over(pid_t child, const FileDescriptor& report, HeldSignals& signals, FileDescriptor& stop,
                 Duration patience) {
  Watch watch;
  std::optional<SteadyClock::time_point> until;
  while (!watch.ended) {
    std::array<pollfd, 2> waiting{pollfd{report.get(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), until ? 50 : -1);
    if (until && SteadyClock::now() >= *until) ::kill(child, SIGKILL);
    if (ready <= 0) continue;
    if (waiting[0].revents != 0) read_report(report, watch);
    if (waiting[1].revents == 0) continue;
    if (watch.stopped_by != 0) ::kill(child, SIGKILL);
    watch.stopped_by = signals.take();
    stop.close();  // end of file at the other side: readable for good
    if (!until) until = SteadyClock::now() + patience;
  }
  return watch;
}

}  // namespace

int run_confined(const std::function<int(int stop_fd)>& function, Duration patience) {
  HeldSignals signals;
  Pipe report, stop;
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) fail("cannot fork", errno, "raise the limit of processes");
  if (child == 0) {
    signals.put_back();
    report.reading.close();
    stop.writing.close();
    keeper(function, report.writing, stop.reading.get());
  }
  report.writing.close();
  stop.reading.close();
  const Watch watch = watch_over(child, report.reading, signals, stop.writing, patience);
  const int status = wait_for(child);
  if (watch.stopped_by != 0) return 128 + watch.stopped_by;
  if (!watch.message.empty()) throw std::runtime_error(watch.message);
  return shell_code(status);
}

}  // namespace spillway::real
