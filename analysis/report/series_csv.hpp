// Time series of a record for spreadsheets and plotting programs.
#pragma once

#include <string>

#include "sim/record.hpp"

namespace spillway::analysis {

/// RFC 4180 with the head replication,at_s,name,labels,value: one line a point, replications and series in the
/// record's order. Labels are written as in a figure, a=b,c=d in braces.
std::string series_csv(const RunRecord& record);

}  // namespace spillway::analysis
