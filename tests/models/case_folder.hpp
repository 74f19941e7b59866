// A scenario and a collector file from texts, written to a folder of their own, loaded, prepared and played once.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "models/world.hpp"

namespace spillway {

/// What one replication yielded, by name.
struct Case {
  Replication run;

  const DestinationFates& fates(std::string_view destination) const {
    const auto found = std::find_if(run.destinations.begin(), run.destinations.end(),
                                    [&](const DestinationFates& f) { return f.destination == destination; });
    if (found == run.destinations.end()) std::abort();
    return *found;
  }
  /// Items lost for this cause, at whatever component.
  std::int64_t lost(std::string_view destination, std::string_view cause) const {
    std::int64_t items = 0;
    for (const Fate& fate : fates(destination).lost) items += fate.cause == cause ? fate.items : 0;
    return items;
  }
  std::int64_t answers(std::string_view client, const std::string& answer) const {
    for (const AnswerCounts& counts : run.answers) {
      if (counts.client == client && counts.answers.contains(answer)) return counts.answers.at(answer);
    }
    return 0;
  }
  std::int64_t requests_at(std::string_view backend) const {
    for (const BackendCounts& counts : run.backends) {
      if (counts.backend == backend) return counts.requests;
    }
    return -1;
  }
  /// Sum over all series of this name at the end, -1 when there is none.
  double metric(std::string_view name) const { return sum(run.metrics, name); }
  double metric_at(double s, std::string_view name) const { return sum(snapshot(s), name); }
  bool shows_at(double s, std::string_view name) const { return sum(snapshot(s), name) >= 0; }

 private:
  const std::vector<MetricValue>& snapshot(double s) const {
    const auto found = std::find_if(run.snapshots.begin(), run.snapshots.end(),
                                    [&](const MetricSnapshot& shot) { return seconds(shot.at) == s; });
    if (found == run.snapshots.end()) std::abort();
    return found->values;
  }
  static double sum(const std::vector<MetricValue>& values, std::string_view name) {
    double total = -1;
    for (const MetricValue& value : values) {
      if (value.name == name) total = std::max(total, 0.0) + value.value;
    }
    return total;
  }
};

/// Removed with everything in it.
class CaseFolder {
 public:
  CaseFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "spillway-case-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~CaseFolder() { std::filesystem::remove_all(folder_); }
  CaseFolder(const CaseFolder&) = delete;
  CaseFolder& operator=(const CaseFolder&) = delete;

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream{folder_ / name, std::ios::binary} << text;
    return folder_ / name;
  }

 private:
  std::filesystem::path folder_;
};

/// Null, with a failure of the test for each error, when the files are refused.
inline std::shared_ptr<const PreparedScenario> prepare_case(const std::filesystem::path& file) {
  Problems problems;
  LoadedScenario loaded = load_scenario(file, {}, problems);
  std::shared_ptr<const PreparedScenario> prepared;
  if (loaded.scenario) prepared = prepare(std::move(*loaded.scenario), problems);
  for (const Problem& problem : problems.all()) {
    if (problem.severity == Problem::Severity::error) ADD_FAILURE() << to_text(problem);
  }
  return prepared;
}

/// Plays the first replication. In the scenario VERSION stands for the collector's version, collector.yaml for its file.
inline Case play_case(std::string scenario, std::string_view collector, std::string_view version) {
  const CaseFolder folder;
  if (const auto at = scenario.find("VERSION"); at != std::string::npos) scenario.replace(at, 7, version);
  folder.write("collector.yaml", collector);
  const auto prepared = prepare_case(folder.write("scenario.yaml", scenario));
  if (!prepared) std::abort();
  return {simulate(*prepared, 0, {})};
}

}  // namespace spillway
