// Comparisons for people and for machines.
#pragma once

#include <string>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis/report/table.hpp"

namespace spillway::analysis {

/// A row a figure with what was allowed, then the reason of every row that does not agree.
Report report_of(const std::vector<Judgement>& rows);
/// A row a figure with both means and their difference.
Report report_of(const std::vector<Relative>& rows, const std::string& name_a, const std::string& name_b);
/// An array with an object a row.
std::string to_json(const std::vector<Judgement>& rows);
std::string to_json(const std::vector<Relative>& rows);

}  // namespace spillway::analysis
