#include "real/import/trace_reader.hpp"

#include <gtest/gtest.h>

#include <map>

#include "analysis/calibration/call_tree.hpp"
#include "real/sink/coding.hpp"
#include "tests/real/import/bodies.hpp"

namespace spillway::real {
namespace {

using analysis::SpanRole;
using analysis::Traces;

struct Result {
  Traces traces;
  analysis::ReadingNotes notes;
};

Result read(const std::string& text, std::size_t most_spans = 1000) {
  TraceReader reader{most_spans};
  reader.read(bytes_of(text), "text");
  return {reader.take(), reader.notes()};
}

/// The one trace of the test bodies, whatever the format: shop/GET / calls stock/reserve over a client's span.
void expect_the_trace(const Result& result) {
  EXPECT_EQ(result.notes.damaged_elements, 0) << (result.notes.first_problems.empty() ? "" : result.notes.first_problems[0]);
  EXPECT_EQ(result.notes.damaged_spans, 0);
  ASSERT_EQ(result.traces.traces.size(), 1u);
  ASSERT_EQ(result.traces.spans.size(), 3u);
  analysis::TraceProblems problems;
  const auto tree = analysis::call_tree(result.traces, 0, problems);
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->nodes.size(), 3u);
  const auto operation = [&](std::size_t n) { return result.traces.operations[tree->nodes[n].operation]; };
  EXPECT_EQ(operation(0), (analysis::TracedOperation{"shop", "GET /", SpanRole::server}));
  EXPECT_EQ(operation(1), (analysis::TracedOperation{"shop", "reserve", SpanRole::client}));
  EXPECT_EQ(operation(2), (analysis::TracedOperation{"stock", "reserve", SpanRole::server}));
  EXPECT_EQ(tree->nodes[0].end, 10'000'000) << "10 ms";
  EXPECT_EQ(tree->nodes[1].start, 2'000'000);
  EXPECT_EQ(tree->nodes[2].start, 3'000'000);
  EXPECT_EQ(tree->nodes[2].end, 7'000'000);
  EXPECT_TRUE(tree->nodes[2].error);
  EXPECT_FALSE(tree->nodes[0].error);
}

TEST(TraceReader, ReadsJaegerLineByLine) { expect_the_trace(read(bodies::jaeger_trace() + "\n")); }
TEST(TraceReader, ReadsTheAnswerOfJaegersApi) {
  expect_the_trace(read(R"({"data":[)" + bodies::jaeger_trace() + R"(],"total":0,"limit":0,"errors":null})"));
}
TEST(TraceReader, ReadsZipkinSpansListsAndLists) {
  expect_the_trace(read(bodies::zipkin_spans()));
  expect_the_trace(read("[" + bodies::zipkin_spans() + "]"));
}
TEST(TraceReader, AZipkinServerMayShareItsClientsId) { expect_the_trace(read(bodies::zipkin_shared())); }
TEST(TraceReader, ReadsOtlpJson) { expect_the_trace(read(R"({"resourceSpans":)" + bodies::otlp_groups() + "}")); }
TEST(TraceReader, ReadsTheAnswersOfTempo) {
  expect_the_trace(read(R"({"batches":)" + bodies::otlp_groups() + "}"));
  expect_the_trace(read(R"({"trace":{"resourceSpans":)" + bodies::otlp_groups() + "}}"));
  expect_the_trace(read(R"({"batches":)" + bodies::tempo_groups() + "}"));
}
TEST(TraceReader, ReadsOtlpProtobuf) { expect_the_trace(read(bodies::otlp_protobuf())); }
TEST(TraceReader, ReadsGzip) { expect_the_trace(read(encode_body(Coding::gzip, bodies::jaeger_trace()))); }
TEST(TraceReader, SpansOfATraceMayComeApart) {
  // Zipkin spans one a line, in any order.
  expect_the_trace(read(bodies::zipkin_lines()));
}

TEST(TraceReader, ADamagedLineCostsThatLineOnly) {
  const Result result = read("{\"traceID\": tru\n" + bodies::jaeger_trace() + "\nnonsense\n");
  EXPECT_EQ(result.notes.damaged_elements, 2);
  EXPECT_EQ(result.traces.traces.size(), 1u);
  ASSERT_EQ(result.notes.first_problems.size(), 2u);
  EXPECT_TRUE(result.notes.first_problems[0].starts_with("text:1: ")) << result.notes.first_problems[0];
  EXPECT_TRUE(result.notes.first_problems[1].starts_with("text:3: ")) << result.notes.first_problems[1];
}

TEST(TraceReader, ATruncatedStreamSaysSo) {
  const std::string whole = encode_body(Coding::gzip, bodies::jaeger_trace() + "\n");
  const Result result = read(whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(result.notes.truncated_input);
  EXPECT_EQ(result.traces.traces.size(), 0u);
}

TEST(TraceReader, SpansWithoutIdOrTimeAreCounted) {
  const Result result = read(R"([{"traceId":"1","id":"1","name":"x"},{"traceId":"zz","id":"1","timestamp":1,"duration":1}])");
  EXPECT_EQ(result.notes.damaged_spans, 2);
  EXPECT_TRUE(result.traces.spans.empty());
}

TEST(TraceReader, HugeNumbersAreNoTimes) {
  for (const char* number : {"1e300", "-5", "99999999999999999999", "9223372036854775807"}) {
    const Result result = read(std::string{R"([{"traceId":"1","id":"1","timestamp":)"} + number + R"(,"duration":1}])");
    EXPECT_EQ(result.notes.damaged_spans + result.notes.damaged_elements, 1) << number;
  }
}

TEST(TraceReader, BeyondTheLimitWholeTracesAreLeftOut) {
  std::string text;
  for (int i = 1; i <= 5; ++i) {
    for (int s = 1; s <= 3; ++s) {
      text += R"({"traceId":")" + std::to_string(i) + R"(","id":")" + std::to_string(s) +
              R"(","timestamp":1000,"duration":5,"name":"n"})" + "\n";
    }
  }
  const Result result = read(text, 8);
  EXPECT_EQ(result.traces.traces.size(), 2u) << "the third does not fit as a whole";
  EXPECT_EQ(result.traces.spans.size(), 6u);
  EXPECT_GT(result.notes.spans_beyond_limit, 0);
}

TEST(TraceReader, TheSamplerAtTheRootSaysHowManyTracesThereWere) {
  const Result result = read(bodies::jaeger_sampled(0.3));
  ASSERT_EQ(result.traces.traces.size(), 1u);
  EXPECT_DOUBLE_EQ(result.traces.traces[0].sampled, 0.3);
}

TEST(TraceReader, DeepAndLongJsonIsRefusedNotFollowed) {
  EXPECT_GE(read(std::string(100'000, '[')).notes.damaged_elements, 1);
  std::string nested = "{\"spans\":";
  for (int i = 0; i < 1000; ++i) nested += "[{\"a\":";
  EXPECT_GE(read(nested).notes.damaged_elements, 1);
}

}  // namespace
}  // namespace spillway::real
