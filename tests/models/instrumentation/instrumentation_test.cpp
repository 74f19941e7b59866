#include "models/instrumentation/instrumentation.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "tests/models/bench.hpp"

namespace spillway {
namespace {

struct BatchingSdk : Bench {
  explicit BatchingSdk(Instrumentation settings) : config{std::move(settings)} {}
  void ends_at(double end, int spans = 1) {
    for (int i = 0; i < spans; ++i) sdk.finished(span(moment(0), moment(end) - moment(0)));
  }
  Instrumentation config;
  AnswerTable transport{*this};
  OtlpBatch sdk{run, transport, "process", config, {{0, reach, "host"}}};
};

TEST(OtlpBatch, ExportsAtTheEndOfTheSpanThatFillsTheBatch) {
  BatchingSdk bench{Instrumentation{}};
  for (int i = 1; i <= 600; ++i) bench.ends_at(i * 0.001);
  bench.run_until(1);
  EXPECT_EQ(bench.transport.posts, (SentList{{0.512, 512}}));
}

TEST(OtlpBatch, OrderOfReportingDoesNotMatter) {
  BatchingSdk bench{Instrumentation{}};
  for (int i = 600; i >= 1; --i) bench.ends_at(i * 0.001);
  bench.run_until(1);
  EXPECT_EQ(bench.transport.posts, (SentList{{0.512, 512}}));
}

TEST(OtlpBatch, ExportsWhatHasEndedEveryFiveSeconds) {
  BatchingSdk bench{Instrumentation{}};
  for (int i = 0; i < 40; ++i) bench.ends_at(i * 0.5);
  bench.run_until(20);
  const SentList& posts = bench.transport.posts;
  ASSERT_EQ(posts.size(), 4u);
  EXPECT_LE(posts[0].first, 5);
  for (std::size_t i = 1; i < posts.size(); ++i) {
    EXPECT_NEAR(posts[i].first - posts[i - 1].first, 5, 1e-6);
    EXPECT_EQ(posts[i].second, 10);
  }
}

// The largest distance of 200 uniform draws from their law is beyond 0.115 once in 100 times (Kolmogorov, 1.63 / sqrt 200).
TEST(OtlpBatch, TimersOfProcessesAreSpreadOverThePeriod) {
  Bench bench;
  AnswerTable transport{bench};
  const Instrumentation config;
  std::deque<OtlpBatch> sdks;
  for (int i = 0; i < 200; ++i) {
    sdks.emplace_back(bench.run, transport, "process " + std::to_string(i), config,
                      std::vector<ExportTarget>{{0, bench.reach, "host"}});
    sdks.back().finished(bench.span());
  }
  bench.run_until(5);
  ASSERT_EQ(transport.posts.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_NEAR(transport.posts[i].first / 5, (static_cast<double>(i) + 0.5) / 200, 0.115);
  }
}

TEST(OtlpBatch, FullQueueDropsTheNewest) {
  Instrumentation config;
  config.max_queue_size = 20;
  config.max_export_batch_size = 10;
  BatchingSdk bench{config};
  bench.transport.latency = 4s;
  bench.ends_at(1, 10);
  bench.ends_at(2, 25);
  bench.run_until(30);
  EXPECT_EQ(bench.transport.posts, (SentList{{1, 10}, {5, 10}, {9, 10}}));
  EXPECT_EQ(bench.fates().stored, 30);
  ASSERT_EQ(bench.fates().lost.size(), 1u);
  EXPECT_EQ(bench.fates().lost[0].cause, "SDK queue full");
  EXPECT_EQ(bench.fates().lost[0].items, 5);
}

TEST(OtlpBatch, AFailedExportLosesItsBatch) {
  BatchingSdk bench{Instrumentation{}};
  bench.transport.answers = [](std::size_t) { return status(400); };
  bench.ends_at(1, 10);
  bench.run_until(6);
  EXPECT_EQ(bench.fates().lost.at(0).component, "process export to host");
  EXPECT_EQ(bench.fates().lost.at(0).cause, "400, not retried");
}

struct PostingProcess : Bench {
  PostingProcess() {
    config.work_per_post = Distribution::constant(0.25);
    config.timeout = 5s;
  }
  Instrumentation config;
  AnswerTable transport{*this};
  Cpu cpu{run.sim, 1};
  ZipkinPost posts{run, transport, cpu, "process", config, {{0, reach, "one"}, {1, reach, "two"}}};
};

TEST(ZipkinPost, PostsEverySpanToEveryEndpointOneByOne) {
  PostingProcess bench;
  bench.posts.finished(bench.span());
  bench.posts.finished(bench.span());
  bench.run_until(2);
  EXPECT_EQ(bench.transport.posts, (SentList{{0.25, 1}, {0.5, 1}, {0.75, 1}, {1, 1}}));
  EXPECT_EQ(bench.fates().stored, 2);
  EXPECT_EQ(bench.fates().duplicates, 2);
}

TEST(ZipkinPost, DoesNotRetry) {
  PostingProcess bench;
  bench.transport.answers = [](std::size_t) { return status(503); };
  bench.posts.finished(bench.span());
  bench.run_until(60);
  EXPECT_EQ(bench.transport.posts.size(), 2u);
  std::vector<AnswerCounts> answers;
  bench.posts.add_answers(answers);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].client, "process to one");
  EXPECT_EQ(answers[1].answers, (std::map<std::string, std::int64_t>{{"503", 1}}));
}

TEST(ZipkinPost, WorkOfThePostWaitsBehindWhateverRuns) {
  class Nobody final : public TaskOwner {
    void task_done(std::uint64_t, Time) override {}
  } nobody;
  PostingProcess bench;
  bench.cpu.submit(3s, nobody, 0);
  bench.posts.finished(bench.span());
  bench.run_until(10);
  EXPECT_EQ(bench.transport.posts, (SentList{{3.25, 1}, {3.5, 1}}));
}

TEST(ZipkinPost, BodyIsAJsonArrayOfOneSpan) {
  PostingProcess bench;
  const Span span = bench.span();
  bench.posts.finished(span);
  bench.run_until(1);
  EXPECT_EQ(bench.transport.body_bytes.at(0), bench.run.catalog.zipkin_bytes(span) + 2);
}

}  // namespace
}  // namespace spillway
