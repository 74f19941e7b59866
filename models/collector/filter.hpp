// The filter processor: spans (and events of spans) for which a condition holds are taken out.
#pragma once

#include <string>
#include <vector>

#include "models/collector/ottl/ottl.hpp"
#include "models/collector/span_processor.hpp"

namespace spillway::collector {

class Filter final : public SpanProcessor {
 public:
  Filter(Run& run, const std::string& name, const FilterConfig& config, const Semantics& semantics,
         SpanProcessorCounters& counters, Consumer& next);

 private:
  /// Conditions that are asked in one pass.
  struct Pass {
    ottl::Matcher resource, scope, span, event;
  };
  Payload process(Payload payload, bool& failed) override;
  void count_work(const Payload& payload) const override;
  bool drops(Span& span, bool& failed);
  bool drops(Pass& pass, Span& span, bool& failed);
  void drop_events(Pass& pass, Span& span, bool& failed);

  const FilterConfig& config_;
  std::vector<Pass> passes_;
  std::int64_t asked_of_resource_ = 0, asked_of_span_ = 0;  ///< conditions
  Cause filtered_;
};

}  // namespace spillway::collector
