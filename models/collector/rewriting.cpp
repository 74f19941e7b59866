#include "models/collector/rewriting.hpp"

namespace spillway::collector {

AttributesProcessor::AttributesProcessor(Run& run, const std::string& name, const AttributesConfig& config,
                                         const Semantics& semantics, SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next}, config_{config} {}

void AttributesProcessor::count_work(const Payload& payload) const {
  SpanProcessor::count_work(payload);
  count(Step::action, std::ssize(config_.actions) * payload.items());
}

Payload AttributesProcessor::process(Payload payload, bool&) {
  return run_.pool.rewrite(payload, [this](Span& span) {
    span.shape = shapes_.at(span, [&] {
      const SpanShape& before = run_.catalog.shape(span.shape);
      if (config_.match.skips(before, run_.catalog.resource(span.resource))) return span.shape;
      SpanShape after = before;
      apply(config_.actions, after.attributes);
      return run_.catalog.add_shape(after);
    });
    return true;
  });
}

// Does not look at spans.
void ResourceRewriter::count_work(const Payload& payload) const {
  count(Step::processor_span, std::ssize(payload.groups()));
  count(Step::action, actions() * std::ssize(payload.groups()));
}

ResourceId ResourceRewriter::changed(ResourceId resource) {
  if (resources_.size() <= resource) resources_.resize(resource + 1);
  if (!resources_[resource]) {
    ResourceShape after = run_.catalog.resource(resource);
    Attributes attributes = resource_attributes(after);
    change(attributes);
    set_resource_attributes(after, std::move(attributes));
    resources_[resource] = run_.catalog.add_resource(after);
  }
  return *resources_[resource];
}

Payload ResourceRewriter::process(Payload payload, bool&) {
  return run_.pool.rewrite(payload, [this](Span& span) {
    span.resource = changed(span.resource);
    return true;
  });
}

}  // namespace spillway::collector
