// Who answers at which address, and whether every URL of the scenario finds somebody.
#pragma once

#include "models/scenario/input.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::language {

/// Problems: an address or URL that cannot be read; one address for two things in one place; a URL that no collector
/// and no backend of the scenario answers, wherever it is.
void check_addresses(const Scenario& scenario, Input& input);

}  // namespace spillway::language
