#include "analysis/report/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

namespace spillway::analysis {
namespace {

using Json = nlohmann::ordered_json;

std::string difference_text(const Relative& row) {
  const std::string sign = row.difference > 0 ? "+" : "";
  return sign + bare(row.difference, row.figure.unit);
}

/// Without the name of what is counted, which stands elsewhere in the row.
std::string range_cell(double low, double high, Unit unit) {
  const bool counted = unit == Unit::spans || unit == Unit::requests || unit == Unit::events;
  return range_text(low, high, counted ? Unit::none : unit);
}
std::string interval_cell(const Relative& row) {
  return row.interval ? range_cell(row.interval->low, row.interval->high, row.figure.unit) : "";
}
std::string allowed_cell(const Judgement& row) {
  const bool has_range = row.spec.judged == JudgeClass::distribution && row.low < row.high;
  return has_range ? range_cell(row.low, row.high, row.unit) : row.allowed;
}

/// "metric.name{collector=a,exporter=b}.peak" as "metric.name.peak" of "a, b": the labels would fill the line.
constexpr std::size_t kWidestOf = 28;
struct NameParts {
  std::string figure, of;
};
NameParts parts_of(const std::string& name) {
  const std::size_t open = name.find('{'), close = name.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {name, ""};
  NameParts parts{name.substr(0, open) + name.substr(close + 1), ""};
  std::stringstream labels{name.substr(open + 1, close - open - 1)};
  for (std::string label; std::getline(labels, label, ',');)
    parts.of += (parts.of.empty() ? "" : ", ") + label.substr(label.find('=') + 1);
  parts.of = shortened(parts.of, kWidestOf);
  return parts;
}

void drop_empty_columns(Table& table) {
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    const auto empty = [c](const std::vector<std::string>& row) { return row[c].empty(); };
    if (table.rows.empty() || !std::all_of(table.rows.begin(), table.rows.end(), empty)) continue;
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(c));
    for (std::vector<std::string>& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
  }
}

Json json_of(const Judgement& row) {
  return {{"figure", row.spec.figure},
          {"class", to_text(row.spec.judged)},
          {"unit", symbol(row.unit)},
          {"simulated", row.simulated},
          {"allowed", row.allowed},
          {"measured", row.measured},
          {"allowed_low", row.low},
          {"allowed_high", row.high},
          {"verdict", to_text(row.verdict)},
          {"reason", row.reason}};
}

Json json_of(const Relative& row) {
  Json json{{"figure", row.figure.name},
            {"unit", symbol(row.figure.unit)},
            {"a", row.a.interval.mean},
            {"b", row.b.interval.mean},
            {"difference", row.difference}};
  json["relative"] = row.relative ? Json(*row.relative) : Json(nullptr);
  if (row.interval) {
    json["difference_low"] = row.interval->low;
    json["difference_high"] = row.interval->high;
    json["paired"] = row.paired;
  }
  return json;
}

template <class Row>
std::string json_text(const std::vector<Row>& rows) {
  Json array = Json::array();
  for (const Row& row : rows) array.push_back(json_of(row));
  return array.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Report report_of(const std::vector<Judgement>& rows) {
  using enum Column::Align;
  Block block;
  block.table.columns = {{"verdict"},          {"class"},          {"figure"},         {"of"},
                         {"simulated", right}, {"allowed", right}, {"measured", right}};
  std::size_t agree = 0;
  for (const Judgement& row : rows) {
    const NameParts name = parts_of(row.spec.figure);
    block.table.rows.push_back({std::string{to_text(row.verdict)}, std::string{to_text(row.spec.judged)}, name.figure,
                                name.of, row.simulated, allowed_cell(row), row.measured});
    if (row.verdict == Verdict::agree) ++agree;
  }
  drop_empty_columns(block.table);
  Block reasons;
  for (const Judgement& row : rows) {
    if (row.verdict != Verdict::agree) {
      reasons.lines.push_back(std::string{to_text(row.verdict)} + "  " + row.spec.figure + ": " + row.reason);
    }
  }
  reasons.lines.push_back(std::to_string(agree) + " of " + std::to_string(rows.size()) + " figures agree");
  return {std::move(block), std::move(reasons)};
}

Report report_of(const std::vector<Relative>& rows, const std::string& name_a, const std::string& name_b) {
  using enum Column::Align;
  Block block;
  block.table.columns = {{"figure"},   {"of"},           {"unit"},          {"a", right},
                         {"b", right}, {"b - a", right}, {"95 % interval", right}, {"relative", right}};
  for (const Relative& row : rows) {
    const Unit unit = row.figure.unit;
    const NameParts name = parts_of(row.figure.name);
    block.table.rows.push_back({name.figure, name.of, std::string{unit == Unit::share ? "" : symbol(unit)},
                                bare(row.a.interval.mean, unit), bare(row.b.interval.mean, unit), difference_text(row),
                                interval_cell(row), row.relative ? percent(*row.relative) : ""});
  }
  drop_empty_columns(block.table);
  const bool paired = std::any_of(rows.begin(), rows.end(), [](const Relative& row) { return row.paired; });
  Block names{{}, {"a: " + name_a, "b: " + name_b, "figures that are 0 in both are left out"}};
  if (paired) names.lines.push_back("same seed: intervals are of pairs of replications");
  return {std::move(names), std::move(block)};
}

std::string to_json(const std::vector<Judgement>& rows) { return json_text(rows); }
std::string to_json(const std::vector<Relative>& rows) { return json_text(rows); }

}  // namespace spillway::analysis
