#include "models/collector/span_match.hpp"

#include <algorithm>
#include <array>

namespace spillway::collector {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                 "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

bool has_text(const spillway::Value& value) {
  return value.get<std::string>() != nullptr || value.get<bool>() != nullptr || value.get<std::int64_t>() != nullptr ||
         value.get<double>() != nullptr;
}

bool matches_one(const AttributeMatch& match, const spillway::Value& value) {
  if (match.expression) return has_text(value) && match.expression->matches(to_text(value));
  return !match.value || *match.value == value;
}

bool matches_all(const std::vector<AttributeMatch>& matches, const Attributes& attributes) {
  return std::ranges::all_of(matches, [&attributes](const AttributeMatch& match) {
    const spillway::Value* value = find_attribute(attributes, match.key);
    return value != nullptr && matches_one(match, *value);
  });
}

std::string service_of(const ResourceShape& resource) {
  const Attributes all = resource_attributes(resource);
  const spillway::Value* name = find_attribute(all, "service.name");
  return name == nullptr ? "<nil-service-name>" : to_text(*name);
}

}  // namespace

bool TextChoice::matches(std::string_view text) const {
  return std::ranges::find(texts, text) != texts.end() ||
         std::ranges::any_of(expressions, [text](const Regex& one) { return one.matches(text); });
}

bool MatchProperties::matches(const SpanShape& shape, const ResourceShape& resource) const {
  if (services && !services->matches(service_of(resource))) return false;
  if (span_names && !span_names->matches(shape.name)) return false;
  if (span_kinds && !span_kinds->matches(kKinds[static_cast<std::size_t>(shape.kind)])) return false;
  for (const LibraryMatch& library : libraries) {
    if (!library.name.matches(resource.scope_name)) return false;
    if (library.version && !library.version->matches(resource.scope_version)) return false;
  }
  return (resources.empty() || matches_all(resources, resource_attributes(resource))) &&
         matches_all(attributes, shape.attributes);
}

bool MatchConfig::skips(const SpanShape& shape, const ResourceShape& resource) const {
  return (include && !include->matches(shape, resource)) || (exclude && exclude->matches(shape, resource));
}

}  // namespace spillway::collector
