// Rules between parts of a scenario: names that must exist, addresses that must answer, calls that must end.
#pragma once

#include "models/scenario/input.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::language {

/// Fills what depends on other sections: the place `local`, `in` where it was left out, addresses from names.
void fill_defaults(Scenario& scenario);

/// Reports every disagreement between parts of the scenario. Call after fill_defaults.
void check(const Scenario& scenario, Input& input);

}  // namespace spillway::language
