// The graph of operations: who calls whom. Its cycles never end, its paths multiply.
#pragma once

#include "models/scenario/input.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::language {

/// Executions of operations that one request may start, at most; more would be spans without bound.
inline constexpr double kMostExecutions = 10'000;

/// Problems: a cycle of calls (by its names, once each), a request that starts more than kMostExecutions operations.
/// Warnings: operations that no traffic reaches. Calls of unknown operations are left out: they are reported elsewhere.
/// Probabilities are ignored: a call that is made at all counts in full.
void check_service_graph(const Scenario& scenario, Input& input);

}  // namespace spillway::language
