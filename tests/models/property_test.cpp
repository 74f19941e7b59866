// What must hold in every scenario, over scenarios made up at random. To repeat one:
// SPILLWAY_PROPERTY_FIRST=<number> SPILLWAY_PROPERTY_COUNT=1 property_test; its files stay in the folder it names.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "models/world.hpp"
#include "tests/models/random_scenario.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

namespace fs = std::filesystem;

/// What to tell when the program aborts: broken books do not come back to the test.
char last_words[512] = "";

void tell_how_to_repeat(int) {
  const ssize_t ignored = write(STDERR_FILENO, last_words, std::strlen(last_words));
  (void)ignored;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// The files of one random scenario, in a folder that is removed when all went well.
class Trial {
 public:
  explicit Trial(std::uint64_t number) : number_{number}, random_{make_random_scenario(number)} {
    folder_ = fs::temp_directory_path() / ("spillway-property-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    for (const auto& [name, text] : random_.files) std::ofstream{folder_ / name} << text;
    std::ofstream{folder_ / "scenario.yaml"} << random_.scenario;
    const std::string words = repeat() + "\n";
    std::strncpy(last_words, words.c_str(), sizeof last_words - 1);
  }
  ~Trial() {
    if (!testing::Test::HasFailure()) fs::remove_all(folder_);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  std::string repeat() const {
    return "repeat with SPILLWAY_PROPERTY_FIRST=" + std::to_string(number_) + " SPILLWAY_PROPERTY_COUNT=1, or spillway run " +
           (folder_ / "scenario.yaml").string();
  }
  bool settles() const { return random_.settles; }

  std::shared_ptr<const PreparedScenario> prepared() const {
    Problems problems;
    LoadedScenario loaded = load_scenario(folder_ / "scenario.yaml", {}, problems);
    std::shared_ptr<const PreparedScenario> ready;
    if (loaded.scenario && !problems.has_errors()) ready = prepare(std::move(*loaded.scenario), problems);
    EXPECT_TRUE(ready) << to_text(problems);
    return ready;
  }

 private:
  std::uint64_t number_;
  RandomScenario random_;
  fs::path folder_;
};

std::int64_t sum(const std::vector<Fate>& fates) {
  std::int64_t total = 0;
  for (const Fate& fate : fates) total += fate.items;
  return total;
}

void expect_closed_books(const Replication& run) {
  for (const DestinationFates& fates : run.destinations) {
    EXPECT_EQ(fates.produced, fates.stored + sum(fates.lost) + sum(fates.sampled_out) + fates.in_flight) << fates.destination;
    EXPECT_GE(fates.in_flight, 0);
    EXPECT_LE(fates.stored_though_given_up, fates.stored);
    if (!fates.span_ids.empty()) {
      EXPECT_EQ(static_cast<std::int64_t>(fates.span_ids.size()), fates.stored) << fates.destination;
    }
  }
}

std::int64_t in_flight(const Replication& run) {
  std::int64_t total = 0;
  for (const DestinationFates& fates : run.destinations) total += fates.in_flight;
  return total;
}

std::string bytes_of(const Replication& run) { return to_json({{}, {run}, {}}); }

/// What all scenarios together reached, so that a generator gone tame is noticed.
struct Reached {
  std::int64_t produced = 0, stored = 0, lost = 0, sampled = 0, in_flight = 0, duplicates = 0, given_up = 0;
  int settled = 0;
  std::map<std::string, int> causes;  ///< runs in which it happened

  void add(const Replication& run) {
    std::set<std::string> here;
    for (const DestinationFates& fates : run.destinations) {
      produced += fates.produced;
      stored += fates.stored;
      lost += sum(fates.lost);
      sampled += sum(fates.sampled_out);
      in_flight += fates.in_flight;
      duplicates += fates.duplicates;
      given_up += fates.stored_though_given_up;
      for (const Fate& fate : fates.lost) here.insert(fate.cause);
      for (const Fate& fate : fates.sampled_out) here.insert(fate.cause);
    }
    for (const std::string& cause : here) ++causes[cause];
  }
};

void try_one(const Trial& trial, Reached& reached) {
  const auto prepared = trial.prepared();
  if (!prepared) return;
  const Replication run = simulate(*prepared, 0, {});
  expect_closed_books(run);
  reached.add(run);
  EXPECT_EQ(bytes_of(run), bytes_of(simulate(*prepared, 0, {}))) << "the same run twice";
  EXPECT_EQ(bytes_of(run), bytes_of(simulate(*prepared, 0, {QueueKind::reference}))) << "under the reference queue";
  expect_closed_books(simulate(*prepared, 0, {QueueKind::shuffled_ties}));
  if (!trial.settles()) return;
  ++reached.settled;
  EXPECT_EQ(in_flight(run), 0) << "after a long drain";
}

/// Every way to end that the models know, but for what answers and hosts make of them.
constexpr const char* kCauses[] = {"queue full",
                                   "request larger than the queue",
                                   "no room in the queue after a restart",
                                   "gave up after retries",
                                   "shut down while retrying",
                                   "the client has gone",
                                   "killed",
                                   "out of memory",
                                   "refused, memory limit",
                                   "refused, error in a statement",
                                   "span larger than the batch's max_size",
                                   "evicted before its decision",
                                   "trace too large",
                                   "undecided at shutdown",
                                   "evicted before its release",
                                   "waiting at shutdown",
                                   "accepted, not stored",
                                   "rejected in a partial success",
                                   "SDK queue full",
                                   "not sampled",
                                   "dropped by a policy",
                                   "late, trace not sampled",
                                   "filtered",
                                   "not sampled at the head",
                                   "sent to another pipeline",
                                   "sent to another endpoint",
                                   "no route, and no default_pipelines"};

/// Types of components that random scenarios must use, each in 25 pipelines at least.
constexpr const char* kComponents[] = {"otlphttp/",     "otlp/",       "debug",     "forward",
                                       "memory_limiter", "batch",       "filter",    "attributes",
                                       "resource",       "transform",   "probabilistic_sampler",
                                       "groupbytrace",   "tail_sampling", "storage: file_storage",
                                       "[routing]", "routing]", "count", "spanmetrics", "loadbalancing", "span/names",
                                       "redaction", "groupbyattrs", " metrics: {", " logs: {"};

TEST(RandomScenarios, UseEveryComponent) {
  std::map<std::string, int> pipelines;
  int with_resolutions = 0;
  for (std::uint64_t number = 1; number <= 500; ++number) {
    const RandomScenario random = make_random_scenario(number);
    with_resolutions += random.scenario.find("resolve: tier.example") != std::string::npos;
    for (const auto& [name, text] : random.files) {
      std::istringstream lines{text};
      for (std::string line; std::getline(lines, line);) {
        const bool uses = line.find("receivers: [") != std::string::npos || line.find("sending_queue") != std::string::npos;
        for (const char* component : kComponents) pipelines[component] += uses && line.find(component) != std::string::npos;
      }
    }
  }
  for (const char* component : kComponents) EXPECT_GE(pipelines[component], 25) << component;
  EXPECT_GE(with_resolutions, 100);
}

TEST(RandomScenarios, EveryItemHasAFateTheBytesRepeatAndNothingStaysInFlight) {
  std::signal(SIGABRT, tell_how_to_repeat);
  const std::uint64_t first = from_environment("SPILLWAY_PROPERTY_FIRST", 1);
  const std::uint64_t count = from_environment("SPILLWAY_PROPERTY_COUNT", 1700);
  Reached reached;
  for (std::uint64_t number = first; number < first + count; ++number) {
    const Trial trial{number};
    try_one(trial, reached);
    ASSERT_FALSE(HasFailure()) << trial.repeat();
  }
  if (count < 1200) return;
  EXPECT_GT(reached.stored, 0);
  EXPECT_GT(reached.sampled, 0);
  EXPECT_GT(reached.in_flight, 0);
  EXPECT_GT(reached.duplicates, 0);
  EXPECT_GT(reached.given_up, 0);
  EXPECT_GT(reached.settled, 100);
  for (const char* cause : kCauses) EXPECT_GE(reached.causes[cause], 10) << cause;
  if (HasFailure()) {
    for (const auto& [cause, runs] : reached.causes) std::cout << cause << ": in " << runs << " runs\n";
  }
}

TEST(RandomScenarios, AreTheSameForTheSameNumber) {
  EXPECT_EQ(make_random_scenario(7).scenario, make_random_scenario(7).scenario);
  EXPECT_EQ(make_random_scenario(7).files, make_random_scenario(7).files);
  EXPECT_NE(make_random_scenario(7).scenario, make_random_scenario(8).scenario);
}

}  // namespace
}  // namespace spillway
