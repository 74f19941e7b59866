#include "models/wire/signals.hpp"

#include <google/protobuf/arena.h>

#include <limits>

#include "models/telemetry/digest.hpp"
#include "models/wire/otlp_messages.hpp"
#include "models/wire/otlp_signals.pb.h"
#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

bool is_id(std::string_view bytes, std::size_t length) { return bytes.empty() || bytes.size() == length; }

WireItem item_of(const std::string& message, std::size_t bytes) {
  const std::string digest = sha256_hex(message);
  WireItem item;
  item.trace = *from_hex(std::string_view{digest}.substr(0, 32), 32);
  item.id = from_hex(std::string_view{digest}.substr(32, 16), 16)->low;
  item.bytes = static_cast<std::uint32_t>(bytes);
  return item;
}

/// Collectors write the body and both ids of a record even when there are none.
bool read_record(const std::string& resource, otlp::LogRecord& record, std::vector<WireItem>& items) {
  if (!is_id(record.trace_id(), 16) || !is_id(record.span_id(), 8)) return false;
  record.mutable_body();
  const std::size_t empty_ids = (record.trace_id().empty() ? 2 : 0) + (record.span_id().empty() ? 2 : 0);
  const std::string message = record.SerializeAsString();
  items.push_back(item_of(resource + message, field_bytes(message.size() + empty_ids)));
  return true;
}

void read_points(const std::string& metric, const auto& points, std::vector<WireItem>& items) {
  for (const auto& point : points) {
    const std::string message = point.SerializeAsString();
    items.push_back(item_of(metric + message, field_bytes(message.size())));
  }
}

void read_data(const std::string& resource, otlp::Metric& metric, std::vector<WireItem>& items) {
  const std::string name = resource + metric.name();
  switch (metric.data_case()) {
    case otlp::Metric::kGauge: return read_points(name, metric.gauge().data_points(), items);
    case otlp::Metric::kSum: return read_points(name, metric.sum().data_points(), items);
    case otlp::Metric::kHistogram: return read_points(name, metric.histogram().data_points(), items);
    case otlp::Metric::kSummary: return read_points(name, metric.summary().data_points(), items);
    case otlp::Metric::kExponentialHistogram:
      for (auto& point : *metric.mutable_exponential_histogram()->mutable_data_points()) {
        point.mutable_positive();
        point.mutable_negative();
      }
      return read_points(name, metric.exponential_histogram().data_points(), items);
    case otlp::Metric::DATA_NOT_SET: return;
  }
}

void read_metric(const std::string& resource, otlp::Metric& metric, std::vector<WireItem>& items) {
  const std::size_t first = items.size();
  read_data(resource, metric, items);
  if (items.size() == first) return;
  std::size_t rest = field_bytes(metric.ByteSizeLong());
  for (std::size_t i = first + 1; i < items.size(); ++i) rest -= items[i].bytes;
  items[first].bytes = static_cast<std::uint32_t>(rest);
}

bool read(otlp::ExportLogsServiceRequest& request, WireItems& groups) {
  for (auto& resource : *request.mutable_resource_logs()) {
    const std::string owner = resource.resource().SerializeAsString();
    for (auto& scope : *resource.mutable_scope_logs()) {
      WireItemGroup& group = groups.emplace_back();
      group.resource = resource_of(resource.resource(), scope.scope());
      for (auto& record : *scope.mutable_log_records()) {
        if (!read_record(owner, record, group.items)) return false;
      }
    }
  }
  return true;
}

bool read(otlp::ExportMetricsServiceRequest& request, WireItems& groups) {
  for (auto& resource : *request.mutable_resource_metrics()) {
    const std::string owner = resource.resource().SerializeAsString();
    for (auto& scope : *resource.mutable_scope_metrics()) {
      WireItemGroup& group = groups.emplace_back();
      group.resource = resource_of(resource.resource(), scope.scope());
      for (auto& metric : *scope.mutable_metrics()) read_metric(owner, metric, group.items);
    }
  }
  return true;
}

template <class Request, class Parse>
std::optional<WireItems> decode(Parse parse) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<Request>(&arena);
  WireItems groups;
  if (!parse(*request) || !read(*request, groups)) return std::nullopt;
  return groups;
}

}  // namespace

std::optional<WireItems> decode_items_proto(Signal signal, std::string_view body) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  const auto parse = [body](auto& request) { return request.ParseFromArray(body.data(), static_cast<int>(body.size())); };
  return signal == Signal::logs ? decode<otlp::ExportLogsServiceRequest>(parse)
                                : decode<otlp::ExportMetricsServiceRequest>(parse);
}

std::optional<WireItems> decode_items_json(Signal signal, std::string_view body) {
  const auto parse = [body](auto& request) { return from_json(body, request); };
  return signal == Signal::logs ? decode<otlp::ExportLogsServiceRequest>(parse)
                                : decode<otlp::ExportMetricsServiceRequest>(parse);
}

}  // namespace spillway::wire
