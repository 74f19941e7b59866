// What a stated load becomes on its way: spans and requests a second at an exporter of one process.
#pragma once

#include <string>

#include "models/collector/review/facts.hpp"

namespace spillway::collector::review {

struct Flow {
  double spans = 0;     ///< a second
  double requests = 0;  ///< a second, as the sending queue counts them
  std::string how;      ///< one phrase: what makes requests of the spans
  double spans_per_request() const { return requests > 0 ? spans / requests : 0; }
};

/// At the exporters of this pipeline. Processors that drop spans for their content are taken to drop none.
Flow flow_out_of(const Facts& facts, const Line& line);
/// At one exporter, from all pipelines of traces that end in it.
Flow flow_into(const Facts& facts, const Part& exporter);

/// Seconds that this queue takes what comes while nothing leaves; infinite when nothing comes.
double seconds_to_fill(const Facts& facts, const Queue& queue, const Flow& flow);
/// Memory that the full queue holds at this flow, in bytes of heap.
double heap_of_full_queue(const Facts& facts, const Queue& queue, const Flow& flow);

/// Bytes of Go heap that decoded spans hold per byte of their OTLP size, as the simulator counts it (costs.yaml).
double heap_per_wire_byte(const Facts& facts);

}  // namespace spillway::collector::review
