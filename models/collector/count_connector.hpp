// The count connector: how many spans and span events, log records or data points there are, by resource and by the
// attributes that are asked for, as one data point each in a metrics pipeline. Semantics: countconnector of v0.111 and v0.158.
// Leaves out: conditions that fail (the call fails in the real program, here they do not hold), several scopes under one
// resource (counted apart here, together there).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/work.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class CountConnector final : public Consumer, public Caller, public Stage, public StepCounter {
 public:
  /// `signal`: what it counts.
  CountConnector(Run& run, Signal signal, const CountConfig& config, const Semantics& semantics, Consumer& next);
  void consume(Payload payload, Done done) override;
  void done(std::uint32_t token, const Result& result) override;
  void kill(Cause cause) override;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Metric {
    const CountConfig::Metric* config;
    ottl::Matcher matcher;
    std::map<Attributes, std::uint32_t, bool (*)(const Attributes&, const Attributes&)> known;  ///< sets of attributes
    std::vector<std::uint32_t> bytes;  ///< of a data point, by set
    ShapeMemo<std::uint32_t> set_of;   ///< kNone: an attribute is missing
    std::uint32_t shape = 0;
    std::vector<bool> seen;  ///< in this group
    std::vector<std::uint32_t> sets;
  };
  struct Call {
    Payload payload;
    Done done;
  };
  std::uint32_t set_of(Metric& metric, const Span& span);
  void count_group(const SpanGroup& group);
  void count_one(Metric& metric, const Span& span);
  void emit(Metric& metric, ResourceId resource);
  ResourceId counted_resource(ResourceId resource);

  Run& run_;
  bool newer_;  ///< points have a start time, attributes of scope and resource count as well
  Consumer& next_;
  std::vector<Metric> metrics_, of_events_;
  std::int64_t asked_ = 0;  ///< conditions, of every span
  std::vector<ResourceId> resources_;  ///< under the connector's own scope, by resource
  std::vector<Span> scratch_;
  std::uint64_t next_item_ = 0;
  Slab<Call> calls_;
  std::vector<std::uint32_t> live_;
};

}  // namespace spillway::collector
