// The bill of a month as a table.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

/// Nothing when the record has no bill. Means over the replications, with the 95 % interval of the dollars.
Block bill_block(const RunRecord& record);

/// Every price, or those whose id, provider, product or dimension holds one of these words.
Report price_list(const std::vector<std::string>& words);
/// The same with sources and notes.
std::string price_list_json(const std::vector<std::string>& words);

}  // namespace spillway::analysis
