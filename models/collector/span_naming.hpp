// The span processor: names out of attributes, attributes out of names, a status. Semantics: spanprocessor of v0.111 and v0.159.
// Leaves out: groups of an expression that take no part in a match, or lie within each other: the real program panics.
#pragma once

#include <string>

#include "models/collector/span_processor.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class SpanNaming final : public SpanProcessor {
 public:
  SpanNaming(Run& run, const std::string& name, const SpanNamingConfig& config, const Semantics& semantics,
             SpanProcessorCounters& counters, Consumer& next);

 private:
  static constexpr std::uint32_t kSkipped = 0xffffffff;
  Payload process(Payload payload, bool& failed) override;
  void count_work(const Payload& payload) const override;
  std::uint32_t renamed(const Span& span);
  void name_from_attributes(SpanShape& shape) const;
  void attributes_from_name(SpanShape& shape) const;
  const SpanNamingConfig& config_;
  ShapeMemo<std::uint32_t> shapes_;  ///< kSkipped: left alone
};

}  // namespace spillway::collector
