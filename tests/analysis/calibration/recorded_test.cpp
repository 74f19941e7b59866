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
  ValidationOptions options;
  options.draws = 6;
  options.requests = 8000;
  const auto rows = validate(fit, loads, real::play_text, options);
  std::printf("%s", to_text(validation_table(rows)).c_str());
  return rows;
}

void expect_within(const std::vector<HeldOut>& rows, const std::string& load, const std::string& figure, double most) {
  for (const HeldOut& row : rows) {
    if (row.load == load && row.figure == figure) {
      EXPECT_LE(std::fabs(row.error()), most) << load << " " << figure;
    }
  }
}

// The limits are what is met; what misses the aim is said in analysis/calibration/README.md.
TEST(Recorded, FromTheLowestLoadAloneTailsAreForetoldBetterThanByCarryingThemForwardAndIntervalsHold) {
  for (const std::string application : {"hotel", "media"}) {
    for (const HeldOut& row : predicted({application + "-25"}, {application + "-50", application + "-75"})) {
      // How much runs differ came from these recordings: this notices a worse model, it proves nothing of other applications.
      EXPECT_TRUE(row.covered()) << row.load << " " << row.figure;
      if (row.figure == "p95") {
        EXPECT_LT(std::fabs(row.error()), std::fabs(row.naive_error())) << row.load;
      }
    }
  }
}

TEST(Recorded, FromTwoLoadsTheHotelsThirdIsWithinATenth) {
  const auto rows = predicted({"hotel-25", "hotel-50"}, {"hotel-75"});
  expect_within(rows, "hotel-75", "p50", 0.10);
  expect_within(rows, "hotel-75", "p95", 0.10);
}

TEST(Recorded, FromTwoLoadsTheMedianOfMediaIsWithinATenthItsTailIsNot) {
  const auto rows = predicted({"media-25", "media-50"}, {"media-75"});
  expect_within(rows, "media-75", "p50", 0.10);
  expect_within(rows, "media-75", "p95", 0.25);
}

}  // namespace
}  // namespace spillway::analysis
