#include "sim/event_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

namespace spillway {
namespace {

using namespace std::chrono_literals;

Event event(Duration at, std::uint64_t a = 0) { return {Time{at}, 0, 0, 0, a, 0}; }

std::vector<std::uint64_t> drain(EventQueue& queue) {
  std::vector<std::uint64_t> order;
  while (queue.next_time() != kNever) order.push_back(queue.pop().a);
  return order;
}

/// The same random mix of operations on a queue under test and on the reference queue, compared at every step.
class Pair {
 public:
  explicit Pair(std::uint64_t seed) : random_{seed} {}

  void step() {
    const std::uint64_t dice = random_() % 100;
    if (dice < 60) return push();
    if (dice < 70) return cancel();
    if (dice < 75) return peek();
    pop();
  }
  void drain() {
    while (reference_.size() > 0) pop();
    EXPECT_EQ(wheel_.next_time(), kNever);
    EXPECT_EQ(wheel_.size(), 0u);
  }
  std::size_t size() const { return reference_.size(); }
  bool failed() const { return failed_; }

 private:
  // Ties, near, far and very far: all levels of the wheel are met.
  Time moment() {
    switch (random_() % 8) {
      case 0: return now_;
      case 1: return now_ + Duration{static_cast<Duration::rep>(random_() % 3)};
      case 2: return now_ + Duration{static_cast<Duration::rep>(random_() % 4) * 1'000'000};
      case 3: return now_ + 200ms;
      case 4: return now_ + Duration{static_cast<Duration::rep>(random_() % 1'000'000'000)};
      case 5: return now_ + Duration{static_cast<Duration::rep>(random_() % 60) * 1'000'000'000};
      case 6: return now_ + Duration{static_cast<Duration::rep>(random_() % 4'000'000) * 1'000'000'000};
      default: return last_pushed_ < now_ ? now_ : last_pushed_;
    }
  }
  void push() {
    last_pushed_ = moment();
    const Event e{last_pushed_, 0, 1, 2, number_++, 3};
    timers_.push_back({wheel_.push(e), reference_.push(e)});
  }
  void cancel() {
    if (timers_.empty()) return;
    const auto& [mine, other] = timers_[random_() % timers_.size()];
    expect(wheel_.pending(mine) == reference_.pending(other));
    wheel_.cancel(mine);
    reference_.cancel(other);
    expect(!wheel_.pending(mine) && wheel_.size() == reference_.size());
  }
  void peek() { expect(wheel_.next_time() == reference_.next_time()); }
  void pop() {
    if (reference_.size() == 0) return;
    peek();
    const Event mine = wheel_.pop();
    const Event other = reference_.pop();
    expect(mine.at == other.at && mine.a == other.a && mine.sequence == other.sequence);
    expect(wheel_.size() == reference_.size());
    now_ = other.at;
  }
  void expect(bool holds) { failed_ = failed_ || !holds; }

  std::mt19937_64 random_;
  EventQueue wheel_{QueueKind::wheel};
  EventQueue reference_{QueueKind::reference};
  std::vector<std::pair<TimerId, TimerId>> timers_;
  Time now_{}, last_pushed_{};
  std::uint64_t number_ = 0;
  bool failed_ = false;
};

class EveryQueue : public testing::TestWithParam<QueueKind> {};

TEST_P(EveryQueue, GivesEventsInOrderOfTime) {
  EventQueue queue{GetParam()};
  for (const int ms : {500, 3, 70, 1, 100'000'000, 2, 60'000}) queue.push(event(ms * 1ms, static_cast<std::uint64_t>(ms)));
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{1, 2, 3, 70, 500, 60'000, 100'000'000}));
}

TEST_P(EveryQueue, IsEmptyAtFirst) {
  EventQueue queue{GetParam()};
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.next_time(), kNever);
}

TEST_P(EveryQueue, CountsLiveEvents) {
  EventQueue queue{GetParam()};
  queue.push(event(1s));
  const TimerId timer = queue.push(event(2s));
  EXPECT_EQ(queue.size(), 2u);
  queue.cancel(timer);
  EXPECT_EQ(queue.size(), 1u);
  queue.pop();
  EXPECT_EQ(queue.size(), 0u);
}

TEST_P(EveryQueue, CancelledTimersVanish) {
  EventQueue queue{GetParam()};
  const TimerId first = queue.push(event(1s, 1));
  queue.push(event(2s, 2));
  const TimerId last = queue.push(event(3s, 3));
  queue.cancel(first);
  queue.cancel(last);
  EXPECT_EQ(queue.next_time(), Time{2s});
  EXPECT_EQ(drain(queue), std::vector<std::uint64_t>{2});
}

TEST_P(EveryQueue, CancellingTwiceOrAfterThePopOrNothingDoesNothing) {
  EventQueue queue{GetParam()};
  const TimerId popped = queue.push(event(1s, 1));
  queue.pop();
  const TimerId cancelled = queue.push(event(2s, 2));
  queue.cancel(cancelled);
  const TimerId reused = queue.push(event(3s, 3));  // takes the place of an earlier one
  queue.cancel(popped);
  queue.cancel(cancelled);
  queue.cancel(TimerId{});
  EXPECT_FALSE(queue.pending(popped));
  EXPECT_FALSE(queue.pending(cancelled));
  EXPECT_FALSE(queue.pending(TimerId{}));
  EXPECT_TRUE(queue.pending(reused));
  EXPECT_EQ(drain(queue), std::vector<std::uint64_t>{3});
}

TEST_P(EveryQueue, TakesEventsBeforeTheOneThatWasLookedAt) {
  EventQueue queue{GetParam()};
  queue.push(event(10s, 10));
  EXPECT_EQ(queue.next_time(), Time{10s});
  for (std::uint64_t i = 0; i < 1000; ++i) queue.push(event(5s - i * 1ms, i));  // more than the short buffer holds
  EXPECT_EQ(queue.next_time(), Time{5s - 999ms});
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 1000; i-- > 0;) expected.push_back(i);
  expected.push_back(10);
  EXPECT_EQ(drain(queue), expected);
}

TEST_P(EveryQueue, HoldsTheLastMomentThereIs) {
  EventQueue queue{GetParam()};
  queue.push(event(Duration::max() - 1ns, 1));
  queue.push(event(0ns, 0));
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{0, 1}));
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryQueue,
                         testing::Values(QueueKind::wheel, QueueKind::reference, QueueKind::shuffled_ties),
                         [](const auto& kind) -> std::string {
                           switch (kind.param) {
                             case QueueKind::wheel: return "wheel";
                             case QueueKind::reference: return "reference";
                             case QueueKind::shuffled_ties: return "shuffled_ties";
                           }
                           return "";
                         });

class OrderedTies : public testing::TestWithParam<QueueKind> {};

TEST_P(OrderedTies, EventsOfOneInstantComeInTheOrderOfScheduling) {
  EventQueue queue{GetParam()};
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    queue.push(event(1s, i));
    expected.push_back(i);
  }
  EXPECT_EQ(drain(queue), expected);
}

TEST_P(OrderedTies, WhatAnInstantAddsToItselfComesAfterWhatItHad) {
  EventQueue queue{GetParam()};
  for (std::uint64_t i = 0; i < 300; ++i) queue.push(event(1s, i));
  std::vector<std::uint64_t> order;
  while (queue.next_time() != kNever) {
    order.push_back(queue.pop().a);
    if (order.back() < 300) queue.push(event(1s, order.back() + 1000));
  }
  EXPECT_EQ(order.size(), 600u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// The buffer of next events overflows twice: with an instant that it cannot split, and with others before that.
TEST_P(OrderedTies, AnInstantKeepsItsOrderWhenManyEventsComeBeforeIt) {
  EventQueue queue{GetParam()};
  queue.push(event(100ms, 0));
  EXPECT_EQ(queue.pop().at, Time{100ms});
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 1; i <= 160; ++i) queue.push(event(100600us, i));
  for (std::uint64_t i = 201; i <= 400; ++i) queue.push(event(100300us, i));
  for (std::uint64_t i = 201; i <= 400; ++i) expected.push_back(i);
  for (std::uint64_t i = 1; i <= 160; ++i) expected.push_back(i);
  EXPECT_EQ(drain(queue), expected);
}

INSTANTIATE_TEST_SUITE_P(Kinds, OrderedTies, testing::Values(QueueKind::wheel, QueueKind::reference),
                         [](const auto& kind) { return kind.param == QueueKind::wheel ? "wheel" : "reference"; });

TEST(EventQueue, AgreesWithTheReferenceOverLongRandomMixes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Pair pair{seed};
    for (int i = 0; i < 50'000; ++i) pair.step();
    EXPECT_GT(pair.size(), 0u);
    pair.drain();
    ASSERT_FALSE(pair.failed()) << "seed " << seed;
  }
}

TEST(EventQueue, AgreesWithTheReferenceWhenNearlyEmpty) {
  for (std::uint64_t seed = 100; seed < 300; ++seed) {
    Pair pair{seed};
    for (int i = 0; i < 500; ++i) {
      pair.step();
      if (i % 10 == 9) pair.drain();
    }
    ASSERT_FALSE(pair.failed()) << "seed " << seed;
  }
}

// Every event handled schedules more at the same instant: the short buffer must not grow with it.
TEST(EventQueue, ABurstAtOneInstantCostsNoMoreThanElsewhere) {
  EventQueue queue;
  queue.push(event(1s, 0));
  queue.push(event(1s + 1us, 1));
  ASSERT_EQ(queue.next_time(), Time{1s});
  constexpr std::uint64_t count = 300'000;
  const auto started = std::chrono::steady_clock::now();
  for (std::uint64_t i = 2; i < count; ++i) queue.push(event(1s, i));
  for (std::uint64_t i = 0; i < count - 1; ++i) ASSERT_EQ(queue.pop().a, i == 0 ? 0 : i + 1);
  EXPECT_EQ(queue.pop().a, 1u);
  // Quadratic work would take minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - started, 10s);
}

TEST(EventQueue, ShuffledTiesPermuteWithinAnInstantOnly) {
  EventQueue queue{QueueKind::shuffled_ties};
  constexpr std::uint64_t instants = 50, ties = 40;
  for (std::uint64_t i = 0; i < instants * ties; ++i) queue.push(event((i % instants) * 1ms, i));
  const std::vector<std::uint64_t> order = drain(queue);
  ASSERT_EQ(order.size(), instants * ties);
  bool moved = false;
  for (std::uint64_t instant = 0; instant < instants; ++instant) {
    std::vector<std::uint64_t> here(order.begin() + static_cast<std::ptrdiff_t>(instant * ties),
                                    order.begin() + static_cast<std::ptrdiff_t>((instant + 1) * ties));
    moved = moved || !std::is_sorted(here.begin(), here.end());
    std::sort(here.begin(), here.end());
    for (std::uint64_t i = 0; i < ties; ++i) ASSERT_EQ(here[i], i * instants + instant);
  }
  EXPECT_TRUE(moved);
}

TEST(EventQueue, ShuffledTiesAreRepeatable) {
  EventQueue one{QueueKind::shuffled_ties};
  EventQueue two{QueueKind::shuffled_ties};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    one.push(event(1s, i));
    two.push(event(1s, i));
  }
  EXPECT_EQ(drain(one), drain(two));
}

}  // namespace
}  // namespace spillway
