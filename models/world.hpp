// From a scenario to runs: loads what it refers to, wires the parts, plays one replication.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "sim/event_queue.hpp"
#include "sim/record.hpp"

namespace spillway {

/// A scenario with everything it refers to read and checked. Immutable; shared by all replications.
class PreparedScenario;

/// Reads the collector files, resolves every address. Null when problems has errors. `costs`: parameter files for all
/// collectors, over their own ones.
std::shared_ptr<const PreparedScenario> prepare(Scenario scenario, Problems& problems,
                                                const std::vector<std::filesystem::path>& costs = {});

const Scenario& scenario_of(const PreparedScenario& prepared);
/// What is asked for but not modelled, in a fixed order.
std::vector<NotModelled> not_modelled(const PreparedScenario& prepared);

/// The leading time that statistics of requests leave out.
struct WarmUp {
  Duration length{};
  std::string how;  ///< of an `auto`: how it was found, or why it was not; empty when the scenario gives the time
};
/// The scenario's own, or for `auto` the cut that MSER-5 finds in a pilot run of replication 0 (its latencies by time
/// of arrival): one for all replications and both worlds, since a cut of each replication's own would depend on what
/// it saw. Where no steady state shows, nothing is left out and `how` says so.
WarmUp find_warm_up(const PreparedScenario& prepared);

struct RunOptions {
  QueueKind queue = QueueKind::wheel;
  std::optional<Duration> warm_up{};  ///< absent: what the scenario says, for `auto` none; see find_warm_up
};

/// One replication, alone in its thread. A function of (version, scenario, number): same inputs, same bytes.
Replication simulate(const PreparedScenario& prepared, std::int64_t number, const RunOptions& options);

/// Manifest of a simulated record.
Manifest simulated_manifest(const PreparedScenario& prepared, const WarmUp& warm_up);

}  // namespace spillway
