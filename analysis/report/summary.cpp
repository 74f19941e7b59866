#include "analysis/report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "analysis/figure_names.hpp"
#include "analysis/intervals.hpp"
#include "analysis/report/bill.hpp"
#include "analysis/report/collectors.hpp"
#include "analysis/report/fates.hpp"
#include "analysis/report/json.hpp"

namespace spillway::analysis {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostRequests = 8;
constexpr std::size_t kMostDestinations = 5;
constexpr std::size_t kMostNotModelled = 6;

// ---- header -------------------------------------------------------------------------------------------------------

std::string length_text(const Manifest& manifest) {
  std::string text = duration_text(seconds(manifest.duration));
  if (manifest.drain > Duration{}) text += " + " + duration_text(seconds(manifest.drain)) + " drain";
  return text;
}

std::string circumstances(const RunRecord& record) {
  const Manifest& manifest = record.manifest;
  const std::size_t n = record.replications.size();
  std::string text = length_text(manifest) + " x " + std::to_string(n) + (n == 1 ? " replication" : " replications");
  text += manifest.world == "measured" ? ", measured" : ", seed " + std::to_string(manifest.seed);
  for (const auto& [part, version] : manifest.parts) text += ", " + part + " " + version;
  return text;
}

std::string warm_up_line(const Manifest& manifest) {
  const std::string how = manifest.warm_up_found.empty() ? "" : ", " + manifest.warm_up_found;
  if (manifest.warm_up > Duration{}) {
    return "warm_up " + duration_text(seconds(manifest.warm_up)) + how +
           ": requests that arrived in it are left out of the requests; all other numbers are of the whole run";
  }
  return how.empty() ? "" : "warm_up none" + how;
}

Block header_block(const SummaryInput& input) {
  const Manifest& manifest = input.record.manifest;
  std::string left = manifest.scenario;
  if (!input.headline.empty()) left += ", " + input.headline;
  const std::string right = circumstances(input.record);
  const std::size_t together = width_of(left) + width_of(right);
  Block block;
  if (together + 4 <= kWidth) {
    block.lines = {left + std::string(kWidth - together, ' ') + right};
  } else {
    block.lines = {left, right};
  }
  if (const std::string line = warm_up_line(manifest); !line.empty()) block.lines.push_back(line);
  for (const auto& [name, note] : manifest.notes) block.lines.push_back(name + ": " + note);
  return block;
}

// ---- requests -----------------------------------------------------------------------------------------------------

std::vector<std::string> request_names(const RunRecord& record) {
  std::vector<std::string> names;
  for (const Replication& replication : record.replications) {
    for (const RequestStats& stats : replication.requests) {
      if (std::find(names.begin(), names.end(), stats.name) == names.end()) names.push_back(stats.name);
    }
  }
  return names;
}

double mean_of(const RunRecord& record, const std::string& figure) {
  const Estimate found = estimate(figure, record);
  return found.error.empty() ? found.interval.mean : std::nan("");
}

bool anything_lost(const RunRecord& record) {
  return std::any_of(record.replications.begin(), record.replications.end(), [](const Replication& replication) {
    return std::any_of(replication.destinations.begin(), replication.destinations.end(),
                       [](const DestinationFates& fates) { return !fates.lost.empty(); });
  });
}

std::vector<std::string> request_row(const RunRecord& record, const std::string& name) {
  const std::string prefix = "requests." + folded(name) + ".";
  const double length = seconds(record.manifest.duration - record.manifest.warm_up);
  const double errors = mean_of(record, prefix + "errors.share");
  std::vector<std::string> row{name, length > 0 ? grouped(mean_of(record, prefix + "count") / length) + "/s" : "",
                               percent(errors)};
  for (const char* quantile : {"p50", "p95", "p99"}) row.push_back(duration_text(mean_of(record, prefix + quantile)));
  row.push_back(errors == 0 && anything_lost(record) ? "no request fails, yet spans are lost" : "");
  return row;
}

Block requests_block(const RunRecord& record) {
  using enum Column::Align;
  const std::vector<std::string> names = request_names(record);
  if (names.empty()) return {};
  Block block;
  block.table.columns = {
      {"requests"}, {"rate", right}, {"errors", right}, {"p50", right}, {"p95", right}, {"p99", right}, {""}};
  for (std::size_t i = 0; i < std::min(names.size(), kMostRequests); ++i) {
    block.table.rows.push_back(request_row(record, names[i]));
  }
  if (names.size() > kMostRequests) {
    block.table.rows.push_back({"… and " + std::to_string(names.size() - kMostRequests) + " more"});
  }
  return block;
}

// ---- thresholds, not modelled -------------------------------------------------------------------------------------

Block thresholds_block(const std::vector<ThresholdResult>& results) {
  using enum Column::Align;
  if (results.empty()) return {};
  Block block;
  block.table.columns = {{"thresholds"}, {""}, {"limit", right}, {"mean", right}, {"95 % interval", right}};
  for (const ThresholdResult& result : results) {
    const bool known = result.estimate.error.empty();
    block.table.rows.push_back({std::string{to_text(result.outcome)}, result.threshold.figure, result.limit,
                                known ? mean_text(result.estimate) : "?", known ? interval_text(result.estimate) : ""});
    if (!result.remark.empty()) block.lines.push_back(result.threshold.figure + ": " + result.remark);
  }
  return block;
}

/// "unknown" is what a reader has to see first.
Block not_modelled_block(const std::vector<NotModelled>& list) {
  std::vector<std::string> effects;
  for (const NotModelled& item : list) {
    if (std::find(effects.begin(), effects.end(), item.effect) == effects.end()) effects.push_back(item.effect);
  }
  std::sort(effects.begin(), effects.end(), std::greater<>{});
  Block block;
  for (const std::string& effect : effects) {
    std::string line = "not modelled (" + (effect == "unknown" ? "effect unknown" : effect) + "): ";
    std::size_t shown = 0, all = 0;
    for (const NotModelled& item : list) {
      if (item.effect != effect || ++all > kMostNotModelled) continue;
      line += (shown++ == 0 ? "" : ", ") + item.what;
    }
    if (all > shown) line += ", … and " + std::to_string(all - shown) + " more";
    block.lines.push_back(std::move(line));
  }
  return block;
}

void add(Report& report, Block block) {
  if (!block.table.columns.empty() || !block.lines.empty()) report.push_back(std::move(block));
}

/// A table for each destination with a story; those without share one.
void add_destinations(Report& report, const RunRecord& record) {
  std::vector<std::string> complete, others;
  for (const std::string& name : destinations_of(record)) {
    (nothing_lost(record, name) ? complete : others).push_back(name);
  }
  if (complete.size() == 1) std::swap(complete, others.empty() ? others : complete);
  for (std::size_t i = 0; i < std::min(others.size(), kMostDestinations); ++i) {
    add(report, fates_block(record, others[i]));
  }
  if (others.size() > kMostDestinations) {
    add(report, {{}, {"… and " + std::to_string(others.size() - kMostDestinations) + " more destinations"}});
  }
  if (!complete.empty()) add(report, complete_block(record, complete));
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

Json json_of(const ThresholdResult& result) {
  Json json{{"figure", result.threshold.figure}};
  if (result.threshold.at_least) json["at_least"] = *result.threshold.at_least;
  if (result.threshold.at_most) json["at_most"] = *result.threshold.at_most;
  json["outcome"] = to_text(result.outcome);
  if (!result.remark.empty()) json["remark"] = result.remark;
  if (result.estimate.error.empty()) json["estimate"] = json_of(result.estimate);
  return json;
}

std::string dumped(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Report summary_of(const SummaryInput& input) {
  Report report;
  add(report, header_block(input));
  add(report, requests_block(input.record));
  add_destinations(report, input.record);
  add(report, collectors_block(input.record));
  add(report, signs_block(input.record));
  add(report, bill_block(input.record));
  add(report, thresholds_block(input.thresholds));
  add(report, not_modelled_block(input.record.not_modelled));
  return report;
}

std::string summary_json(const SummaryInput& input) {
  Json figures = Json::object();
  for (const std::string& name : figures_of(input.record)) {
    const Estimate found = estimate(name, input.record);
    if (found.error.empty()) figures.get_ref<Json::object_t&>().emplace_back(name, json_of(found));
  }
  Json thresholds = Json::array();
  for (const ThresholdResult& result : input.thresholds) thresholds.push_back(json_of(result));
  return "{\n\"figures\": " + dumped(figures) + ",\n\"thresholds\": " + dumped(thresholds) +
         ",\n\"record\": " + to_json(input.record) + "}\n";
}

}  // namespace spillway::analysis
