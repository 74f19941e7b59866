#include "sim/app/ready.hpp"

#include <utility>

#include "sim/app/progress.hpp"
#include "sim/replications.hpp"

namespace spillway::app {

Ready make_ready(const std::string& file, const ScenarioOptions& options) {
  Problems problems;
  LoadedScenario loaded = load_scenario(file, overrides_of(options), problems);
  Ready ready;
  if (loaded.scenario) {
    check_names(*loaded.scenario, problems);
    ready.prepared = prepare(std::move(*loaded.scenario), problems, {options.costs.begin(), options.costs.end()});
  }
  print(problems);
  if (loaded.failure == LoadFailure::environment) return {nullptr, kEnvironment};
  if (problems.has_errors() || !ready.prepared) return {nullptr, kInput};
  return ready;
}

RunRecord simulated_record(const PreparedScenario& prepared, std::int64_t replications, int threads,
                           const RunOptions& options) {
  Progress progress{replications};
  RunRecord record;
  const WarmUp warm_up = find_warm_up(prepared);
  record.manifest = simulated_manifest(prepared, warm_up);
  record.not_modelled = not_modelled(prepared);
  RunOptions warmed_up = options;
  warmed_up.warm_up = warm_up.length;
  record.replications = run_replications(
      replications, threads, [&](std::int64_t number) { return simulate(prepared, number, warmed_up); },
      [&](std::int64_t done) { progress.done(done); });
  analysis::add_bill(record, priced_parts(scenario_of(prepared)));
  return record;
}

}  // namespace spillway::app
