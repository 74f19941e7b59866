#include "real/mandelbrot/span.hpp"

#include <gtest/gtest.h>

#include "models/telemetry/span.hpp"
#include "models/wire/spans.hpp"
#include "models/wire/zipkin.hpp"
#include "real/mandelbrot/log.hpp"
#include "real/mandelbrot/metrics.hpp"

namespace spillway::mandelbrot {
namespace {

using namespace std::chrono_literals;

const Resource kResource{"mandelbrot", {{"platform", "trinity"}, {"cloud", "aws"}}};

FinishedSpan root() {
  FinishedSpan span;
  span.context = {{0x1111U, 0x2222U}, 0x3333U, 0, true, ""};
  span.name = "POST /api/render";
  span.kind = Kind::server;
  span.start = std::chrono::system_clock::time_point{1'800'000'000'123'456us};
  span.duration = 209'000'700ns;
  span.tags = {{"http.method", "POST"}, {"http.route", "/api/render"}, {"http.status_code", "200"}};
  return span;
}

/// The same span as the simulator has it.
std::string simulated(const FinishedSpan& span) {
  Catalog catalog{1};
  ResourceShape resource{kResource.service, {}};
  for (const auto& [key, value] : kResource.tags) resource.attributes.emplace_back(key, value);
  SpanShape shape{span.name, static_cast<SpanKind>(span.kind)};
  for (const auto& [key, value] : span.tags) shape.attributes.emplace_back(key, value);
  Span record;
  record.trace = catalog.add_trace({span.context.trace.high, span.context.trace.low});
  record.ordinal = catalog.add_span_id(record.trace, span.context.span);
  if (span.context.parent != 0) record.parent = catalog.add_span_id(record.trace, span.context.parent);
  record.shape = catalog.add_shape(shape);
  record.resource = catalog.add_resource(resource);
  record.status = span.failed ? SpanStatus::error : SpanStatus::unset;
  record.duration = span.duration;
  std::string text;
  append_zipkin_json(text, catalog, record, std::chrono::duration_cast<std::chrono::microseconds>(span.start.time_since_epoch()).count());
  return "[" + text + "]";
}

TEST(ZipkinJson, IsByteForByteWhatTheSimulatorImagines) {
  FinishedSpan span = root();
  EXPECT_EQ(zipkin_json(span, kResource), simulated(span));
  span.kind = Kind::client;
  span.context.parent = 0x4444U;
  span.failed = true;
  span.tags.clear();
  span.name = "render stage \"gcp\"";
  EXPECT_EQ(zipkin_json(span, kResource), simulated(span));
  span.kind = Kind::internal;
  span.duration = 10ns;
  EXPECT_EQ(zipkin_json(span, kResource), simulated(span));
}

TEST(ZipkinJson, ACollectorReadsIt) {
  const auto spans = wire::decode_zipkin_json(zipkin_json(root(), kResource));
  ASSERT_TRUE(spans && spans->size() == 1);
  const wire::ZipkinSpan& span = spans->front();
  EXPECT_EQ(span.name, "POST /api/render");
  EXPECT_EQ(span.kind, "SERVER");
  EXPECT_EQ(span.timestamp_us, 1'800'000'000'123'000U) << "milliseconds only";
  EXPECT_EQ(span.duration_us, 209'000U);
  EXPECT_EQ(span.local.service, "mandelbrot");
  EXPECT_EQ(span.tags.size(), 5U);
}

TEST(ZipkinJson, TextThatIsNoUtf8CannotBreakIt) {
  FinishedSpan span = root();
  span.tags = {{"k", "\xff\xfe\"\\"}};
  EXPECT_TRUE(wire::decode_zipkin_json(zipkin_json(span, kResource)));
}

TEST(OtlpProto, ACollectorReadsABatch) {
  FinishedSpan child = root();
  child.context.parent = child.context.span;
  child.context.span = 0x5555U;
  child.failed = true;
  const auto groups = wire::decode_otlp_proto(otlp_proto({root(), child}, kResource));
  ASSERT_TRUE(groups && groups->size() == 1);
  EXPECT_EQ(groups->front().resource.service, "mandelbrot");
  EXPECT_EQ(groups->front().resource.attributes.size(), 2U);
  ASSERT_EQ(groups->front().spans.size(), 2U);
  const wire::WireSpan& first = groups->front().spans[0];
  const wire::WireSpan& second = groups->front().spans[1];
  EXPECT_EQ(first.trace, (spillway::TraceId{0x1111U, 0x2222U}));
  EXPECT_EQ(first.parent, 0U);
  EXPECT_EQ(first.end_ns - first.start_ns, 209'000'700U);
  EXPECT_EQ(second.parent, first.id);
  EXPECT_EQ(second.status, SpanStatus::error);
  EXPECT_EQ(second.shape.attributes.size(), 3U);
}

TEST(Log, LinesCarryThePlatformsFieldsInTheirOrder) {
  Settings settings;
  settings.cloud = "aws";
  settings.region = "us-east-1";
  std::string written;
  Log log{settings, [&](const std::string& line) { written += line; }};
  const SpanContext context = root().context;
  log.info("mandelbrot render completed", {.span = &context, .job_id = "m_mp84cacn_5kgis0t", .status = "complete"});
  const auto behind_time = written.find("\"level\"");
  EXPECT_EQ(written.substr(behind_time),
            R"("level":"info","message":"mandelbrot render completed","platform":"trinity","service":"mandelbrot","cloud":"aws",)"
            R"("region":"us-east-1","traceId":"00000000000011110000000000002222","spanId":"0000000000003333",)"
            R"("jobId":"m_mp84cacn_5kgis0t","status":"complete"})"
            "\n");
  EXPECT_EQ(utc_text(1'779'524'100'007), "2026-05-23T08:15:00.007Z");
}

TEST(Metrics, ExpositionIsOpenMetricsWithExemplars) {
  Metrics metrics;
  metrics.declare_counter("mandelbrot_requests", "Requests.");
  metrics.declare_latency("d_seconds", "");
  metrics.count("mandelbrot_requests", label_text({{"route", "a\"b\\\n"}}), 2);
  metrics.latency("d_seconds", "").add(0.2, "abc", 1'800'000'000.5);
  metrics.latency("d_seconds", "").add(100, "", 1);
  const std::string text = metrics.text();
  EXPECT_NE(text.find("# TYPE mandelbrot_requests counter\n# HELP mandelbrot_requests Requests.\n"
                      "mandelbrot_requests_total{route=\"a\\\"b\\\\\\n\"} 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("# TYPE d_seconds histogram\n# UNIT d_seconds seconds\n"), std::string::npos);
  EXPECT_NE(text.find("d_seconds_bucket{le=\"0.15\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("d_seconds_bucket{le=\"0.2\"} 1 # {trace_id=\"abc\"} 0.2 1800000000.500\n"), std::string::npos);
  EXPECT_NE(text.find("d_seconds_bucket{le=\"+Inf\"} 2\nd_seconds_count 2\nd_seconds_sum 100.2\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

}  // namespace
}  // namespace spillway::mandelbrot
