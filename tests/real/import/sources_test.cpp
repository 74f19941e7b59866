#include "real/import/sources.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/real/import/api.hpp"
#include "tests/real/import/bodies.hpp"

namespace spillway::real {
namespace {

std::size_t traces_of(const std::string& source, const SourceOptions& options = {}) {
  TraceReader reader;
  read_source(source, options, reader);
  return reader.take().traces.size();
}

TEST(Sources, AJaegerIsAskedForTheTracesOfEveryService) {
  Api api;
  api.answer("/api/services", R"({"data":["shop","stock room"],"total":2})");
  api.answer("/api/traces", R"({"data":[)" + bodies::jaeger_trace() + "]}");
  SourceOptions options;
  options.limit = 7;
  EXPECT_EQ(traces_of(api.start(), options), 1u) << "one and the same trace for both services";
  ASSERT_EQ(api.asked.size(), 4u);
  EXPECT_EQ(api.asked[3], "/api/traces?service=stock%20room&limit=7&lookback=1h");
}

TEST(Sources, AZipkinIsRecognised) {
  Api api;
  api.answer("/api/v2/services", R"(["shop"])");
  api.answer("/api/v2/traces", "[" + bodies::zipkin_spans() + "]");
  EXPECT_EQ(traces_of(api.start()), 1u);
}

TEST(Sources, ATempoIsSearchedThenAskedForEachTrace) {
  Api api;
  api.answer("/api/echo", "echo");
  api.answer("/api/search", R"({"traces":[{"traceID":"aa","rootServiceName":"shop"}]})");
  api.answer("/api/traces/aa", R"({"batches":)" + bodies::tempo_groups() + "}");
  EXPECT_EQ(traces_of(api.start()), 1u);
}

TEST(Sources, AUrlWithAPathIsAskedForAsItStands) {
  Api api;
  api.answer("/api/traces", R"({"data":[)" + bodies::jaeger_trace() + "]}");
  EXPECT_EQ(traces_of(api.start() + "/api/traces?service=shop"), 1u);
  EXPECT_EQ(api.asked, std::vector<std::string>{"/api/traces?service=shop"});
}

TEST(Sources, WhatCannotBeReadSaysWhy) {
  Api api;
  api.answer("/broken", "no", 500);
  const std::string server = api.start();
  EXPECT_THROW(traces_of(server), std::runtime_error) << "is no backend";
  try {
    traces_of(server + "/broken");
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find("answers 500"), std::string::npos) << e.what();
  }
  EXPECT_THROW(traces_of("http://127.0.0.1:1/api/traces"), std::runtime_error);
  EXPECT_THROW(traces_of("https://127.0.0.1:1/"), std::runtime_error);
  EXPECT_THROW(traces_of("/no/such/file"), std::runtime_error);
}

TEST(Sources, AFolderIsReadFileByFile) {
  const std::filesystem::path folder = std::filesystem::path{testing::TempDir()} / ("spillway-sources-test." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream{folder / "a.json"} << bodies::jaeger_trace();
  std::ofstream{folder / "b.json"} << bodies::zipkin_lines();
  TraceReader reader;
  read_source(folder.string(), {}, reader);
  EXPECT_EQ(reader.take().spans.size(), 6u) << "the same ids from two files: told later which are duplicates";
}

}  // namespace
}  // namespace spillway::real
