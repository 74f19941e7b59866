// A fitted application as a scenario that `spillway run` reads, and its parameters as a table for people.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/calibration/application_fit.hpp"

namespace spillway::analysis {

struct ScenarioSettings {
  std::string name = "recorded";
  double rate = 0;         ///< requests per second; 0: that of the heaviest load it was fitted to
  double requests = 2000;  ///< how many a replication should see: its duration follows
  std::int64_t replications = 8;
  std::uint64_t seed = 1;
};

/// Every request class is a traffic of its own, whose operations carry the class's laws; all services share one host with
/// the fitted contention. The lines at the top say where the numbers come from.
std::string scenario_text(const FittedApplication& application, const ScenarioSettings& settings);

/// Every fitted parameter with its 90 % interval and its origin, as YAML that is also meant to be read.
std::string parameters_text(const FittedApplication& application);

/// A text in double quotes, as YAML and JSON write it.
std::string quoted(const std::string& text);

}  // namespace spillway::analysis
