// Sizes of compressed bodies as a real collector sends them, beside what its simulated twin knows of each body.
#pragma once

#include <string>
#include <vector>

#include "models/collector/compression.hpp"
#include "models/collector/costs.hpp"
#include "real/local/measure.hpp"

namespace spillway::real {

/// One body as it came over the wire.
struct SizeRow {
  std::string body;  ///< what it is
  collector::Compression compression = collector::Compression::none;
  bool held_out = false;
  collector::Contents contents;  ///< of the twin's body
  double bytes = 0;              ///< on the wire
};

/// Posts the designed bodies to a collector of this version, which sends each with every compression that it has.
/// `remarks`: what went wrong, in words.
std::vector<SizeRow> measure_sizes(collector::Version version, const collector::CostTable& costs, MeasureOptions options,
                                   std::vector<std::string>& remarks);

/// Of one compression: mean and largest relative error of these rows.
struct SizeErrors {
  double mean = 0, most = 0;
  int rows = 0;
};
SizeErrors size_errors(const std::vector<SizeRow>& rows, const collector::Costs& costs,
                       collector::Compression compression, bool held_out);

}  // namespace spillway::real
