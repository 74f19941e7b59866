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

/// Reads the collector files, resolves every address. Null when problems has errors.
std::shared_ptr<const PreparedScenario> prepare(Scenario scenario, Problems& problems);

const Scenario& scenario_of(const PreparedScenario& prepared);
/// What is asked for but not modelled, in a fixed order.
std::vector<NotModelled> not_modelled(const PreparedScenario& prepared);

struct RunOptions {
  QueueKind queue = QueueKind::wheel;
};

/// One replication, alone in its thread. A function of (version, scenario, number): same inputs, same bytes.
Replication simulate(const PreparedScenario& prepared, std::int64_t number, const RunOptions& options);

/// Manifest of a simulated record.
Manifest simulated_manifest(const PreparedScenario& prepared);

}  // namespace spillway
