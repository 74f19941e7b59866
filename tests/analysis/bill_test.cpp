#include "analysis/bill/bill.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "analysis/figures.hpp"
#include "analysis/report/bill.hpp"
#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

Price tiered() {
  Price price;
  price.usd = 0.4;
  price.free = 50;
  price.tiers = {{1000, 0.4}, {2500, 0.37}, {std::numeric_limits<double>::infinity(), 0.355}};
  return price;
}

/// 100 s of traffic: 1 000 spans stored with 500 kB in two places, 40 kB over the link there and 1 kB back.
RunRecord priced_record(const std::vector<Priced>& parts) {
  Replication replication = test::replication_of(test::fates("store", 1000, {}));
  replication.destinations.push_back(test::fates("aws/other", 10, {}));
  replication.backends = {{"store", 10, 100'000, 1000, {}, 500'000}, {"aws/other", 1, 100, 10, {}, 1000}};
  replication.links = {{"aws", "store", 10, 40'000}, {"store", "aws", 10, 1000}, {"aws", "aws", 5, 7}};
  const auto metric = [&](const std::string& name, const std::string& collector, double value) {
    replication.metrics.push_back({name, {{"collector", collector}}, value});
  };
  metric("otelcol_process_cpu_seconds", "aws/gateway-0", 2);
  metric("otelcol_process_cpu_seconds", "aws/gateway-1", 3);
  metric("otelcol_process_cpu_seconds", "aws/gateway-agent", 100);
  metric("otelcol_process_memory_rss", "aws/gateway-0", 1024.0 * 1024 * 1024);
  RunRecord record = test::record_of({replication});
  add_bill(record, parts);
  return record;
}

double units(const Priced& part) {
  const RunRecord record = priced_record({part});
  EXPECT_EQ(record.replications[0].bill.size(), 1u) << part.price;
  return record.replications[0].bill.empty() ? -1 : record.replications[0].bill[0].units;
}

constexpr double kRuns = 730 * 3600 / 100.0;  // so many runs of 100 s make a month

TEST(Prices, TiersCountFromTheFirstUnitAndWhatIsFreeComesFirst) {
  EXPECT_EQ(dollars(tiered(), 0), 0);
  EXPECT_EQ(dollars(tiered(), 50), 0);
  EXPECT_DOUBLE_EQ(dollars(tiered(), 150), 100 * 0.4);
  EXPECT_DOUBLE_EQ(dollars(tiered(), 2000), 950 * 0.4 + 1000 * 0.37);
  EXPECT_DOUBLE_EQ(dollars(tiered(), 3500), 950 * 0.4 + 1500 * 0.37 + 1000 * 0.355);
}

TEST(Prices, ATableThatEndsGoesOnWithItsLastPrice) {
  Price price = tiered();
  price.tiers.pop_back();
  EXPECT_DOUBLE_EQ(dollars(price, 3500), 950 * 0.4 + 1500 * 0.37 + 1000 * 0.37);
}

TEST(Prices, TheBookIsInOrderAndEveryEntryHasASourceADateAndAPart) {
  std::set<std::string> ids;
  for (const Price& price : price_book()) {
    EXPECT_TRUE(ids.insert(price.id).second) << price.id;
    EXPECT_FALSE(price.source.empty() || price.date.empty() || price.unit.empty()) << price.id;
    EXPECT_EQ(price.id.find('.'), std::string::npos) << "figures end in an id: " << price.id;
    EXPECT_FALSE(priced_part(price).empty()) << price.id;
    EXPECT_GE(price.usd, 0) << price.id;
    EXPECT_EQ(price.usd, price.tiers.empty() ? price.usd : price.tiers.front().usd) << price.id;
    EXPECT_EQ(find_price(price.id), &price);
  }
  EXPECT_GT(ids.size(), 90u);
  EXPECT_EQ(find_price("no-such"), nullptr);
}

TEST(Prices, OnlyWhatAPartCountsCanBeItsPrice) {
  EXPECT_EQ(objection_to_price(PricedPart::backend, "grafana-traces-write"), "");
  EXPECT_NE(objection_to_price(PricedPart::link, "grafana-traces-write").find("which a link does not count"), std::string::npos);
  EXPECT_NE(objection_to_price(PricedPart::backend, "grafana-traces-wirte").find("did you mean grafana-traces-write?"), std::string::npos);
}

TEST(Bill, ABackendPaysForWhatItStoresInAMonth) {
  EXPECT_DOUBLE_EQ(units({PricedPart::backend, "store", {"store"}, "grafana-traces-write"}), 0.0005 * kRuns);
  EXPECT_DOUBLE_EQ(units({PricedPart::backend, "store", {"store"}, "gcp-trace"}), 0.001 * kRuns);
  EXPECT_DOUBLE_EQ(units({PricedPart::backend, "store", {"store"}, "dynatrace-traces-ingest"}), 500'000.0 / (1 << 30) * kRuns);
  EXPECT_DOUBLE_EQ(units({PricedPart::backend, "other", {"aws/other", "gcp/other"}, "gcp-trace"}), 0.00001 * kRuns) << "in all its places";
  EXPECT_EQ(units({PricedPart::backend, "store", {"store"}, "grafana-platform-fee"}), 1);
}

TEST(Bill, StorageIsWhatLiesThereAtASteadyRate) {
  Priced disk{PricedPart::backend, "store", {"store"}, "aws-s3-standard-storage"};
  disk.retention = std::chrono::hours{365};  // half a month
  EXPECT_DOUBLE_EQ(units(disk), 0.0005 * kRuns / 2);
  disk.stored_bytes_per_span = 68.5;
  EXPECT_DOUBLE_EQ(units(disk), 68.5e-6 * kRuns / 2);
  Priced more{PricedPart::backend, "store", {"store"}, "grafana-traces-retain"};
  EXPECT_EQ(units(more), 0) << "thirty days are part of the ingest price";
  more.retention = std::chrono::days{75};
  EXPECT_DOUBLE_EQ(units(more), 0.0005 * kRuns * 1.5);
  Priced days{PricedPart::backend, "store", {"store"}, "dynatrace-traces-retain"};
  days.retention = std::chrono::days{10};
  EXPECT_DOUBLE_EQ(units(days), 500'000.0 / (1 << 30) * kRuns * 10);
}

TEST(Bill, ALinkPaysForWhatLeavesItsFirstEnd) {
  EXPECT_DOUBLE_EQ(units({PricedPart::link, "aws - store", {"aws", "store"}, "aws-egress-internet-us-east-1"}), 40e-6 * kRuns);
  EXPECT_DOUBLE_EQ(units({PricedPart::link, "aws - store", {"aws", "store"}, "aws-interaz"}), 41e-6 * kRuns) << "both ways";
}

TEST(Bill, ACollectorPaysForItsProcesses) {
  EXPECT_DOUBLE_EQ(units({PricedPart::collector, "gateway", {"aws/gateway-0", "aws/gateway-1"}, "gcp-e2-vcpu"}), 5 / 100.0 * 730) << "of its own instances only";
  EXPECT_DOUBLE_EQ(units({PricedPart::collector, "gateway", {"aws/gateway-0", "aws/gateway-1"}, "gcp-e2-ram"}), 730);
  EXPECT_DOUBLE_EQ(units({PricedPart::collector, "gateway", {"aws/gateway-0", "aws/gateway-1"}, "aws-t3-medium"}), 2 * 730);
}

TEST(Bill, WhatTheRecordDoesNotKnowHasNoLine) {
  RunRecord record = priced_record({});
  record.replications[0].links.clear();
  const std::vector<Priced> parts{{PricedPart::link, "aws - store", {"aws", "store"}, "aws-interaz"},
                                  {PricedPart::backend, "nobody", {"nobody"}, "gcp-trace"},
                                  {PricedPart::collector, "nobody", {"nobody"}, "gcp-e2-ram"}};
  add_bill(record, parts);
  EXPECT_TRUE(record.replications[0].bill.empty());
}

TEST(Bill, IsAFigure) {
  const RunRecord record = priced_record({{PricedPart::backend, "store", {"store"}, "dynatrace-traces-ingest"},
                                          {PricedPart::backend, "store", {"store"}, "grafana-platform-fee"}});
  const auto value = [&](const char* name) { return observe(name, record).each.at(0).number; };
  EXPECT_EQ(value("bill.store.grafana-platform-fee"), 19);
  EXPECT_DOUBLE_EQ(value("bill.total"), 19 + 500'000.0 / (1 << 30) * kRuns * 0.2);
  EXPECT_FALSE(observe("bill.store.gcp-trace", record).error.empty());
  EXPECT_FALSE(observe("bill.total", test::stored({1000})).error.empty()) << "without prices there is no bill";
  EXPECT_EQ(with_unit(19, parse_figure("bill.total").figure->unit), "19.00 USD");
  EXPECT_EQ(from_json(to_json(record)).replications[0].bill.size(), 2u);
}

TEST(Bill, TheTableAddsUp) {
  const RunRecord record = priced_record({{PricedPart::backend, "store", {"store"}, "grafana-platform-fee"}, {PricedPart::collector, "gateway", {"aws/gateway-0", "aws/gateway-1"}, "gcp-e2-ram"}});
  const Block block = bill_block(record);
  ASSERT_EQ(block.table.rows.size(), 3u);
  EXPECT_EQ(block.table.rows[0], (std::vector<std::string>{"store", "grafana-platform-fee", "1 month", "19 USD per month", "19.00", "one run"}));
  EXPECT_EQ(block.table.rows[2][4], money(19 + 730 * 0.002923));
  EXPECT_TRUE(bill_block(test::stored({1000})).table.columns.empty());
}

TEST(PriceList, HoldsWhatOneOfTheWordsNames) {
  const Report list = price_list({"grafana", "e2-ram"});
  ASSERT_GE(list.front().table.rows.size(), 4u);
  EXPECT_TRUE(price_list({"nothing like that"}).front().table.rows.empty());
  EXPECT_EQ(price_list({"gcp-e2-ram"}).front().table.rows,
            (std::vector<std::vector<std::string>>{{"gcp-e2-ram", "collector", "0.00292 USD per GiB-hour", "us-central1, " + find_price("gcp-e2-ram")->date}}));
}

}  // namespace
}  // namespace spillway::analysis
