// Metrics of running programs over time, as a run record: what `compare` puts beside a simulation.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "real/import/http.hpp"
#include "sim/record.hpp"

namespace spillway::real {

/// A program whose metrics are read.
struct WatchTarget {
  std::string name;    ///< becomes the label `collector`, as in simulated records: "aws/otel-collector"
  std::string source;  ///< URL of a metrics page, http(s)://host:port of a Prometheus, or a folder of saved pages
};

struct WatchOptions {
  Duration length = std::chrono::minutes{1};
  Duration step = std::chrono::seconds{5};
  std::string selector = R"({__name__=~"otelcol_.+"})";  ///< asked of a Prometheus
  HttpHeaders headers{};                                     ///< of every question
};

/// Text exposition and OpenMetrics; a page at a time, read at once and then at every step until `length` has passed, or what
/// a Prometheus knows of the last `length`, or saved pages that were taken a step apart, in the order of their names. Counters
/// count from the first reading on; one that begins anew goes on from what it had. A page that cannot be had leaves the values
/// as they were and is counted in the manifest's notes. Throws std::runtime_error when a source yields nothing at all.
/// `said` hears of progress. Leaves out: what happened between two readings; native histograms.
RunRecord watch(const std::vector<WatchTarget>& targets, const WatchOptions& options,
                const std::function<void(const std::string&)>& said = {});

}  // namespace spillway::real
