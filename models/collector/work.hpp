// What a collector has done in its life, in the terms that its costs are given in.
#pragma once

#include <array>
#include <cstdint>

#include "models/collector/compression.hpp"
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

/// Work on what is under way, beside receiving and exporting it. Whoever does it adds to StepCounts.
enum class Step : std::uint8_t {
  processor_span,    ///< a span that a processor or connector looks at: all but those named below
  ottl_statement,    ///< a condition or statement of OTTL, asked of a span or resource
  action,            ///< of an attributes or resource processor, on a span or resource
  pattern,           ///< a regular expression, tried on a name or value
  regrouped_span,    ///< copied under another resource, by groupbyattrs
  tail_span,         ///< taken in by tail_sampling
  tail_trace,        ///< begun in it
  tail_policy,       ///< a policy asked of a trace
  traced_span,       ///< taken in by groupbytrace
  traced_trace,      ///< begun in it
  measured_span,     ///< counted by span_metrics
};
inline constexpr std::size_t kSteps = 11;
using StepCounts = std::array<std::int64_t, kSteps>;

/// A part that does such work. Nobody counts until told where.
class StepCounter {
 public:
  void count_steps_in(StepCounts& counts) { counts_ = &counts; }

 protected:
  void count(Step step, std::int64_t times) const {
    if (counts_ != nullptr) (*counts_)[static_cast<std::size_t>(step)] += times;
  }

 private:
  StepCounts* counts_ = nullptr;
};

/// Since the process started.
struct Work {
  Handled zipkin, otlp;         ///< received, refused requests included
  std::int64_t batched_spans = 0;  ///< through a batch processor
  Handled exported;             ///< attempts of exporters
  std::array<Contents, kCoders> compressed{};  ///< those of them that were compressed
  StepCounts steps{};
  std::int64_t queued = 0;      ///< requests that went through a sending queue
  double wakes = 0;             ///< times that it had something to do after a pause; a short pause counts in part, see Usage
  double timer_turns = 0;       ///< of batch processors' timers, which run with nothing to send as well
  double spinning_seconds = 0;  ///< of timers so short that their loop never sleeps, summed over loops
  double collected_bytes = 0;   ///< live heap, summed over garbage collections
};

}  // namespace spillway::collector
