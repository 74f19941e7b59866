// groupbyattrs: spans under resources that carry chosen attributes of theirs, one group for each. Semantics:
// groupbyattrsprocessor, the same in v0.111 and v0.159.
// Leaves out: several scopes under one resource (groups of their own here).
#pragma once

#include <string>
#include <vector>

#include "models/collector/span_processor.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class GroupByAttrs final : public SpanProcessor {
 public:
  GroupByAttrs(Run& run, const std::string& name, const GroupByAttrsConfig& config, const Semantics& semantics,
               SpanProcessorCounters& counters, Consumer& next);

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Moved {
    std::uint32_t shape = 0;
    ResourceId resource = 0;
    bool grouped = false;
  };
  Payload process(Payload payload, bool& failed) override;
  void count_work(const Payload& payload) const override { count(Step::regrouped_span, payload.items()); }
  Moved move(const Span& span);
  const GroupByAttrsConfig& config_;
  ShapeMemo<Moved> moved_;
  std::vector<std::uint32_t> group_of_;  ///< by resource, within one payload
  std::vector<ResourceId> order_;        ///< the resources in order of appearance
  std::vector<std::vector<Span>> groups_;
};

}  // namespace spillway::collector
