// The canonical results of the platforms' scenarios, in a folder for each platform beside this file. They change when a
// model changes: then look at the difference, and if it is meant, SPILLWAY_UPDATE_GOLDEN=1 golden_test writes them anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "models/world.hpp"
#include "sim/replications.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

namespace fs = std::filesystem;

const fs::path kScenarios = fs::path{SPILLWAY_SOURCE_DIR} / "scenarios";
const fs::path kGolden = kTests / "golden";
constexpr std::array kPlatforms{"trinity", "fawkes", "bookstore", "kubedojo", "grafana-stack"};
constexpr std::int64_t kReplications = 2;

/// Platform and file, such as trinity/healthy.
std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const char* const platform : kPlatforms) {
    for (const auto& entry : fs::directory_iterator{kScenarios / platform}) {
      const std::string text = entry.is_regular_file() ? content_of(entry.path()) : "";
      if (text.starts_with("scenario:") || text.find("\nscenario:") != std::string::npos)
        names.push_back(platform / entry.path().stem());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<const PreparedScenario> prepared(const std::string& name) {
  Problems problems;
  LoadedScenario loaded = load_scenario(kScenarios / (name + ".yaml"), {}, problems);
  std::shared_ptr<const PreparedScenario> ready;
  if (loaded.scenario) ready = prepare(std::move(*loaded.scenario), problems);
  EXPECT_TRUE(ready) << to_text(problems);
  return ready;
}

std::vector<Replication> runs_of(const PreparedScenario& scenario, int threads, QueueKind queue = QueueKind::wheel) {
  return run_replications(kReplications, threads, [&](std::int64_t number) { return simulate(scenario, number, {queue}); });
}

/// Counts are exact; what went through floating point is rounded, for another compiler may differ in the last bit.
std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

void describe(std::ostream& out, const std::string& what, const std::vector<Fate>& fates) {
  for (const Fate& fate : fates) {
    out << "  " << what << " " << fate.component << ": " << fate.cause << " " << fate.items;
    if (fate.first) out << ", first after " << rounded(seconds(*fate.first)) << " s";
    out << "\n";
  }
}

void describe(std::ostream& out, const Replication& run) {
  for (const DestinationFates& fates : run.destinations) {
    out << fates.destination << "\n  produced " << fates.produced << "\n  stored " << fates.stored << "\n";
    describe(out, "sampled out", fates.sampled_out);
    describe(out, "lost", fates.lost);
    out << "  in flight " << fates.in_flight << "\n  duplicates " << fates.duplicates << "\n  stored though given up "
        << fates.stored_though_given_up << "\n";
  }
  for (const RequestStats& stats : run.requests) {
    out << stats.name << (stats.place.empty() ? "" : " at " + stats.place) << "\n  requests " << stats.requests
        << "\n  errors " << stats.errors << "\n  p50 " << rounded(stats.latency.quantile(0.5)) << " s\n  p99 "
        << rounded(stats.latency.quantile(0.99)) << " s\n";
  }
  for (const BackendCounts& counts : run.backends) {
    out << counts.backend << "\n  requests " << counts.requests << "\n  body bytes " << counts.body_bytes << "\n";
  }
}

std::string canonical(const PreparedScenario& scenario, const std::vector<Replication>& runs) {
  std::ostringstream out;
  out << scenario_of(scenario).name << ", seed " << scenario_of(scenario).seed << ", "
      << rounded(seconds(scenario_of(scenario).duration)) << " s\nfingerprint of replication 0: " << runs[0].fingerprint
      << ", " << runs[0].events << " events\n";
  for (const Replication& run : runs) {
    out << "\nreplication " << run.number << "\n";
    describe(out, run);
  }
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Lines that only one of them has, in order, with - and +.
std::string difference(const std::string& before, const std::string& after) {
  const std::vector<std::string> old_lines = lines_of(before), new_lines = lines_of(after);
  std::string text;
  for (std::size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const std::string was = i < old_lines.size() ? old_lines[i] : "", is = i < new_lines.size() ? new_lines[i] : "";
    if (was != is) text += "- " + was + "\n+ " + is + "\n";
  }
  return text;
}

std::string bytes_of(const std::vector<Replication>& runs) { return to_json({{}, runs, {}}); }

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, TheCanonicalResultIsTheOneOnFile) {
  const auto scenario = prepared(GetParam());
  ASSERT_TRUE(scenario);
  const std::string result = canonical(*scenario, runs_of(*scenario, 1));
  const fs::path file = kGolden / (GetParam() + ".txt");
  const std::string changes = difference(content_of(file), result);
  if (std::getenv("SPILLWAY_UPDATE_GOLDEN") != nullptr) {
    if (!changes.empty()) std::printf("%s\n%s", file.c_str(), changes.c_str());
    std::ofstream{file, std::ios::binary} << result;
  }
  EXPECT_EQ(content_of(file), result) << changes << "if this is meant: SPILLWAY_UPDATE_GOLDEN=1 golden_test";
}

TEST_P(Golden, IsTheSameAtTwoThreads) {
  const auto scenario = prepared(GetParam());
  ASSERT_TRUE(scenario);
  EXPECT_EQ(bytes_of(runs_of(*scenario, 1)), bytes_of(runs_of(*scenario, 2)));
}

TEST_P(Golden, IsTheSameUnderTheReferenceQueue) {
  const auto scenario = prepared(GetParam());
  ASSERT_TRUE(scenario);
  const std::vector<Replication> runs = runs_of(*scenario, 2);
  const std::vector<Replication> reference = runs_of(*scenario, 2, QueueKind::reference);
  EXPECT_EQ(runs[0].fingerprint, reference[0].fingerprint);
  EXPECT_EQ(bytes_of(runs), bytes_of(reference));
}

// Draws that describe a request have addresses and stay; what a message or a back-off draws is read in the order of
// events, so events that change places at one instant change draws: the run is another sample, as with another seed.
// That moves a share by its spread between replications; beyond one percentage point a model depends on the order.
TEST_P(Golden, DoesNotDependOnTheOrderWithinAnInstant) {
  const auto scenario = prepared(GetParam());
  ASSERT_TRUE(scenario);
  const std::vector<Replication> runs = runs_of(*scenario, 2);
  const std::vector<Replication> shuffled = runs_of(*scenario, 2, QueueKind::shuffled_ties);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    ASSERT_EQ(runs[i].destinations.size(), shuffled[i].destinations.size());
    for (std::size_t d = 0; d < runs[i].destinations.size(); ++d) {
      const DestinationFates& one = runs[i].destinations[d];
      const DestinationFates& other = shuffled[i].destinations[d];
      if (one.produced == 0) {  // an exporter's backend that nothing was for
        EXPECT_EQ(other.produced, 0);
        continue;
      }
      std::int64_t ended = other.stored + other.in_flight;
      for (const auto* list : {&other.lost, &other.sampled_out}) {
        for (const Fate& fate : *list) ended += fate.items;
      }
      EXPECT_EQ(other.produced, ended);
      const auto share = [](const DestinationFates& f) { return static_cast<double>(f.stored) / static_cast<double>(f.produced); };
      EXPECT_NEAR(share(one), share(other), 0.01) << one.destination;
      EXPECT_NEAR(static_cast<double>(other.produced) / static_cast<double>(one.produced), 1, 0.01) << one.destination;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Platforms, Golden, testing::ValuesIn(scenario_names()), [](const auto& name) {
  std::string text = name.param;
  std::replace_if(text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return text;
});

TEST(GoldenFiles, BelongToAScenarioEach) {
  const std::vector<std::string> names = scenario_names();
  EXPECT_FALSE(names.empty());
  for (const auto& entry : fs::recursive_directory_iterator{kGolden}) {
    if (entry.path().extension() != ".txt" || entry.path().filename() == "CMakeLists.txt") continue;
    const std::string name = fs::relative(entry.path(), kGolden).replace_extension();
    EXPECT_TRUE(std::count(names.begin(), names.end(), name)) << entry.path();
  }
}

}  // namespace
}  // namespace spillway
