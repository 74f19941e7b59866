// Options that several subcommands share.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/bill/bill.hpp"
#include "analysis/report/table.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::app {

enum class Format { text, json, markdown };

/// --format, one of text, json, markdown.
void add_format(CLI::App& command, Format& format);

/// What is set on the command line instead of in the scenario.
struct ScenarioOptions {
  std::optional<std::string> seed, replications, duration;  ///< as written: the reader of scenarios checks them
  std::vector<std::string> set;                             ///< path=value
  std::vector<std::string> costs;                           ///< parameter files
};
void add_scenario_options(CLI::App& command, ScenarioOptions& options);

/// In the order in which they apply; --seed, --replications and --duration win over --set. Throws CLI::ValidationError.
std::vector<Override> overrides_of(const ScenarioOptions& options);

/// Names of figures under `expect` and `judge`, and of prices: checked before a run, not after it.
void check_names(const Scenario& scenario, Problems& problems);

/// What the scenario gives a price, for the bill.
std::vector<analysis::Priced> priced_parts(const Scenario& scenario);

/// Every problem on standard error.
void print(const Problems& problems);

/// The report in the form asked for; not for json, which has no tables.
std::string rendered(const analysis::Report& report, Format format);

}  // namespace spillway::app
