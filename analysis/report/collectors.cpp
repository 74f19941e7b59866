#include "analysis/report/collectors.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "analysis/figure_names.hpp"
#include "analysis/intervals.hpp"

namespace spillway::analysis {
namespace {

constexpr std::size_t kMostRows = 12;
constexpr double kRisen =
    0.05;  ///< a queue counts as filling from 5 % of its peak on, when that passes 5 % of its capacity

/// Distinct values of a label among the metrics that have all of `wanted`.
std::set<std::string> label_values(const RunRecord& record, const std::string& label, const Labels& wanted = {}) {
  std::set<std::string> values;
  for (const Replication& replication : record.replications) {
    for (const MetricValue& metric : replication.metrics) {
      const auto found = metric.labels.find(label);
      if (found == metric.labels.end()) continue;
      if (std::includes(metric.labels.begin(), metric.labels.end(), wanted.begin(), wanted.end()))
        values.insert(found->second);
    }
  }
  return values;
}

/// Mean of a metric at the end; nullopt when the record does not have it.
std::optional<double> metric(const RunRecord& record, const std::string& name, const Labels& labels) {
  const Estimate found = estimate("metric." + name + selector(labels), record);
  if (!found.error.empty()) return std::nullopt;
  return found.interval.mean;
}

std::optional<double> series(const RunRecord& record, const std::string& name, const Labels& labels,
                             const std::string& what) {
  const Estimate found = estimate("series." + name + selector(labels) + what, record);
  if (!found.error.empty() || found.interval.n == 0) return std::nullopt;
  return found.interval.mean;
}

std::string cell(std::optional<double> value, Unit unit) { return value ? bare(*value, unit) : "-"; }

/// A queue's peak and capacity, in the unit of its sizer (requests unless the user's file says otherwise).
struct Queue {
  double peak = 0, capacity = 0;
  double fill() const { return capacity > 0 ? peak / capacity : 0; }
};

std::optional<Queue> fullest_queue(const RunRecord& record, const Labels& collector) {
  std::optional<Queue> fullest;
  for (const std::string& exporter : label_values(record, "exporter", collector)) {
    Labels labels = collector;
    labels["exporter"] = exporter;
    const auto capacity = metric(record, "otelcol_exporter_queue_capacity", labels);
    const auto peak = series(record, "otelcol_exporter_queue_size", labels, ".peak");
    if (!capacity || !peak) continue;
    const Queue queue{*peak, *capacity};
    if (!fullest || queue.fill() > fullest->fill()) fullest = queue;
  }
  return fullest;
}

std::string cpu_cell(const RunRecord& record, const Labels& labels) {
  const auto used = metric(record, "otelcol_process_cpu_seconds", labels);
  const double length = seconds(record.manifest.duration + record.manifest.drain);
  return used && length > 0 ? percent(*used / length) : "-";
}

/// The highest step; of runs shorter than a step the end.
std::optional<double> peak_memory(const RunRecord& record, const Labels& labels) {
  const auto peak = series(record, "otelcol_process_memory_rss", labels, ".peak");
  return peak ? peak : metric(record, "otelcol_process_memory_rss", labels);
}

std::vector<std::string> row_of(const RunRecord& record, const std::string& name) {
  const Labels labels{{"collector", name}};
  const auto spans = [&](const char* counter) { return cell(metric(record, counter, labels), Unit::spans); };
  const auto queue = fullest_queue(record, labels);
  return {name,
          cpu_cell(record, labels),
          cell(peak_memory(record, labels), Unit::bytes),
          queue ? grouped(queue->peak) + "/" + grouped(queue->capacity) : "-",
          spans("otelcol_receiver_accepted_spans"),
          spans("otelcol_receiver_refused_spans"),
          spans("otelcol_exporter_sent_spans"),
          spans("otelcol_exporter_send_failed_spans"),
          spans("otelcol_exporter_enqueue_failed_spans")};
}

// ---- blindness ----------------------------------------------------------------------------------------------------

/// The sum over the exporters of one collector at each step.
std::vector<double> summed(const Replication& replication, const std::string& name, const std::string& collector) {
  std::vector<double> sum;
  for (const Series& s : replication.series) {
    const auto found = s.labels.find("collector");
    if (core_name(s.name) != name || found == s.labels.end() || found->second != collector) continue;
    sum.resize(std::max(sum.size(), s.values.size()));
    for (std::size_t i = 0; i < s.values.size(); ++i) sum[i] += s.values[i];
  }
  return sum;
}

/// The step from which the queue stays above a small part of its later peak until it gets there.
std::optional<std::size_t> start_of_rise(const std::vector<double>& queue, double capacity) {
  const auto peak = std::max_element(queue.begin(), queue.end());
  if (peak == queue.end() || *peak < kRisen * capacity || *peak <= 0) return std::nullopt;
  auto first = peak;
  while (first != queue.begin() && *(first - 1) > kRisen * *peak) --first;
  return static_cast<std::size_t>(first - queue.begin());
}

std::optional<std::size_t> first_above_zero(const std::vector<double>& values) {
  const auto first = std::find_if(values.begin(), values.end(), [](double v) { return v > 0; });
  if (first == values.end()) return std::nullopt;
  return static_cast<std::size_t>(first - values.begin());
}

/// Steps at which a collector's signs of an outage appear, each a mean over the replications in which it does.
struct Signs {
  struct Mean {
    double sum = 0;
    int n = 0;
    void add(std::optional<std::size_t> step) {
      if (!step) return;
      sum += static_cast<double>(*step + 1);
      ++n;
    }
    double steps() const { return sum / n; }
  };
  Mean queue, failed, refused, drained;
};

/// The first step after its peak at which the queue is empty.
std::optional<std::size_t> drained(const std::vector<double>& queue) {
  const auto peak = std::max_element(queue.begin(), queue.end());
  const auto empty = std::find(peak, queue.end(), 0.0);
  if (empty == queue.end()) return std::nullopt;
  return static_cast<std::size_t>(empty - queue.begin());
}

Signs signs_of(const RunRecord& record, const std::string& collector) {
  Signs signs;
  const double capacity = metric(record, "otelcol_exporter_queue_capacity", {{"collector", collector}}).value_or(0);
  for (const Replication& replication : record.replications) {
    const auto queue = summed(replication, "otelcol_exporter_queue_size", collector);
    const auto rise = start_of_rise(queue, capacity);
    if (!rise) continue;
    signs.queue.add(rise);
    signs.drained.add(drained(queue));
    signs.failed.add(first_above_zero(summed(replication, "otelcol_exporter_send_failed_spans", collector)));
    signs.refused.add(first_above_zero(summed(replication, "otelcol_exporter_enqueue_failed_spans", collector)));
  }
  return signs;
}

/// Empty when the counter of failures moves within two steps of the queue.
std::string blindness_of(const Signs& signs, double step) {
  if (signs.failed.n == 0) return "send_failed never moves";
  const double steps = signs.failed.steps() - signs.queue.steps();
  return steps < 2 ? "" : "send_failed blind for " + duration_text(steps * step);
}

/// Empty when no queue fills.
std::vector<std::string> signs_row(const RunRecord& record, const std::string& collector) {
  const Signs signs = signs_of(record, collector);
  if (signs.queue.n == 0) return {};
  const double step = seconds(record.manifest.step);
  const auto when = [&](const Signs::Mean& mean) { return mean.n > 0 ? duration_text(mean.steps() * step) : "-"; };
  return {collector,          when(signs.queue),   when(signs.refused),
          when(signs.failed), when(signs.drained), blindness_of(signs, step)};
}

template <class RowOf>
void add_rows(Table& table, const std::set<std::string>& names, RowOf row_of_name) {
  std::size_t rows = 0;
  for (const std::string& name : names) {
    std::vector<std::string> row = row_of_name(name);
    if (!row.empty() && ++rows <= kMostRows) table.rows.push_back(std::move(row));
  }
  if (rows > kMostRows) table.rows.push_back({"… and " + std::to_string(rows - kMostRows) + " more"});
}

}  // namespace

Block collectors_block(const RunRecord& record) {
  using enum Column::Align;
  const std::set<std::string> names = label_values(record, "collector");
  if (names.empty()) return {};
  Block block;
  block.table.columns = {{"collector, spans"},  {"cpu", right},         {"peak memory", right},
                         {"queue peak", right}, {"accepted", right},    {"refused", right},
                         {"sent", right},       {"send_failed", right}, {"enqueue_failed", right}};
  add_rows(block.table, names, [&](const std::string& name) { return row_of(record, name); });
  return block;
}

Block signs_block(const RunRecord& record) {
  using enum Column::Align;
  Block block;
  block.table.columns = {{"first sign of a full queue"}, {"queue_size rises", right}, {"enqueue_failed", right},
                         {"send_failed", right},         {"empty again", right},      {""}};
  add_rows(block.table, label_values(record, "collector"),
           [&](const std::string& name) { return signs_row(record, name); });
  return block.table.rows.empty() ? Block{} : block;
}

}  // namespace spillway::analysis
