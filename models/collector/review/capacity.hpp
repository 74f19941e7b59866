// How much a configuration can carry, from its file alone: maximum flow through the graph of its pipelines.
#pragma once

#include <string>
#include <vector>

#include "models/collector/review/facts.hpp"

namespace spillway::collector::review {

/// What one process can bring to one exporter of traces, in spans a second.
struct Capacity {
  std::string exporter;         ///< id
  double spans_per_second = 0;  ///< infinite: nothing that the file says bounds it
  std::string bottleneck;       ///< what is saturated first, with its numbers
};

/// One per exporter that a pipeline of traces ends in, in the order of the file. Bounds: CPU (the container's limit,
/// else one core; dearest receiver), slots of tail sampling, consumers of the queue at `Load::backend_latency`. Sampling
/// is left out, so what lies behind it can carry more: a lower bound. Connectors other than `forward` end a path.
std::vector<Capacity> capacities_of(const Facts& facts);

/// CPU of one span on its way from the dearest receiver of these pipelines, in microseconds: the cost model of
/// models/collector/costs.hpp at `Load::spans_per_request`.
double cpu_microseconds_per_span(const Facts& facts);

}  // namespace spillway::collector::review
