#include "models/collector/regrouping.hpp"

#include <algorithm>

namespace spillway::collector {

GroupByAttrs::GroupByAttrs(Run& run, const std::string& name, const GroupByAttrsConfig& config,
                           const Semantics& semantics, SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next}, config_{config} {}

// Resources are the same when their attributes are, in whatever order these came.
GroupByAttrs::Moved GroupByAttrs::move(const Span& span) {
  SpanShape shape = run_.catalog.shape(span.shape);
  ResourceShape resource = run_.catalog.resource(span.resource);
  Attributes attributes = resource_attributes(resource);
  Moved moved;
  for (const std::string& key : config_.keys) {
    const Value* const value = find_attribute(shape.attributes, key);
    if (value == nullptr) continue;
    set_attribute(attributes, key, *value);
    moved.grouped = true;
  }
  for (const std::string& key : config_.keys) {
    const auto first = std::ranges::find(shape.attributes, key, &Attributes::value_type::first);
    if (first != shape.attributes.end()) shape.attributes.erase(first);
  }
  std::ranges::stable_sort(attributes, {}, &Attributes::value_type::first);
  set_resource_attributes(resource, std::move(attributes));
  moved.shape = moved.grouped ? run_.catalog.add_shape(shape) : span.shape;
  moved.resource = run_.catalog.add_resource(resource);
  return moved;
}

Payload GroupByAttrs::process(Payload payload, bool&) {
  order_.clear();
  payload.for_each([&](const Span& before) {
    const Moved& moved = moved_.at(before, [&] { return move(before); });
    (moved.grouped ? counters_.grouped : counters_.not_grouped).add(1);
    Span span = before;
    span.shape = moved.shape;
    span.resource = moved.resource;
    if (span.shape != before.shape) span.bytes = run_.catalog.otlp_bytes(span);
    if (group_of_.size() <= span.resource) group_of_.resize(span.resource + 1, kNone);
    if (group_of_[span.resource] == kNone) {
      group_of_[span.resource] = static_cast<std::uint32_t>(order_.size());
      order_.push_back(span.resource);
      if (groups_.size() < order_.size()) groups_.emplace_back();
    }
    groups_[group_of_[span.resource]].push_back(span);
  });
  Payload result = run_.pool.empty();
  for (std::size_t i = 0; i < order_.size(); ++i) {
    result.append(run_.pool.of(groups_[i].data(), groups_[i].size()));
    groups_[i].clear();
    group_of_[order_[i]] = kNone;
  }
  ++counters_.regrouped;
  counters_.groups += static_cast<std::int64_t>(order_.size());
  return result;
}

}  // namespace spillway::collector
