#include "models/collector/span_processor.hpp"

#include "models/collector/filter.hpp"
#include "models/collector/k8s_attributes.hpp"
#include "models/collector/redaction.hpp"
#include "models/collector/regrouping.hpp"
#include "models/collector/rewriting.hpp"
#include "models/collector/span_naming.hpp"
#include "models/collector/transform.hpp"

namespace spillway::collector {

SpanProcessor::SpanProcessor(Run& run, const std::string& name, const Semantics& semantics,
                             SpanProcessorCounters& counters, Consumer& next)
    : run_{run},
      counters_{counters},
      next_{next},
      counts_what_vanishes_{semantics.helper_counts_what_vanishes},
      refused_{run.ledger.add_loss(name, "refused, error in a statement")} {
  reach = next.reach;
}

void SpanProcessor::consume(Payload payload, Done done) {
  const std::int64_t before = payload.items();
  bool failed = false;
  count_work(payload);
  Payload after = process(std::move(payload), failed);
  const bool ends_here = failed || after.is_empty();
  if (!ends_here || counts_what_vanishes_) {
    counters_.incoming.add(before);
    counters_.outgoing.add(ends_here ? 0 : after.items());
  }
  if (failed) return done({false, false, Code::none, Duration{-1}, refused_});
  if (ends_here) return done({});
  next_.consume(std::move(after), done);
}

bool is_span_processor(const ProcessorConfig& config) {
  return std::holds_alternative<FilterConfig>(config) || std::holds_alternative<AttributesConfig>(config) ||
         std::holds_alternative<ResourceConfig>(config) || std::holds_alternative<TransformConfig>(config) ||
         std::holds_alternative<GroupByAttrsConfig>(config) || std::holds_alternative<SpanNamingConfig>(config) ||
         std::holds_alternative<RedactionConfig>(config) || std::holds_alternative<K8sAttributesConfig>(config);
}

std::unique_ptr<SpanProcessor> make_span_processor(Run& run, const std::string& name, const ProcessorConfig& config,
                                                   const Semantics& semantics, SpanProcessorCounters& counters,
                                                   Consumer& next) {
  if (const auto* filter = std::get_if<FilterConfig>(&config))
    return std::make_unique<Filter>(run, name, *filter, semantics, counters, next);
  if (const auto* attributes = std::get_if<AttributesConfig>(&config))
    return std::make_unique<AttributesProcessor>(run, name, *attributes, semantics, counters, next);
  if (const auto* resource = std::get_if<ResourceConfig>(&config))
    return std::make_unique<ResourceProcessor>(run, name, *resource, semantics, counters, next);
  if (const auto* transform = std::get_if<TransformConfig>(&config))
    return std::make_unique<Transform>(run, name, *transform, semantics, counters, next);
  if (const auto* group = std::get_if<GroupByAttrsConfig>(&config))
    return std::make_unique<GroupByAttrs>(run, name, *group, semantics, counters, next);
  if (const auto* cluster = std::get_if<K8sAttributesConfig>(&config))
    return std::make_unique<K8sAttributes>(run, name, *cluster, semantics, counters, next);
  if (const auto* naming = std::get_if<SpanNamingConfig>(&config))
    return std::make_unique<SpanNaming>(run, name, *naming, semantics, counters, next);
  if (const auto* redaction = std::get_if<RedactionConfig>(&config))
    return std::make_unique<Redaction>(run, name, *redaction, semantics, counters, next);
  return nullptr;
}

}  // namespace spillway::collector
