// Log records and metrics written in JSON, as messages.
#include "models/wire/json_reader.hpp"
#include "models/wire/otlp_messages.hpp"
#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

constexpr const char* kSeverities[] = {"UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2",
                                       "DEBUG3",      "DEBUG4", "INFO",  "INFO2",  "INFO3",  "INFO4", "WARN",
                                       "WARN2",       "WARN3",  "WARN4", "ERROR",  "ERROR2", "ERROR3", "ERROR4",
                                       "FATAL",       "FATAL2", "FATAL3", "FATAL4"};
constexpr const char* kTemporalities[] = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};

void write(const Value& value, otlp::AnyValue& out);

template <class Entries>
void write(const Attributes& attributes, Entries& out) {
  for (const auto& [key, value] : attributes) {
    auto* entry = out.Add();
    entry->set_key(key);
    write(value, *entry->mutable_value());
  }
}

void write(const Value& value, otlp::AnyValue& out) {
  if (const auto* text = value.get<std::string>()) return out.set_string_value(*text);
  if (const auto* truth = value.get<bool>()) return out.set_bool_value(*truth);
  if (const auto* integer = value.get<std::int64_t>()) return out.set_int_value(*integer);
  if (const auto* real = value.get<double>()) return out.set_double_value(*real);
  if (const auto* bytes = value.get<Bytes>()) return out.set_bytes_value(bytes->octets);
  if (const auto* map = value.get<Attributes>()) return write(*map, *out.mutable_kvlist_value()->mutable_values());
  if (const auto* list = value.get<ValueList>()) {
    auto* items = out.mutable_array_value();
    for (const Value& item : *list) write(item, *items->add_values());
  }
}

std::string octets(std::uint64_t number) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(number >> shift);
  return text;
}

std::string trace_of(Reader& in, const Json& json) {
  const TraceId id = in.id(Reader::member(json, "traceId", "trace_id"), 32);
  return id == TraceId{} ? "" : octets(id.high) + octets(id.low);
}

std::string span_of(Reader& in, const Json& json) {
  const std::uint64_t id = in.id(Reader::member(json, "spanId", "span_id"), 16).low;
  return id == 0 ? "" : octets(id);
}

void read_resource(Reader& in, const Json& json, otlp::Resource& out) {
  write(in.attributes(Reader::member(in.object(Reader::member(json, "resource")), "attributes")), *out.mutable_attributes());
}

void read_scope(Reader& in, const Json& json, otlp::InstrumentationScope& out) {
  const Json& scope = in.object(Reader::member(json, "scope"));
  out.set_name(in.text(Reader::member(scope, "name")));
  out.set_version(in.text(Reader::member(scope, "version")));
  write(in.attributes(Reader::member(scope, "attributes")), *out.mutable_attributes());
}

void read_record(Reader& in, const Json& json, otlp::LogRecord& out) {
  out.set_time_unix_nano(in.number<std::uint64_t>(Reader::member(json, "timeUnixNano", "time_unix_nano")));
  out.set_observed_time_unix_nano(in.number<std::uint64_t>(Reader::member(json, "observedTimeUnixNano", "observed_time_unix_nano")));
  out.set_severity_number(in.word(Reader::member(json, "severityNumber", "severity_number"), kSeverities, "SEVERITY_NUMBER_"));
  out.set_severity_text(in.text(Reader::member(json, "severityText", "severity_text")));
  write(in.value(in.object(Reader::member(json, "body")), 0), *out.mutable_body());
  write(in.attributes(Reader::member(json, "attributes")), *out.mutable_attributes());
  out.set_dropped_attributes_count(static_cast<std::uint32_t>(
      in.number<std::uint64_t>(Reader::member(json, "droppedAttributesCount", "dropped_attributes_count"))));
  out.set_flags(static_cast<std::uint32_t>(in.number<std::uint64_t>(Reader::member(json, "flags"))));
  out.set_trace_id(trace_of(in, json));
  out.set_span_id(span_of(in, json));
  out.set_event_name(in.text(Reader::member(json, "eventName", "event_name")));
}

/// What all kinds of points have.
template <class Point>
void read_common(Reader& in, const Json& json, Point& out) {
  out.set_start_time_unix_nano(in.number<std::uint64_t>(Reader::member(json, "startTimeUnixNano", "start_time_unix_nano")));
  out.set_time_unix_nano(in.number<std::uint64_t>(Reader::member(json, "timeUnixNano", "time_unix_nano")));
  out.set_flags(static_cast<std::uint32_t>(in.number<std::uint64_t>(Reader::member(json, "flags"))));
  write(in.attributes(Reader::member(json, "attributes")), *out.mutable_attributes());
}

template <class Function>
void numbers(Reader& in, const Json* list, Function add) {
  if (list == nullptr) return;
  if (!list->is_array()) return in.refuse();
  for (const Json& item : *list) add(item);
}

/// sum, min and max, which may be missing.
template <class Point>
void read_extent(Reader& in, const Json& json, Point& out) {
  if (const Json* v = Reader::member(json, "sum")) out.set_sum(in.number<double>(v));
  if (const Json* v = Reader::member(json, "min")) out.set_min(in.number<double>(v));
  if (const Json* v = Reader::member(json, "max")) out.set_max(in.number<double>(v));
}

void read_point(Reader& in, const Json& json, otlp::NumberDataPoint& out) {
  read_common(in, json, out);
  if (const Json* v = Reader::member(json, "asDouble", "as_double")) out.set_as_double(in.number<double>(v));
  if (const Json* v = Reader::member(json, "asInt", "as_int")) out.set_as_int(in.number<std::int64_t>(v));
}

void read_point(Reader& in, const Json& json, otlp::HistogramDataPoint& out) {
  read_common(in, json, out);
  read_extent(in, json, out);
  out.set_count(in.number<std::uint64_t>(Reader::member(json, "count")));
  numbers(in, Reader::member(json, "bucketCounts", "bucket_counts"),
          [&](const Json& item) { out.add_bucket_counts(in.number<std::uint64_t>(&item)); });
  numbers(in, Reader::member(json, "explicitBounds", "explicit_bounds"),
          [&](const Json& item) { out.add_explicit_bounds(in.number<double>(&item)); });
}

void read_buckets(Reader& in, const Json& json, otlp::ExponentialHistogramDataPoint::Buckets& out) {
  out.set_offset(static_cast<std::int32_t>(in.number<std::int64_t>(Reader::member(json, "offset"))));
  numbers(in, Reader::member(json, "bucketCounts", "bucket_counts"),
          [&](const Json& item) { out.add_bucket_counts(in.number<std::uint64_t>(&item)); });
}

void read_point(Reader& in, const Json& json, otlp::ExponentialHistogramDataPoint& out) {
  read_common(in, json, out);
  read_extent(in, json, out);
  out.set_count(in.number<std::uint64_t>(Reader::member(json, "count")));
  out.set_scale(static_cast<std::int32_t>(in.number<std::int64_t>(Reader::member(json, "scale"))));
  out.set_zero_count(in.number<std::uint64_t>(Reader::member(json, "zeroCount", "zero_count")));
  out.set_zero_threshold(in.number<double>(Reader::member(json, "zeroThreshold", "zero_threshold")));
  read_buckets(in, in.object(Reader::member(json, "positive")), *out.mutable_positive());
  read_buckets(in, in.object(Reader::member(json, "negative")), *out.mutable_negative());
}

void read_point(Reader& in, const Json& json, otlp::SummaryDataPoint& out) {
  read_common(in, json, out);
  out.set_count(in.number<std::uint64_t>(Reader::member(json, "count")));
  out.set_sum(in.number<double>(Reader::member(json, "sum")));
  in.each(Reader::member(json, "quantileValues", "quantile_values"), [&](const Json& item) {
    auto* value = out.add_quantile_values();
    value->set_quantile(in.number<double>(Reader::member(item, "quantile")));
    value->set_value(in.number<double>(Reader::member(item, "value")));
  });
}

template <class Data>
void read_points(Reader& in, const Json& json, Data& out) {
  in.each(Reader::member(json, "dataPoints", "data_points"),
          [&](const Json& point) { read_point(in, point, *out.add_data_points()); });
}

int temporality(Reader& in, const Json& json) {
  return in.word(Reader::member(json, "aggregationTemporality", "aggregation_temporality"), kTemporalities,
                 "AGGREGATION_TEMPORALITY_");
}

void read_metric(Reader& in, const Json& json, otlp::Metric& out) {
  out.set_name(in.text(Reader::member(json, "name")));
  out.set_description(in.text(Reader::member(json, "description")));
  out.set_unit(in.text(Reader::member(json, "unit")));
  if (const Json* v = Reader::member(json, "gauge")) read_points(in, in.object(v), *out.mutable_gauge());
  if (const Json* v = Reader::member(json, "sum")) {
    const Json& sum = in.object(v);
    read_points(in, sum, *out.mutable_sum());
    out.mutable_sum()->set_aggregation_temporality(temporality(in, sum));
    const Json* monotonic = Reader::member(sum, "isMonotonic", "is_monotonic");
    if (monotonic != nullptr && !monotonic->is_boolean()) in.refuse();
    out.mutable_sum()->set_is_monotonic(monotonic != nullptr && monotonic->is_boolean() && monotonic->get<bool>());
  }
  if (const Json* v = Reader::member(json, "histogram")) {
    read_points(in, in.object(v), *out.mutable_histogram());
    out.mutable_histogram()->set_aggregation_temporality(temporality(in, in.object(v)));
  }
  if (const Json* v = Reader::member(json, "exponentialHistogram", "exponential_histogram")) {
    read_points(in, in.object(v), *out.mutable_exponential_histogram());
    out.mutable_exponential_histogram()->set_aggregation_temporality(temporality(in, in.object(v)));
  }
  if (const Json* v = Reader::member(json, "summary")) read_points(in, in.object(v), *out.mutable_summary());
  write(in.attributes(Reader::member(json, "metadata")), *out.mutable_metadata());
}

/// Calls read(reader, root object); false when the text is refused.
template <class Function>
bool from_json_text(std::string_view body, Function read) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_null()) return true;
  if (!json.is_object()) return false;
  Reader in;
  read(in, json);
  return !in.failed();
}

}  // namespace

bool from_json(std::string_view body, otlp::ExportLogsServiceRequest& request) {
  return from_json_text(body, [&](Reader& in, const Json& root) {
    in.each(Reader::member(root, "resourceLogs", "resource_logs"), [&](const Json& json) {
      auto* resource = request.add_resource_logs();
      read_resource(in, json, *resource->mutable_resource());
      in.each(Reader::member(json, "scopeLogs", "scope_logs"), [&](const Json& inner) {
        auto* scope = resource->add_scope_logs();
        read_scope(in, inner, *scope->mutable_scope());
        in.each(Reader::member(inner, "logRecords", "log_records"),
                [&](const Json& record) { read_record(in, record, *scope->add_log_records()); });
      });
    });
  });
}

bool from_json(std::string_view body, otlp::ExportMetricsServiceRequest& request) {
  return from_json_text(body, [&](Reader& in, const Json& root) {
    in.each(Reader::member(root, "resourceMetrics", "resource_metrics"), [&](const Json& json) {
      auto* resource = request.add_resource_metrics();
      read_resource(in, json, *resource->mutable_resource());
      in.each(Reader::member(json, "scopeMetrics", "scope_metrics"), [&](const Json& inner) {
        auto* scope = resource->add_scope_metrics();
        read_scope(in, inner, *scope->mutable_scope());
        in.each(Reader::member(inner, "metrics"), [&](const Json& metric) { read_metric(in, metric, *scope->add_metrics()); });
      });
    });
  });
}

}  // namespace spillway::wire
