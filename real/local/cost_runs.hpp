// The designed runs from which the costs of collectors are found: which components, which loads, in which order.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "models/collector/version.hpp"

namespace spillway::real {

/// One stretch of steady posting. Everything else about it is silence, so that what it costs falls between its ends.
struct Load {
  int spans = 100;           ///< per request
  int attributes = 5;        ///< per span
  int attribute_bytes = 15;  ///< per value
  int per_second = 20;       ///< requests
  int spans_per_trace = 10;  ///< at most
};

/// One collector process with the loads that it gets, one after the other.
struct GridRun {
  std::string name;
  bool zipkin = true;           ///< the receiver; else otlp over HTTP
  bool exports = true;          ///< otlp_http exporter; else the debug exporter, sampled away
  bool batch = true, queue = true;
  std::string compression = "gzip";
  bool limiter = false;
  std::string batch_timeout = "200ms";
  int cpus = 2;
  std::string gogc = "100";
  std::vector<Load> loads;
  bool held_out = false;        ///< predicted, never fitted
  std::vector<std::string> processors{};  ///< in front of batch, as in a file: "filter: {…}"
  std::string connector{};                ///< beside the exporter, its metrics are written away: "count: {…}"
  bool silence = true;                    ///< before the loads, to see what doing nothing costs
  double posting = 0;                     ///< seconds of posting in a stretch; 0: all but the last reading's
  bool needs_lz4 = false;                 ///< versions without it do not run this
};

enum class GridSize { full, quick };
/// In the order in which they are run; those that this version can run.
std::vector<GridRun> cost_grid(GridSize size, collector::Version version);

/// Seconds between readings of the page.
double reading_step();
/// Files of a scenario with this run.
std::map<std::string, std::string> files_of(const GridRun& run, collector::Version version, GridSize size);

/// Readings at the ends of a stretch: index of the series, whose values stand at step, 2 step, …
struct Stretch {
  std::string load;         ///< "100 x 5 x 15 B, 20/s"; "start", "silence"
  std::size_t from = 0, to = 0;
  bool from_start = false;  ///< counts from the start of the process to `to`
};
std::vector<Stretch> stretches_of(const GridRun& run, GridSize size);
/// Index of the reading at this second.
std::size_t reading_at(double second);

}  // namespace spillway::real
