#include "real/local/cost_runs.hpp"

#include <algorithm>

namespace spillway::real {
namespace {

// A collector looks at its heap at most once a second, whoever asks: readings are farther apart, and a load ends well
// before the reading that closes its stretch. What is under way arrives meanwhile, and timers run out.
constexpr double kStep = 1.25;       ///< between readings of the page
constexpr double kDelay = 0.1;       ///< of a load after the reading that opens its stretch
/// Of posting, for processors that keep spans for a second: they let go of them before the stretch ends.
constexpr double kShort = 1.2;

double stretch_of(GridSize size) { return (size == GridSize::full ? 3 : 2) * kStep; }
double posting_of(const GridRun& run, GridSize size) {
  return run.posting > 0 ? run.posting : stretch_of(size) - kStep - kDelay;
}
/// Before the first load: the start, and where it is wanted a silence of one step.
double lead_of(const GridRun& run) { return run.silence ? 2 * kStep : kStep; }
double start_of(const GridRun& run, std::size_t load, GridSize size) {
  return lead_of(run) + static_cast<double>(load) * stretch_of(size);
}
double end_of(const GridRun& run, GridSize size) { return start_of(run, run.loads.size(), size) + kStep / 2; }

std::string text(double value) { return std::to_string(value); }

/// The id in front of a section: "filter" of "filter: {…}".
std::string id_of(const std::string& section) { return section.substr(0, section.find(':')); }

std::string processors_of(const GridRun& run, std::string& names) {
  std::string sections;
  const auto add = [&](const std::string& section) {
    sections += "  " + section + "\n";
    names += id_of(section) + ", ";
  };
  if (run.limiter) add("memory_limiter: {check_interval: 1s, limit_mib: 4000}");
  for (const std::string& processor : run.processors) add(processor);
  if (run.batch) add("batch: {timeout: " + run.batch_timeout + "}");
  return sections.empty() ? sections : "processors:\n" + sections;
}

std::string collector_file(const GridRun& run) {
  // Every collector has debug; sampled away, it writes next to nothing.
  const std::string receiver = run.zipkin ? "zipkin: {endpoint: 0.0.0.0:9411}"
                                          : "otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}";
  std::string names;
  std::string out = "receivers:\n  " + receiver + "\n" + processors_of(run, names) +
                    "exporters:\n  debug: {verbosity: basic, sampling_initial: 1, sampling_thereafter: 1000000}\n";
  if (run.exports) {
    out += "  otlphttp: {endpoint: http://b.example:4318, compression: " + run.compression +
           ", sending_queue: {enabled: " + (run.queue ? "true" : "false") + "}}\n";
  }
  const std::string connector = run.connector.empty() ? "" : id_of(run.connector);
  if (!connector.empty()) out += "connectors:\n  " + run.connector + "\n";
  const std::string ends = (run.exports ? "otlphttp" : "debug") + (connector.empty() ? "" : ", " + connector);
  out += "service:\n  pipelines:\n    traces: {receivers: [" + id_of(receiver) + "], processors: [" + names +
         "], exporters: [" + ends + "]}\n";
  if (!connector.empty()) out += "    metrics: {receivers: [" + connector + "], exporters: [debug]}\n";
  return out;
}

std::string client(std::size_t i, const Load& load, const GridRun& run, GridSize size) {
  const std::string url = run.zipkin ? "http://c.example:9411/api/v2/spans" : "http://c.example:4318/v1/traces";
  const auto count = static_cast<int>(load.per_second * posting_of(run, size));
  return "  p" + std::to_string(i) + ": {url: \"" + url + "\", format: " + (run.zipkin ? "zipkin_json" : "otlp_proto") +
         ", spans: " + std::to_string(load.spans) + ", spans_per_trace: " +
         std::to_string(std::min(load.spans_per_trace, load.spans)) + ", attributes: " + std::to_string(load.attributes) +
         ", attribute_bytes: " + std::to_string(load.attribute_bytes) + ", first: " + text(start_of(run, i, size) + kDelay) +
         "s, every: " + text(1e6 / load.per_second) + "us, count: " + std::to_string(count) + "}\n";
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

std::string name_of(const Load& load) {
  return std::to_string(load.spans) + " x " + std::to_string(load.attributes) + " x " +
         std::to_string(load.attribute_bytes) + " B, " + std::to_string(load.per_second) + "/s" +
         (load.spans_per_trace > 10 ? ", " + std::to_string(load.spans_per_trace) + " a trace" : "");
}

// ---- the runs -----------------------------------------------------------------------------------------------------

// Shapes of requests: large, medium, single spans; few and many attributes; short and long values; as much as goes through.
constexpr Load kLarge{100, 5, 15, 60}, kMedium{10, 5, 15, 250}, kSingle{1, 5, 15, 400}, kWide{100, 15, 15, 30},
    kBare{100, 0, 0, 100}, kHeavy{100, 5, 200, 30}, kBulk{500, 5, 15, 40}, kVast{1000, 15, 15, 15},
    kLongTraces{500, 5, 15, 40, 100};

std::vector<GridRun> transport_runs() {
  const std::vector<Load> all{kLarge, kMedium, kSingle, kWide, kBare, kHeavy}, some{kLarge, kMedium, kSingle},
      four{kLarge, kSingle, kWide, kHeavy}, two{kLarge, kSingle};
  std::vector<Load> received = all, plain = four;
  received.push_back(kBulk);
  plain.push_back(kVast);
  return {
      {"zipkin, batch, gzip", true, true, true, true, "gzip", false, "200ms", 2, "100", all},
      {"otlp, batch, gzip", false, true, true, true, "gzip", false, "200ms", 2, "100", all},
      {"zipkin only", true, false, false, false, "none", false, "200ms", 2, "100", four},
      {"otlp only", false, false, false, false, "none", false, "200ms", 2, "100", received},
      {"otlp, queue, plain", false, true, false, true, "none", false, "200ms", 2, "100", plain},
      {"zipkin, queue, gzip", true, true, false, true, "gzip", false, "200ms", 2, "100", some},
      {"otlp, no queue, gzip", false, true, false, false, "gzip", false, "200ms", 2, "100", {kLarge, kMedium, kHeavy, kVast}},
      {"otlp, queue, zstd", false, true, false, true, "zstd", false, "200ms", 2, "100", {kSingle, kVast}},
      {"otlp, queue, snappy", false, true, false, true, "snappy", false, "200ms", 2, "100", {kSingle, kVast}},
      {.name = "otlp, queue, lz4", .zipkin = false, .batch = false, .compression = "lz4", .loads = {kSingle, kVast}, .needs_lz4 = true},
      {"otlp, batch only", false, false, true, false, "none", false, "200ms", 2, "100", two},
      {"zipkin, batch, gzip, GOGC=400", true, true, true, true, "gzip", false, "200ms", 2, "400", two},
      {"otlp, batch of 1 ms", false, true, true, true, "gzip", false, "1ms", 2, "100", {}},
  };
}

constexpr const char* kActions =
    "attributes: {actions: [{key: attribute.0, value: a, action: update}, {key: attribute.1, value: b, action: upsert}, "
    "{key: new.0, value: c, action: insert}, {key: new.1, value: d, action: upsert}, {key: attribute.2, action: delete}, "
    "{key: absent, action: delete}, {key: attribute.3, value: e, action: update}, {key: new.2, value: f, action: insert}]}";
constexpr const char* kFilter = R"(filter:
    error_mode: ignore
    traces:
      span:
        - 'attributes["http.route"] == "/healthz"'
        - 'name == "GET /ping"'
        - 'kind == SPAN_KIND_CLIENT and status.code == STATUS_CODE_ERROR'
        - 'attributes["attribute.0"] == "x"'
        - 'IsMatch(name, "^health.*")'
        - 'resource.attributes["service.name"] == "none"')";
constexpr const char* kTransform = R"(transform:
    error_mode: ignore
    trace_statements:
      - context: span
        statements:
          - set(attributes["environment"], "production")
          - set(attributes["entry"], true) where name == "root"
          - delete_key(attributes, "attribute.1")
          - set(status.message, "failed") where status.code == STATUS_CODE_ERROR
          - set(name, Concat([name, "call"], " ")) where kind == SPAN_KIND_SERVER
          - truncate_all(attributes, 64))";
constexpr const char* kNaming = R"(span: {name: {to_attributes: {rules: ["^(?P<word>[a-z]+)$", "^/api/(?P<id>.*)/update$"]}}})";
constexpr const char* kRedaction =
    R"--(redaction: {allow_all_keys: true, blocked_values: ["4[0-9]{12}(?:[0-9]{3})?", "(5[1-5][0-9]{14})"]})--";
constexpr const char* kKeepAll = "tail_sampling: {decision_wait: 1s, policies: [{name: all, type: always_sample}]}";
constexpr const char* kPolicies =
    "tail_sampling: {decision_wait: 1s, policies: [{name: slow, type: latency, latency: {threshold_ms: 5000}}, "
    "{name: failed, type: status_code, status_code: {status_codes: [ERROR]}}, "
    "{name: some, type: string_attribute, string_attribute: {key: attribute.0, values: [x, y]}}, "
    "{name: tenth, type: probabilistic, probabilistic: {sampling_percentage: 10}}, "
    "{name: long, type: span_count, span_count: {min_spans: 1000}}, "
    "{name: marked, type: numeric_attribute, numeric_attribute: {key: level, min_value: 1, max_value: 9}}]}";
constexpr const char* kGroup = "groupbytrace: {wait_duration: 300ms, num_traces: 100000}";

/// Between the otlp receiver and nothing.
GridRun inside(const std::string& what, std::vector<std::string> processors, std::vector<Load> loads = {kBulk}) {
  return {.name = "otlp, " + what, .zipkin = false, .exports = false, .batch = false, .queue = false,
          .compression = "none", .loads = std::move(loads), .processors = std::move(processors)};
}

std::vector<GridRun> processor_runs() {
  std::vector<GridRun> runs{
      inside("attributes", {kActions}),
      inside("filter", {kFilter}),
      inside("transform", {kTransform}),
      inside("span, redaction", {kNaming, kRedaction}),
      inside("three that do little", {"probabilistic_sampler: {sampling_percentage: 100}", "attributes: {actions: [{key: a, value: b, action: insert}]}",
                                      "filter: {traces: {span: ['name == \"x\"']}}"}),
      inside("groupbyattrs", {"groupbyattrs: {keys: [attribute.0, absent]}"}),
      inside("groupbytrace", {kGroup}, {kBulk, kLongTraces}),
      inside("tail_sampling", {kKeepAll}, {kBulk, kLongTraces}),
      inside("tail_sampling of six policies", {kPolicies}),
      inside("span_metrics", {}),
  };
  for (GridRun& run : runs) {
    run.silence = false;
    if (run.name.starts_with("otlp, tail_sampling")) run.posting = kShort;
    if (run.name == "otlp, span_metrics") run.connector = "spanmetrics: {metrics_flush_interval: 60s}";
  }
  return runs;
}

std::vector<GridRun> held_out_runs() {
  std::vector<GridRun> runs{
      {"zipkin, batch, plain", true, true, true, true, "none", false, "200ms", 2, "100", {{30, 8, 40, 100}}},
      {"otlp, limiter, batch, gzip", false, true, true, true, "gzip", true, "200ms", 2, "100", {{50, 12, 25, 60}}},
      {"zipkin, batch, gzip, 5 spans", true, true, true, true, "gzip", false, "200ms", 2, "100", {{5, 5, 15, 200}}},
      {"otlp, queue, gzip", false, true, false, true, "gzip", false, "200ms", 2, "100", {{20, 5, 30, 100}}},
      {"otlp, batch only, 300 spans", false, false, true, false, "none", false, "200ms", 2, "100", {{300, 6, 20, 30}}},
      {"zipkin, limiter, batch, GOMAXPROCS=1", true, true, true, true, "gzip", true, "200ms", 1, "100", {{100, 5, 15, 60}}},
      {.name = "otlp, filter, attributes, transform, batch, zstd", .zipkin = false, .compression = "zstd",
       .loads = {{200, 8, 20, 40}}, .processors = {kFilter, kActions, kTransform}},
      {.name = "zipkin, tail_sampling, batch, gzip", .loads = {{80, 6, 20, 60}}, .processors = {kPolicies}, .posting = kShort},
      {.name = "otlp, groupbytrace, redaction, batch, snappy", .zipkin = false, .compression = "snappy",
       .loads = {{150, 10, 25, 40, 30}}, .processors = {kGroup, kRedaction}},
      {.name = "otlp, span_metrics beside an exporter", .zipkin = false, .compression = "gzip", .loads = {{100, 6, 30, 60}},
       .connector = "spanmetrics: {metrics_flush_interval: 60s, dimensions: [{name: attribute.0}]}"},
      {.name = "otlp, count beside an exporter", .zipkin = false, .compression = "gzip", .loads = {{120, 6, 20, 60}},
       .connector = "count: {spans: {all: {}, some: {conditions: ['attributes[\"attribute.0\"] == \"x\"', 'name == \"y\"']}}}"},
  };
  for (GridRun& run : runs) {
    run.held_out = true;
    run.silence = false;
  }
  return runs;
}

}  // namespace

std::vector<GridRun> cost_grid(GridSize size, collector::Version version) {
  std::vector<GridRun> grid = transport_runs();
  for (auto more : {processor_runs(), held_out_runs()}) grid.insert(grid.end(), more.begin(), more.end());
  const bool lz4 = collector::semantics_of(version).lz4_compression;
  std::erase_if(grid, [&](const GridRun& run) { return run.needs_lz4 && !lz4; });
  if (size == GridSize::full) return grid;
  // One run of each receiver and each end, and two to predict.
  const std::vector<std::string> few{"zipkin, batch, gzip", "otlp, batch, gzip", "otlp only", "zipkin, batch, plain", "otlp, queue, gzip"};
  std::erase_if(grid, [&](const GridRun& run) { return std::ranges::find(few, run.name) == few.end(); });
  for (GridRun& run : grid) {
    if (run.loads.size() > 3) run.loads = {kLarge, kSingle, kWide};
  }
  return grid;
}

double reading_step() { return kStep; }

std::map<std::string, std::string> files_of(const GridRun& run, collector::Version version, GridSize size) {
  return {{"collector.yaml", collector_file(run)}, {"scenario.yaml", scenario_file(run, version, size)}};
}

std::size_t reading_at(double second) { return static_cast<std::size_t>(second / kStep + 0.5) - 1; }

std::vector<Stretch> stretches_of(const GridRun& run, GridSize size) {
  std::vector<Stretch> all{{"start", 0, 0, true}};
  if (run.silence) all.push_back({"silence", reading_at(kStep), reading_at(lead_of(run)), false});
  for (std::size_t i = 0; i < run.loads.size(); ++i) {
    all.push_back({name_of(run.loads[i]), reading_at(start_of(run, i, size)), reading_at(start_of(run, i + 1, size)), false});
  }
  return all;
}

}  // namespace spillway::real
