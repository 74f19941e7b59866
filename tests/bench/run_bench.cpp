#include "tests/bench/run_bench.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "sim/record.hpp"

namespace spillway::bench {
namespace {

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); }

[[noreturn]] void become(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  _exit(127);
}

}  // namespace

Timing run_timed(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  const auto started = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(program, arguments);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) throw std::runtime_error("cannot wait");
  // 98 and 99: a threshold of the scenario, which is made for other durations.
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 127;
  if (code != 0 && code != 98 && code != 99) throw std::runtime_error(program.string() + " failed");
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  return {seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), wall.count(), 1024.0 * static_cast<double>(usage.ru_maxrss)};
}

// A span that is meant for several backends is produced once: count at the one that most are meant for.
double spans_produced(const std::filesystem::path& record) {
  double total = 0;
  for (const Replication& replication : load_record(record).replications) {
    std::int64_t most = 0;
    for (const DestinationFates& fates : replication.destinations) most = std::max(most, fates.produced);
    total += static_cast<double>(most);
  }
  return total;
}

}  // namespace spillway::bench
