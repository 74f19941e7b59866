// Whatever is read, reading ends, and what comes out of it can be fitted.
#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/calibration/application_fit.hpp"
#include "analysis/calibration/scenario_text.hpp"
#include "real/import/trace_reader.hpp"
#include "real/sink/coding.hpp"
#include "sim/stream.hpp"
#include "tests/real/import/bodies.hpp"

namespace spillway::real {
namespace {

/// A few bytes changed, taken out, doubled or moved.
std::string mutated(std::string text, Draws& draws) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(draws.uniform() * static_cast<double>(n)); };
  constexpr std::string_view likely = "{}[]\",:0123456789eE+-\\u\x00\x0a\xff tfn";
  const std::size_t changes = 1 + below(6);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = below(text.size()), length = 1 + below(std::min<std::size_t>(40, text.size() - at));
    switch (below(5)) {
      case 0: text[at] = likely[below(likely.size())]; break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: text.resize(at); break;
      default: text.insert(below(text.size()), text.substr(at, length)); break;
    }
  }
  return text;
}

TEST(ImportFuzz, DamagedRecordingsNeverBreakAnything) {
  const std::vector<std::string> seeds{bodies::jaeger_trace(),  bodies::zipkin_spans(), bodies::zipkin_lines(),
                                       bodies::zipkin_shared(), bodies::otlp_protobuf(), encode_body(Coding::gzip, bodies::jaeger_trace()),
                                       R"({"data":[)" + bodies::jaeger_trace() + "]}",
                                       R"({"resourceSpans":)" + bodies::otlp_groups() + "}",
                                       R"({"batches":)" + bodies::tempo_groups() + "}"};
  const StreamKey key = stream_key(1, 0, "import fuzz", "mutations");
  std::size_t whole = 0;
  for (std::uint64_t round = 0; round < 30'000; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Draws draws{key, round};
    TraceReader reader{500};
    reader.read(bytes_of(mutated(seeds[round % seeds.size()], draws)), "mutated");
    analysis::Recordings recordings;
    const analysis::Traces traces = reader.take();
    analysis::add_recording(recordings, "mutated", traces);
    const analysis::ApplicationFit fit{recordings};
    whole += recordings.all[0].trees.size();
    const std::string text = analysis::scenario_text(fit.fit(), {});
    ASSERT_FALSE(text.empty());
  }
  EXPECT_GT(whole, 5000u) << "many mutations leave a trace whole";
}

}  // namespace
}  // namespace spillway::real
