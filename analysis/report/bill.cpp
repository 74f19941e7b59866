#include "analysis/report/bill.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "analysis/bill/bill.hpp"
#include "analysis/intervals.hpp"
#include "analysis/units.hpp"

namespace spillway::analysis {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string dollar_range(const std::vector<double>& each) {
  if (each.size() < 2) return "one run";
  const Interval interval = mean_interval(each, kConfidence);
  if (interval.low == interval.high) return "exact";
  return money(std::max(0.0, interval.low)) + " - " + money(interval.high);
}

std::string unit_price(const Price& price) {
  std::string text = grouped(price.usd);
  if (price.tiers.size() > 1) text += " to " + grouped(price.tiers.back().usd);
  text += " USD per " + price.unit;
  if (price.free > 0) text += ", " + grouped(price.free) + " free";
  return text;
}

std::string where_and_when(const Price& price) { return price.region + ", " + price.date; }

std::vector<std::string> line_of(const RunRecord& record, std::size_t i) {
  std::vector<double> units, usd;
  for (const Replication& replication : record.replications) {
    units.push_back(replication.bill[i].units);
    usd.push_back(replication.bill[i].usd);
  }
  const BillLine& line = record.replications.front().bill[i];
  const Price* const price = find_price(line.price);
  if (price == nullptr) return {line.of, line.price, "", "", money(mean_of(usd)), dollar_range(usd)};
  return {line.of, line.price, grouped(mean_of(units)) + " " + price->unit, unit_price(*price), money(mean_of(usd)), dollar_range(usd)};
}

bool holds(const Price& price, const std::string& word) {
  for (const std::string* const text : {&price.id, &price.provider, &price.product, &price.dimension}) {
    if (text->find(word) != std::string::npos) return true;
  }
  return false;
}

bool is_wanted(const Price& price, const std::vector<std::string>& words) {
  const bool named = words.empty() || std::any_of(words.begin(), words.end(), [&](const std::string& word) { return holds(price, word); });
  return named && !priced_part(price).empty();
}

}  // namespace

Block bill_block(const RunRecord& record) {
  Block block;
  if (record.replications.empty() || record.replications.front().bill.empty()) return block;
  using Align = Column::Align;
  block.table.columns = {{"a month at these rates", Align::left}, {"price", Align::left}, {"quantity", Align::right},
                         {"unit price", Align::left},             {"USD", Align::right}, {"95 % interval", Align::right}};
  const std::size_t lines = record.replications.front().bill.size();
  for (std::size_t i = 0; i < lines; ++i) block.table.rows.push_back(line_of(record, i));
  const std::vector<double> totals = totals_of(record);
  block.table.rows.push_back({"together", "", "", "list prices, 730 h a month", money(mean_of(totals)), dollar_range(totals)});
  return block;
}

Report price_list(const std::vector<std::string>& words) {
  using Align = Column::Align;
  Table table;
  table.columns = {{"price", Align::left}, {"of a", Align::left}, {"unit price, per month", Align::left}, {"where, when", Align::left}};
  for (const Price& price : price_book()) {
    if (is_wanted(price, words)) table.rows.push_back({price.id, priced_part(price), unit_price(price), where_and_when(price)});
  }
  return {{std::move(table), {}}};
}

std::string price_list_json(const std::vector<std::string>& words) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Price& price : price_book()) {
    if (!is_wanted(price, words)) continue;
    list.push_back({{"price", price.id}, {"of", priced_part(price)}, {"provider", price.provider}, {"product", price.product}, {"counts", price.dimension},
                    {"unit", price.unit}, {"usd", price.usd}, {"free", price.free}, {"region", price.region}, {"source", price.source},
                    {"date", price.date}, {"confidence", price.confidence}, {"note", price.note}});
  }
  return list.dump(2) + "\n";
}

}  // namespace spillway::analysis
