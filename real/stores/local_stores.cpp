#include "real/stores/local_stores.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "real/local/prometheus_text.hpp"
#include "real/sink/decode.hpp"
#include "real/sink/span_store.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr int kZipkinHeapMiB = 128;
constexpr int kLogsPort = 9428, kPromtailPort = 9080, kPrometheusPort = 9090;
constexpr Duration kPatienceForStart = std::chrono::seconds{90};     // three Java machines on two cores
constexpr Duration kPatienceForShipping = std::chrono::seconds{40};  // Promtail looks for new files every 10 s
constexpr Duration kPatienceForPage = std::chrono::seconds{10};
constexpr const char* kAllSamples = "/api/v1/query?query=%7B__name__%3D~%22.%2B%22%7D%5B1d%5D";  // {__name__=~".+"}[1d]
constexpr const char* kAllLines = "*";
constexpr const char* kLinesWithTrace = "traceId%3A*%20or%20_msg%3AtraceId";  // traceId:* or _msg:traceId

std::string tail_of(const fs::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 1500));
}

double total(const std::vector<MetricValue>& page, const std::string& name) {
  double sum = 0;
  for (const MetricValue& value : page) sum += value.name == name ? value.value : 0;
  return sum;
}

std::int64_t whole(double value) { return static_cast<std::int64_t>(value); }

std::string with_dashes(std::string name) {
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

std::string prometheus_config(const LabPlan& plan, std::uint16_t place) {
  std::string text = "global: {scrape_interval: 15s, scrape_timeout: 10s}\nscrape_configs:\n";
  text += "  - {job_name: prometheus, static_configs: [{targets: ['localhost:" + std::to_string(kPrometheusPort) + "']}]}\n";
  for (const ServicePlan& service : plan.services) {
    if (service.place != place) continue;
    text += "  - {job_name: '" + service.name + "', static_configs: [{targets: ['" + service.address + ":" + std::to_string(kServicePort) + "']}]}\n";
  }
  return text;
}

}  // namespace

std::vector<std::string> missing_for_stores(const Scenario& scenario, const LabPlan& plan, const StorePrograms& programs) {
  std::vector<std::string> missing;
  const auto program = [&](const fs::path& path, const std::string& name) {
    if (!fs::exists(path)) missing.push_back("no " + name + "; run real/stores/build.sh " + name);
  };
  program(programs.zipkin, "zipkin");
  program(programs.victorialogs, "victorialogs");
  program(programs.promtail, "promtail");
  program(programs.prometheus, "prometheus");
  if (find_program("java").empty()) missing.emplace_back("no Java runtime for Zipkin; install openjdk-17-jre-headless or a newer one");
  if (!fs::exists(programs.promtail_config)) missing.push_back("no " + programs.promtail_config.string() + ", the settings of the platform's log agent");
  if (plan.services.empty()) missing.emplace_back("real stores keep what real services write; add --services real");
  for (const Fault& fault : scenario.faults) {
    const bool real = fault.kind == Fault::Kind::backend && std::any_of(plan.sinks.begin(), plan.sinks.end(), [&](const SinkPlan& sink) {
      return !sink.scripted && scenario.backends[sink.backend.index].name == fault.target;
    });
    if (real) missing.push_back("the fault of backend " + fault.target + " cannot be made in a real store; use scripted ones (--stores scripted)");
  }
  return missing;
}

std::vector<NotModelled> own_ways_of_stores(const Scenario& scenario, const LabPlan& plan) {
  std::vector<NotModelled> list;
  for (const SinkPlan& sink : plan.sinks) {
    if (sink.scripted) continue;
    const std::string& name = scenario.backends[sink.backend.index].name;
    const NotModelled own{"real " + name + ": a Zipkin server in its place", "latency: the program takes the time that it takes"};
    const bool told = std::any_of(list.begin(), list.end(), [&](const NotModelled& other) { return other.what == own.what; });
    if (!told) list.push_back(own);
  }
  list.push_back({"Prometheus remote_write to the cloud", "no effect on spans and log lines"});
  return list;
}

LocalStores::LocalStores(Lab& lab, const LabPlan& plan, StorePrograms programs, fs::path logs)
    : lab_{lab}, plan_{plan}, programs_{std::move(programs)}, logs_{std::move(logs)} {}

LocalStores::~LocalStores() {
  for (Running& running : running_) running.process->signal(SIGKILL);
  for (Running& running : running_) running.process->wait(std::chrono::seconds{5});
}

fs::path LocalStores::folder_of(const std::string& name) const {
  const fs::path folder = lab_.folder() / with_dashes(name);
  fs::create_directories(folder);
  return folder;
}

Process& LocalStores::start(const std::string& name, const std::string& room, ProgramSpec spec) {
  const fs::path log = logs_ / (with_dashes(name) + ".log");
  fs::remove(log);
  spec.stdout_file = spec.stderr_file = log;
  Process& process = lab_.start(room, spec);
  running_.push_back({name, &process, log});
  return process;
}

void LocalStores::start_zipkin(const StorePlan& store) {
  ProgramSpec spec;
  const SinkPlan& sink = plan_.sinks[*store.zipkin];
  // One CPU less to share: little garbage, and a start that is short rather than the fastest code afterwards.
  spec.argv = {find_program("java").string(), "-Xmx" + std::to_string(kZipkinHeapMiB) + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", programs_.zipkin.string()};
  spec.environment = {{"QUERY_PORT", std::to_string(sink.port)}, {"HOME", folder_of(store.name).string()}};
  spec.working_directory = folder_of(store.name);
  start(sink.backend.name, store.room, spec);
}

void LocalStores::start_victorialogs(const std::string& name, const std::string& room) {
  ProgramSpec spec;
  spec.argv = {programs_.victorialogs.string(), "-storageDataPath=" + folder_of(name).string(), "-httpListenAddr=:" + std::to_string(kLogsPort), "-memory.allowedBytes=64MiB"};
  start(name, room, spec);
}

void LocalStores::start_promtail(const StorePlan& store) {
  const auto url = [](const std::string& address) { return "http://" + address + ":" + std::to_string(kLogsPort) + "/insert/loki/api/v1/push"; };
  const fs::path folder = folder_of(store.name + "/promtail");
  ProgramSpec spec;
  spec.argv = {programs_.promtail.string(), "-config.file=" + fs::absolute(programs_.promtail_config).string(), "-config.expand-env=true"};
  spec.environment = {{"LOKI_URL", url("127.0.0.1")}, {"GRAFANA_CLOUD_LOKI_URL", url(plan_.cloud_logs_address)},
                      {"GRAFANA_CLOUD_LOKI_USERNAME", "1"}, {"GRAFANA_CLOUD_LOKI_PASSWORD", "none"},
                      {"POSITIONS", (folder / "positions.yaml").string()}, {"POD_LOGS", folder_of(store.name + "/pods").string()}};
  start(store.name + "/promtail", store.room, spec);
}

void LocalStores::start_prometheus(const StorePlan& store) {
  const fs::path folder = folder_of(store.name + "/prometheus");
  const fs::path config = folder / "prometheus.yml";
  std::ofstream{config} << prometheus_config(plan_, store.place);
  ProgramSpec spec;
  spec.argv = {programs_.prometheus.string(), "--config.file=" + config.string(), "--storage.tsdb.path=" + (folder / "data").string(),
               "--web.listen-address=:" + std::to_string(kPrometheusPort), "--log.level=warn"};
  start(store.name + "/prometheus", store.room, spec);
}

void LocalStores::await(const std::string& name, const std::string& room, int port, const std::string& path) {
  const auto running = std::find_if(running_.begin(), running_.end(), [&](const Running& r) { return r.name == name; });
  const auto deadline = SteadyClock::now() + kPatienceForStart;
  while (!ask(room, port, path)) {
    if (!running->process->running() || SteadyClock::now() > deadline)
      throw std::runtime_error(name + " does not start: " + tail_of(running->log));
    if (lab_.stop_requested()) throw std::runtime_error("stopped by the user");
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

std::optional<std::string> LocalStores::ask(const std::string& room, int port, const std::string& path) const {
  return lab_.http_get(room, "127.0.0.1", static_cast<std::uint16_t>(port), path, kPatienceForPage);
}

void LocalStores::start() {
  for (const StorePlan& store : plan_.stores) {
    if (store.zipkin) start_zipkin(store);
    start_victorialogs(store.name + "/loki", store.room);
  }
  start_victorialogs(plan_.cloud_logs_name, plan_.cloud_logs_room);
  await(plan_.cloud_logs_name, plan_.cloud_logs_room, kLogsPort, "/health");
  for (const StorePlan& store : plan_.stores) {
    await(store.name + "/loki", store.room, kLogsPort, "/health");
    start_promtail(store);
  }
  for (const StorePlan& store : plan_.stores) {
    if (store.zipkin) await(plan_.sinks[*store.zipkin].backend.name, store.room, plan_.sinks[*store.zipkin].port, "/health");
    await(store.name + "/promtail", store.room, kPromtailPort, "/metrics");
  }
}

ServiceOutput LocalStores::output_of(std::size_t service) {
  const ServicePlan& plan = plan_.services[service];
  const auto store = std::find_if(plan_.stores.begin(), plan_.stores.end(), [&](const StorePlan& s) { return s.place == plan.place; });
  const std::string app = plan.name.substr(plan.name.find('/') + 1);
  // As the kubelet lays it out: <namespace>_<pod>_<uid>/<container>/<restarts>.log
  const fs::path file = folder_of(store->name + "/pods") / (app + "_" + with_dashes(plan.name) + "_0") / app / "0.log";
  auto& output = outputs_[service];
  output = std::make_unique<CriLog>(lab_.folder() / (with_dashes(plan.name) + ".stdout"), file);
  return {output->pipe(), file};
}

void LocalStores::start_scraping() {
  for (const StorePlan& store : plan_.stores) start_prometheus(store);
  for (const StorePlan& store : plan_.stores) await(store.name + "/prometheus", store.room, kPrometheusPort, "/-/ready");
}

std::int64_t LocalStores::lines_in(const std::string& room, const char* query) const {
  const auto body = ask(room, kLogsPort, std::string{"/select/logsql/query?query="} + query + "%20%7C%20stats%20count()%20lines");
  if (!body) throw std::runtime_error("a store of logs does not answer");
  return body->empty() ? 0 : std::stoll(Json::parse(*body).at("lines").get<std::string>());
}

std::int64_t LocalStores::lines_written(const StorePlan& store) const {
  std::int64_t lines = 0;
  for (const auto& [service, output] : outputs_) lines += plan_.services[service].place == store.place ? output->lines() : 0;
  return lines;
}

void LocalStores::look() {
  const auto deadline = SteadyClock::now() + kPatienceForShipping;
  std::int64_t everywhere = 0;
  for (const StorePlan& store : plan_.stores) everywhere += lines_written(store);
  const auto all_shipped = [&] {
    bool all = true;
    for (const StorePlan& store : plan_.stores) {
      const std::int64_t lines = lines_[store.name + "/loki"] = lines_in(store.room, kAllLines);
      all = all && lines >= lines_written(store);
    }
    const std::int64_t lines = lines_[plan_.cloud_logs_name] = lines_in(plan_.cloud_logs_room, kAllLines);
    return all && lines >= everywhere;
  };
  while (!all_shipped() && SteadyClock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds{200});
  traceable_[plan_.cloud_logs_name] = lines_in(plan_.cloud_logs_room, kLinesWithTrace);
  for (const StorePlan& store : plan_.stores) {
    traceable_[store.name + "/loki"] = lines_in(store.room, kLinesWithTrace);
    if (store.zipkin) look_at_zipkin(store);
    look_at_prometheus(store);
  }
}

void LocalStores::look_at_zipkin(const StorePlan& store) {
  const SinkPlan& sink = plan_.sinks[*store.zipkin];
  SinkCounts& counts = zipkin_[*store.zipkin];
  counts.backend.backend = sink.backend.name;
  const auto page = ask(store.room, sink.port, "/prometheus");
  const auto traces = ask(store.room, sink.port, "/api/v2/traces?limit=1000000");
  if (!page || !traces) throw std::runtime_error(sink.backend.name + ": Zipkin does not show what it holds (more than 64 MiB, or too busy)");
  const std::vector<MetricValue> values = parse_prometheus_text(*page).values;
  counts.backend.requests = whole(total(values, "zipkin_collector_messages_total"));
  counts.backend.body_bytes = whole(total(values, "zipkin_collector_bytes_total"));
  counts.backend.spans = whole(total(values, "zipkin_collector_spans_total"));
  const std::int64_t dropped = whole(total(values, "zipkin_collector_messages_dropped_total"));
  counts.backend.answers["202"] = counts.backend.requests - dropped;
  if (dropped > 0) counts.backend.answers["400"] = dropped;
  SpanStore held;
  std::vector<SpanKey> keys;
  for (const Json& trace : Json::parse(*traces)) {
    if (!decode_spans(BodyFormat::zipkin_json, trace.dump(), keys)) throw std::runtime_error(sink.backend.name + ": Zipkin shows a trace that cannot be read");
    for (const SpanKey& key : keys) held.add(key);
  }
  counts.stored = held.stored();
  counts.duplicates = std::max<std::int64_t>(0, counts.backend.spans - counts.stored);
  counts.traces = held.traces();
  counts.span_set = held.span_set();
  spans_[*store.zipkin] = held.sorted();
}

void LocalStores::look_at_prometheus(const StorePlan& store) {
  const auto body = ask(store.room, kPrometheusPort, kAllSamples);
  if (!body) throw std::runtime_error(store.name + "/prometheus does not show its samples (more than 64 MiB, or too busy)");
  Samples& samples = samples_[store.name + "/prometheus"];
  const Json answer = Json::parse(*body);
  for (const Json& series : answer.at("data").at("result")) {
    const std::string name = series.at("metric").value("__name__", "");
    const Json& values = series.at("values");
    samples.stored += static_cast<std::int64_t>(values.size());
    for (const Json& sample : values) {
      const double value = std::stod(sample.at(1).get<std::string>());
      if (name == "scrape_samples_scraped") samples.scraped += whole(value);
      if (name != "up") continue;
      ++samples.scrapes;
      samples.failed += value == 0 ? 1 : 0;
    }
  }
}

void LocalStores::add_to(std::vector<MetricValue>& metrics) const {
  for (const auto& [service, output] : outputs_)
    metrics.push_back({"spillway_written", {{"service", plan_.services[service].name}, {"item", "lines"}}, static_cast<double>(output->lines())});
  const auto stored = [&](const std::string& store, const char* item, std::int64_t count) {
    metrics.push_back({"spillway_stored", {{"store", store}, {"item", item}}, static_cast<double>(count)});
  };
  for (const auto& [store, lines] : lines_) stored(store, "lines", lines);
  for (const auto& [store, lines] : traceable_) stored(store, "lines with traceId", lines);
  for (const auto& [sink, counts] : zipkin_) stored(plan_.sinks[sink].backend.name, "spans", counts.stored);
  for (const auto& [store, samples] : samples_) {
    stored(store, "samples", samples.stored);
    stored(store, "samples scraped", samples.scraped);
    stored(store, "scrapes", samples.scrapes);
    stored(store, "scrapes failed", samples.failed);
  }
  std::sort(metrics.begin(), metrics.end(), [](const MetricValue& x, const MetricValue& y) { return std::tie(x.name, x.labels) < std::tie(y.name, y.labels); });
}

void LocalStores::add_notes(std::map<std::string, std::string>& notes) const {
  for (const auto& [sink, counts] : zipkin_)
    notes["store " + plan_.sinks[sink].backend.name] = "Zipkin, " + std::to_string(counts.stored) + " spans of " + std::to_string(counts.traces) + " traces";
  std::int64_t everywhere = 0;
  const auto lines_of = [this](const std::string& store, std::int64_t written) {
    return "VictoriaLogs, " + std::to_string(lines_.at(store)) + " of " + std::to_string(written) + " lines, " + std::to_string(traceable_.at(store)) + " with a trace id";
  };
  for (const StorePlan& store : plan_.stores) {
    const std::int64_t written = lines_written(store);
    everywhere += written;
    notes["store " + store.name + "/loki"] = lines_of(store.name + "/loki", written);
    const Samples& samples = samples_.at(store.name + "/prometheus");
    notes["store " + store.name + "/prometheus"] = std::to_string(samples.stored) + " samples of " + std::to_string(samples.scrapes) + " scrapes, " +
                                                   std::to_string(samples.failed) + " failed";
  }
  notes["store " + plan_.cloud_logs_name] = lines_of(plan_.cloud_logs_name, everywhere);
}

}  // namespace spillway::real
