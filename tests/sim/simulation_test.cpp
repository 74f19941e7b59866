#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace spillway {
namespace {

using namespace std::chrono_literals;

/// Notes what it is given and, for each event of kind `chain`, schedules `a` more at the same instant.
class Notes final : public Component {
 public:
  static constexpr std::uint32_t plain = 0, chain = 1;
  explicit Notes(Simulation& sim) : sim_{sim}, self{sim.add(*this)} {}
  void handle(const Event& event) override {
    seen.push_back(event.a);
    times.push_back(sim_.now());
    if (event.kind == chain && event.a > 0) sim_.schedule(sim_.now(), self, chain, event.a - 1);
  }

 private:
  Simulation& sim_;

 public:
  Target self;
  std::vector<std::uint64_t> seen;
  std::vector<Time> times;
};

TEST(Kernel, EventsAtOneInstantRunInTheOrderTheyWereScheduled) {
  Simulation sim{1, 0};
  Notes notes{sim};
  for (std::uint64_t i = 0; i < 100; ++i) sim.schedule(Time{1s}, notes.self, Notes::plain, i);
  sim.run_until(Time{1s});
  ASSERT_EQ(notes.seen.size(), 100u);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(notes.seen[i], i);
}

TEST(Kernel, WhatAnEventSchedulesNowRunsAfterWhatWasThere) {
  Simulation sim{1, 0};
  Notes notes{sim};
  sim.schedule(Time{1s}, notes.self, Notes::chain, 2);
  sim.schedule(Time{1s}, notes.self, Notes::plain, 7);
  sim.run_until(Time{2s});
  EXPECT_EQ(notes.seen, (std::vector<std::uint64_t>{2, 7, 1, 0}));
  EXPECT_EQ(notes.times, std::vector<Time>(4, Time{1s}));
}

TEST(Kernel, RunsUpToAndIncludingTheHorizonAndStopsThere) {
  Simulation sim{1, 0};
  Notes notes{sim};
  for (int s = 1; s <= 3; ++s) sim.schedule(Time{s * 1s}, notes.self, Notes::plain, static_cast<std::uint64_t>(s));
  sim.run_until(Time{2s});
  EXPECT_EQ(notes.seen, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(sim.now(), Time{2s});
  EXPECT_EQ(sim.next_event_time(), Time{3s});
  sim.run_until(Time{10s});
  EXPECT_EQ(sim.now(), Time{10s});
  EXPECT_EQ(sim.next_event_time(), kNever);
  EXPECT_EQ(sim.events(), 3);
}

TEST(Kernel, CancelledTimersDoNotRun) {
  Simulation sim{1, 0};
  Notes notes{sim};
  const TimerId cancelled = sim.start_timer(Time{1s}, notes.self, Notes::plain, 1);
  const TimerId kept = sim.start_timer(Time{2s}, notes.self, Notes::plain, 2);
  sim.cancel(cancelled);
  EXPECT_FALSE(sim.pending(cancelled));
  EXPECT_TRUE(sim.pending(kept));
  sim.run_until(Time{3s});
  EXPECT_FALSE(sim.pending(kept));
  EXPECT_EQ(notes.seen, std::vector<std::uint64_t>{2});
}

TEST(Kernel, TheClockMayJumpToTheNextEventButNotPastIt) {
  Simulation sim{1, 0};
  Notes notes{sim};
  sim.schedule(Time{2s}, notes.self, Notes::plain);
  sim.advance_to(Time{1s});
  EXPECT_EQ(sim.now(), Time{1s});
  sim.schedule(Time{1500ms}, notes.self, Notes::plain, 1);
  EXPECT_EQ(sim.next_event_time(), Time{1500ms});
}

TEST(KernelDeathTest, SchedulingInThePastAborts) {
  Simulation sim{1, 0};
  Notes notes{sim};
  sim.run_until(Time{1s});
  EXPECT_DEATH(sim.schedule(Time{999ms}, notes.self, Notes::plain), "internal error.* at 1.000000000 s.*in the past");
  EXPECT_DEATH((void)sim.start_timer(Time{999ms}, notes.self, Notes::plain), "in the past");
}

TEST(KernelDeathTest, MovingTheClockBackOrOverAnEventAborts) {
  Simulation sim{1, 0};
  Notes notes{sim};
  sim.run_until(Time{1s});
  sim.schedule(Time{2s}, notes.self, Notes::plain);
  EXPECT_DEATH(sim.advance_to(Time{500ms}), "clock cannot jump");
  EXPECT_DEATH(sim.advance_to(Time{3s}), "clock cannot jump");
}

/// What one run of these events is known by.
std::uint64_t fingerprint_of(const std::vector<Event>& events, QueueKind kind = QueueKind::wheel) {
  Simulation sim{1, 0, kind};
  Notes first{sim};
  Notes second{sim};
  for (const Event& e : events) sim.schedule(e.at, e.target, e.kind, e.a, e.b);
  sim.run_until(Time{1h});
  return sim.fingerprint();
}

TEST(Fingerprint, IsEqualForEqualRunsOnEitherQueue) {
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 1000; ++i) events.push_back({Time{(i * 37 % 100) * 1ms}, 0, 0, 0, i, 0});
  EXPECT_EQ(fingerprint_of(events), fingerprint_of(events));
  EXPECT_EQ(fingerprint_of(events), fingerprint_of(events, QueueKind::reference));
  EXPECT_NE(fingerprint_of(events), fingerprint_of(events, QueueKind::shuffled_ties));
}

TEST(Fingerprint, DiffersWithEveryFieldAndWithTheOrder) {
  const Event base{Time{1s}, 0, 0, 0, 5, 6};
  Event later = base, elsewhere = base, other_kind = base, other_a = base, other_b = base;
  later.at = Time{1s + 1ns};
  elsewhere.target = 1;
  other_kind.kind = 2;
  other_a.a = 4;
  other_b.b = 7;
  const std::uint64_t one = fingerprint_of({base});
  for (const Event& e : {later, elsewhere, other_kind, other_a, other_b}) EXPECT_NE(fingerprint_of({e}), one);
  EXPECT_NE(fingerprint_of({base, other_a}), fingerprint_of({other_a, base}));
  EXPECT_NE(fingerprint_of({base}), fingerprint_of({base, base}));
  EXPECT_NE(fingerprint_of({}), one);
}

}  // namespace
}  // namespace spillway
