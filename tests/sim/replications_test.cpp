#include "sim/replications.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sim/distribution.hpp"
#include "sim/stream.hpp"

#ifdef __SANITIZE_THREAD__
// Debian's TBB is built without the sanitizer, so what its own headers hand from thread to thread looks unordered.
// Only accesses whose innermost frame is TBB's are left out: a race of ours inside a task is still reported.
extern "C" const char* __tsan_default_suppressions() {
  return "race_top:oneapi/tbb\nrace:fold_tree\nrace:tbb::detail::d1::node::node\n";
}
#endif

namespace spillway {
namespace {

/// A little run whose result depends on its number only, with lengths that differ so that threads overtake each other.
Replication sample_run(std::int64_t number) {
  Replication result;
  result.number = number;
  result.events = 1'000 * (1 + (number * 7) % 5);
  RequestStats stats;
  stats.name = "frontend GET";
  Draws draws{stream_key(1, static_cast<std::uint32_t>(number), "frontend", "latency"), 0};
  const Distribution law = Distribution::lognormal(0.04, 0.99, 0.2);
  for (std::int64_t i = 0; i < result.events; ++i) stats.latency.add(law.sample(draws));
  result.requests.push_back(stats);
  result.metrics.push_back({"sum", {}, stats.latency.sum()});
  return result;
}

std::string json_of(int threads) {
  RunRecord record;
  record.replications = run_replications(20, threads, sample_run);
  return to_json(record);
}

TEST(Replications, GiveTheSameBytesAtAnyNumberOfThreads) {
  const std::string alone = json_of(1);
  EXPECT_EQ(json_of(2), alone);
  EXPECT_EQ(json_of(4), alone);
  EXPECT_EQ(json_of(16), alone);
}

TEST(Replications, AreReturnedByNumber) {
  const auto results = run_replications(50, 4, [](std::int64_t number) {
    Replication r;
    r.number = number;
    return r;
  });
  ASSERT_EQ(results.size(), 50u);
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].number, static_cast<std::int64_t>(i));
}

TEST(Replications, RunEachNumberOnce) {
  std::vector<std::atomic<int>> calls(100);
  run_replications(100, 4, [&](std::int64_t number) {
    ++calls[static_cast<std::size_t>(number)];
    return Replication{};
  });
  for (const auto& c : calls) EXPECT_EQ(c, 1);
}

TEST(Replications, OfCountZeroAreNone) {
  EXPECT_TRUE(run_replications(0, 2, sample_run).empty());
}

TEST(Replications, NeverUseMoreThreadsThanAllowed) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  run_replications(12, 2, [&](std::int64_t) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {}
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    --running;
    return Replication{};
  });
  EXPECT_LE(most, 2);
}

TEST(Replications, StayOnTheCallingThreadWhenThereIsOnlyOne) {
  const auto caller = std::this_thread::get_id();
  run_replications(5, 1, [&](std::int64_t) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    return Replication{};
  });
}

TEST(Replications, RethrowTheFailureOfTheLowestNumber) {
  for (const int threads : {1, 2, 4}) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      try {
        run_replications(30, threads, [](std::int64_t number) -> Replication {
          if (number % 10 == 7) throw std::runtime_error("replication " + std::to_string(number));
          return sample_run(0);
        });
        FAIL() << "no exception";
      } catch (const std::runtime_error& failure) {
        EXPECT_STREQ(failure.what(), "replication 7");
      }
    }
  }
}

TEST(Replications, CanRunAgainAfterAFailure) {
  EXPECT_THROW(run_replications(4, 2, [](std::int64_t) -> Replication { throw std::logic_error("bad"); }),
               std::logic_error);
  EXPECT_EQ(run_replications(4, 2, sample_run).size(), 4u);
}

TEST(Replications, TellTheProgressOneByOne) {
  std::vector<std::int64_t> told;  // no lock: calls come one at a time
  run_replications(40, 4, sample_run, [&](std::int64_t done) { told.push_back(done); });
  ASSERT_EQ(told.size(), 40u);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], static_cast<std::int64_t>(i) + 1);
}

}  // namespace
}  // namespace spillway
