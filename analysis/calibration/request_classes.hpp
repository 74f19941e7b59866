// Requests whose parts are long together: kinds that nobody named, found in the durations.
#pragma once

#include <cstddef>
#include <vector>

namespace spillway::analysis {

/// Rows (one a request, each a list of logarithms of durations) in groups of at least `least`, at most `most` groups. A group
/// is cut in two where two normal laws with independent parts explain it better than one by the Bayesian information
/// criterion; so within a group the parts may be drawn independently. Deterministic. Indices ascend within a group.
std::vector<std::vector<std::size_t>> alike(const std::vector<std::vector<double>>& rows, std::size_t least,
                                            std::size_t most);

}  // namespace spillway::analysis
