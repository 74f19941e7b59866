#include "real/local/real_services.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/scenario/scenario.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::real {
namespace {

Scenario trinity() {
  Problems problems;
  LoadedScenario loaded = load_scenario(std::filesystem::path{SPILLWAY_SOURCE_DIR} / "scenarios/trinity/healthy.yaml", {}, problems);
  EXPECT_TRUE(loaded.scenario) << to_text(problems);
  return std::move(*loaded.scenario);
}

Operation& operation(Service& service, const std::string& name) {
  return *std::find_if(service.operations.begin(), service.operations.end(), [&](const Operation& o) { return o.name == name; });
}

const std::map<std::string, std::string> kUrls{{"aws", "http://127.0.0.1:8080"}, {"gcp", "http://10.0.0.1:8080"}, {"azure", "http://10.0.0.2:8080"}};

TEST(RealServices, ThePlatformsServiceIsSetUpAsItsScenarioSays) {
  Scenario scenario = trinity();
  EXPECT_EQ(missing_for_real_services(scenario), std::vector<std::string>{});
  Service& service = scenario.services.front();
  service.instrumentation.sampling.probability = 0.25;
  operation(service, "POST /api/render").error_probability = 0.05;
  auto environment = service_environment(scenario, service, 1, kUrls);
  EXPECT_EQ(environment["CLOUD"], "gcp");
  EXPECT_EQ(environment["REGION"], "us-central1");
  EXPECT_EQ(environment["PLATFORM"], "trinity");
  EXPECT_EQ(environment["STAGE_ROUTE"], "aws=http://127.0.0.1:8080,gcp=local,azure=http://10.0.0.2:8080") << "tiles in the order of the places";
  EXPECT_EQ(environment["STAGE_TIMEOUT_MS"], "20000");
  EXPECT_EQ(environment["FAILURE_MODE"], "strict");
  EXPECT_EQ(environment["TRACE_SAMPLE_RATE"], "0.25");
  EXPECT_EQ(environment["ERROR_RATE"], "0.05");
  EXPECT_EQ(environment["ZIPKIN_ENDPOINTS"], "http://jaeger.observability.svc.cluster.local:9411/api/v2/spans,"
                                             "http://otel-collector.observability.svc.cluster.local:9411/api/v2/spans");
}

TEST(RealServices, TheOwnTileOverHttpAndTheSdkAreSettings) {
  Scenario scenario = trinity();
  Service& service = scenario.services.front();
  operation(service, "POST /api/render").parallel.front().own_place_in_process = false;
  service.failure_mode = FailureMode::degraded;
  service.resource.emplace_back("zone", Value{std::string{"{place}-1"}});
  service.instrumentation.kind = Instrumentation::Kind::otlp_batch;
  service.instrumentation.endpoints = {"http://otel-collector:4318/v1/traces"};
  service.instrumentation.max_queue_size = 100;
  auto environment = service_environment(scenario, service, 0, kUrls);
  EXPECT_EQ(environment["STAGE_ROUTE"], "aws=http://127.0.0.1:8080,gcp=http://10.0.0.1:8080,azure=http://10.0.0.2:8080");
  EXPECT_EQ(environment["FAILURE_MODE"], "degraded");
  EXPECT_EQ(environment["OTEL_RESOURCE_ATTRIBUTES"], "zone=aws-1");
  EXPECT_EQ(environment["OTEL_TRACES_EXPORTER"], "otlp");
  EXPECT_EQ(environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], "http://otel-collector:4318/v1/traces");
  EXPECT_EQ(environment["OTEL_BSP_MAX_QUEUE_SIZE"], "100");
  EXPECT_FALSE(environment.contains("ZIPKIN_ENDPOINTS"));
}

TEST(RealServices, WhatTheProgramCannotBeIsNamedWithTheWayOut) {
  Scenario scenario = trinity();
  Service& service = scenario.services.front();
  service.runtime.kind = Runtime::Kind::unlimited;
  operation(service, "render tile").error_probability = 0.1;
  scenario.traffic.front().picture->width = 1000;
  EXPECT_EQ(missing_for_real_services(scenario),
            (std::vector<std::string>{"services.mandelbrot: the real one is an event loop; set runtime: {kind: event_loop}",
                                      "services.mandelbrot: only POST /api/render can have an error_probability in the real one, not render tile",
                                      "traffic.renders: the real service draws up to 900 x 700 pixels with 1200 iterations"}));
  service.operations.erase(service.operations.begin());
  const auto missing = missing_for_real_services(scenario);
  ASSERT_FALSE(missing.empty());
  EXPECT_NE(missing.front().find("is no Mandelbrot service"), std::string::npos);
  scenario.services.clear();
  scenario.traffic.clear();
  EXPECT_EQ(missing_for_real_services(scenario), std::vector<std::string>{"the scenario has no services that could be real"});
}

TEST(RealServices, TheirOwnWaysAreTold) {
  Scenario scenario = trinity();
  ASSERT_EQ(own_ways_of_real_services(scenario).size(), 1U);
  EXPECT_EQ(own_ways_of_real_services(scenario)[0].what, "real mandelbrot operations.work");
  scenario.services.front().resource.clear();
  EXPECT_EQ(own_ways_of_real_services(scenario).size(), 3U);
}

}  // namespace
}  // namespace spillway::real
