#include "models/collector/count_connector.hpp"

#include <algorithm>

namespace spillway::collector {
namespace {

constexpr const char* kScope = "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";
/// Data points that connectors make have ids as if of this source; no client and no service has it.
constexpr std::uint64_t kSource = std::uint64_t{0x7ffe} << 48;

std::string text_of(const Attributes& attributes) {
  std::string text;
  for (const auto& [key, value] : attributes) text += key + '\0' + std::to_string(value.any.index()) + to_text(value) + '\0';
  return text;
}
bool before(const Attributes& x, const Attributes& y) { return text_of(x) < text_of(y); }

std::size_t text_field(const std::string& text) { return text.empty() ? 0 : field_bytes(text.size()); }

}  // namespace

CountConnector::CountConnector(Run& run, Signal signal, const CountConfig& config, const Semantics& semantics,
                               Consumer& next)
    : run_{run}, newer_{semantics.count_is_newer}, next_{next} {
  const auto add = [&](std::vector<Metric>& to, const CountConfig::Metric& metric) {
    to.push_back({&metric, ottl::Matcher{metric.conditions, ottl::ErrorMode::ignore, run.catalog},
                  std::map<Attributes, std::uint32_t, bool (*)(const Attributes&, const Attributes&)>{&before}, {}, {},
                  run.catalog.add_shape({.name = metric.name, .kind = SpanKind::unspecified}), {}, {}});
  };
  const auto& own = signal == Signal::traces ? config.spans : signal == Signal::logs ? config.logs : config.metrics;
  for (const CountConfig::Metric& metric : own) add(metrics_, metric);
  for (const CountConfig::Metric& metric : own) asked_ += std::ssize(metric.conditions);
  if (signal != Signal::traces) return;
  for (const CountConfig::Metric& metric : config.span_events) add(of_events_, metric);
}

// An attribute of the span; newer versions look at scope and resource, too.
std::uint32_t CountConnector::set_of(Metric& metric, const Span& span) {
  return metric.set_of.at(span, [&]() -> std::uint32_t {
    const SpanShape& shape = run_.catalog.shape(span.shape);
    const ResourceShape& resource = run_.catalog.resource(span.resource);
    Attributes set;
    for (const auto& [key, standard] : metric.config->attributes) {
      const Value* value = find_attribute(shape.attributes, key);
      if (value == nullptr && newer_) value = find_attribute(resource.scope_attributes, key);
      const Attributes all = value == nullptr && newer_ ? resource_attributes(resource) : Attributes{};
      if (value == nullptr) value = find_attribute(all, key);
      if (value == nullptr && standard) value = &*standard;
      if (value == nullptr) return kNone;
      set.emplace_back(key, *value);
    }
    const auto [known, fresh] = metric.known.try_emplace(set, static_cast<std::uint32_t>(metric.bytes.size()));
    if (!fresh) return known->second;
    const std::size_t times = newer_ ? 18 : 9;
    constexpr std::size_t number = 9;
    metric.bytes.push_back(static_cast<std::uint32_t>(field_bytes(otlp_attributes_bytes(set) + times + number)));
    metric.seen.push_back(false);
    return known->second;
  });
}

void CountConnector::count_one(Metric& metric, const Span& span) {
  if (!metric.matcher.is_empty() && metric.matcher.test(span) != ottl::Verdict::yes) return;
  const std::uint32_t set = set_of(metric, span);
  if (set == kNone || metric.seen[set]) return;
  metric.seen[set] = true;
  metric.sets.push_back(set);
}

ResourceId CountConnector::counted_resource(ResourceId resource) {
  if (resources_.size() <= resource) resources_.resize(resource + 1, kNone);
  if (resources_[resource] == kNone) {
    ResourceShape shape = run_.catalog.resource(resource);
    shape.scope_name = kScope;
    shape.scope_version.clear();
    shape.scope_attributes.clear();
    resources_[resource] = run_.catalog.add_resource(shape);
  }
  return resources_[resource];
}

// One metric; what it says besides its points counts with the first one.
void CountConnector::emit(Metric& metric, ResourceId resource) {
  if (metric.sets.empty()) return;
  constexpr std::size_t monotonic_delta = 4;
  std::size_t points = 0;
  for (const std::uint32_t set : metric.sets) points += metric.bytes[set];
  const std::size_t whole = field_bytes(text_field(metric.config->name) + text_field(metric.config->description) +
                                        field_bytes(points + monotonic_delta));
  std::size_t more = whole - points;
  for (const std::uint32_t set : metric.sets) {
    Span item;
    item.trace = kSource | next_item_++;
    item.shape = metric.shape;
    item.resource = resource;
    item.bytes = static_cast<std::uint32_t>(metric.bytes[set] + std::exchange(more, 0));
    item.item = run_.ledger.produce(next_.reach);
    scratch_.push_back(item);
    metric.seen[set] = false;
  }
  metric.sets.clear();
}

void CountConnector::count_group(const SpanGroup& group) {
  for (std::uint32_t i = group.begin; i < group.end; ++i) {
    const Span& span = group.block->spans[i];
    for (Metric& metric : metrics_) count_one(metric, span);
    if (run_.catalog.shape(span.shape).events.empty()) continue;
    for (Metric& metric : of_events_) count_one(metric, span);
  }
  const ResourceId resource = counted_resource(group.resource);
  for (Metric& metric : metrics_) emit(metric, resource);
  for (Metric& metric : of_events_) emit(metric, resource);
}

void CountConnector::consume(Payload payload, Done done) {
  scratch_.clear();
  count(Step::processor_span, std::ssize(metrics_) * payload.items());
  count(Step::ottl_statement, asked_ * payload.items());
  for (const SpanGroup& group : payload.groups()) count_group(group);
  Payload metrics = run_.pool.grouped(scratch_);
  run_.hold(metrics, next_.reach);
  const std::uint32_t token = calls_.add({metrics.clone(), done});
  live_.push_back(token);
  next_.consume(std::move(metrics), {this, token});
}

void CountConnector::done(std::uint32_t token, const Result& result) {
  live_.erase(std::find(live_.begin(), live_.end(), token));
  const Call call = calls_.take(token);
  run_.release(call.payload, next_.reach, result.ok ? Ledger::handed_over() : result.cause);
  call.done(result);
}

void CountConnector::kill(Cause cause) {
  for (const std::uint32_t token : live_) run_.release(calls_.take(token).payload, next_.reach, cause);
  live_.clear();
}

}  // namespace spillway::collector
