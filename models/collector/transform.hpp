// The transform processor: OTTL statements over resources, scopes, spans and their events, group after group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/collector/ottl/ottl.hpp"
#include "models/collector/span_processor.hpp"

namespace spillway::collector {

class Transform final : public SpanProcessor {
 public:
  Transform(Run& run, const std::string& name, const TransformConfig& config, const Semantics& semantics,
            SpanProcessorCounters& counters, Consumer& next);

 private:
  /// What became of a span, as far as it is not the span's own.
  struct Outcome {
    std::uint32_t shape = 0;
    ResourceId resource = 0;
    SpanStatus status = SpanStatus::unset;
    bool failed = false;
  };
  struct Group {
    const TransformGroup* config;
    bool memorable = false;                                  ///< the outcome depends on resource, shape and status only
    bool writes_resource = false;                            ///< which the other spans of the resource see
    std::vector<std::vector<std::optional<Outcome>>> known;  ///< by resource, then shape and status
  };
  Payload process(Payload payload, bool& failed) override;
  void count_work(const Payload& payload) const override;
  Payload run_group(Group& group, const Payload& payload, bool& failed);
  void run_resource(Group& group, std::size_t begin, bool& failed);
  bool transform(Group& group, Span& span);
  bool run(const TransformGroup& group, Span& span);
  bool run_statements(const TransformGroup& group, ottl::Scene& scene);
  std::vector<Group> groups_;
  std::vector<Span> results_;  ///< of the payload at hand, in order
};

}  // namespace spillway::collector
