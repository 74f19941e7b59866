// Processors that change, drop or regroup spans at once and hold nothing. Semantics of
// what they have in common: processorhelper of v0.111 and v0.159.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/work.hpp"

namespace spillway::collector {

/// Of one processor id; its places in several pipelines share them, as the series of the metrics page do.
struct SpanProcessorCounters {
  Counter incoming, outgoing, filtered;
  Counter grouped, not_grouped;           ///< spans, of groupbyattrs
  std::int64_t regrouped = 0, groups = 0;  ///< payloads, and what they became
};

/// One place in one pipeline.
class SpanProcessor : public Consumer, public StepCounter {
 public:
  SpanProcessor(Run& run, const std::string& name, const Semantics& semantics, SpanProcessorCounters& counters,
                Consumer& next);
  void consume(Payload payload, Done done) final;
  void cancel(Done done) override { next_.cancel(done); }
  bool mutates_data() const override { return true; }

 protected:
  /// The payload as it goes on. Sets `failed` when the call ends with an error instead.
  virtual Payload process(Payload payload, bool& failed) = 0;
  /// What the real program does with this payload: as if every condition, action and pattern were asked.
  virtual void count_work(const Payload& payload) const { count(Step::processor_span, payload.items()); }
  Run& run_;
  SpanProcessorCounters& counters_;

 private:
  Consumer& next_;
  bool counts_what_vanishes_;
  Cause refused_;
};

/// For ids and configurations of these; null for all others.
std::unique_ptr<SpanProcessor> make_span_processor(Run& run, const std::string& name, const ProcessorConfig& config,
                                                   const Semantics& semantics, SpanProcessorCounters& counters,
                                                   Consumer& next);
bool is_span_processor(const ProcessorConfig& config);

}  // namespace spillway::collector
