// Log records and data points in bodies: both encodings say the same.
#include <gtest/gtest.h>

#include "models/wire/otlp_messages.hpp"
#include "models/wire/signals.hpp"

namespace spillway::wire {
namespace {

constexpr const char* kLogs =
    R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[)"
    R"({"scope":{"name":"lib"},"logRecords":[{"timeUnixNano":"5","severityNumber":"SEVERITY_NUMBER_INFO","body":{"stringValue":"hi"}},)"
    R"({"time_unix_nano":6,"severity_number":13,"body":{"intValue":"7"},"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]})";

constexpr const char* kMetrics =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)"
    R"({"name":"a","gauge":{"dataPoints":[{"timeUnixNano":"5","asDouble":0.5},{"timeUnixNano":"5","asInt":"3"}]}},)"
    R"({"name":"b","unit":"s","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":3}]}},)"
    R"({"name":"c","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"count":"3","sum":1,"bucketCounts":["1",2],"explicitBounds":[5]}]}},)"
    R"({"name":"empty","gauge":{"dataPoints":[]}}]}]}]})";

std::int64_t bytes_of(const WireItemGroup& group) {
  std::int64_t sum = 0;
  for (const WireItem& item : group.items) sum += item.bytes;
  return sum;
}

TEST(Signals, ALogBodyHasItsRecords) {
  const auto groups = decode_items_json(Signal::logs, kLogs);
  ASSERT_TRUE(groups && groups->size() == 1);
  EXPECT_EQ(groups->front().resource.service, "shop");
  EXPECT_EQ(groups->front().resource.scope_name, "lib");
  ASSERT_EQ(groups->front().items.size(), 2u);
  EXPECT_NE(groups->front().items[0].trace, groups->front().items[1].trace);
}

TEST(Signals, AMetricCountsByItsDataPoints) {
  const auto groups = decode_items_json(Signal::metrics, kMetrics);
  ASSERT_TRUE(groups && groups->size() == 1);
  EXPECT_EQ(groups->front().items.size(), 4u) << "a metric without points is none";
  EXPECT_NE(groups->front().items[1].id, groups->front().items[2].id) << "the same point of another metric is another item";
}

TEST(Signals, BothEncodingsAreTheSameItems) {
  otlp::ExportLogsServiceRequest logs;
  ASSERT_TRUE(from_json(kLogs, logs));
  otlp::ExportMetricsServiceRequest metrics;
  ASSERT_TRUE(from_json(kMetrics, metrics));
  const std::pair<Signal, std::pair<std::string, std::string>> cases[] = {
      {Signal::logs, {kLogs, logs.SerializeAsString()}}, {Signal::metrics, {kMetrics, metrics.SerializeAsString()}}};
  for (const auto& [signal, bodies] : cases) {
    const auto json = decode_items_json(signal, bodies.first);
    const auto proto = decode_items_proto(signal, bodies.second);
    ASSERT_TRUE(json && proto);
    ASSERT_EQ(json->size(), proto->size());
    ASSERT_EQ(json->front().items.size(), proto->front().items.size());
    for (std::size_t i = 0; i < json->front().items.size(); ++i) {
      EXPECT_EQ(json->front().items[i].trace, proto->front().items[i].trace);
      EXPECT_EQ(json->front().items[i].bytes, proto->front().items[i].bytes);
    }
  }
}

TEST(Signals, SizesAddUpToTheBody) {
  otlp::ExportMetricsServiceRequest request;
  ASSERT_TRUE(from_json(kMetrics, request));
  request.mutable_resource_metrics(0)->mutable_scope_metrics(0)->mutable_metrics()->RemoveLast();
  Catalog catalog{1};
  const auto groups = decode_items_json(Signal::metrics, kMetrics);
  const ResourceId resource = catalog.add_resource(groups->front().resource);
  EXPECT_EQ(catalog.otlp_group_bytes(resource, bytes_of(groups->front())),
            static_cast<std::int64_t>(request.ByteSizeLong()));
}

TEST(Signals, RefusesWhatACollectorRefuses) {
  for (const char* const body : {"[]", "{", R"({"resourceLogs":7})", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"ab"}]}]}]})",
                                 R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":5}]}]}]})"}) {
    EXPECT_FALSE(decode_items_json(Signal::logs, body)) << body;
  }
  EXPECT_FALSE(decode_items_proto(Signal::logs, "\xff\xff\xff"));
  EXPECT_FALSE(decode_items_proto(Signal::metrics, std::string{"\x0a\x7f", 2}));
  EXPECT_TRUE(decode_items_proto(Signal::metrics, ""));
}

TEST(Signals, APathOrMethodNamesItsSignal) {
  EXPECT_EQ(signal_of("/otlp/v1/logs"), Signal::logs);
  EXPECT_EQ(signal_of("http://collector:4318/v1/metrics"), Signal::metrics);
  EXPECT_EQ(signal_of("/opentelemetry.proto.collector.logs.v1.LogsService/Export"), Signal::logs);
  EXPECT_EQ(signal_of("/anything"), Signal::traces);
}

}  // namespace
}  // namespace spillway::wire
