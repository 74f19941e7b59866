// The attributes and resource processors, and what else changes resources: what they make of a shape or resource is computed once.
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
  void count_work(const Payload& payload) const override;
  const AttributesConfig& config_;
  ShapeMemo<std::uint32_t> shapes_;
};

/// What changes attributes of resources only.
class ResourceRewriter : public SpanProcessor {
 public:
  using SpanProcessor::SpanProcessor;

 private:
  Payload process(Payload payload, bool& failed) final;
  void count_work(const Payload& payload) const final;
  virtual void change(Attributes& attributes) const = 0;
  virtual std::int64_t actions() const = 0;  ///< asked of a resource
  ResourceId changed(ResourceId resource);
  std::vector<std::optional<ResourceId>> resources_;  ///< by what they were
};

class ResourceProcessor final : public ResourceRewriter {
 public:
  ResourceProcessor(Run& run, const std::string& name, const ResourceConfig& config, const Semantics& semantics,
                    SpanProcessorCounters& counters, Consumer& next)
      : ResourceRewriter{run, name, semantics, counters, next}, config_{config} {}

 private:
  void change(Attributes& attributes) const override { apply(config_.actions, attributes); }
  std::int64_t actions() const override { return std::ssize(config_.actions); }
  const ResourceConfig& config_;
};

}  // namespace spillway::collector
