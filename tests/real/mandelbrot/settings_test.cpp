#include "real/mandelbrot/settings.hpp"

#include <gtest/gtest.h>

namespace spillway::mandelbrot {
namespace {

using Environment = std::map<std::string, std::string>;

Settings good(const Environment& environment) {
  std::vector<std::string> problems;
  Settings settings = read_settings(environment, problems);
  EXPECT_EQ(problems, std::vector<std::string>{});
  return settings;
}

std::vector<std::string> problems_of(const Environment& environment) {
  std::vector<std::string> problems;
  read_settings(environment, problems);
  return problems;
}

TEST(Settings, AnEmptyEnvironmentRendersInPlaceAndExportsNothing) {
  const Settings settings = good({});
  ASSERT_EQ(settings.stages.size(), 1U);
  EXPECT_FALSE(settings.stages[0].url);
  EXPECT_EQ(settings.exporter, Settings::Exporter::none);
  EXPECT_EQ(settings.stage_timeout, std::chrono::seconds{20});
  EXPECT_TRUE(settings.strict);
}

TEST(Settings, ReadThePlatformsManifest) {
  const Settings settings = good({{"CLOUD", "aws"},
                                  {"STAGE_ROUTE", "aws=local, gcp=http://gcp.example:8080,azure=http://azure.example"},
                                  {"ZIPKIN_ENDPOINTS", "http://jaeger:9411/api/v2/spans,http://otel-collector:9411/api/v2/spans"},
                                  {"TRACE_SAMPLE_RATE", "0.25"},
                                  {"FAILURE_MODE", "degraded"}});
  ASSERT_EQ(settings.stages.size(), 3U);
  EXPECT_FALSE(settings.stages[0].url);
  EXPECT_EQ(settings.stages[1].url->port, 8080);
  EXPECT_EQ(settings.stages[2].cloud, "azure");
  EXPECT_EQ(settings.exporter, Settings::Exporter::zipkin);
  ASSERT_EQ(settings.endpoints.size(), 2U);
  EXPECT_EQ(settings.endpoints[1].path, "/api/v2/spans");
  EXPECT_DOUBLE_EQ(settings.sample_rate, 0.25);
  EXPECT_FALSE(settings.strict);
}

TEST(Settings, OtlpEndpointsFollowTheSdksRules) {
  EXPECT_EQ(good({{"OTEL_TRACES_EXPORTER", "otlp"}}).endpoints.at(0).path, "/v1/traces");
  const Settings base = good({{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/x/"}});
  EXPECT_EQ(base.endpoints.at(0).path, "/x/v1/traces");
  const Settings whole = good({{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/y"}});
  EXPECT_EQ(whole.endpoints.at(0).path, "/y");
}

TEST(Settings, ReportAllProblemsAtOnceWithTheWayOut) {
  const auto problems = problems_of({{"PORT", "70000"},
                                     {"TRACE_SAMPLE_RATE", "nan"},
                                     {"FAILURE_MODE", "lenient"},
                                     {"STAGE_ROUTE", "aws"},
                                     {"ZIPKIN_ENDPOINTS", "https://secure.example/api/v2/spans"},
                                     {"FAIL_READY", "maybe"},
                                     {"OTEL_BSP_MAX_QUEUE_SIZE", "100"}});
  EXPECT_EQ(problems, (std::vector<std::string>{
                          "PORT: '70000' is no whole number from 0 to 65535",
                          "STAGE_ROUTE: 'aws' is no CLOUD=URL or CLOUD=local",
                          "FAILURE_MODE: 'lenient' is none of strict, degraded",
                          "TRACE_SAMPLE_RATE: 'nan' is no number from 0 to 1",
                          "FAIL_READY: 'maybe' is neither true nor false",
                          "ZIPKIN_ENDPOINTS: 'https://secure.example/api/v2/spans' asks for TLS, which is not spoken here; "
                          "use http and a proxy",
                          "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 512 is above OTEL_BSP_MAX_QUEUE_SIZE 100; lower it"}));
}

}  // namespace
}  // namespace spillway::mandelbrot
