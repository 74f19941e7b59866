// From a scenario file to something that can be run, for every command that runs one.
#pragma once

#include <memory>
#include <string>

#include "models/world.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"

namespace spillway::app {

/// A scenario, ready; or the exit code when it is not.
struct Ready {
  std::shared_ptr<const PreparedScenario> prepared;
  int code = kFine;
};

/// Reads, checks and prepares; every problem goes to standard error.
Ready make_ready(const std::string& file, const ScenarioOptions& options);

/// All replications, on `threads` threads, with progress on standard error.
RunRecord simulated_record(const PreparedScenario& prepared, std::int64_t replications, int threads,
                           const RunOptions& options);

}  // namespace spillway::app
