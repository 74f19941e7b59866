#include "real/local/prometheus_text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace spillway::real {
namespace {

constexpr char kPage[] = R"(# HELP otelcol_exporter_sent_spans_total Number of spans
# TYPE otelcol_exporter_sent_spans_total counter
otelcol_exporter_sent_spans_total{exporter="otlp_http/b",service_version=""} 120
otelcol_exporter_sent_spans_total{exporter="otlp_http/a",service_version=""} 1.5e+06
# TYPE http_seconds histogram
http_seconds_bucket{le="0.1"} 3 1700000000000
http_seconds_bucket{le="+Inf"} 4
http_seconds_sum 0.25
http_seconds_count 4 # {trace_id="ab"} 1

process_uptime_seconds 12
)";

TEST(PrometheusText, ReadsSamplesSortedByNameAndLabels) {
  const PrometheusText page = parse_prometheus_text(kPage);
  EXPECT_EQ(page.skipped_lines, 0);
  ASSERT_EQ(page.values.size(), 7U);
  EXPECT_EQ(page.values[0].name, "http_seconds_bucket");
  EXPECT_EQ(page.values[0].labels, (Labels{{"le", "+Inf"}}));
  EXPECT_EQ(page.values[1].value, 3);
  EXPECT_EQ(page.values[2].name, "http_seconds_count");
  EXPECT_EQ(page.values[4].labels, (Labels{{"exporter", "otlp_http/a"}, {"service_version", ""}}));
  EXPECT_EQ(page.values[4].value, 1.5e6);
  EXPECT_EQ(page.values[6].name, "process_uptime_seconds");
}

TEST(PrometheusText, UnescapesLabelValues) {
  const auto page = parse_prometheus_text(R"(m{a="say \"hi\"\\ \n, }", b = "é" ,} 1)");
  ASSERT_EQ(page.values.size(), 1U);
  EXPECT_EQ(page.values[0].labels, (Labels{{"a", "say \"hi\"\\ \n, }"}, {"b", "é"}}));
}

TEST(PrometheusText, KeepsNumbersThatAreNone) {
  const auto page = parse_prometheus_text("a NaN\nb +Inf\nc -Inf\nd 1e999\ne 1e-999\nf +4\n");
  ASSERT_EQ(page.values.size(), 6U);
  EXPECT_TRUE(std::isnan(page.values[0].value));
  EXPECT_EQ(page.values[1].value, INFINITY);
  EXPECT_EQ(page.values[2].value, -INFINITY);
  EXPECT_EQ(page.values[3].value, INFINITY);
  EXPECT_EQ(page.values[4].value, 0);
  EXPECT_EQ(page.values[5].value, 4);
}

TEST(PrometheusText, ABrokenLineCostsThatLineOnly) {
  for (const char* bad : {"m", "m{", "m{a=\"x", "m{a=x} 1", "m{a=\"1\"b=\"2\"} 1", "m{a=\"1\",a=\"2\"} 1", "m one",
                          "m 1 then", "7m 1", "m +-1", "m 1 2 3", "{} 1", "m{a=\"\\"}) {
    const auto page = parse_prometheus_text(std::string{"first 1\n"} + bad + "\r\nlast 2");
    EXPECT_EQ(page.skipped_lines, 1) << bad;
    EXPECT_EQ(page.values.size(), 2U) << bad;
  }
}

TEST(PrometheusText, SurvivesAnything) {
  std::mt19937 random{5};
  const std::string good = kPage;
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 5; ++k) bad[random() % bad.size()] = static_cast<char>(random());
    parse_prometheus_text(bad);
  }
  EXPECT_EQ(parse_prometheus_text(std::string(1'000'000, '{')).skipped_lines, 1);
  EXPECT_TRUE(parse_prometheus_text("").values.empty());
}

}  // namespace
}  // namespace spillway::real
