// A folder of a test's own, removed with it, and shorthands around load_scenario.
#pragma once

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "models/scenario/scenario.hpp"

namespace spillway {

inline const std::filesystem::path kTests = std::filesystem::path{SPILLWAY_SOURCE_DIR} / "tests";
inline const std::filesystem::path kEverySection = kTests / "models/data/every-section.yaml";

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class Workspace {
 public:
  Workspace() {
    std::string name = (std::filesystem::temp_directory_path() / "spillway-scenario-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~Workspace() { std::filesystem::remove_all(folder_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream{path(name), std::ios::binary} << text;
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

/// Every problem as the user sees it, one after the other.
inline std::string to_text(const Problems& problems) {
  std::string out;
  for (const Problem& problem : problems.all()) out += to_text(problem) + "\n";
  return out;
}

/// A scenario with what reading it said.
struct Reading {
  std::optional<Scenario> scenario;
  LoadFailure failure = LoadFailure::none;
  Problems problems;
  std::string text;  ///< of the problems
};

inline Reading read_file(const std::filesystem::path& file, const std::vector<Override>& overrides = {}) {
  Reading reading;
  LoadedScenario loaded = load_scenario(file, overrides, reading.problems);
  reading.scenario = std::move(loaded.scenario);
  reading.failure = loaded.failure;
  reading.text = to_text(reading.problems);
  return reading;
}

inline Reading read_text(std::string_view text, const std::vector<Override>& overrides = {}) {
  const Workspace workspace;
  return read_file(workspace.write("scenario.yaml", text), overrides);
}

/// CPU seconds of this process since it was made: what others do on the machine does not count.
class Stopwatch {
 public:
  double seconds() const { return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t begin_ = std::clock();
};

/// Sanitizers slow everything down; a promise about time is about the program as users run it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double kPatience = 10;
#else
inline constexpr double kPatience = 1;
#endif

}  // namespace spillway
