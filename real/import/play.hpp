// Plays scenarios that exist as text only.
#pragma once

#include <string>

#include "sim/histogram.hpp"

namespace spillway::real {

/// Latencies of all requests of one replication, in seconds. Throws std::runtime_error with the first problem when the text
/// is no scenario.
Histogram play_text(const std::string& scenario);

}  // namespace spillway::real
