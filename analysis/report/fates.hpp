// Where the spans went: the ledger of one destination as a table.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

/// Destinations in the order of their first appearance.
std::vector<std::string> destinations_of(const RunRecord& record);

/// Means over the replications, shares of what was produced with 95 % intervals, moment of the first loss (mean of the
/// replications in which it happened), and whether the books close in every replication.
Block fates_block(const RunRecord& record, const std::string& destination);

/// Whether there is nothing to tell of a destination but what was stored and what is still in flight.
bool nothing_lost(const RunRecord& record, const std::string& destination);

/// A row a destination, for those where nothing was lost.
Block complete_block(const RunRecord& record, const std::vector<std::string>& destinations);

}  // namespace spillway::analysis
