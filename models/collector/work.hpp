// What a collector has done in its life, in the terms that its costs are given in.
#pragma once

#include <cstdint>

#include "models/telemetry/payload.hpp"

namespace spillway::collector {

/// Requests of one kind with what was in them.
struct Handled {
  std::int64_t requests = 0, spans = 0, attributes = 0;
  std::int64_t bytes = 0;  ///< of the bodies, before compression

  Handled& operator+=(const Handled& more) {
    requests += more.requests;
    spans += more.spans;
    attributes += more.attributes;
    bytes += more.bytes;
    return *this;
  }
};

/// Attributes of the spans themselves; with `resource`, of their resources as well, once a span: Zipkin repeats them.
std::int64_t count_attributes(const Payload& payload, const Catalog& catalog, bool resource);

/// Since the process started.
struct Work {
  Handled zipkin, otlp;         ///< received, refused requests included
  std::int64_t batched_spans = 0;  ///< through a batch processor
  Handled exported;             ///< attempts of exporters
  Handled compressed;           ///< those of them that were compressed
  std::int64_t queued = 0;      ///< requests that went through a sending queue
  double wakes = 0;             ///< times that it had something to do after a pause; a short pause counts in part, see Usage
  double timer_turns = 0;       ///< of batch processors' timers, which run with nothing to send as well
  double spinning_seconds = 0;  ///< of timers so short that their loop never sleeps, summed over loops
  double collected_bytes = 0;   ///< live heap, summed over garbage collections
};

}  // namespace spillway::collector
