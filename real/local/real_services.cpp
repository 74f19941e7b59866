#include "real/local/real_services.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "models/network/url.hpp"
#include "real/local/prometheus_text.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
constexpr Duration kPatienceForPages = std::chrono::seconds{60};  // a loop under load answers after what waits before
constexpr const char* kRender = "POST /api/render";
constexpr const char* kStage = "POST /internal/render-stage";

const Operation* find_operation(const Service& service, const std::string& name) {
  const auto found = std::find_if(service.operations.begin(), service.operations.end(), [&](const Operation& o) { return o.name == name; });
  return found == service.operations.end() ? nullptr : &*found;
}

const Call* stage_call(const Service& service) {
  const Operation* render = find_operation(service, kRender);
  if (render == nullptr || render->parallel.size() != 1 || !render->sequence.empty()) return nullptr;
  const Call& call = render->parallel.front();
  return call.to == service.name && call.operation == kStage && call.in == "each" ? &call : nullptr;
}

std::string milliseconds(Duration duration) { return std::to_string(duration / std::chrono::milliseconds{1}); }

std::string text_of(double number) {
  std::string text = std::to_string(number);
  while (text.ends_with('0')) text.pop_back();
  return text.ends_with('.') ? text + '0' : text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

std::string with_place(std::string text, const std::string& place) {
  for (auto at = text.find("{place}"); at != std::string::npos; at = text.find("{place}", at)) text.replace(at, 7, place);
  return text;
}

std::string read_text(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

double total(const std::vector<MetricValue>& page, const std::string& name, const Labels& labels = {}) {
  double sum = 0;
  for (const MetricValue& value : page) {
    const bool fits = value.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      const auto found = value.labels.find(label.first);
      return found != value.labels.end() && found->second == label.second;
    });
    if (fits) sum += value.value;
  }
  return sum;
}

std::int64_t count(const std::vector<MetricValue>& page, const std::string& name, const Labels& labels = {}) {
  return static_cast<std::int64_t>(total(page, name, labels));
}

void check_service(const Service& service, std::vector<std::string>& missing) {
  const auto problem = [&](const std::string& text) { missing.push_back("services." + service.name + ": " + text); };
  if (stage_call(service) == nullptr)
    return problem(std::string{"is no Mandelbrot service: "} + kRender + " has to call " + kStage +
                   " of the same service in parallel, in: each; play it instead (--services played)");
  if (service.runtime.kind != Runtime::Kind::event_loop) problem("the real one is an event loop; set runtime: {kind: event_loop}");
  const Instrumentation& how = service.instrumentation;
  if (how.kind == Instrumentation::Kind::otlp_batch && how.endpoints.size() != 1)
    problem("the real one exports OTLP to one endpoint");
  if (how.endpoints.size() > 8) problem("the real one exports to at most 8 endpoints");
  for (const Operation& operation : service.operations) {
    if (operation.name != kRender && operation.error_probability > 0)
      problem("only " + std::string{kRender} + " can have an error_probability in the real one, not " + operation.name);
  }
  for (const std::string& url : how.endpoints) {
    const auto parsed = parse_url(url);
    if (!parsed || parsed->scheme != "http") problem("the real one exports over http only, not to " + url);
  }
}

}  // namespace

std::vector<std::string> missing_for_real_services(const Scenario& scenario) {
  std::vector<std::string> missing;
  if (scenario.services.empty()) missing.emplace_back("the scenario has no services that could be real");
  for (const Service& service : scenario.services) check_service(service, missing);
  for (const Traffic& traffic : scenario.traffic) {
    if (traffic.operation != kRender) missing.push_back("traffic." + traffic.name + ": users of real services ask for " + kRender + " only");
    const Picture picture = traffic.picture.value_or(Picture{});
    if (picture.width > 900 || picture.height > 700 || picture.iterations > 1200)
      missing.push_back("traffic." + traffic.name + ": the real service draws up to 900 x 700 pixels with 1200 iterations");
  }
  return missing;
}

std::vector<NotModelled> own_ways_of_real_services(const Scenario& scenario) {
  std::vector<NotModelled> list;
  for (const Service& service : scenario.services) {
    list.push_back({"real " + service.name + " operations.work", "CPU and latency: the program takes the time that it takes"});
    for (const char* key : {"platform", "cloud"}) {
      const bool there = std::any_of(service.resource.begin(), service.resource.end(), [&](const auto& entry) { return entry.first == key; });
      if (!there) list.push_back({"real " + service.name + " resource: the program also sends " + key, "size only"});
    }
    const Operation& render = *find_operation(service, kRender);
    if (render.attributes.size() != 3) list.push_back({"real " + service.name + " attributes: the program has its own", "size only"});
  }
  return list;
}

std::map<std::string, std::string> service_environment(const Scenario& scenario, const Service& service, std::uint16_t place,
                                                       const std::map<std::string, std::string>& stage_urls) {
  const Place& here = scenario.places[place];
  const Call& call = *stage_call(service);
  const Instrumentation& how = service.instrumentation;
  std::map<std::string, std::string> out{{"PORT", std::to_string(kServicePort)}, {"CLOUD", here.name}, {"REGION", here.region},
                                         {"OTEL_SERVICE_NAME", service.name}};
  std::vector<std::string> stages, resource;
  for (const std::string& cloud : service.in) {
    const bool in_place = cloud == here.name && call.own_place_in_process;
    stages.push_back(cloud + "=" + (in_place ? "local" : stage_urls.at(cloud)));
  }
  out["STAGE_ROUTE"] = joined(stages);
  out["STAGE_TIMEOUT_MS"] = milliseconds(call.timeout.value_or(std::chrono::minutes{10}));
  out["FAILURE_MODE"] = service.failure_mode == FailureMode::strict ? "strict" : "degraded";
  out["ERROR_RATE"] = text_of(find_operation(service, kRender)->error_probability);
  out["TRACE_SAMPLE_RATE"] = text_of(how.sampling.probability);
  for (const auto& [key, value] : service.resource) {
    const std::string text = with_place(to_text(value), here.name);
    if (key == "platform") out["PLATFORM"] = text;
    else if (key == "cloud") out["CLOUD"] = text;
    else resource.push_back(key + "=" + text);
  }
  out["OTEL_RESOURCE_ATTRIBUTES"] = joined(resource);
  out["OTEL_BSP_EXPORT_TIMEOUT"] = milliseconds(how.timeout);
  if (how.kind == Instrumentation::Kind::zipkin_post) out["ZIPKIN_ENDPOINTS"] = joined(how.endpoints);
  if (how.kind == Instrumentation::Kind::otlp_batch) {
    out["OTEL_TRACES_EXPORTER"] = "otlp";
    out["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = how.endpoints.front();
    out["OTEL_BSP_SCHEDULE_DELAY"] = milliseconds(how.schedule_delay);
    out["OTEL_BSP_MAX_QUEUE_SIZE"] = std::to_string(how.max_queue_size);
    out["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = std::to_string(how.max_export_batch_size);
  }
  return out;
}

RealServices::RealServices(asio::io_context& io, Lab& lab, Run& run, const Scenario& scenario, const LabPlan& plan, World& world)
    : io_{io}, lab_{lab}, run_{run}, scenario_{scenario}, plan_{plan}, world_{world} {}

RealServices::~RealServices() {
  for (Running& running : services_) running.process->signal(SIGKILL);
  for (Running& running : services_) running.process->wait(std::chrono::seconds{5});
}

void RealServices::start(const fs::path& program, const fs::path& logs, double cpus,
                         const std::function<ServiceOutput(std::size_t)>& output_of) {
  start_relays();
  const auto own_file = [&](const ServicePlan& plan) {
    std::string name = plan.name + ".log";
    std::replace(name.begin(), name.end(), '/', '-');
    fs::remove(logs / name);
    return ServiceOutput{logs / name, logs / name};
  };
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < plan_.services.size(); ++i) {
    const ServiceOutput output = output_of ? output_of(i) : own_file(plan_.services[i]);
    files.push_back(output.found_in);
    start_program(plan_.services[i], program, output.written_to, cpus);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  for (std::size_t i = 0; i < services_.size(); ++i) {
    while (read_text(files[i]).find("mandelbrot is listening") == std::string::npos) {
      if (!services_[i].process->running() || std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error(services_[i].plan->name + ": the service does not start: " + read_text(files[i]));
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
}

void RealServices::start_relays() {
  const CallLatency latency = call_latency(scenario_);
  for (const RelayPlan& relay : plan_.relays) {
    const ServicePlan &from = plan_.services[relay.from], &to = plan_.services[relay.to];
    const auto law = [&](std::uint16_t a, std::uint16_t b) {
      const StreamKey key = run_.sim.stream("relay " + from.name + " " + to.name, a == from.place ? "there" : "back");
      draws_.push_back(std::make_unique<Sequence>(key));
      return [draws = draws_.back().get(), distribution = latency.at(a, b)] {
        Draws next = draws->next();
        return std::max(Duration{0}, from_seconds(distribution.sample(next)));
      };
    };
    RelayConfig config;
    config.listen = {asio::ip::make_address(relay.address), kServicePort};
    config.target = {asio::ip::make_address(to.address), kServicePort};
    config.there = law(from.place, to.place);
    config.back = law(to.place, from.place);
    relays_.push_back(std::make_unique<Relay>(io_, std::move(config)));
  }
}

std::map<std::string, std::string> RealServices::urls_from(std::size_t service) const {
  const auto url = [](const std::string& address) { return "http://" + address + ":" + std::to_string(kServicePort); };
  std::map<std::string, std::string> urls{{scenario_.places[plan_.services[service].place].name, url("127.0.0.1")}};
  for (const RelayPlan& relay : plan_.relays) {
    const ServicePlan& to = plan_.services[relay.to];
    if (relay.from == service && to.index == plan_.services[service].index) urls[scenario_.places[to.place].name] = url(relay.address);
  }
  return urls;
}

void RealServices::start_program(const ServicePlan& plan, const fs::path& program, const fs::path& log, double cpus) {
  const Service& service = scenario_.services[plan.index];
  ProgramSpec spec;
  spec.argv = {program.string()};
  spec.environment = service_environment(scenario_, service, plan.place, urls_from(services_.size()));
  spec.stdout_file = spec.stderr_file = log;
  Process& process = lab_.start(plan.room, spec);
  std::unique_ptr<CpuQuota> quota;
  if (cpus > 0) {
    quota = std::make_unique<CpuQuota>("spillway-service-" + std::to_string(services_.size()), cpus);
    quota->add(process.pid());
  }
  services_.push_back({&plan, &service, &process, std::move(quota), {}});
}

void RealServices::look() {
  for (Running& running : services_) {
    const auto page = lab_.http_get(running.plan->room, "127.0.0.1", kServicePort, "/metrics", kPatienceForPages);
    if (!page) throw std::runtime_error(running.plan->name + " does not show its metrics");
    running.page = parse_prometheus_text(*page).values;
  }
}

DestinationSet RealServices::reach(const Running& running, const std::string& url) const {
  return world_.who_answers(running.plan->place, url).reach;
}

void RealServices::add_to(std::vector<DestinationFates>& books) const {
  for (const Running& running : services_) {
    const auto& urls = running.service->instrumentation.endpoints;
    const std::int64_t sampled = count(running.page, "mandelbrot_spans_total", {{"sampled", "true"}});
    const std::int64_t unsampled = count(running.page, "mandelbrot_spans_total", {{"sampled", "false"}});
    for (std::size_t i = 0; i < books.size(); ++i) {
      const auto meant = [&](const std::string& url) { return (reach(running, url) >> i & 1U) != 0; };
      const auto ways = std::count_if(urls.begin(), urls.end(), meant);
      if (ways == 0) continue;
      books[i].produced += sampled + unsampled;
      if (unsampled > 0) books[i].sampled_out.push_back({running.plan->name, "not sampled at the head", unsampled, {}});
      if (ways > 1) continue;  // lost on one way, it may have come by the other
      const std::string url = *std::find_if(urls.begin(), urls.end(), meant);
      const std::string host = parse_url(url)->host;
      for (const MetricValue& value : running.page) {
        if (value.name != "mandelbrot_exported_spans_total" || value.labels.at("endpoint").find("//" + host + ":") == std::string::npos) continue;
        const std::string& status = value.labels.at("status");
        if (status.starts_with('2')) continue;
        books[i].lost.push_back({running.plan->name + " export to " + host, status + ", not retried", static_cast<std::int64_t>(value.value), {}});
      }
      const std::int64_t full = count(running.page, "mandelbrot_queue_full_spans_total");
      if (full > 0) books[i].lost.push_back({running.plan->name + " export", "SDK queue full", full, {}});
    }
  }
}

void RealServices::add_answers(std::vector<AnswerCounts>& answers) const {
  for (const Running& running : services_) {
    const bool batched = running.service->instrumentation.kind == Instrumentation::Kind::otlp_batch;
    for (const std::string& url : running.service->instrumentation.endpoints) {
      const std::string host = parse_url(url)->host;
      AnswerCounts counts{running.plan->name + (batched ? "" : " to " + host), {}};
      for (const MetricValue& value : running.page) {
        if (value.name == "mandelbrot_exports_total" && value.labels.at("endpoint").find("//" + host + ":") != std::string::npos)
          counts.answers[value.labels.at("status")] += static_cast<std::int64_t>(value.value);
      }
      answers.push_back(std::move(counts));
    }
  }
}

void RealServices::add_notes(std::map<std::string, std::string>& notes) {
  for (Running& running : services_) {
    const ProcessUsage usage = running.process->usage();
    const std::string& name = running.plan->name;
    notes[name + " CPU"] = std::to_string(total(running.page, "process_cpu_seconds_total")) + " s";
    if (running.quota) {
      notes[name + " CPU quota"] = running.quota->problem().empty() ? "held back for " + std::to_string(running.quota->throttled_seconds()) + " s"
                                                                   : "none: " + running.quota->problem();
    }
    notes[name + " peak memory"] = std::to_string(usage.rss_peak / 1024) + " KiB";
    notes[name + " rendered"] = std::to_string(count(running.page, "mandelbrot_tiles_total")) + " tiles, " +
                                std::to_string(count(running.page, "mandelbrot_pixels_total")) + " pixels, " +
                                std::to_string(count(running.page, "mandelbrot_iterations_total")) + " iterations, " +
                                std::to_string(total(running.page, "mandelbrot_tile_duration_seconds_sum")) + " s";
  }
}

}  // namespace spillway::real
