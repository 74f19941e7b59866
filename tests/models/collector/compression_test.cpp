#include "models/collector/compression.hpp"

#include <gtest/gtest.h>

#include "models/collector/usage.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

constexpr Version kOld{0, 111, 0}, kNew{0, 159, 0};

TEST(Compression, SnappyIsFramedWhereItsNameDoesNotSayOtherwise) {
  EXPECT_EQ(compression_of("snappy", semantics_of(kOld), false), Compression::snappy_framed);
  EXPECT_EQ(compression_of("snappy", semantics_of(kNew), false), Compression::snappy);
  EXPECT_EQ(compression_of("snappy", semantics_of(kNew), true), Compression::snappy_framed);
  EXPECT_EQ(compression_of("x-snappy-framed", semantics_of(kNew), false), Compression::snappy_framed);
  EXPECT_EQ(compression_of("deflate", semantics_of(kNew), false), Compression::zlib);
  for (const char* const none : {"none", ""}) EXPECT_EQ(compression_of(none, semantics_of(kNew), false), Compression::none);
}

TEST(Compression, FramesOfOneCoderDifferByKnownBytes) {
  EXPECT_EQ(frame_bytes(Compression::gzip, 1000), 0);
  EXPECT_EQ(frame_bytes(Compression::zlib, 1000), -12);
  EXPECT_EQ(frame_bytes(Compression::snappy, 1000), 0);
  EXPECT_EQ(frame_bytes(Compression::snappy_framed, 1000), 10 + 8);
  EXPECT_EQ(frame_bytes(Compression::snappy_framed, 65537), 10 + 2 * 8 + 1);
}

TEST(FreshBytes, AreThoseThatBeginNoRepetition) {
  EXPECT_EQ(fresh_bytes("", ""), 0);
  EXPECT_EQ(fresh_bytes("", "abc"), 3);
  EXPECT_EQ(fresh_bytes("", "abcdefgh"), 8);
  EXPECT_EQ(fresh_bytes("", "abcdabcd"), 4 + 1);
  EXPECT_EQ(fresh_bytes("", std::string(200, 'a')), 1 + 1) << "a repetition may reach into itself";
  EXPECT_EQ(fresh_bytes("/api/orders/1", "/api/orders/2"), 1 + 1);
  EXPECT_EQ(fresh_bytes("abc", "abc"), 3) << "too short to refer back to";
}

TEST(FreshBytes, OfALongTextAreThoseOfItsBeginning) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(' ' + i % 90);
  EXPECT_LT(fresh_bytes("", text), 3000);
  EXPECT_GE(fresh_bytes("", std::string(60'000, 'x')), 1);
}

struct BodyBench : Bench {
  BodyReader reader{run.catalog};
  Span with(const char* name, Attributes attributes, std::uint64_t trace, Time start = {}) {
    Span made = span(start);
    made.trace = trace;
    made.shape = run.catalog.add_shape({name, SpanKind::internal, std::move(attributes)});
    made.bytes = run.catalog.otlp_bytes(made);
    return made;
  }
  Contents look_at(const std::vector<Span>& spans) { return reader.spans(run.pool.of(spans.data(), spans.size())); }
};

TEST(BodyReader, CountsWhatDiffersFromTheSpanBefore) {
  BodyBench bench;
  const Span a = bench.with("one", {{"key", "value"}}, 1), again = bench.with("one", {{"key", "value"}}, 1),
             other = bench.with("one", {{"key", "other"}}, 2, Time{1s});
  const Contents all = bench.look_at({a, again, other, a});
  EXPECT_EQ(all.requests, 1);
  EXPECT_EQ(all.spans, 4);
  EXPECT_EQ(all.bytes, bench.run.catalog.otlp_group_bytes(bench.resource, a.bytes + again.bytes + other.bytes + a.bytes));
  EXPECT_EQ(all.traces, 3) << "1, 2, and 1 again";
  EXPECT_EQ(all.times, 3);
  const std::int64_t of_resource = 4, of_span = 5;  // service.name, bench, no scope; name, key, value, no message, no state
  EXPECT_EQ(all.changes, of_resource + of_span + 1 + 1);
}

TEST(BodyReader, CountsTextsOnceABody) {
  BodyBench bench;
  const Span a = bench.with("one", {{"key", "value"}}, 1);
  const std::int64_t texts = 12 + 5 + 3 + 3 + 5;  // service.name bench one key value
  for (int body = 0; body < 3; ++body) {
    EXPECT_EQ(bench.look_at({a}).fresh, texts);
    EXPECT_EQ(bench.look_at({a, a, a}).fresh, texts);
  }
  const Span b = bench.with("value", {{"key", "one"}}, 1);
  EXPECT_EQ(bench.look_at({a, b}).fresh, texts) << "wherever they stand";
}

TEST(BodyReader, TextsOfOneAttributeResembleEachOther) {
  BodyBench bench;
  const Span first = bench.with("n", {{"path", "/api/orders/1111"}}, 1), second = bench.with("n", {{"path", "/api/orders/2222"}}, 1);
  const std::int64_t around = 12 + 5 + 1 + 4;
  bench.look_at({first, second});
  EXPECT_EQ(bench.look_at({first}).fresh, around + 16);
  EXPECT_EQ(bench.look_at({second}).fresh, around + 16) << "alone there is nothing like it";
  EXPECT_EQ(bench.look_at({first, second}).fresh, around + 16 + 1 + 4);
  EXPECT_EQ(bench.look_at({second, first}).fresh, around + 16 + 1 + 4);
}

TEST(BodyReader, OfOtherSignalsKnowsSizesOnly) {
  BodyBench bench;
  const Payload payload = bench.payload(7);
  const Contents contents = BodyReader::items(payload);
  EXPECT_EQ(contents.spans, 7);
  EXPECT_EQ(contents.bytes, payload.bytes());
  EXPECT_EQ(contents.fresh, 0);
}

TEST(CompressedBytes, AreASumOverTheContentsAndNeverMuchMoreThanThereWas) {
  Costs costs;
  costs.coders[static_cast<std::size_t>(Coder::gzip)] = {0, 0, 100, 10, 16, 14, 3, 0.5, 0.01, 0};
  const Contents contents{1, 10, 5000, 2, 5, 20, 300};
  const std::int64_t sum = 100 + 100 + 32 + 70 + 60 + 150 + 50;
  EXPECT_EQ(compressed_bytes(costs, Compression::gzip, contents), sum);
  EXPECT_EQ(compressed_bytes(costs, Compression::zlib, contents), sum - 12);
  EXPECT_EQ(compressed_bytes(costs, Compression::gzip, {1, 1, 40, 1, 1, 9, 30}), 40 + 20);
}

TEST(Usage, KnowsWhichCoderHadWhat) {
  Bench bench;
  Usage usage{bench.run, standard_costs().of(kNew), {}};
  usage.start();
  const Payload payload = bench.payload(100);
  EXPECT_EQ(usage.exported(payload, Compression::none, Signal::traces), payload.bytes());
  EXPECT_LT(usage.exported(payload, Compression::zlib, Signal::traces), payload.bytes());
  usage.exported(payload, Compression::lz4, Signal::logs);
  const auto requests = [&](Coder coder) { return usage.work().compressed[static_cast<std::size_t>(coder)].requests; };
  EXPECT_EQ(requests(Coder::gzip), 1);
  EXPECT_EQ(requests(Coder::lz4), 1);
  EXPECT_EQ(requests(Coder::zstd), 0);
  EXPECT_EQ(usage.work().exported.requests, 3);
}

// Seen on running collectors: a process that sends bodies of half a megabyte with zstd is 36 to 56 MiB larger.
TEST(Usage, WritersKeepTheirBuffersUntilTheyRestForTwoCollections) {
  Bench bench;
  Costs costs;
  costs.coders[static_cast<std::size_t>(Coder::zstd)].buffer = 1000;
  Usage usage{bench.run, costs, {}, 2};
  usage.start();
  EXPECT_EQ(usage.collect(), 0);
  const Payload small = bench.payload(100), large = bench.payload(3000);
  usage.exported(small, Compression::zstd, Signal::traces);
  EXPECT_EQ(usage.collect(), 0) << "of one block";
  usage.exported(large, Compression::zstd, Signal::traces);
  EXPECT_EQ(usage.collect(), 1000);
  EXPECT_EQ(usage.collect(), 1000);
  EXPECT_EQ(usage.collect(), 0);
  for (int i = 0; i < 5; ++i) usage.exported(large, Compression::zstd, Signal::traces);
  EXPECT_EQ(usage.collect(), 2 * 1000) << "one for each CPU";
}

TEST(Usage, WhatWasDoneInsideAllocatesToo) {
  Bench bench;
  Costs costs;
  costs.steps[static_cast<std::size_t>(Step::ottl_statement)].garbage = 1000;
  Usage usage{bench.run, costs, {}};
  usage.start();
  usage.steps()[static_cast<std::size_t>(Step::ottl_statement)] += 50;
  usage.received_otlp(bench.payload(1), 100);
  EXPECT_EQ(usage.heap(), 50'000);
  usage.received_otlp(bench.payload(1), 100);
  EXPECT_EQ(usage.heap(), 50'000) << "once";
}

}  // namespace
}  // namespace spillway::collector
