// What the built program does on scenario files, as a user runs it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spillway::bench {

/// One run of `spillway run … --format json`.
struct Timing {
  double cpu_seconds = 0;   ///< user and system
  double wall_seconds = 0;
  double resident_bytes = 0;  ///< at its largest
};

/// Runs the program to its end; throws std::runtime_error when it fails.
Timing run_timed(const std::filesystem::path& program, const std::vector<std::string>& arguments);

/// Distinct spans produced by all replications of a record that `run --out` wrote.
double spans_produced(const std::filesystem::path& record);

}  // namespace spillway::bench
