#include "analysis/intervals.hpp"

#include <gtest/gtest.h>

#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

TEST(Intervals, AreStudentsOverReplications) {
  const Estimate seen = estimate("ledger.backend.stored", test::stored({700, 710, 720, 730}));
  // mean 715, s = 12.909944, t(0.975, 3) = 3.182446
  EXPECT_DOUBLE_EQ(seen.interval.mean, 715);
  EXPECT_NEAR(seen.interval.high - 715, 3.182446 * 12.909944 / 2, 1e-4);
  EXPECT_EQ(seen.interval.n, 4);
  EXPECT_EQ(mean_text(seen), "715 spans");
  EXPECT_EQ(interval_text(seen), "694 - 736 spans");
}

TEST(Intervals, StayInsideWhatAFigureCanBe) {
  const Estimate seen = estimate("ledger.backend.stored.share", test::stored({999, 1000, 900}));
  EXPECT_EQ(seen.interval.high, 1);
  const Estimate lost = estimate("ledger.backend.lost", test::stored({999, 1000, 900}));
  EXPECT_EQ(lost.interval.low, 0);
}

TEST(Intervals, SayThatOneRunHasNone) {
  const Estimate seen = estimate("ledger.backend.stored", test::stored({700}));
  EXPECT_FALSE(seen.has_interval());
  EXPECT_EQ(mean_text(seen), "700 spans");
  EXPECT_EQ(interval_text(seen), "one run, no interval");
}

TEST(Intervals, CountReplicationsInWhichAMomentDidNotCome) {
  const Estimate some = estimate("ledger.backend.lost.first_at", test::stored({700, 1000, 800}));
  EXPECT_EQ(some.never, 1);
  EXPECT_DOUBLE_EQ(some.interval.mean, 20);
  EXPECT_EQ(mean_text(some), "20 s (never in 1 of 3 replications)");
  EXPECT_EQ(interval_text(some), "exactly 20 s");
  EXPECT_EQ(mean_text(estimate("ledger.backend.lost.first_at", test::stored({1000, 1000}))), "never");
}

TEST(Intervals, RefuseTexts) {
  RunRecord record = test::stored({700});
  record.replications[0].destinations[0].span_set = "0000000000000001";
  EXPECT_NE(estimate("ledger.backend.span_set", record).error, "");
}

TEST(Intervals, WriteTheUnitOnceWhereBothEndsShareIt) {
  EXPECT_EQ(range_text(0.701, 0.723, Unit::share), "70.1 - 72.3 %");
  EXPECT_EQ(range_text(0.0, 0.723, Unit::share), "0 - 72.3 %");
  EXPECT_EQ(range_text(0.012, 0.5, Unit::seconds), "12 - 500 ms");
  EXPECT_EQ(range_text(0.012, 5, Unit::seconds), "12 ms - 5 s");
  EXPECT_EQ(range_text(190, 201, Unit::seconds), "3 min 10 s - 3 min 21 s");
  EXPECT_EQ(range_text(-5, 1000, Unit::spans), "-5 - 1 000 spans");
}

}  // namespace
}  // namespace spillway::analysis
