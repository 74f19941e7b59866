// What a scenario asks of its collectors, for looking at their files.
#pragma once

#include "models/collector/review/facts.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::app {

/// `said` with what the scenario's traffic tells where the user told nothing: rate, spans of a trace, processes of this
/// collector. Of steady traffic only: requests at exact moments and clients' posts are left out, head sampling too, so
/// that the rate is too high where a service samples. Precondition: the scenario was checked.
collector::review::Load load_of(const Scenario& scenario, const CollectorUse& use, collector::review::Load said);

}  // namespace spillway::app
