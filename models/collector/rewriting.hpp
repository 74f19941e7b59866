// The attributes and resource processors: what they make of a shape or resource is computed once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/collector/span_processor.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class AttributesProcessor final : public SpanProcessor {
 public:
  AttributesProcessor(Run& run, const std::string& name, const AttributesConfig& config, const Semantics& semantics,
                      SpanProcessorCounters& counters, Consumer& next);

 private:
  Payload process(Payload payload, bool& failed) override;
  const AttributesConfig& config_;
  ShapeMemo<std::uint32_t> shapes_;
};

class ResourceProcessor final : public SpanProcessor {
 public:
  ResourceProcessor(Run& run, const std::string& name, const ResourceConfig& config, const Semantics& semantics,
                    SpanProcessorCounters& counters, Consumer& next);

 private:
  Payload process(Payload payload, bool& failed) override;
  ResourceId changed(ResourceId resource);
  const ResourceConfig& config_;
  std::vector<std::optional<ResourceId>> resources_;  ///< by what they were
};

}  // namespace spillway::collector
