#include "models/traffic/client.hpp"

#include <gtest/gtest.h>

#include "tests/models/bench.hpp"

namespace spillway {
namespace {

struct ClientBench : Bench {
  /// Plays it for `until` seconds against a table of answers.
  const SentList& play(const Client& spec, double until, Time end = kNever) {
    ScriptedClient client{run, transport, spec, {0, reach, "host"}, 0, resource, 0, end};
    run_until(until);
    answers = client.answers().answers;
    return transport.posts;
  }
  AnswerTable transport{*this};
  std::map<std::string, std::int64_t> answers;
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

}  // namespace
}  // namespace spillway
