// spillway_bench PROGRAM [--short]: prints the table of README.md. Always succeeds: judging speed is for people,
// on a machine that is quiet.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include "tests/bench/event_queue_bench.hpp"
#include "tests/bench/run_bench.hpp"

namespace spillway::bench {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path{SPILLWAY_SOURCE_DIR} / "tests/bench";

/// How long each measurement lasts.
struct Effort {
  std::size_t queue_operations = 2'000'000;
  int rounds = 5;
  std::string duration = "2min";
  std::string long_duration = "40min";  ///< of what has few requests a second
};

void print_queue(const Effort& effort) {
  std::printf("\n%-40s %12s %12s %8s\n", "event queue, ns per event", "ours", "std heap", "ratio");
  for (const Ratio& r : event_queue_ratios(effort.queue_operations, effort.rounds)) {
    std::printf("%-40s %12.1f %12.1f %8.2f\n", r.name.c_str(), r.nanoseconds, r.reference_nanoseconds, r.ratio);
  }
}

/// What is simulated: a scenario, and what is set in it.
struct Load {
  std::string name, scenario;
  std::vector<std::string> set{};
  bool rare = false;  ///< few requests a second
};
const Load kPlain{"sdk-batch-10-services.yaml", "sdk-batch-10-services.yaml"};
const Load kTail{"the same with tail sampling", "sdk-batch-10-services.yaml",
                 {"--set", "collectors.collector.config=collector-tail.yaml"}};
const Load kTrinity{"trinity.yaml", "trinity.yaml", {}, true};
constexpr double kTracesInFlight = 22'500;  ///< of kTail

std::vector<std::string> arguments(const Load& load, const std::string& duration, int replications, int threads) {
  std::vector<std::string> words{"run", (kFolder / load.scenario).string(), "--duration", duration, "--replications",
                                 std::to_string(replications), "--threads", std::to_string(threads), "--format", "json"};
  words.insert(words.end(), load.set.begin(), load.set.end());
  return words;
}

double spans_of(const fs::path& program, const Load& load, const std::string& duration) {
  const fs::path out = fs::temp_directory_path() / ("spillway-bench-" + std::to_string(::getpid()));
  std::vector<std::string> words = arguments(load, duration, 1, 1);
  words.insert(words.end(), {"--out", out.string()});
  run_timed(program, words);
  const double spans = spans_produced(out / "record.json");
  fs::remove_all(out);
  return spans;
}

void print_spans(const fs::path& program, const Effort& effort) {
  std::printf("%-40s %12s %12s %8s\n", "spans through the program, one core", "spans", "million/s", "MiB");
  double plain_bytes = 0, tail_bytes = 0;
  for (const Load& load : {kPlain, kTail, kTrinity}) {
    const std::string& duration = load.rare ? effort.long_duration : effort.duration;
    const double spans = spans_of(program, load, duration);
    Timing best{1e9, 1e9, 0};
    for (int i = 0; i < effort.rounds; ++i) {
      const Timing timing = run_timed(program, arguments(load, duration, 1, 1));
      if (timing.cpu_seconds < best.cpu_seconds) best = timing;
    }
    std::printf("%-40s %12.0f %12.2f %8.0f\n", load.name.c_str(), spans, spans / best.cpu_seconds * 1e-6,
                best.resident_bytes / 1048576);
    if (load.name == kPlain.name) plain_bytes = best.resident_bytes;
    if (load.name == kTail.name) tail_bytes = best.resident_bytes;
  }
  std::printf("%-40s %12.0f\n", "bytes for each trace that waits, 21 spans", (tail_bytes - plain_bytes) / kTracesInFlight);
}

// Alternately, so that other load on the machine meets both; the best of each, so that it counts for neither.
void print_threads(const fs::path& program, const Effort& effort) {
  double one = 1e9, two = 1e9;
  for (int i = 0; i < effort.rounds; ++i) {
    one = std::min(one, run_timed(program, arguments(kPlain, effort.duration, 8, 1)).wall_seconds);
    two = std::min(two, run_timed(program, arguments(kPlain, effort.duration, 8, 2)).wall_seconds);
  }
  std::printf("\n%-40s %12s %12s %8s\n", "8 replications, wall seconds", "1 thread", "2 threads", "ratio");
  std::printf("%-40s %12.2f %12.2f %8.2f\n", "sdk-batch-10-services.yaml", one, two, one / two);
}

}  // namespace
}  // namespace spillway::bench

int main(int count, char** words) {
  using namespace spillway::bench;
  if (count < 2) {
    std::fprintf(stderr, "usage: spillway_bench PROGRAM [--short]\n");
    return 2;
  }
  Effort effort;
  if (count > 2 && std::string{words[2]} == "--short") effort = {20'000, 1, "1s", "1s"};
  try {
    print_spans(words[1], effort);  // first: a child's memory counts what its parent had when it was started
    print_queue(effort);
    print_threads(words[1], effort);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "spillway_bench: %s\n", problem.what());
    return 3;
  }
  return 0;
}
