#include "real/local/cost_grid.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "real/local/cost_scenario.hpp"

namespace spillway::real {
namespace {

using collector::Work;

constexpr double kLateAllowed = 0.005;  ///< share of spans that may fall into another row
constexpr double kIdleWanted = 0.15;
constexpr int kMostRepeats = 1;  ///< of runs on a busy machine: the grid has to end in time

std::string text(double value) { return std::to_string(value); }

// ---- what the twin did --------------------------------------------------------------------------------------------

collector::Handled minus(const collector::Handled& a, const collector::Handled& b) {
  return {a.requests - b.requests, a.spans - b.spans, a.attributes - b.attributes, a.bytes - b.bytes};
}

Work minus(const Work& a, const Work& b) {
  Work d;
  d.zipkin = minus(a.zipkin, b.zipkin);
  d.otlp = minus(a.otlp, b.otlp);
  d.batched_spans = a.batched_spans - b.batched_spans;
  d.exported = minus(a.exported, b.exported);
  for (std::size_t i = 0; i < d.compressed.size(); ++i) d.compressed[i] = a.compressed[i] - b.compressed[i];
  for (std::size_t i = 0; i < d.steps.size(); ++i) d.steps[i] = a.steps[i] - b.steps[i];
  d.queued = a.queued - b.queued;
  d.wakes = a.wakes - b.wakes;
  d.timer_turns = a.timer_turns - b.timer_turns;
  d.spinning_seconds = a.spinning_seconds - b.spinning_seconds;
  d.collected_bytes = a.collected_bytes - b.collected_bytes;
  return d;
}

void set_work(GridRow& row, const std::vector<Look>& looks, const Stretch& stretch) {
  row.work = stretch.from_start ? looks[stretch.to].work : minus(looks[stretch.to].work, looks[stretch.from].work);
  row.heap_growth = 0;
  for (std::size_t i = stretch.from; i <= stretch.to; ++i) row.heap_growth = std::max(row.heap_growth, looks[i].growth);
}

// ---- what was measured --------------------------------------------------------------------------------------------

/// Sum over the series of this name, by reading.
std::vector<double> readings(const RunRecord& record, const std::string& name) {
  std::vector<double> sum;
  for (const Series& series : record.replications.at(0).series) {
    if (series.name != name) continue;
    sum.resize(std::max(sum.size(), series.values.size()));
    for (std::size_t i = 0; i < series.values.size(); ++i) sum[i] += series.values[i];
  }
  return sum;
}

struct Readings {
  std::vector<double> cpu, allocated, resident, accepted;

  explicit Readings(const RunRecord& record)
      : cpu{readings(record, "spillway_process_cpu_seconds")},
        allocated{readings(record, "otelcol_process_runtime_total_alloc_bytes")},
        resident{readings(record, "otelcol_process_memory_rss")},
        accepted{readings(record, "otelcol_receiver_accepted_spans")} {}

  bool reach(std::size_t index) const {
    return index < cpu.size() && index < allocated.size() && index < resident.size() && cpu[index] > 0;
  }
};

double at(const std::vector<double>& values, std::size_t index) { return index < values.size() ? values[index] : 0; }

std::optional<GridRow> row_of(const GridRun& run, const Stretch& stretch, const Readings& seen,
                              const std::vector<Look>& looks) {
  if (!seen.reach(stretch.to) || !seen.reach(stretch.from) || stretch.to >= looks.size()) return std::nullopt;
  GridRow row;
  row.run = run.name;
  row.load = stretch.load;
  row.held_out = run.held_out;
  row.from_start = stretch.from_start;
  row.seconds = reading_step() * static_cast<double>(stretch.from_start ? stretch.to + 1 : stretch.to - stretch.from);
  const auto difference = [&](const std::vector<double>& values) {
    return values[stretch.to] - (stretch.from_start ? 0 : values[stretch.from]);
  };
  row.cpu = difference(seen.cpu);
  row.allocated = difference(seen.allocated);
  row.spans = at(seen.accepted, stretch.to) - (stretch.from_start ? 0 : at(seen.accepted, stretch.from));
  for (std::size_t i = stretch.from; i <= stretch.to; ++i) row.resident = std::max(row.resident, seen.resident[i]);
  set_work(row, looks, stretch);
  return row;
}

bool came_in_time(const GridRow& row) {
  const auto expected = static_cast<double>(row.work.zipkin.spans + row.work.otlp.spans);
  return std::abs(row.spans - expected) <= kLateAllowed * expected;
}

double idle_of(const RunRecord& record) {
  const auto note = record.manifest.notes.find("machine idle");
  return note == record.manifest.notes.end() ? 1.0 : std::stod(note->second) / 100;
}

// Some runs on a machine without idle time are repeated once, the better one counts; CPU time is less disturbed by others than clock time is.
RunRecord measured(const CostScenario& scenario, const GridRun& run, const MeasureOptions& options, GridResult& result) {
  RunRecord record = measure(scenario.prepared(), options);
  if (idle_of(record) < kIdleWanted && result.repeats++ < kMostRepeats) {
    RunRecord again = measure(scenario.prepared(), options);
    if (idle_of(again) > idle_of(record)) record = std::move(again);
  }
  const double idle = idle_of(record);
  result.least_idle = std::min(result.least_idle, idle);
  if (idle < kIdleWanted) {
    result.remarks.push_back(run.name + ": the machine was busy (" + std::to_string(static_cast<int>(idle * 100)) +
                             " % idle)");
  }
  return record;
}

void add_rows(const GridRun& run, const CostScenario& scenario, GridSize size, const MeasureOptions& options,
              GridResult& result) {
  const std::vector<Look> looks = play_twin(*scenario.prepared());
  const Readings seen{measured(scenario, run, options, result)};
  for (const Stretch& stretch : stretches_of(run, size)) {
    const auto row = row_of(run, stretch, seen, looks);
    if (row && came_in_time(*row)) result.rows.push_back(*row);
    else result.remarks.push_back(run.name + ", " + stretch.load + ": left out, its spans did not arrive in time");
  }
}

// ---- live heap ----------------------------------------------------------------------------------------------------

// A memory_limiter far below the heap forces a collection at its first tick; what is read afterwards is what lives.
constexpr const char* kForcing = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors: {memory_limiter: {check_interval: 4s, limit_mib: 2, spike_limit_mib: 1}}
exporters: {otlphttp: {endpoint: "http://b.example:4318", compression: none, sending_queue: {queue_size: 5000}}}
service: {pipelines: {traces: {receivers: [otlp], processors: [memory_limiter], exporters: [otlphttp]}}}
)";

std::string forcing_scenario(collector::Version version, int posts) {
  std::string out = "scenario: live-heap\nduration: 7s\nreplications: 1\nrecord: {step: " + text(reading_step()) +
                    "s}\ncollectors:\n  c: {config: collector.yaml, addresses: [c.example], version: " +
                    collector::to_text(version) +
                    "}\nbackends:\n  b: {addresses: [\"b.example:4318\"], behaviour: {hang: true}}\n";
  if (posts == 0) return out;
  return out + "clients:\n  p: {url: \"http://c.example:4318/v1/traces\", spans: 100, attributes: 10, attribute_bytes: "
               "20, first: 300ms, every: 10ms, count: " + std::to_string(posts) + "}\n";
}

struct LiveHeap {
  double heap = 0, resident = 0, held = 0;  ///< bytes
};

LiveHeap live_heap(collector::Version version, int posts, const collector::CostTable& costs,
                   const MeasureOptions& options) {
  const CostScenario scenario{{{"scenario.yaml", forcing_scenario(version, posts)}, {"collector.yaml", kForcing}}, costs};
  const RunRecord record = measure(scenario.prepared(), options);
  const auto heap = readings(record, "otelcol_process_runtime_heap_alloc_bytes");
  const auto resident = readings(record, "otelcol_process_memory_rss");
  const std::size_t at = reading_at(5 * reading_step());
  if (heap.size() <= at || resident.size() <= at) throw std::runtime_error("the collector shows no heap_alloc_bytes");
  const auto peak = std::max_element(resident.begin(), resident.end());
  return {heap[at], *peak, static_cast<double>(play_twin(*scenario.prepared()).back().work.otlp.bytes)};
}

}  // namespace

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  char date[16];
  ::gmtime_r(&now, &utc);
  std::strftime(date, sizeof date, "%Y-%m-%d", &utc);
  return date;
}

GridResult run_cost_grid(const std::vector<GridRun>& grid, collector::Version version,
                         const collector::CostTable& costs, MeasureOptions options, GridSize size,
                         const std::function<void(const std::string&)>& say) {
  options.precise_cpu = true;
  GridResult result;
  result.version = version;
  if (size == GridSize::quick) result.repeats = kMostRepeats;
  result.date = today();
  const std::string which = "otelcol " + collector::to_text(version) + ": ";
  for (const GridRun& run : grid) {
    say(which + run.name);
    const CostScenario scenario{files_of(run, version, size), costs};
    add_rows(run, scenario, size, options, result);
  }
  return result;
}

void measure_beside(GridResult& result, const collector::CostTable& costs, const MeasureOptions& options,
                    const std::function<void(const std::string&)>& say) {
  const std::string which = "otelcol " + collector::to_text(result.version) + ": ";
  say(which + "sizes of compressed bodies");
  result.sizes = measure_sizes(result.version, costs, options, result.remarks);
  say(which + "live heap");
  const LiveHeap idle = live_heap(result.version, 0, costs, options);
  const LiveHeap full = live_heap(result.version, 250, costs, options);
  result.idle_live_heap = idle.heap;
  result.held_live_heap = full.heap;
  result.held_bytes = full.held;
  result.held_resident = full.resident - idle.resident;
}

void simulate_twins(GridResult& result, const std::vector<GridRun>& grid, const collector::CostTable& costs,
                    GridSize size) {
  for (const GridRun& run : grid) {
    const CostScenario scenario{files_of(run, result.version, size), costs};
    const std::vector<Look> looks = play_twin(*scenario.prepared());
    for (const Stretch& stretch : stretches_of(run, size)) {
      for (GridRow& row : result.rows) {
        if (row.run == run.name && row.load == stretch.load) set_work(row, looks, stretch);
      }
    }
  }
}

}  // namespace spillway::real
