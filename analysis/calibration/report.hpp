// What was read, fitted and predicted, as tables and as JSON.
#pragma once

#include <string>
#include <vector>

#include "analysis/calibration/application_fit.hpp"
#include "analysis/calibration/traces.hpp"
#include "analysis/calibration/validation.hpp"
#include "analysis/report/table.hpp"

namespace spillway::analysis {

/// What one recording held.
struct ReadingResult {
  std::string name;
  std::size_t spans = 0;
  ReadingNotes notes;
  TraceProblems problems;
};

Report reading_report(const std::vector<ReadingResult>& readings, const FittedApplication& application);
std::string reading_json(const std::vector<ReadingResult>& readings, const FittedApplication& application);

Table validation_table(const std::vector<HeldOut>& rows);
std::string validation_json(const std::vector<HeldOut>& rows);

}  // namespace spillway::analysis
