#include "analysis/report/sweep.hpp"

#include <gtest/gtest.h>

#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

Sweep two_variants() {
  Sweep sweep;
  sweep.axes = {"services.shop.sampling.probability", "services.cart.sampling.probability"};
  sweep.variants = {{{"1", "1"}, test::stored({1000, 1000, 1000})}, {{"1", "0.5"}, test::stored({800, 810, 805})}};
  for (std::size_t i = 0; i < 2; ++i) {
    for (Replication& replication : sweep.variants[i].record.replications) replication.bill = {{"backend", "gcp-trace", 1, i == 0 ? 200.0 : 50.0}};
  }
  return sweep;
}

TEST(Sweep, ShowsWhatHappensAndWhatItCosts) {
  Sweep sweep = two_variants();
  EXPECT_EQ(telling_figures(sweep), (std::vector<std::string>{"ledger.backend.stored.share", "ledger.backend.lost.share", "bill.total"}));
  for (Variant& variant : sweep.variants) {
    for (Replication& replication : variant.record.replications) replication.bill.clear();
  }
  sweep.variants.pop_back();
  EXPECT_EQ(telling_figures(sweep), std::vector<std::string>{"ledger.backend.stored.share"}) << "nothing is lost and nothing has a price";
}

TEST(Sweep, OnlyDestinationsWithAPriceAreShownWhereSomeHaveOne) {
  Sweep sweep = two_variants();
  for (Variant& variant : sweep.variants) {
    for (Replication& replication : variant.record.replications) replication.destinations.push_back(test::fates("free", 10, {}));
  }
  EXPECT_EQ(telling_figures(sweep).size(), 3u);
}

TEST(Sweep, ComparesEachVariantWithTheFirst) {
  Sweep sweep = two_variants();
  sweep.figures = telling_figures(sweep);
  const Table table = report_of(sweep).front().table;
  EXPECT_EQ(table.columns[0].head, "shop.sampling.probability") << "as short as it is not the other one";
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"1", "1", "100 %", "0 %", "200 USD"}));
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"1", "0.5", "80.5 %", "19.5 %", "50.00 USD"}));
  EXPECT_EQ(table.rows[2], (std::vector<std::string>{"", "", "-19.5 points", "+19.5 points", "-75 %"}));
}

TEST(Sweep, SaysWhenADifferenceMayBeChance) {
  Sweep sweep;
  sweep.axes = {"seed"};
  sweep.variants = {{{"1"}, test::stored({900, 950, 1000})}, {{"2"}, test::stored({960, 900, 970})}};
  sweep.figures = {"ledger.backend.stored.share"};
  EXPECT_EQ(report_of(sweep).front().table.rows[2][1], "-0.67 points, may be chance");
}

TEST(Sweep, AFigureThatNoVariantKnowsIsRefused) {
  Sweep sweep = two_variants();
  sweep.figures = {"bill.total", "ledger.backedn.stored"};
  EXPECT_NE(objection_to(sweep).find("ledger.backend.stored"), std::string::npos) << objection_to(sweep);
  sweep.figures.pop_back();
  EXPECT_EQ(objection_to(sweep), "");
}

}  // namespace
}  // namespace spillway::analysis
