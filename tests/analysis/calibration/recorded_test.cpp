// Recorded applications: fit to low loads, predict higher ones, beside what was measured. Prints the table of README.md.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "analysis/calibration/report.hpp"
#include "analysis/calibration/validation.hpp"
#include "real/import/play.hpp"
#include "real/import/sources.hpp"

namespace spillway::analysis {
namespace {

void read_into(Recordings& recordings, const std::string& name) {
  const std::filesystem::path folder = std::filesystem::path{SPILLWAY_SOURCE_DIR} / "scenarios/recorded";
  real::TraceReader reader;
  real::read_source((folder / (name + ".jsonl.zst")).string(), {}, reader);
  add_recording(recordings, name, reader.take());
}

std::vector<HeldOut> predicted(const std::vector<std::string>& fitted, const std::vector<std::string>& held_out) {
  Recordings low, high;
  for (const std::string& name : fitted) read_into(low, name);
  for (const std::string& name : held_out) read_into(high, name);
  std::vector<Load> loads;
  for (const Recording& recording : high.all) loads.push_back(load_of(recording));
  const ApplicationFit fit{low};
  const auto rows = validate(fit, loads, real::play_text);
  std::printf("%s", to_text(validation_table(rows)).c_str());
  return rows;
}

}  // namespace
}  // namespace spillway::analysis
