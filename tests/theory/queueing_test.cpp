// Closed forms of queueing theory against the very Cpu that runs the services of a scenario. Every mean is taken over
// replications and has to lie within three standard errors of the formula.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "models/services/cpu.hpp"
#include "sim/distribution.hpp"
#include "sim/meters.hpp"
#include "sim/simulation.hpp"

namespace spillway {
namespace {

/// Means of one replication. Times in seconds.
struct Observed {
  double wait = 0;      ///< from arrival to start, per task
  double sojourn = 0;   ///< from arrival to end
  double waited = 0;    ///< share of tasks that waited at all
  double blocked = 0;   ///< share of arrivals that were turned away
  double in_system = 0; ///< number of tasks, over time
  double rate = 0;      ///< arrivals that were let in, per second
  double area = 0;      ///< tasks in the system times seconds, from the first arrival to the empty end
  double sum_of_sojourns = 0;
};

struct Load {
  double arrivals_per_second = 1;
  Distribution service = Distribution::exponential(1);
  int workers = 1;
  int room = 0;  ///< arrivals that find as many tasks are turned away; 0: all are let in
};

/// Poisson arrivals at a Cpu. The first tasks, while the system fills, are left out of the means.
class Station final : public Component, public TaskOwner {
 public:
  static constexpr int tasks = 60'000, left_out = 5'000;

  Station(const Load& load, std::uint32_t replication)
      : load_{load}, sim_{1, replication}, cpu_{sim_, load.workers}, self_{sim_.add(*this)},
        gaps_{sim_.stream("station", "gap")}, services_{sim_.stream("station", "service")} {}

  Observed run() {
    schedule_next();
    while (sim_.next_event_time() != kNever) sim_.run_until(sim_.next_event_time());
    const double end = seconds(sim_.now());
    const double counted = let_in_ - uncounted_;
    return {wait_ / counted, sojourn_ / counted, waited_ / counted, blocked_ / arrived_, in_system_.mean(sim_.now()),
            let_in_ / end, in_system_.mean(sim_.now()) * end, all_sojourns_};
  }

  void handle(const Event&) override {
    ++arrived_;
    Draws draws = services_.next();
    const Duration work = from_seconds(load_.service.sample(draws));
    if (arrived_ < tasks) schedule_next();
    if (load_.room > 0 && inside_ >= load_.room) {
      ++blocked_;
      return;
    }
    ++let_in_;
    ++inside_;
    in_system_.set(sim_.now(), inside_);
    cpu_.submit(work, *this, static_cast<std::uint64_t>(sim_.now().time_since_epoch().count()));
  }

  void task_done(std::uint64_t token, Time started) override {
    const Time arrival{Duration{static_cast<Duration::rep>(token)}};
    in_system_.set(sim_.now(), --inside_);
    all_sojourns_ += seconds(sim_.now() - arrival);
    if (++done_ <= left_out) {
      ++uncounted_;
      return;
    }
    wait_ += seconds(started - arrival);
    sojourn_ += seconds(sim_.now() - arrival);
    waited_ += started > arrival;
  }

 private:
  void schedule_next() {
    Draws draws = gaps_.next();
    sim_.schedule(sim_.now() + from_seconds(-std::log(draws.uniform()) / load_.arrivals_per_second), self_, 0);
  }

  Load load_;
  Simulation sim_;
  Cpu cpu_;
  Target self_;
  Sequence gaps_, services_;
  Level in_system_;
  int inside_ = 0, done_ = 0;
  double arrived_ = 0, let_in_ = 0, uncounted_ = 0, wait_ = 0, sojourn_ = 0, waited_ = 0, blocked_ = 0, all_sojourns_ = 0;
};

std::vector<Observed> replicate(const Load& load) {
  std::vector<Observed> all;
  for (std::uint32_t replication = 0; replication < 20; ++replication) all.push_back(Station{load, replication}.run());
  return all;
}

void expect_mean(const std::vector<Observed>& all, double Observed::*figure, double expected, const char* name) {
  const auto n = static_cast<double>(all.size());
  double sum = 0, squares = 0;
  for (const Observed& one : all) sum += one.*figure;
  const double mean = sum / n;
  for (const Observed& one : all) squares += (one.*figure - mean) * (one.*figure - mean);
  const double error = std::sqrt(squares / (n - 1) / n);
  EXPECT_LT(error, 0.03 * expected) << name << ": too few tasks to tell anything";
  EXPECT_NEAR(mean, expected, 3 * error) << name << ", standard error " << error;
}

/// Erlang B: probability that all of c servers are busy when a = lambda / mu and nobody waits.
double erlang_b(int c, double a) {
  double b = 1;
  for (int k = 1; k <= c; ++k) b = a * b / (k + a * b);
  return b;
}

/// Erlang C: probability of waiting in M/M/c.
double erlang_c(int c, double a) {
  const double b = erlang_b(c, a);
  return c * b / (c - a * (1 - b));
}

TEST(Theory, MeanWaitOfAnMM1QueueMatchesTheClosedForm) {
  for (const double load : {0.3, 0.7}) {
    const double mu = 100;
    const std::vector<Observed> all = replicate({load * mu, Distribution::exponential(1 / mu), 1});
    expect_mean(all, &Observed::wait, load / (mu * (1 - load)), "wait");
    expect_mean(all, &Observed::sojourn, 1 / (mu * (1 - load)), "sojourn");
    expect_mean(all, &Observed::waited, load, "share that waits");
  }
}

TEST(Theory, AnMMcQueueMatchesErlangC) {
  for (const int c : {2, 5}) {
    const double mu = 10, a = 0.7 * c;
    const std::vector<Observed> all = replicate({a * mu, Distribution::exponential(1 / mu), c});
    expect_mean(all, &Observed::waited, erlang_c(c, a), "share that waits");
    expect_mean(all, &Observed::wait, erlang_c(c, a) / (c * mu - a * mu), "wait");
  }
}

TEST(Theory, AnMG1QueueMatchesPollaczekAndKhinchine) {
  const double mean = 0.004, load = 0.6;
  for (const Distribution& service : {Distribution::constant(mean), Distribution::uniform(0, 2 * mean),
                                      Distribution::gamma(mean, 0.5), Distribution::hyperexponential(mean, 2)}) {
    SCOPED_TRACE(service.describe());
    const double lambda = load / mean;
    const double second_moment = service.variance() + service.mean() * service.mean();
    const std::vector<Observed> all = replicate({lambda, service, 1});
    expect_mean(all, &Observed::wait, lambda * second_moment / (2 * (1 - load)), "wait");
  }
}

TEST(Theory, ALossSystemMatchesErlangBWhateverTheLawOfService) {
  const int c = 4;
  const double a = 3, mean = 0.02;
  for (const Distribution& service : {Distribution::exponential(mean), Distribution::constant(mean),
                                      Distribution::hyperexponential(mean, 2)}) {
    SCOPED_TRACE(service.describe());
    const std::vector<Observed> all = replicate({a / mean, service, c, c});
    expect_mean(all, &Observed::blocked, erlang_b(c, a), "share turned away");
    for (const Observed& one : all) EXPECT_EQ(one.wait, 0);
  }
}

TEST(Theory, WithoutALimitNobodyWaits) {
  const std::vector<Observed> all = replicate({1000, Distribution::exponential(0.02), 0});
  for (const Observed& one : all) EXPECT_EQ(one.waited, 0);
  expect_mean(all, &Observed::in_system, 20, "number in the system of M/M/infinity");
}

// Little's law is no approximation: what the level's area says and what the tasks say are the same sum.
TEST(Theory, TheAreaUnderTheLevelIsTheSumOfTheSojourns) {
  for (const Load& load : {Load{80, Distribution::exponential(0.01), 1}, Load{80, Distribution::gamma(0.05, 2), 7},
                             Load{200, Distribution::constant(0.01), 1, 3}}) {
    const Observed one = Station{load, 0}.run();
    EXPECT_NEAR(one.area / one.sum_of_sojourns, 1, 1e-9);
    EXPECT_GT(one.in_system, 0.5);
  }
}

}  // namespace
}  // namespace spillway
