#include "models/services/cpu.hpp"

#include <gtest/gtest.h>

#include "tests/models/bench.hpp"

namespace spillway {
namespace {

/// Notes which task ended when, and since when it ran.
class Notes final : public TaskOwner {
 public:
  struct Ended {
    std::uint64_t token;
    double started, ended;
    bool operator==(const Ended&) const = default;
  };
  explicit Notes(Bench& bench) : bench_{bench} {}
  void task_done(std::uint64_t token, Time started) override {
    ended.push_back({token, seconds(started), bench_.now()});
  }
  std::vector<Ended> ended;

 private:
  Bench& bench_;
};

std::vector<Notes::Ended> run_three_tasks(int workers) {
  Bench bench;
  Cpu cpu{bench.run.sim, workers};
  Notes notes{bench};
  for (std::uint64_t i = 1; i <= 3; ++i) cpu.submit(2s, notes, i);
  bench.run_until(100);
  EXPECT_EQ(cpu.busy_time(), 6s);
  return notes.ended;
}

TEST(Cpu, OneWorkerServesInOrderOfArrival) {
  EXPECT_EQ(run_three_tasks(1), (std::vector<Notes::Ended>{{1, 0, 2}, {2, 2, 4}, {3, 4, 6}}));
}

TEST(Cpu, TwoWorkersServeTwoAtOnce) {
  EXPECT_EQ(run_three_tasks(2), (std::vector<Notes::Ended>{{1, 0, 2}, {2, 0, 2}, {3, 2, 4}}));
}

TEST(Cpu, WithoutLimitNothingWaits) {
  EXPECT_EQ(run_three_tasks(0), (std::vector<Notes::Ended>{{1, 0, 2}, {2, 0, 2}, {3, 0, 2}}));
}

TEST(Cpu, WhatAFinishedTaskStartsQueuesBehindWhatWaits) {
  class Chained final : public TaskOwner {
   public:
    Chained(Bench& bench, Cpu& cpu) : bench_{bench}, cpu_{cpu} {}
    void task_done(std::uint64_t token, Time) override {
      order.emplace_back(bench_.now(), static_cast<std::int64_t>(token));
      if (token == 1) cpu_.submit(1s, *this, 10);
    }
    SentList order;

   private:
    Bench& bench_;
    Cpu& cpu_;
  };
  Bench bench;
  Cpu cpu{bench.run.sim, 1};
  Chained chained{bench, cpu};
  cpu.submit(1s, chained, 1);
  cpu.submit(1s, chained, 2);
  bench.run_until(10);
  EXPECT_EQ(chained.order, (SentList{{1, 1}, {2, 2}, {3, 10}}));
}

}  // namespace
}  // namespace spillway
