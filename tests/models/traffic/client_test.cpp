#include "models/traffic/client.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/models/bench.hpp"

namespace spillway {
namespace {

struct ClientBench : Bench {
  /// Plays it for `until` seconds against a table of answers.
  const SentList& play(const Client& spec, double until, Time end = kNever) {
    ScriptedClient client{run, transport, spec, {{0, reach, "host"}}, 0, resource, 0, end, true};
    run_until(until);
    answers = client.answers().answers;
    posts = client.posts();
    return transport.posts;
  }
  AnswerTable transport{*this};
  std::map<std::string, std::int64_t> answers;
  std::vector<PostAnswers> posts;
};

Client every_second(int count) {
  Client client;
  client.name = "client";
  client.spans = 3;
  client.count = count;
  return client;
}

TEST(ScriptedClient, PostsOnItsTimetable) {
  ClientBench bench;
  Client client = every_second(3);
  client.first = moment(0.5);
  EXPECT_EQ(bench.play(client, 10), (SentList{{0.5, 3}, {1.5, 3}, {2.5, 3}}));
  EXPECT_EQ(bench.answers, (std::map<std::string, std::int64_t>{{"200", 3}}));
}

TEST(ScriptedClient, PostsAtExactMoments) {
  ClientBench bench;
  Client client = every_second(1);
  client.at = {moment(0.2), moment(0.2), moment(4)};
  EXPECT_EQ(bench.play(client, 10), (SentList{{0.2, 3}, {0.2, 3}, {4, 3}}));
}

TEST(ScriptedClient, APostWaitsForTheAnswerBeforeIt) {
  ClientBench bench;
  bench.transport.latency = 2500ms;
  EXPECT_EQ(bench.play(every_second(4), 20), (SentList{{0, 3}, {2.5, 3}, {5, 3}, {7.5, 3}}));
}

TEST(ScriptedClient, ConcurrentPostsDoNotWait) {
  ClientBench bench;
  bench.transport.latency = 2500ms;
  Client client = every_second(4);
  client.concurrent = true;
  EXPECT_EQ(bench.play(client, 20), (SentList{{0, 3}, {1, 3}, {2, 3}, {3, 3}}));
}

TEST(ScriptedClient, RetriesTheSamePostBeforeTheNext) {
  ClientBench bench;
  bench.transport.answers = [](std::size_t n) { return status(n < 2 ? 503 : 200); };
  Client client = every_second(2);
  client.retry = {3, 2s};
  EXPECT_EQ(bench.play(client, 20), (SentList{{0, 3}, {2, 3}, {4, 3}, {4, 3}}));
  EXPECT_EQ(bench.answers, (std::map<std::string, std::int64_t>{{"200", 2}, {"503", 2}}));
  ASSERT_EQ(bench.posts.size(), 2u);
  ASSERT_EQ(bench.posts[0].answers.size(), 3u);
  EXPECT_EQ(bench.posts[0].number, 1);
  EXPECT_EQ(bench.posts[0].answers[1].answer, "503");
  EXPECT_EQ(bench.posts[0].answers[2].at, moment(4));
  EXPECT_EQ(bench.posts[1].sent, moment(4));
  EXPECT_EQ(bench.fates().stored, 6);
}

TEST(ScriptedClient, GivesUpAfterItsAttempts) {
  ClientBench bench;
  bench.transport.answers = [](std::size_t) { return status(503); };
  Client client = every_second(1);
  client.retry = {2, 1s};
  EXPECT_EQ(bench.play(client, 20), (SentList{{0, 3}, {1, 3}}));
  EXPECT_EQ(bench.fates().lost.at(0).items, 3);
}

TEST(ScriptedClient, StartsNoPostAfterTheEnd) {
  ClientBench bench;
  EXPECT_EQ(bench.play(every_second(10), 20, moment(2)), (SentList{{0, 3}, {1, 3}, {2, 3}}));
}

GivenSpan chosen(std::string trace, std::string id, std::string parent = {}) {
  GivenSpan span;
  span.trace = std::move(trace);
  span.id = std::move(id);
  span.parent = std::move(parent);
  return span;
}

/// What a client with these posts sends, by post.
std::vector<std::vector<Span>> spans_of(Bench& bench, const std::vector<GivenPost>& posts) {
  Client client = every_second(1);
  client.posts = posts;
  GivenPosts given{bench.run.catalog, client};
  std::vector<std::vector<Span>> all;
  for (std::size_t i = 0; i < posts.size(); ++i) given.append(i, all.emplace_back());
  return all;
}

TEST(GivenPosts, ArePostedAtTheirMoments) {
  ClientBench bench;
  Client client = every_second(7);
  client.posts = {{moment(0.5), {chosen("a", "root"), chosen("a", "child", "root")}, 3, {}}, {moment(4), {chosen("b", "")}, 1, {}}};
  EXPECT_EQ(bench.play(client, 10), (SentList{{0.5, 6}, {4, 1}}));
  EXPECT_EQ(bench.fates().stored, 7);
}

TEST(GivenPosts, TheSameWordIsTheSameTrace) {
  Bench bench;
  const auto sent = spans_of(bench, {{moment(1), {chosen("a", "root"), chosen("b", "root")}, 1, {}},
                                     {moment(2), {chosen("a", "child", "root")}, 1, {}}});
  const Span &a = sent[0][0], &b = sent[0][1], &child = sent[1][0];
  EXPECT_EQ(child.trace, a.trace);
  EXPECT_NE(b.trace, a.trace);
  EXPECT_EQ(child.parent, a.ordinal);
  EXPECT_EQ(bench.run.catalog.trace_id(a.trace), given_trace_id("a"));
  EXPECT_NE(bench.run.catalog.span_id(a.trace, a.ordinal), bench.run.catalog.span_id(b.trace, b.ordinal));
  EXPECT_EQ(a.start, moment(0.999));  // it ends with the post
}

TEST(GivenPosts, HexDigitsAreTakenAsTheyAre) {
  Bench bench;
  const auto sent = spans_of(bench, {{moment(1), {chosen("0af7651916cd43dd8448eb211c80319C", "b7ad6b7169203331")}, 1, {}}});
  const Span& span = sent[0][0];
  EXPECT_EQ(bench.run.catalog.trace_id(span.trace), (TraceId{0x0af7651916cd43dd, 0x8448eb211c80319c}));
  EXPECT_EQ(bench.run.catalog.span_id(span.trace, span.ordinal), 0xb7ad6b7169203331u);
}

TEST(GivenPosts, CopiesAreTracesOfTheirOwnAndTheSameInEveryPost) {
  Bench bench;
  const auto sent = spans_of(bench, {{moment(1), {chosen("a", "root"), chosen("a", "", "root")}, 100, {}},
                                     {moment(2), {chosen("a", "late", "root")}, 100, {}}});
  std::set<std::uint64_t> traces;
  for (const Span& span : sent[0]) traces.insert(span.trace);
  EXPECT_EQ(traces.size(), 100u);
  for (const Span& span : sent[1]) EXPECT_TRUE(traces.contains(span.trace));
  EXPECT_EQ(bench.run.catalog.trace_id(sent[1][0].trace), given_trace_id("a"));
}

}  // namespace
}  // namespace spillway
