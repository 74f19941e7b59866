#include "models/collector/span_metrics.hpp"

#include <algorithm>

#include "models/collector/sampling_state.hpp"

namespace spillway::collector {
namespace {

/// Data points that this connector makes have ids as if of this source; no client, service or other connector has it.
constexpr std::uint64_t kSource = std::uint64_t{0x7ffd} << 48;
constexpr std::uint32_t kWithoutService = 0xfffffffe;
constexpr const char* kScope = "spanmetricsconnector";

constexpr std::array<const char*, 6> kKindTexts{"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
const char* text_of(SpanStatus status) {
  switch (status) {
    case SpanStatus::ok: return "STATUS_CODE_OK";
    case SpanStatus::error: return "STATUS_CODE_ERROR";
    case SpanStatus::unset: break;
  }
  return "STATUS_CODE_UNSET";
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}
std::size_t text_field(std::string_view text) { return text.empty() ? 0 : field_bytes(text.size()); }

}  // namespace

SpanMetrics::SpanMetrics(Run& run, const SpanMetricsConfig& config, const Semantics& semantics, Consumer& next)
    : run_{run}, config_{config}, newer_{semantics.span_metrics_is_newer}, next_{next}, self_{run.sim.add(*this)} {
  constexpr std::array<const char*, kKinds> names{"calls", "duration", "events"};
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    names_[kind] = (config.metric_namespace.empty() ? "" : config.metric_namespace + ".") + names[kind];
    shapes_[kind] = run.catalog.add_shape({.name = names_[kind], .kind = SpanKind::unspecified});
  }
}

// Resources

/// What tells entries apart: the resource without its scope, or those of its attributes that the file names.
ResourceId SpanMetrics::key_resource(ResourceId resource) {
  ResourceShape shape = run_.catalog.resource(resource);
  shape.scope_name = kScope;
  shape.scope_version.clear();
  shape.scope_attributes.clear();
  if (!config_.resource_metrics_key_attributes.empty()) {
    Attributes attributes = resource_attributes(shape);
    std::erase_if(attributes,
                  [&](const auto& one) { return !contains(config_.resource_metrics_key_attributes, one.first); });
    set_resource_attributes(shape, std::move(attributes));
  }
  return run_.catalog.add_resource(shape);
}

/// kWithoutService: its spans are not counted.
std::uint32_t SpanMetrics::entry_of(ResourceId resource) {
  if (entry_of_.size() <= resource) entry_of_.resize(resource + 1, kNone);
  if (entry_of_[resource] != kNone) return entry_of_[resource];
  ResourceShape shown = run_.catalog.resource(resource);
  const Attributes attributes = resource_attributes(shown);
  if (find_attribute(attributes, "service.name") == nullptr) return entry_of_[resource] = kWithoutService;
  const auto [known, fresh] =
      entry_index_.try_emplace(key_resource(resource), static_cast<std::uint32_t>(entries_.size()));
  if (fresh) entries_.emplace_back();
  return entry_of_[resource] = known->second;
}

void SpanMetrics::evict(std::uint32_t entry) {
  lru_.erase(entries_[entry].place);
  entries_[entry].evicted = true;
  evicted_.push_back(entry);
}

/// The entry was used now; the one used longest ago leaves a cache that is full.
void SpanMetrics::touch(std::uint32_t index) {
  Entry& entry = entries_[index];
  if (entry.there && !entry.evicted) return lru_.splice(lru_.end(), lru_, entry.place);
  if (entry.evicted) std::erase(evicted_, index);
  entry.there = true;
  entry.evicted = false;
  entry.place = lru_.insert(lru_.end(), index);
  if (static_cast<std::int64_t>(lru_.size()) > config_.resource_metrics_cache_size) evict(lru_.front());
}

// Series

void SpanMetrics::describe_sampling(const Span& span, Description& description) const {
  const std::string& state = run_.catalog.shape(span.shape).trace_state;
  const SamplingState parsed = parse_sampling_state(state);
  const char* const method = parsed.valid && parsed.threshold ? "extrapolated" : "counted";
  description.add(method);
  set_attribute(description.attributes, "sampling.method", method);
}

/// `around`: attributes of resource or event, where the span itself has none.
SpanMetrics::Description SpanMetrics::describe(const Span& span, const Dimensions& own, const Attributes& around) const {
  const SpanShape& shape = run_.catalog.shape(span.shape);
  const ResourceShape& resource = run_.catalog.resource(span.resource);
  Description result;
  const auto say = [&](const char* name, const std::string& value) {
    if (contains(config_.exclude_dimensions, name)) return;
    result.add(value);
    result.attributes.emplace_back(name, value);
  };
  say("service.name", resource.service);
  say("span.name", shape.name);
  say("span.kind", kKindTexts[static_cast<std::size_t>(shape.kind)]);
  say("status.code", text_of(span.status));
  const bool shows_instance = newer_ && !contains(config_.exclude_dimensions, "collector.instance.id");
  if (shows_instance) result.attributes.emplace_back("collector.instance.id", std::string(36, '0'));  // a UUID
  if (!resource.scope_name.empty() && contains(config_.include_instrumentation_scope, resource.scope_name)) {
    result.attributes.emplace_back("span.instrumentation.scope.name", resource.scope_name);
    if (!resource.scope_version.empty())
      result.attributes.emplace_back("span.instrumentation.scope.version", resource.scope_version);
  }
  if (config_.enable_metrics_sampling_method) describe_sampling(span, result);
  for (const Dimensions* list : {&config_.dimensions, &own}) {
    for (const SpanMetricsConfig::Dimension& dimension : *list) {
      const Value* value = find_attribute(shape.attributes, dimension.name);
      if (value == nullptr) value = find_attribute(around, dimension.name);
      if (value == nullptr && !dimension.standard) continue;
      const Value chosen = value != nullptr ? *value : Value{*dimension.standard};
      result.add((newer_ ? dimension.name + ":" : "") + to_text(chosen));
      set_attribute(result.attributes, dimension.name, chosen);
    }
  }
  return result;
}

std::uint32_t SpanMetrics::series_of(std::uint32_t entry, Kind kind, const Description& description) {
  const std::string key = std::to_string(entry) + ' ' + std::to_string(kind) + description.key;
  const auto [known, fresh] = series_index_.try_emplace(key, static_cast<std::uint32_t>(series_.size()));
  if (fresh) {
    Series& series = series_.emplace_back();
    series.entry = entry;
    series.kind = kind;
    series.attributes = otlp_attributes_bytes(description.attributes);
  }
  return known->second;
}

SpanMetrics::Keys SpanMetrics::keys_of(const Span& span, std::uint32_t entry) {
  const Attributes resource = resource_attributes(run_.catalog.resource(span.resource));
  Keys keys;
  keys.calls = series_of(entry, calls, describe(span, config_.calls_dimensions, resource));
  if (config_.histogram != SpanMetricsConfig::Shape::none)
    keys.duration = series_of(entry, duration, describe(span, config_.duration_dimensions, resource));
  if (!config_.events) return keys;
  for (const SpanEvent& event : run_.catalog.shape(span.shape).events) {
    Attributes around = newer_ ? resource : Attributes{};  // 0.111: those of the event take the place of the resource's
    for (const auto& [key, value] : event.attributes) set_attribute(around, key, value);
    keys.events.push_back(series_of(entry, events, describe(span, config_.event_dimensions, around)));
  }
  return keys;
}

void SpanMetrics::begin(Table& table, Series& series, std::uint32_t index) {
  series.there = true;
  series.exemplars = 0;
  series.histogram.reset();
  if (series.kind == duration && config_.histogram == SpanMetricsConfig::Shape::exponential)
    series.histogram.emplace(config_.max_size);
  table.live.push_back(index);
  ++live_series_;
}

/// Every further set of dimensions counts in one series without any.
SpanMetrics::Series& SpanMetrics::beyond_limit(Table& table, const Series& like) {
  if (table.overflow == kNone) {
    table.overflow = static_cast<std::uint32_t>(series_.size());
    const std::uint32_t entry = like.entry;
    const Kind kind = like.kind;
    Series& series = series_.emplace_back();
    series.entry = entry;
    series.kind = kind;
    series.overflows = true;
    series.attributes = otlp_attributes_bytes({{"otel.metric.overflow", true}});
  }
  Series& series = series_[table.overflow];
  if (!series.there) begin(table, series, table.overflow);
  return series;
}

void SpanMetrics::add(std::uint32_t index, const Span& span) {
  Series* series = &series_[index];
  Table& table = entries_[series->entry].tables[series->kind];
  const std::int64_t limit = config_.aggregation_cardinality_limit;
  if (!series->there && limit > 0 && static_cast<std::int64_t>(table.live.size()) >= limit)
    series = &beyond_limit(table, *series);
  if (!series->there) begin(table, *series, index);
  series->last_seen = run_.sim.now();
  const bool shows = config_.exemplars && !series->overflows &&
                     (!config_.max_per_data_point || series->exemplars < *config_.max_per_data_point);
  if (shows && run_.catalog.trace_id(span.trace) != TraceId{}) ++series->exemplars;
  if (series->histogram)
    series->histogram->add(static_cast<double>(std::max(span.duration, Duration{}).count()) / (config_.seconds ? 1e9 : 1e6));
}

void SpanMetrics::count_one(const Span& span, std::uint32_t entry) {
  const Keys& keys = keys_[static_cast<std::size_t>(span.status)].at(span, [&] { return keys_of(span, entry); });
  add(keys.calls, span);
  if (keys.duration != kNone) add(keys.duration, span);
  for (const std::uint32_t one : keys.events) add(one, span);
}

void SpanMetrics::consume(Payload payload, Done done) {
  count(Step::measured_span, payload.items());
  for (const SpanGroup& group : payload.groups()) {
    const std::uint32_t index = entry_of(group.resource);
    if (index == kWithoutService) continue;
    Entry& entry = entries_[index];
    // Whoever comes first under a key gives its attributes to all.
    if (!entry.there) {
      ResourceShape shown = run_.catalog.resource(group.resource);
      shown.scope_name = kScope;
      shown.scope_version.clear();
      shown.scope_attributes.clear();
      entry.resource = run_.catalog.add_resource(shown);
    }
    touch(index);
    entry.last_seen = run_.sim.now();
    for (std::uint32_t i = group.begin; i < group.end; ++i) count_one(group.block->spans[i], index);
  }
  done({});
}

// Flush

std::size_t SpanMetrics::point_bytes(const Series& series) const {
  constexpr std::size_t times = 18, number = 9, exemplar = 48;
  std::size_t bytes = series.attributes + times + static_cast<std::size_t>(series.exemplars) * exemplar;
  if (series.kind != duration) return field_bytes(bytes + number);
  constexpr std::size_t count_and_sum = 18, least_and_most = 18;
  if (series.histogram) return field_bytes(bytes + count_and_sum + series.histogram->otlp_bytes() + least_and_most);
  const auto bounds = static_cast<std::size_t>(config_.bounds);
  return field_bytes(bytes + count_and_sum + field_bytes(8 * (bounds + 1)) + (bounds > 0 ? field_bytes(8 * bounds) : 0));
}

/// Of a metric, all but its points.
std::size_t SpanMetrics::around_points(Kind kind, std::size_t points) const {
  const std::size_t unit = kind == duration ? text_field(config_.seconds ? "s" : "ms") : 0;
  const std::size_t temporality = kind == duration ? 2 : 4;  // a sum also says that it is monotonic
  return field_bytes(text_field(names_[kind]) + unit + field_bytes(points + temporality)) - points;
}

// What a metric says besides its points counts with the first one; a metric without points with those of the next.
void SpanMetrics::emit(Entry& entry) {
  std::size_t more = 0;
  for (const Kind kind : {calls, duration, events}) {
    if (kind == duration && config_.histogram == SpanMetricsConfig::Shape::none) continue;
    if (kind == events && !config_.events) continue;
    std::size_t points = 0;
    for (const std::uint32_t index : entry.tables[kind].live) points += point_bytes(series_[index]);
    more += around_points(kind, points);
    for (const std::uint32_t index : entry.tables[kind].live) {
      Span item;
      item.trace = kSource | next_item_++;
      item.shape = shapes_[kind];
      item.resource = entry.resource;
      item.bytes = static_cast<std::uint32_t>(point_bytes(series_[index]) + std::exchange(more, 0));
      item.item = run_.ledger.produce(next_.reach);
      points_.push_back(item);
    }
  }
  if (more > 0 && !points_.empty() && points_.back().resource == entry.resource)
    points_.back().bytes += static_cast<std::uint32_t>(more);
}

void SpanMetrics::clear(Entry& entry) {
  for (Table& table : entry.tables) {
    for (const std::uint32_t index : table.live) series_[index].there = false;
    live_series_ -= static_cast<std::int64_t>(table.live.size());
    table.live.clear();
  }
  entry.there = entry.evicted = false;
}

void SpanMetrics::forget_series(Entry& entry) {
  for (Table& table : entry.tables) {
    const auto old = [&](std::uint32_t index) {
      Series& series = series_[index];
      series.exemplars = 0;
      const bool expires = config_.series_expiration > Duration{} &&
                           run_.sim.now() - series.last_seen >= config_.series_expiration;
      if (expires) series.there = false;
      return expires;
    };
    live_series_ -= static_cast<std::int64_t>(std::erase_if(table.live, old));
  }
}

// Delta: all ends. Cumulative: what was evicted ends; a resource that expires is evicted, and so goes on once more.
void SpanMetrics::forget_after_flush() {
  for (const std::uint32_t index : evicted_) clear(entries_[index]);
  evicted_.clear();
  if (config_.delta) {
    for (const std::uint32_t index : lru_) clear(entries_[index]);
    lru_.clear();
    return;
  }
  if (!config_.exemplars && config_.series_expiration == Duration{} && config_.metrics_expiration == Duration{}) return;
  for (auto place = lru_.begin(); place != lru_.end();) {
    const std::uint32_t index = *place++;
    forget_series(entries_[index]);
    const Duration silent = run_.sim.now() - entries_[index].last_seen;
    if (config_.metrics_expiration > Duration{} && silent >= config_.metrics_expiration) evict(index);
  }
}

// An empty request goes on as well.
void SpanMetrics::flush() {
  points_.clear();
  for (const std::uint32_t index : lru_) emit(entries_[index]);
  for (const std::uint32_t index : evicted_) emit(entries_[index]);
  forget_after_flush();
  sending_ = run_.pool.grouped(points_);
  run_.hold(sending_, next_.reach);
  is_sending_ = true;
  next_.consume(sending_.clone(), {this, 0});
}

// An error is logged, and its points are lost.
void SpanMetrics::done(std::uint32_t, const Result& result) {
  run_.release(sending_, next_.reach, result.ok ? Ledger::handed_over() : result.cause);
  sending_.clear();
  is_sending_ = false;
  if (stopped_.caller != nullptr) return std::exchange(stopped_, {})({});
  if (std::exchange(tick_waits_, false)) flush();
}

// One tick waits while a flush stands still; further ones are dropped.
void SpanMetrics::handle(const Event&) {
  tick_ = run_.sim.start_timer(run_.sim.now() + config_.metrics_flush_interval, self_, 0);
  if (is_sending_) tick_waits_ = true;
  else flush();
}

void SpanMetrics::start() {
  for (Entry& entry : entries_) clear(entry);
  lru_.clear();
  evicted_.clear();
  tick_ = run_.sim.start_timer(run_.sim.now() + config_.metrics_flush_interval, self_, 0);
}

/// Nothing is flushed at the end.
void SpanMetrics::stop(Done stopped) {
  run_.sim.cancel(tick_);
  tick_waits_ = false;
  if (!is_sending_) return stopped({});
  stopped_ = stopped;
}

void SpanMetrics::kill(Cause cause) {
  run_.sim.cancel(tick_);
  if (is_sending_) run_.release(sending_, next_.reach, cause);
  sending_.clear();
  is_sending_ = tick_waits_ = false;
  stopped_ = {};
}

}  // namespace spillway::collector
