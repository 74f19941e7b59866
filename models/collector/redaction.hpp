// The redaction processor: which attributes go, which values are masked, and what it says of that. Semantics:
// redactionprocessor of v0.111 and v0.159.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/collector/span_processor.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

class Redaction final : public SpanProcessor {
 public:
  Redaction(Run& run, const std::string& name, const RedactionConfig& config, const Semantics& semantics,
            SpanProcessorCounters& counters, Consumer& next);

 private:
  /// What was done to one list of attributes.
  struct Report {
    std::vector<std::string> redacted, masked, allowed, ignored;
  };
  Payload process(Payload payload, bool& failed) override;
  void count_work(const Payload& payload) const override;
  void redact(Attributes& attributes) const;
  void redact_value(const std::string& key, Value& value, Report& report) const;
  std::string mask(const std::string& text, const Regex& expression) const;
  void tell(std::vector<std::string> keys, Attributes& attributes, const char* list, const char* count) const;
  ResourceId redacted(ResourceId resource);
  const RedactionConfig& config_;
  bool newer_;
  Regex all_;
  ShapeMemo<std::uint32_t> shapes_;
  std::vector<std::optional<ResourceId>> resources_;  ///< by what they were
};

}  // namespace spillway::collector
