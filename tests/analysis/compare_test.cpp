#include "analysis/compare.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/report/comparison.hpp"
#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

constexpr const char* kStored = "ledger.backend.stored";

Judgement judge_stored(JudgeClass judged, const std::vector<std::int64_t>& simulated, std::int64_t measured) {
  return judge(test::stored(simulated), test::measured(measured), {{kStored, judged}}).at(0);
}

TEST(CompareExact, AgreesOnlyWhenAllReplicationsAndTheMeasuredRunAreEqual) {
  EXPECT_EQ(judge_stored(JudgeClass::exact, {700, 700, 700}, 700).verdict, Verdict::agree);
  EXPECT_EQ(judge_stored(JudgeClass::exact, {700}, 700).verdict, Verdict::agree);
  const Judgement other = judge_stored(JudgeClass::exact, {700, 700}, 701);
  EXPECT_EQ(other.verdict, Verdict::differ);
  EXPECT_EQ(other.reason, "measured minus simulated is 1 spans");
  RunRecord others = test::measured(700);
  others.manifest.seed = 2;
  const Judgement unlike = judge(test::stored({700, 701}), others, {{kStored, JudgeClass::exact}}).at(0);
  EXPECT_EQ(unlike.verdict, Verdict::differ);
  EXPECT_EQ(unlike.simulated, "700 - 701 spans");
}

TEST(CompareExact, ComparesRandomRunsWithTheReplicationThatHadTheSameRequests) {
  const Judgement equal = judge_stored(JudgeClass::exact, {700, 701}, 700);
  EXPECT_EQ(equal.verdict, Verdict::agree);
  EXPECT_EQ(equal.simulated, "700 spans");
  EXPECT_EQ(equal.allowed, "exactly its twin");
  const Judgement other = judge_stored(JudgeClass::exact, {700, 701}, 701);
  EXPECT_EQ(other.verdict, Verdict::differ) << "replication 1 had other requests";
  EXPECT_EQ(other.reason,
            "measured minus simulated is 1 spans, compared with the replication that had the same requests");
  RunRecord another = test::measured(700);
  another.manifest.scenario_hash = "another scenario";
  EXPECT_EQ(judge(test::stored({700, 701}), another, {{kStored, JudgeClass::exact}}).at(0).verdict, Verdict::differ);
}

TEST(CompareExact, ComparesSetsOfSpansAsTexts) {
  RunRecord simulated = test::stored({700}), measured = test::measured(700);
  const auto verdict = [&] {
    return judge(simulated, measured, {{"ledger.backend.span_set", JudgeClass::exact}})[0].verdict;
  };
  EXPECT_EQ(verdict(), Verdict::unknown);  // neither world knows
  simulated.replications[0].destinations[0].span_set = "0000000000000001";
  EXPECT_EQ(verdict(), Verdict::unknown);
  measured.replications[0].destinations[0].span_set = "0000000000000002";
  EXPECT_EQ(verdict(), Verdict::differ);
  measured.replications[0].destinations[0].span_set = "0000000000000001";
  EXPECT_EQ(verdict(), Verdict::agree);
}

TEST(CompareExact, TakesACountThatOneWorldDoesNotShowAsZero) {
  RunRecord simulated = test::stored({700}), measured = test::measured(700);
  simulated.replications[0].metrics = {{"otelcol_exporter_sent_spans", {}, 0}};
  EXPECT_EQ(judge(simulated, measured, {{"metric.otelcol_exporter_sent_spans", JudgeClass::exact}})[0].verdict,
            Verdict::agree);
  simulated.replications[0].metrics[0].value = 1;
  EXPECT_EQ(judge(simulated, measured, {{"metric.otelcol_exporter_sent_spans", JudgeClass::exact}})[0].verdict,
            Verdict::differ);
  EXPECT_EQ(judge(simulated, measured, {{"metric.otelcol_exporter_snet_spans", JudgeClass::exact}})[0].verdict,
            Verdict::unknown);
}

TEST(CompareExact, AgreesThatAMomentCameInNeitherWorld) {
  const auto verdict = [](std::int64_t simulated, std::int64_t measured) {
    return judge(test::stored({simulated}), test::measured(measured),
                 {{"ledger.backend.lost.first_at", JudgeClass::exact}})[0]
        .verdict;
  };
  EXPECT_EQ(verdict(1000, 1000), Verdict::agree);
  EXPECT_EQ(verdict(900, 1000), Verdict::differ);
  EXPECT_EQ(verdict(1000, 900), Verdict::differ);
}

TEST(CompareEdge, AllowsWhatPassesInFiftyMilliseconds) {
  // 1 000 spans in 100 s: half a span in 50 ms, so the floor of one span holds where no request is known.
  EXPECT_EQ(judge_stored(JudgeClass::edge, {700}, 701).verdict, Verdict::agree);
  EXPECT_EQ(judge_stored(JudgeClass::edge, {700}, 702).verdict, Verdict::differ);
}

TEST(CompareEdge, AllowsAtLeastTheSpansOfOneRequest) {
  RunRecord simulated = test::stored({700}), measured = test::measured(710);
  for (RunRecord* record : {&simulated, &measured}) record->replications[0].backends = {{"backend", 100, 0, 1000, {}}};
  EXPECT_EQ(judge(simulated, measured, {{kStored, JudgeClass::edge}})[0].verdict, Verdict::agree);
  measured = test::measured(711);
  measured.replications[0].backends = {{"backend", 100, 0, 1000, {}}};
  const Judgement row = judge(simulated, measured, {{kStored, JudgeClass::edge}})[0];
  EXPECT_EQ(row.verdict, Verdict::differ);
  EXPECT_EQ(row.simulated, "700 spans");
  EXPECT_EQ(row.allowed, "+- 10 spans");
}

TEST(CompareEdge, SlackFollowsTheUnitOfTheFigure) {
  RunRecord record = test::record_of({test::replication_of(test::fates("backend", 100'000, {}))});
  record.replications[0].backends = {{"backend", 4'000, 200'000, 100'000, {}}};
  const auto slack = [&](const char* name) { return slack_of(*parse_figure(name).figure, record); };
  EXPECT_DOUBLE_EQ(slack("ledger.backend.stored"), 50);  // 1 000 spans/s x 50 ms
  EXPECT_DOUBLE_EQ(slack("ledger.backend.stored.share"), 50.0 / 100'000);
  EXPECT_DOUBLE_EQ(slack("backend.backend.requests"), 2);      // 40 requests/s x 50 ms
  EXPECT_DOUBLE_EQ(slack("backend.backend.body_bytes"), 100);  // 2 bytes a span
  EXPECT_DOUBLE_EQ(slack("ledger.backend.lost.first_at"), 0.05);
  EXPECT_DOUBLE_EQ(slack("series.otelcol_exporter_queue_size.zero_after(1s)"), 10);
  EXPECT_DOUBLE_EQ(slack("metric.otelcol_exporter_sent_spans"), 50);
}

TEST(CompareDistribution, AcceptsWhatASingleReplicationCouldBe) {
  // n = 4, mean 715, s = 12.91, t(0.995, 3) = 5.8409: 715 +- 5.8409 x 12.91 x sqrt(1.25) = 84.3
  EXPECT_EQ(judge_stored(JudgeClass::distribution, {700, 710, 720, 730}, 799).verdict, Verdict::agree);
  const Judgement outside = judge_stored(JudgeClass::distribution, {700, 710, 720, 730}, 800);
  EXPECT_EQ(outside.verdict, Verdict::differ);
  EXPECT_NE(outside.allowed.find("169 spans wide"), std::string::npos) << outside.allowed;
}

TEST(CompareDistribution, UsesTheRangeSeenWhenThereAreEnoughReplications) {
  std::vector<std::int64_t> simulated;
  for (std::int64_t i = 0; i < 200; ++i)
    simulated.push_back(500 + (i == 0 ? -400 : i));  // one far out, and it was seen
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 100).verdict, Verdict::agree);
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 99).verdict, Verdict::differ);
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 699).verdict, Verdict::agree);
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 700).verdict, Verdict::differ);
}

TEST(CompareDistribution, LeavesOutHalfAPerCentOnEitherSideOfTheRangeSeen) {
  std::vector<double> seen;
  for (int i = 1; i <= 999; ++i) seen.push_back(i);
  const Range range = prediction_range(seen);
  EXPECT_TRUE(range.empirical);
  EXPECT_EQ(range.low, 5);
  EXPECT_EQ(range.high, 995);
}

TEST(CompareDistribution, FiguresShareTheChanceOfAFalseAlarm) {
  // As above with t(0.9975, 3) = 7.4533 for two figures: 715 +- 107.6
  const std::vector<JudgeSpec> specs(2, {kStored, JudgeClass::distribution});
  const RunRecord simulated = test::stored({700, 710, 720, 730});
  EXPECT_EQ(judge(simulated, test::measured(822), specs)[1].verdict, Verdict::agree);
  EXPECT_EQ(judge(simulated, test::measured(823), specs)[1].verdict, Verdict::differ);
}

TEST(CompareDistribution, TakesWhatWasSeenBeyondTheNormalRange) {
  std::vector<std::int64_t> simulated(100, 700);
  simulated[7] = 900;  // s = 20, the normal range ends below 760
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 900).verdict, Verdict::agree);
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 901).verdict, Verdict::differ);
  EXPECT_EQ(judge_stored(JudgeClass::distribution, simulated, 600).verdict, Verdict::differ);
}

TEST(CompareDistribution, CannotTellFromOneReplication) {
  EXPECT_EQ(judge_stored(JudgeClass::distribution, {700}, 700).verdict, Verdict::unknown);
}

TEST(CompareDistribution, AcceptsNeverWhereTheSimulationSawIt) {
  const std::vector<JudgeSpec> specs{{"ledger.backend.lost.first_at", JudgeClass::distribution}};
  EXPECT_EQ(judge(test::stored({1000, 900, 900}), test::measured(1000), specs)[0].verdict, Verdict::agree);
  EXPECT_EQ(judge(test::stored({900, 900, 900}), test::measured(1000), specs)[0].verdict, Verdict::differ);
  EXPECT_EQ(judge(test::stored({1000, 1000}), test::measured(900), specs)[0].verdict, Verdict::differ);
}

TEST(Compare, ExitCodeSaysWhetherTheWorldsDiffer) {
  Judgement agree, differ, unknown;
  agree.verdict = Verdict::agree;
  differ.verdict = Verdict::differ;
  EXPECT_EQ(exit_code(std::vector<Judgement>{}), 0);
  EXPECT_EQ(exit_code(std::vector{agree}), 0);
  EXPECT_EQ(exit_code(std::vector{agree, unknown}), 98);
  EXPECT_EQ(exit_code(std::vector{unknown, differ}), 99);
}

TEST(CompareRelative, PairsReplicationsOfTheSameSeed) {
  const std::vector<Relative> rows = relate(test::stored({600, 700, 800}), test::stored({601, 701, 801}));
  const auto row = std::find_if(rows.begin(), rows.end(), [](const Relative& r) { return r.figure.name == kStored; });
  ASSERT_NE(row, rows.end());
  EXPECT_TRUE(row->paired);
  EXPECT_DOUBLE_EQ(row->difference, 1);
  EXPECT_DOUBLE_EQ(row->interval.value().low, 1);
  EXPECT_DOUBLE_EQ(row->interval.value().high, 1);
}

TEST(CompareRelative, TakesOtherRecordsAsIndependent) {
  RunRecord b = test::stored({601, 701, 801});
  b.manifest.seed = 2;
  const std::vector<Relative> rows = relate(test::stored({600, 700, 800}), b);
  ASSERT_FALSE(rows.empty());
  const auto row = std::find_if(rows.begin(), rows.end(), [](const Relative& r) { return r.figure.name == kStored; });
  EXPECT_FALSE(row->paired);
  // Welch with equal variances: s = 100 each, standard error 81.65, 4 degrees of freedom, t = 2.7764
  EXPECT_NEAR(row->interval.value().half_width(), 2.7764 * 81.65, 0.05);
}

TEST(CompareRelative, LeavesOutWhatIsZeroInBoth) {
  const std::vector<Relative> rows = relate(test::stored({1000}), test::measured(1000));
  for (const Relative& row : rows) EXPECT_NE(row.figure.name, "ledger.backend.lost");
  EXPECT_EQ(rows.at(0).figure.name, "ledger.backend.produced");
}

TEST(Compare, TablesFitTheScreenAndNameWhatDiffers) {
  const auto rows = judge(test::stored({700, 700}), test::measured(701),
                          {{kStored, JudgeClass::exact}, {"ledger.backend.produced", JudgeClass::exact}});
  EXPECT_EQ(to_text(report_of(rows)),
            "verdict  class  figure                     simulated  allowed     measured\n"
            "DIFFER   exact  ledger.backend.stored      700 spans  exactly    701 spans\n"
            "agree    exact  ledger.backend.produced  1 000 spans  exactly  1 000 spans\n"
            "\n"
            "DIFFER  ledger.backend.stored: measured minus simulated is 1 spans\n"
            "1 of 2 figures agree\n");
}

}  // namespace
}  // namespace spillway::analysis
