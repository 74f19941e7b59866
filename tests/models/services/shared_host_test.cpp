#include "models/services/shared_host.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/models/bench.hpp"

namespace spillway {
namespace {

/// Notes when tasks ended.
class Notes final : public TaskOwner {
 public:
  explicit Notes(Bench& bench) : bench_{bench} {}
  void task_done(std::uint64_t token, Time started) override {
    ended.emplace_back(token, bench_.now());
    starts.push_back(seconds(started));
  }
  std::vector<std::pair<std::uint64_t, double>> ended;
  std::vector<double> starts;

 private:
  Bench& bench_;
};

Host host_of(double cores, double contention) {
  Host host;
  host.cores = cores;
  host.contention = contention;
  return host;
}

TEST(SharedHost, AloneATaskTakesItsWork) {
  Bench bench;
  SharedHost host{bench.run.sim, host_of(1, 0.5)};
  Notes notes{bench};
  host.submit(2s, notes, 7);
  bench.run_until(10);
  ASSERT_EQ(notes.ended.size(), 1u);
  EXPECT_DOUBLE_EQ(notes.ended[0].second, 2);
}

TEST(SharedHost, TwoTasksShareOneCoreEvenly) {
  Bench bench;
  SharedHost host{bench.run.sim, host_of(1, 0)};
  Notes notes{bench};
  host.submit(1s, notes, 1);
  host.submit(3s, notes, 2);
  bench.run_until(10);
  // Each at half speed until 2 s; the second has 2 s of work left.
  ASSERT_EQ(notes.ended.size(), 2u);
  EXPECT_NEAR(notes.ended[0].second, 2, 1e-6);
  EXPECT_NEAR(notes.ended[1].second, 4, 1e-6);
  EXPECT_EQ(notes.starts, (std::vector<double>{0, 0}));
}

TEST(SharedHost, AFurtherTaskSlowsEveryOtherByTheContention) {
  Bench bench;
  SharedHost host{bench.run.sim, host_of(0, 0.25)};
  Notes notes{bench};
  for (std::uint64_t i = 0; i < 3; ++i) host.submit(1s, notes, i);
  bench.run_until(10);
  ASSERT_EQ(notes.ended.size(), 3u);
  for (const auto& [token, at] : notes.ended) EXPECT_NEAR(at, 1.5, 1e-6) << "1 + 0.25 x 2 for each";
}

TEST(SharedHost, CoresAreALimitOnlyWhenTheyAreAllBusy) {
  Bench bench;
  SharedHost host{bench.run.sim, host_of(2, 0)};
  EXPECT_EQ(host.speed(1), 1);
  EXPECT_EQ(host.speed(2), 1);
  EXPECT_EQ(host.speed(4), 0.5);
}

TEST(SharedHost, AColdHostIsSlowerAndWarmsWhileItIsBusy) {
  Bench bench;
  Host cold = host_of(0, 0);
  cold.cold_slowdown = 0.5;
  cold.cools_within = 1s;
  SharedHost host{bench.run.sim, cold};
  Notes notes{bench};
  host.submit(2s, notes, 1);  // 3 s on a cold host
  bench.script.at(4, [&] { host.submit(1s, notes, 2); });  // 1 s after it was busy for 3 s
  bench.run_until(10);
  ASSERT_EQ(notes.ended.size(), 2u);
  EXPECT_NEAR(notes.ended[0].second, 3, 1e-6);
  const double warmth = (1 - std::exp(-3.0)) * std::exp(-1.0);
  EXPECT_NEAR(notes.ended[1].second, 4 + 1 + 0.5 * (1 - warmth), 1e-6);
}

/// M/G/1 under processor sharing: the mean time is work / (1 - load), whatever the law of the work (Kleinrock, Queueing
/// Systems 2, section 4.4).
TEST(SharedHost, MeanTimeIsThatOfProcessorSharing) {
  class Arrivals final : public Component, public TaskOwner {
   public:
    Arrivals(Bench& bench, SharedHost& host)
        : bench_{bench}, host_{host}, self_{bench.run.sim.add(*this)}, key_{bench.run.sim.stream("test", "work")} {
      bench.run.sim.schedule(Time{}, self_, 0);
    }
    void handle(const Event&) override {
      Draws draws{key_, count_++};
      const double work = draws.uniform() < 0.9 ? 0.005 : 0.055;  // mean 10 ms, coefficient of variation 1.5
      host_.submit(from_seconds(work), *this, 0);
      bench_.run.sim.schedule(bench_.run.sim.now() + from_seconds(-0.02 * std::log(draws.uniform())), self_, 0);
    }
    void task_done(std::uint64_t, Time started) override {
      sum_ += seconds(bench_.run.sim.now() - started);
      ++done_;
    }
    double mean() const { return sum_ / static_cast<double>(done_); }

   private:
    Bench& bench_;
    SharedHost& host_;
    Target self_;
    StreamKey key_;
    std::uint64_t count_ = 0, done_ = 0;
    double sum_ = 0;
  };
  Bench bench;
  SharedHost host{bench.run.sim, host_of(1, 0)};
  Arrivals arrivals{bench, host};
  bench.run_until(4000);  // 200 000 tasks at a load of one half
  EXPECT_NEAR(arrivals.mean(), 0.020, 0.0006);
}

}  // namespace
}  // namespace spillway
