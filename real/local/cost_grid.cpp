#include "real/local/cost_grid.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
using collector::Work;

// A collector looks at its heap at most once a second, whoever asks: readings are farther apart, and a load ends well
// before the reading that closes its stretch. What is under way arrives meanwhile, and timers run out.
constexpr double kStep = 1.25;       ///< between readings of the page
constexpr double kLead = 2 * kStep;  ///< silence before the first load
constexpr double kDelay = 0.1;       ///< of a load after the reading that opens its stretch
constexpr double kLateAllowed = 0.005;  ///< share of spans that may fall into another row
constexpr double kIdleWanted = 0.15;
constexpr int kMostRepeats = 1;  ///< of runs on a busy machine: the whole grid stays within ten minutes

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  char date[16];
  ::gmtime_r(&now, &utc);
  std::strftime(date, sizeof date, "%Y-%m-%d", &utc);
  return date;
}

double stretch_of(GridSize size) { return (size == GridSize::full ? 3 : 2) * kStep; }
double length_of(GridSize size) { return stretch_of(size) - kStep - kDelay; }
double start_of(std::size_t load, GridSize size) { return kLead + static_cast<double>(load) * stretch_of(size); }
double end_of(const GridRun& run, GridSize size) { return start_of(run.loads.size(), size) + kStep / 2; }

std::string text(double value) { return std::to_string(value); }

std::string collector_file(const GridRun& run) {
  std::string receiver = run.zipkin ? "zipkin: {endpoint: 0.0.0.0:9411}"
                                    : "otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}";
  std::string processors, names;
  if (run.limiter) {
    processors += "  memory_limiter: {check_interval: 1s, limit_mib: 4000}\n";
    names += "memory_limiter, ";
  }
  if (run.batch) {
    processors += "  batch: {timeout: " + run.batch_timeout + "}\n";
    names += "batch, ";
  }
  std::string out = "receivers:\n  " + receiver + "\n";
  if (!processors.empty()) out += "processors:\n" + processors;
  out += "exporters:\n";
  if (run.exports) {
    out += std::string{"  otlphttp: {endpoint: http://b.example:4318, compression: "} + (run.gzip ? "gzip" : "none") +
           ", sending_queue: {enabled: " + (run.queue ? "true" : "false") + "}}\n";
  } else {
    // Every collector has it; sampled away, it writes next to nothing.
    out += "  debug: {verbosity: basic, sampling_initial: 1, sampling_thereafter: 1000000}\n";
  }
  out += std::string{"service: {pipelines: {traces: {receivers: ["} + (run.zipkin ? "zipkin" : "otlp") +
         "], processors: [" + names + "], exporters: [" + (run.exports ? "otlphttp" : "debug") + "]}}}\n";
  return out;
}

std::string client(std::size_t i, const Load& load, const GridRun& run, GridSize size) {
  const std::string url = run.zipkin ? "http://c.example:9411/api/v2/spans" : "http://c.example:4318/v1/traces";
  const auto count = static_cast<int>(load.per_second * length_of(size));
  return "  p" + std::to_string(i) + ": {url: \"" + url + "\", format: " + (run.zipkin ? "zipkin_json" : "otlp_proto") +
         ", spans: " + std::to_string(load.spans) + ", spans_per_trace: " + std::to_string(std::min(10, load.spans)) + ", attributes: " +
         std::to_string(load.attributes) + ", attribute_bytes: " + std::to_string(load.attribute_bytes) +
         ", first: " + text(start_of(i, size) + kDelay) + "s, every: " + text(1e6 / load.per_second) + "us, count: " +
         std::to_string(count) + "}\n";
}

std::string scenario_file(const GridRun& run, collector::Version version, GridSize size) {
  std::string out = "scenario: cost-grid\nduration: " + text(end_of(run, size)) + "s\nreplications: 1\nrecord: {step: " +
                    text(kStep) + "s}\ncollectors:\n  c: {config: collector.yaml, addresses: [c.example], version: " +
                    collector::to_text(version) + ", cpus: " + std::to_string(run.cpus) + ", environment: {GOGC: \"" +
                    run.gogc + "\"}}\nbackends:\n  b: {addresses: [\"b.example:4318\"], latency: 1ms}\n";
  if (!run.loads.empty()) out += "clients:\n";
  for (std::size_t i = 0; i < run.loads.size(); ++i) out += client(i, run.loads[i], run, size);
  return out;
}

/// A scenario and a collector file in a folder of their own, prepared.
class GridScenario {
 public:
  GridScenario(const std::string& scenario, const std::string& collector_yaml, const collector::CostTable& costs) {
    std::string name = (fs::temp_directory_path() / "spillway-costs-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + name);
    folder_ = name;
    std::ofstream{folder_ / "collector.yaml"} << collector_yaml;
    std::ofstream{folder_ / "scenario.yaml"} << scenario;
    std::ofstream{folder_ / "costs.yaml"} << collector::costs_file(costs, "");
    Problems problems;
    LoadedScenario loaded = load_scenario(folder_ / "scenario.yaml", {}, problems);
    if (loaded.scenario) prepared_ = prepare(std::move(*loaded.scenario), problems, {folder_ / "costs.yaml"});
    if (prepared_) return;
    std::string all;
    for (const Problem& problem : problems.all()) all += to_text(problem) + "\n";
    throw std::runtime_error("a scenario of the cost grid is refused: " + all);
  }
  ~GridScenario() { fs::remove_all(folder_); }
  GridScenario(const GridScenario&) = delete;
  GridScenario& operator=(const GridScenario&) = delete;

  const std::shared_ptr<const PreparedScenario>& prepared() const { return prepared_; }

 private:
  fs::path folder_;
  std::shared_ptr<const PreparedScenario> prepared_;
};

// ---- what the twin did --------------------------------------------------------------------------------------------

struct Look {
  Work work;
  double growth = 0;
};

std::vector<Look> play_twin(const PreparedScenario& prepared) {
  World world{prepared, 0, {}};
  std::vector<Look> looks;
  world.at_every_step([&](Time) { looks.push_back({world.collector(0).work(), world.collector(0).heap_growth()}); });
  world.play();
  return looks;
}

collector::Handled minus(const collector::Handled& a, const collector::Handled& b) {
  return {a.requests - b.requests, a.spans - b.spans, a.attributes - b.attributes, a.bytes - b.bytes};
}

Work minus(const Work& a, const Work& b) {
  Work d;
  d.zipkin = minus(a.zipkin, b.zipkin);
  d.otlp = minus(a.otlp, b.otlp);
  d.batched_spans = a.batched_spans - b.batched_spans;
  d.exported = minus(a.exported, b.exported);
  d.compressed = minus(a.compressed, b.compressed);
  d.queued = a.queued - b.queued;
  d.wakes = a.wakes - b.wakes;
  d.timer_turns = a.timer_turns - b.timer_turns;
  d.spinning_seconds = a.spinning_seconds - b.spinning_seconds;
  d.collected_bytes = a.collected_bytes - b.collected_bytes;
  return d;
}

/// Readings at the ends of a stretch: index of the series, whose values stand at step, 2 step, …
struct Stretch {
  std::string load;
  std::size_t from = 0, to = 0;
  bool from_start = false;  ///< counts from the start of the process to `to`
};

std::size_t reading_at(double at) { return static_cast<std::size_t>(at / kStep + 0.5) - 1; }

std::string name_of(const Load& load) {
  return std::to_string(load.spans) + " x " + std::to_string(load.attributes) + " x " +
         std::to_string(load.attribute_bytes) + " B, " + std::to_string(load.per_second) + "/s";
}

std::vector<Stretch> stretches_of(const GridRun& run, GridSize size) {
  std::vector<Stretch> all{{"start", 0, 0, true}, {"silence", reading_at(kStep), reading_at(kLead), false}};
  for (std::size_t i = 0; i < run.loads.size(); ++i) {
    all.push_back({name_of(run.loads[i]), reading_at(start_of(i, size)), reading_at(start_of(i + 1, size)), false});
  }
  return all;
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
  row.seconds = kStep * static_cast<double>(stretch.from_start ? stretch.to + 1 : stretch.to - stretch.from);
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
RunRecord measured(const GridScenario& scenario, const GridRun& run, const MeasureOptions& options, GridResult& result) {
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

void add_rows(const GridRun& run, const GridScenario& scenario, GridSize size, const MeasureOptions& options,
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
constexpr double kReadAt = 5 * kStep;

std::string forcing_scenario(collector::Version version, int posts) {
  std::string out = "scenario: live-heap\nduration: 7s\nreplications: 1\nrecord: {step: " + text(kStep) +
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
  const GridScenario scenario{forcing_scenario(version, posts), kForcing, costs};
  const RunRecord record = measure(scenario.prepared(), options);
  const auto heap = readings(record, "otelcol_process_runtime_heap_alloc_bytes");
  const auto resident = readings(record, "otelcol_process_memory_rss");
  const std::size_t at = reading_at(kReadAt);
  if (heap.size() <= at || resident.size() <= at) throw std::runtime_error("the collector shows no heap_alloc_bytes");
  const auto peak = std::max_element(resident.begin(), resident.end());
  return {heap[at], *peak, static_cast<double>(play_twin(*scenario.prepared()).back().work.otlp.bytes)};
}

}  // namespace

std::vector<GridRun> cost_grid(GridSize size) {
  // Shapes of requests: large, medium, single spans; few and many attributes; short and long values.
  const Load large{100, 5, 15, 60}, medium{10, 5, 15, 250}, single{1, 5, 15, 400}, wide{100, 15, 15, 30},
      bare{100, 0, 0, 100}, heavy{100, 5, 200, 30};
  const std::vector<Load> all{large, medium, single, wide, bare, heavy}, some{large, medium, single},
      four{large, single, wide, heavy}, two{large, single};
  std::vector<GridRun> grid{
      {"zipkin, batch, gzip", true, true, true, true, true, false, "200ms", 2, "100", all, false},
      {"otlp, batch, gzip", false, true, true, true, true, false, "200ms", 2, "100", all, false},
      {"zipkin only", true, false, false, false, false, false, "200ms", 2, "100", four, false},
      {"otlp only", false, false, false, false, false, false, "200ms", 2, "100", all, false},
      {"otlp, queue, plain", false, true, false, true, false, false, "200ms", 2, "100", four, false},
      {"zipkin, queue, gzip", true, true, false, true, true, false, "200ms", 2, "100", some, false},
      {"otlp, no queue, gzip", false, true, false, false, true, false, "200ms", 2, "100", {large, medium, heavy}, false},
      {"otlp, batch only", false, false, true, false, false, false, "200ms", 2, "100", two, false},
      {"zipkin, batch, gzip, GOGC=400", true, true, true, true, true, false, "200ms", 2, "400", two, false},
      {"otlp, batch of 1 ms", false, true, true, true, true, false, "1ms", 2, "100", {}, false},
      {"otlp, batch of 10 ns", false, true, true, true, true, false, "10ns", 2, "100", {}, false},
      {"zipkin, batch, plain", true, true, true, true, false, false, "200ms", 2, "100", {{30, 8, 40, 100}}, true},
      {"otlp, limiter, batch, gzip", false, true, true, true, true, true, "200ms", 2, "100", {{50, 12, 25, 60}}, true},
      {"zipkin, batch, gzip, 5 spans", true, true, true, true, true, false, "200ms", 2, "100", {{5, 5, 15, 200}}, true},
      {"otlp, queue, gzip", false, true, false, true, true, false, "200ms", 2, "100", {{20, 5, 30, 100}}, true},
      {"otlp, batch only, 300 spans", false, false, true, false, false, false, "200ms", 2, "100", {{300, 6, 20, 30}}, true},
      {"zipkin, limiter, batch, GOMAXPROCS=1", true, true, true, true, true, true, "200ms", 1, "100", {{100, 5, 15, 60}}, true},
  };
  if (size == GridSize::full) return grid;
  // One run of each receiver and each end, and two to predict.
  std::vector<GridRun> few{grid[0], grid[1], grid[3], grid[11], grid[14]};
  for (GridRun& run : few) {
    if (run.loads.size() > 3) run.loads = {large, single, wide};
  }
  return few;
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
    const GridScenario scenario{scenario_file(run, version, size), collector_file(run), costs};
    add_rows(run, scenario, size, options, result);
  }
  if (size == GridSize::quick) return result;
  say(which + "live heap");
  const LiveHeap idle = live_heap(version, 0, costs, options);
  const LiveHeap full = live_heap(version, 250, costs, options);
  result.idle_live_heap = idle.heap;
  result.held_live_heap = full.heap;
  result.held_bytes = full.held;
  result.held_resident = full.resident - idle.resident;
  return result;
}

void simulate_twins(GridResult& result, const std::vector<GridRun>& grid, const collector::CostTable& costs,
                    GridSize size) {
  for (const GridRun& run : grid) {
    const GridScenario scenario{scenario_file(run, result.version, size), collector_file(run), costs};
    const std::vector<Look> looks = play_twin(*scenario.prepared());
    for (const Stretch& stretch : stretches_of(run, size)) {
      for (GridRow& row : result.rows) {
        if (row.run == run.name && row.load == stretch.load) set_work(row, looks, stretch);
      }
    }
  }
}

}  // namespace spillway::real
