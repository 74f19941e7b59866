#include "analysis/calibration/report.hpp"

#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/units.hpp"

namespace spillway::analysis {
namespace {

using nlohmann::ordered_json;

std::string signed_percent(double share) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%+.0f %%", 100 * share);
  return buffer.data();
}
std::string plain(const char* format, double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string milliseconds(double seconds) { return plain("%.1f ms", seconds * 1000); }

std::string interval_text(const Effect& effect) {
  return plain("%.1f %%", 100 * effect.value) + plain(" (90 %% interval %.1f", 100 * effect.low) +
         plain(" - %.1f %%)", 100 * effect.high);
}

using Counted = std::pair<const char*, std::int64_t>;

/// What was wrong, with the names that both forms of the report use.
std::vector<Counted> counted(const ReadingResult& r) {
  return {{"damaged elements", r.notes.damaged_elements},
          {"damaged spans", r.notes.damaged_spans},
          {"spans beyond the limit", r.notes.spans_beyond_limit},
          {"duplicate spans", r.problems.duplicate_spans},
          {"traces without a root", r.problems.without_root},
          {"traces with several roots", r.problems.several_roots},
          {"traces cut off", r.problems.cut_off},
          {"traces with a cycle", r.problems.cyclic},
          {"spans with a skewed clock", r.problems.skewed_spans},
          {"spans longer than their caller's", r.problems.overlong_spans}};
}

Block readings_block(const std::vector<ReadingResult>& readings, const FittedApplication& application) {
  using Align = Column::Align;
  Block block;
  block.table.columns = {{"recording"}, {"spans", Align::right}, {"traces", Align::right}, {"whole", Align::right},
                         {"requests/s", Align::right}, {"recorded", Align::right}, {"p50", Align::right},
                         {"p95", Align::right}, {"gaps cv", Align::right}};
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const ReadingResult& r = readings[i];
    const Load& load = application.loads[i];
    block.table.rows.push_back({r.name, grouped(static_cast<double>(r.spans)),
                                grouped(static_cast<double>(r.problems.traces)),
                                grouped(static_cast<double>(r.problems.used)), plain("%.1f", load.rate),
                                percent(load.sampled), milliseconds(load.p50), milliseconds(load.p95),
                                plain("%.2f", load.gap_cv)});
  }
  for (const ReadingResult& r : readings) {
    std::string wrong;
    for (const auto& [what, count] : counted(r)) {
      if (count > 0) wrong += (wrong.empty() ? "" : ", ") + grouped(static_cast<double>(count)) + " " + what;
    }
    if (r.notes.truncated_input) wrong += wrong.empty() ? "ends in the middle" : ", ends in the middle";
    if (!wrong.empty()) block.lines.push_back(r.name + ": " + wrong);
    for (const std::string& problem : r.notes.first_problems) block.lines.push_back("  " + problem);
  }
  return block;
}

struct Row {
  double executions = 0;  ///< per request
  double work = 0, low = 0, high = 0;  ///< seconds an execution, by itself
  double network = 0;
  double errors = 0;
};

/// Of the operations, over all classes.
std::map<std::uint32_t, Row> rows_of(const FittedApplication& application) {
  std::map<std::uint32_t, Row> rows;
  for (const RequestClass& kind : application.classes) {
    for (std::size_t n = 0; n < kind.nodes.size(); ++n) {
      const FittedNode& node = kind.nodes[n];
      Row& row = rows[node.operation];
      row.executions += kind.share;
      row.errors += kind.share * node.error;
      const auto add = [&](Row& to, const FittedLaw& law) {
        to.work += kind.share * law.mean;
        to.low += kind.share * law.low;
        to.high += kind.share * law.high;
      };
      add(row, node.work);
      if (node.before.values == 0) continue;
      Row& caller = rows[kind.nodes[node.parent].operation];
      if (node.network) caller.network += kind.share * node.before.mean;
      else add(caller, node.before);
    }
  }
  for (auto& [operation, row] : rows) {
    for (double* value : {&row.work, &row.low, &row.high, &row.network, &row.errors}) *value /= row.executions;
  }
  return rows;
}

Block operations_block(const FittedApplication& application) {
  using Align = Column::Align;
  Block block;
  block.table.columns = {{"service"}, {"operation"}, {"replicas", Align::right}, {"a request", Align::right},
                         {"own work", Align::right}, {"90 % interval", Align::right}, {"network", Align::right},
                         {"errors", Align::right}};
  for (const auto& [number, row] : rows_of(application)) {
    const TracedOperation& operation = application.operations[number];
    block.table.rows.push_back({operation.service, operation.name, std::to_string(application.replicas[number]),
                                plain("%.3g", row.executions), milliseconds(row.work),
                                plain("%.1f - ", row.low * 1000) + milliseconds(row.high),
                                row.network > 0 ? milliseconds(row.network) : "", row.errors > 0 ? percent(row.errors) : ""});
  }
  const Effect &contention = application.host.contention, &cold = application.host.cold;
  block.lines.push_back("contention: each further piece of work slows every other by " + interval_text(contention));
  if (cold.value > 0)
    block.lines.push_back("cold: work that begins after a long idle time takes longer by " + interval_text(cold) +
                          ", fading within " + milliseconds(application.host.cools_within));
  if (application.left_out > 0)
    block.lines.push_back("left out: " + percent(application.left_out) + " of the requests, of shapes too rare to fit");
  return block;
}

ordered_json json_of(const Effect& effect) {
  return {{"value", effect.value}, {"low", effect.low}, {"high", effect.high}, {"error", effect.error}};
}

ordered_json json_of(const Load& load) {
  return {{"recording", load.name},   {"requests", load.requests}, {"seconds", load.seconds},
          {"requests_per_second", load.rate}, {"recorded_share", load.sampled}, {"gap_cv", load.gap_cv},
          {"p50_s", load.p50},        {"p95_s", load.p95},         {"p99_s", load.p99}};
}

}  // namespace

Report reading_report(const std::vector<ReadingResult>& readings, const FittedApplication& application) {
  return {readings_block(readings, application), operations_block(application)};
}

std::string reading_json(const std::vector<ReadingResult>& readings, const FittedApplication& application) {
  ordered_json all;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    ordered_json one = json_of(application.loads[i]);
    one["spans"] = readings[i].spans;
    one["traces"] = readings[i].problems.traces;
    one["whole_traces"] = readings[i].problems.used;
    for (const auto& [what, count] : counted(readings[i])) one["problems"][what] = count;
    one["input_truncated"] = readings[i].notes.truncated_input;
    one["first_problems"] = readings[i].notes.first_problems;
    all["recordings"].push_back(std::move(one));
  }
  all["contention"] = json_of(application.host.contention);
  all["cold_slowdown"] = json_of(application.host.cold);
  all["cools_within_s"] = application.host.cools_within;
  for (const auto& [number, row] : rows_of(application)) {
    const TracedOperation& operation = application.operations[number];
    all["operations"].push_back({{"service", operation.service}, {"operation", operation.name},
                                 {"replicas", application.replicas[number]}, {"executions_per_request", row.executions},
                                 {"own_work_s", row.work}, {"own_work_low_s", row.low}, {"own_work_high_s", row.high},
                                 {"network_s", row.network}, {"error_share", row.errors}});
  }
  all["left_out_share"] = application.left_out;
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Table validation_table(const std::vector<HeldOut>& rows) {
  using Align = Column::Align;
  Table table;
  table.columns = {{"load"}, {"requests/s", Align::right}, {"figure"}, {"predicted", Align::right},
                   {"90 % interval", Align::right}, {"measured", Align::right}, {"error", Align::right},
                   {"naive error", Align::right}, {"covered"}};
  for (const HeldOut& row : rows) {
    table.rows.push_back({row.load, plain("%.1f", row.rate), row.figure, milliseconds(row.predicted.value),
                          plain("%.1f - ", row.predicted.low * 1000) + milliseconds(row.predicted.high),
                          milliseconds(row.measured), signed_percent(row.error()), signed_percent(row.naive_error()),
                          row.covered() ? "yes" : "no"});
  }
  return table;
}

std::string validation_json(const std::vector<HeldOut>& rows) {
  ordered_json all = ordered_json::array();
  for (const HeldOut& row : rows) {
    all.push_back({{"load", row.load}, {"requests_per_second", row.rate}, {"figure", row.figure},
                   {"predicted_s", row.predicted.value}, {"low_s", row.predicted.low}, {"high_s", row.predicted.high},
                   {"measured_s", row.measured}, {"error", row.error()}, {"naive_s", row.naive},
                   {"naive_error", row.naive_error()}, {"covered", row.covered()}});
  }
  return all.dump(2) + "\n";
}

}  // namespace spillway::analysis
