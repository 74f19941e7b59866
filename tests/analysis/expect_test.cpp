#include "analysis/expect.hpp"

#include <gtest/gtest.h>

#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

const RunRecord kRecord = test::stored({700, 710, 720, 730});  // stored 715, interval 694 - 736
constexpr const char* kStored = "ledger.backend.stored";
constexpr const char* kShare = "ledger.backend.stored.share";

Outcome at_least(const std::string& figure, double limit, const RunRecord& record = kRecord) {
  return judge_threshold({figure, limit, {}}, record).outcome;
}
Outcome at_most(const std::string& figure, double limit, const RunRecord& record = kRecord) {
  return judge_threshold({figure, {}, limit}, record).outcome;
}

TEST(Expect, IsKeptWhenTheWholeIntervalIsWithinTheLimit) {
  EXPECT_EQ(at_least(kStored, 690), Outcome::ok);
  EXPECT_EQ(at_most(kStored, 740), Outcome::ok);
  EXPECT_EQ(at_least(kShare, 0.69), Outcome::ok);
}

TEST(Expect, FailsWhenTheWholeIntervalIsBeyondTheLimit) {
  EXPECT_EQ(at_least(kStored, 740), Outcome::failed);
  EXPECT_EQ(at_most(kStored, 690), Outcome::failed);
}

TEST(Expect, IsUndecidedWhenTheIntervalContainsTheLimit) {
  EXPECT_EQ(at_least(kStored, 715), Outcome::undecided);
  EXPECT_EQ(at_most(kStored, 715), Outcome::undecided);
  EXPECT_EQ(at_least(kStored, 700), Outcome::undecided);
}

TEST(Expect, TakesTheWorseOfTwoLimits) {
  EXPECT_EQ(judge_threshold({kStored, 690, 715}, kRecord).outcome, Outcome::undecided);
  EXPECT_EQ(judge_threshold({kStored, 690, 600}, kRecord).outcome, Outcome::failed);
}

TEST(Expect, AcceptsAnExactValueAtTheLimit) {
  const RunRecord record = test::stored({1000, 1000, 1000});
  EXPECT_EQ(at_least(kStored, 1000, record), Outcome::ok);
  EXPECT_EQ(at_most("ledger.backend.lost", 0, record), Outcome::ok);
}

TEST(Expect, CannotBeDecidedByASingleRun) {
  const ThresholdResult result = judge_threshold({kStored, 100, {}}, test::stored({700}));
  EXPECT_EQ(result.outcome, Outcome::undecided);
  EXPECT_NE(result.remark.find("--replications 2 or more"), std::string::npos);
}

TEST(Expect, TakesNeverAsLaterThanAnyMoment) {
  const RunRecord none = test::stored({1000, 1000});
  const RunRecord some = test::stored({1000, 900, 900});
  EXPECT_EQ(at_least("ledger.backend.lost.first_at", 600, none), Outcome::ok);
  EXPECT_EQ(at_most("ledger.backend.lost.first_at", 600, none), Outcome::failed);
  EXPECT_EQ(at_least("ledger.backend.lost.first_at", 600, some), Outcome::failed);
  EXPECT_EQ(at_least("ledger.backend.lost.first_at", 10, some), Outcome::ok);
  EXPECT_EQ(at_most("ledger.backend.lost.first_at", 600, some), Outcome::failed);
}

TEST(Expect, SaysWhatWasAskedInTheUnitOfTheFigure) {
  EXPECT_EQ(judge_threshold({kShare, 0.7, {}}, kRecord).limit, ">= 70 %");
  EXPECT_EQ(judge_threshold({kShare, {}, 0.9}, kRecord).limit, "<= 90 %");
  EXPECT_EQ(judge_threshold({kShare, 0.7, 0.9}, kRecord).limit, "70 - 90 %");
  EXPECT_EQ(judge_threshold({"ledger.backend.lost.first_at", 370, {}}, kRecord).limit, ">= 6 min 10 s");
}

TEST(Expect, RemarksWhatTheNumberAloneDoesNotSay) {
  EXPECT_EQ(judge_threshold({kShare, 0.6, {}}, kRecord).remark, "");
  EXPECT_NE(judge_threshold({kStored, 715, {}}, kRecord).remark.find("more --replications"), std::string::npos);
  EXPECT_NE(judge_threshold({"ledger.nobody.stored", 1, {}}, kRecord).remark.find("no destination"), std::string::npos);
  EXPECT_NE(
      judge_threshold({"metric.otelcol_exporter_enqueue_failed_spans", {}, 0}, kRecord).remark.find("no such series"),
      std::string::npos);
}

TEST(Expect, ExitCodeIsThatOfTheWorstOutcome) {
  const auto code = [](const std::vector<Threshold>& thresholds) {
    return exit_code(judge_thresholds(thresholds, kRecord));
  };
  const Threshold ok{kStored, 690, {}}, undecided{kStored, 715, {}}, failed{kStored, 740, {}},
      unknown{"ledger.none.stored", 1, {}};
  EXPECT_EQ(code({}), 0);
  EXPECT_EQ(code({ok}), 0);
  EXPECT_EQ(code({ok, undecided}), 98);
  EXPECT_EQ(code({undecided, failed, ok}), 99);
  EXPECT_EQ(code({failed, unknown}), 2);
}

}  // namespace
}  // namespace spillway::analysis
