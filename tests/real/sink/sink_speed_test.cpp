// Prints what the sink manages on one core, and holds it to a floor in release builds.
#include <gtest/gtest.h>

#include <ctime>

#include "real/sink/coding.hpp"
#include "tests/real/sink/requests.hpp"
#include "tests/real/sink/running_sink.hpp"

namespace spillway::real {
namespace {

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr double kFloorSpansPerSecond = 50'000;
#else
constexpr double kFloorSpansPerSecond = 0;
#endif

double cpu_seconds_of_this_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double cpu_seconds(test::RunningSink& sink) {
  return sink.on_its_thread([](Sink&) { return cpu_seconds_of_this_thread(); });
}

/// Spans stored per CPU second of the sink's thread; requests of `size` spans.
double measure(test::RunningSink& sink, int requests, int size, bool zipped) {
  std::vector<std::string> bodies;
  for (int i = 0; i < requests; ++i) {
    const std::string body = test::otlp_request(static_cast<std::uint64_t>(i) * static_cast<unsigned>(size), size);
    bodies.push_back(zipped ? encode_body(Coding::gzip, body) : body);
  }
  std::map<std::string, std::string> headers{{"Content-Type", "application/x-protobuf"}};
  if (zipped) headers["Content-Encoding"] = "gzip";
  test::HttpClient client{sink.port()};
  const double before = cpu_seconds(sink);
  for (const std::string& body : bodies) EXPECT_EQ(client.post("/v1/traces", body, headers).status, 200);
  return requests * size / (cpu_seconds(sink) - before);
}

TEST(SinkSpeed, TakesBatchedSpansAtFiftyThousandPerSecondOnOneCore) {
  for (const bool zipped : {true, false}) {
    test::RunningSink sink{{}};
    const double rate = measure(sink, 500, 100, zipped);
    EXPECT_EQ(sink.counts().stored, 50'000);
    EXPECT_GE(rate, kFloorSpansPerSecond);
    std::printf("sink: %.0f spans per CPU second, 100 spans a request, 8 attributes a span, %s\n", rate,
                zipped ? "gzip" : "plain");
  }
}

TEST(SinkSpeed, TakesSingleSpans) {
  test::RunningSink sink{{}};
  const double rate = measure(sink, 5000, 1, false);
  EXPECT_EQ(sink.counts().stored, 5000);
  std::printf("sink: %.0f requests of one span per CPU second\n", rate);
}

}  // namespace
}  // namespace spillway::real
