// The span_metrics connector. Sources: spanmetricsconnector of v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

using Dimensions = std::vector<SpanMetricsConfig::Dimension>;

/// Dimensions under this key; `what` for messages.
void dimensions(Fields& fields, std::string_view key, Dimensions& out) {
  const bool newer = fields.reading().semantics.span_metrics_is_newer;
  fields.maps(key, [&](Fields& one) {
    SpanMetricsConfig::Dimension dimension;
    std::string standard, glob;
    one.text("name", dimension.name);
    one.text("default", standard);
    const Value* const given = one.value().find("default");
    if (given != nullptr && given->kind != Value::Kind::null) dimension.standard = standard;
    if (newer) one.text("glob", glob);
    if (!dimension.name.empty() && !glob.empty())
      one.refuse("glob", "dimension entry must set only one of `name` or `glob`; drop one");
    if (newer && dimension.name.empty() && glob.empty())
      one.refuse("name", "dimension entry must set one of `name` or `glob`; name an attribute");
    if (!glob.empty() && dimension.standard) one.refuse("default", "`default` is not supported on `glob` dimension; drop it");
    if (!glob.empty()) return one.leave_out("dimensions glob: no such attribute is told apart", kUnknownEffect);
    out.push_back(std::move(dimension));
  });
}

void unique_names(Fields& fields, std::string_view key, const Dimensions& all) {
  std::set<std::string> names{"service.name", "span.kind", "status.code", "span.name"};
  if (fields.reading().semantics.span_metrics_is_newer) names.insert("collector.instance.id");
  for (const auto& one : all)
    if (!names.insert(one.name).second)
      fields.refuse(key, "duplicate dimension name \"" + one.name + "\": every series has it already; drop it");
}

void unit(Fields& fields, SpanMetricsConfig& config) {
  const Value* const value = fields.value().find("unit");
  std::string text;
  fields.text("unit", text);
  if (value == nullptr || (value->kind == Value::Kind::null && !fields.reading().semantics.null_clears)) return;
  if (value->kind == Value::Kind::null || value->broken) return;
  if (lower(text) != "ms" && lower(text) != "s")
    fields.refuse("unit", "unknown Unit \"" + text + "\", allowed units are \"ms\" and \"s\"");
  config.seconds = lower(text) == "s";
}

void histogram(Fields& fields, SpanMetricsConfig& config) {
  bool disabled = false;
  fields.boolean("disable", disabled);
  unit(fields, config);
  std::vector<Duration> buckets;
  const bool exponential = fields.optional("exponential", [&](Fields& inner) {
    inner.integer("max_size", config.max_size);
  }) == Presence::given;
  const bool fixed = fields.optional("explicit", [&](Fields& inner) { inner.durations("buckets", buckets); }) == Presence::given;
  if (fields.reading().semantics.span_metrics_is_newer) dimensions(fields, "dimensions", config.duration_dimensions);
  if (exponential && fixed && fields.reading().errors == 0)
    fields.refuse("explicit", "use either `explicit` or `exponential` buckets histogram; drop one");
  if (fixed) config.bounds = static_cast<std::int64_t>(buckets.size());
  if (exponential) config.histogram = SpanMetricsConfig::Shape::exponential;
  if (disabled) config.histogram = SpanMetricsConfig::Shape::none;
}

void exemplars(Fields& fields, SpanMetricsConfig& config) {
  const bool newer = fields.reading().semantics.span_metrics_is_newer;
  fields.boolean("enabled", config.exemplars);
  std::int64_t most = 5;
  fields.integer("max_per_data_point", most);
  const Value* const given = fields.value().find("max_per_data_point");
  if (newer || (given != nullptr && given->kind != Value::Kind::null)) config.max_per_data_point = most;
  if (newer && config.exemplars && most < 0)
    fields.refuse("max_per_data_point", "invalid max_per_data_point: " + std::to_string(most) + ", the value should be positive");
}

void not_negative(Fields& fields, std::string_view key, Duration value) {
  if (value < Duration{}) fields.refuse(key, "invalid " + std::string(key) + ": the duration should be positive; give 0 or more");
}

/// What the connector refuses, or fails at, when it is built.
void check_sizes(Fields& fields, const SpanMetricsConfig& config, std::int64_t timestamps, std::int64_t dimensions_cache) {
  Reading& reading = fields.reading();
  if (!reading.semantics.span_metrics_is_newer && dimensions_cache <= 0)
    fields.refuse("dimensions_cache_size", "invalid cache size: " + std::to_string(dimensions_cache) +
                                               ", the maximum number of the items in the cache should be positive");
  if (config.delta && timestamps <= 0)
    fields.refuse("metric_timestamp_cache_size", "invalid delta timestamp cache size: " + std::to_string(timestamps) +
                                                     ", the maximum number of the items in the cache should be positive");
  if (config.aggregation_cardinality_limit < 0)
    fields.refuse("aggregation_cardinality_limit", "invalid aggregation_cardinality_limit: the limit should be positive");
  if (config.resource_metrics_cache_size <= 0)
    fields.refuse_when_used("resource_metrics_cache_size", "must provide a positive size; drop it for 1000");
  if (config.metrics_flush_interval == Duration{})
    fields.refuse_when_used("metrics_flush_interval", "the collector panics: non-positive interval for NewTicker; give e.g. 15s");
}

}  // namespace

SpanMetricsConfig span_metrics_connector(Fields& fields) {
  SpanMetricsConfig config;
  const bool newer = fields.reading().semantics.span_metrics_is_newer;
  std::int64_t dimensions_cache = newer ? 0 : 1000, timestamps = 1000;
  std::string temporality;
  bool add_resource_attributes = false;
  dimensions(fields, "dimensions", config.dimensions);
  fields.texts("exclude_dimensions", config.exclude_dimensions);
  fields.integer("dimensions_cache_size", dimensions_cache);
  fields.integer("resource_metrics_cache_size", config.resource_metrics_cache_size);
  fields.texts("resource_metrics_key_attributes", config.resource_metrics_key_attributes);
  fields.text("aggregation_temporality", temporality);
  config.delta = temporality == "AGGREGATION_TEMPORALITY_DELTA";
  fields.section("histogram", [&](Fields& inner) { histogram(inner, config); });
  fields.duration("metrics_flush_interval", config.metrics_flush_interval);
  fields.duration("metrics_expiration", config.metrics_expiration);
  fields.integer("metric_timestamp_cache_size", timestamps);
  fields.text("namespace", config.metric_namespace);
  fields.section("exemplars", [&](Fields& inner) { exemplars(inner, config); });
  fields.section("events", [&](Fields& inner) {
    inner.boolean("enabled", config.events);
    dimensions(inner, "dimensions", config.event_dimensions);
  });
  if (newer) {
    dimensions(fields, "calls_dimensions", config.calls_dimensions);
    fields.duration("series_expiration", config.series_expiration);
    fields.texts("include_instrumentation_scope", config.include_instrumentation_scope);
    fields.integer("aggregation_cardinality_limit", config.aggregation_cardinality_limit);
    fields.boolean("add_resource_attributes", add_resource_attributes);
    fields.boolean("enable_metrics_sampling_method", config.enable_metrics_sampling_method);
  }
  if (fields.reading().errors > 0) return config;
  unique_names(fields, "dimensions", config.dimensions);
  unique_names(fields, "calls_dimensions", config.calls_dimensions);
  unique_names(fields, "histogram", config.duration_dimensions);
  if (config.events) unique_names(fields, "events", config.event_dimensions);
  if (config.events && config.event_dimensions.empty())
    fields.refuse("events", "no dimensions configured for events; list attributes of the events");
  not_negative(fields, "metrics_flush_interval", config.metrics_flush_interval);
  not_negative(fields, "metrics_expiration", config.metrics_expiration);
  not_negative(fields, "series_expiration", config.series_expiration);
  check_sizes(fields, config, timestamps, dimensions_cache);
  return config;
}

}  // namespace spillway::collector
