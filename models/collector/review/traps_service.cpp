// Traps of what is wired to what, of addresses that nobody reaches, and of defaults that differ by version.
#include <algorithm>
#include <array>

#include "models/collector/review/findings.hpp"

namespace spillway::collector::review {
namespace {

void unused(const Facts& facts, Report& report) {
  constexpr std::array effects{"it is not started: nobody listens", "nothing passes through it",
                               "nothing is sent to it", "nothing passes through it", "it is not started"};
  for (const Part& part : facts.parts) {
    if (part.used || part.of_the_chart()) continue;
    const bool extension = part.kind == Kind::extension;
    report.at(part, {},
              std::string("is defined, but ") +
                  (extension ? "service.extensions does not list it" : "no pipeline uses it") + ": " +
                  effects[static_cast<std::size_t>(part.kind)] + ", and the collector says nothing; " +
                  (extension ? "list it" : "name it in a pipeline") + ", or remove it");
  }
}

bool is_local(const std::string& endpoint) {
  return endpoint.starts_with("localhost:") || endpoint.starts_with("127.0.0.1:") || endpoint.starts_with("[::1]:");
}

bool is_everywhere(const std::string& endpoint) {
  return endpoint.starts_with("0.0.0.0:") || endpoint.starts_with("[::]:");
}

struct Listener {
  const Part* part;
  std::string name;  ///< "http", or empty
  std::string endpoint;
  const Value* at;  ///< null: the default
};

std::string default_host(const Facts& facts) {
  return facts.semantics.listens_on_localhost ? "localhost:" : "0.0.0.0:";
}

void add_protocols(const Facts& facts, const Part& part, std::vector<Listener>& found) {
  using Protocol = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Protocol, 4> protocols{
      {{"grpc", "4317"}, {"http", "4318"}, {"thrift_http", "14268"}, {"thrift_compact", "6831"}}};
  for (const auto& [name, port] : protocols) {
    const Value* const section = part.find({"protocols", name});
    if (section == nullptr) continue;
    const bool jaeger = part.type == "jaeger" && name == "grpc";
    const std::string otherwise = default_host(facts) + (jaeger ? "14250" : std::string(port));
    found.push_back({&part, std::string(name), part.text({"protocols", name, "endpoint"}, otherwise),
                     part.find({"protocols", name, "endpoint"})});
  }
}

/// Receivers of pipelines that listen, and the health check.
std::vector<Listener> listeners(const Facts& facts) {
  std::vector<Listener> found;
  for (const Part& part : facts.parts) {
    if (!part.used) continue;
    if (part.kind == Kind::receiver && (part.type == "otlp" || part.type == "jaeger"))
      add_protocols(facts, part, found);
    if (part.kind == Kind::receiver && part.type == "zipkin")
      found.push_back({&part, "", part.text({"endpoint"}, default_host(facts) + "9411"), part.find({"endpoint"})});
  }
  return found;
}

void say(Report& report, const Listener& one, const std::string& message) {
  if (one.at != nullptr && !one.name.empty()) return report.at(*one.part, {"protocols", one.name, "endpoint"}, message);
  if (one.at != nullptr) return report.at(*one.part, {"endpoint"}, message);
  one.name.empty() ? report.at(*one.part, {}, message) : report.at(*one.part, {"protocols", one.name}, message);
}

void local_in_pod(const Facts& facts, Report& report) {
  if (!facts.workload.in_a_pod() || facts.workload.mode == "sidecar") return;
  for (const Listener& one : listeners(facts))
    if (is_local(one.endpoint))
      say(report, one,
          "listens on " + one.endpoint + (one.at == nullptr ? " (the default since 0.104)" : "") +
              ": nobody outside the pod reaches it; write ${env:MY_POD_IP} or 0.0.0.0 as host");
}

void local_default(const Facts& facts, Report& report) {
  if (facts.workload.in_a_pod()) return;
  for (const Listener& one : listeners(facts))
    if (one.at == nullptr && is_local(one.endpoint))
      say(report, one,
          "listens on " + one.endpoint +
              " unless told otherwise (0.0.0.0 before 0.104): in a container, or for senders on "
              "other machines, nobody reaches it; write the endpoint");
}

void everywhere(const Facts& facts, Report& report) {
  if (facts.workload.in_a_pod()) return;
  for (const Listener& one : listeners(facts)) {
    const bool guarded = one.part->has({"auth"}) || one.part->has({"protocols", one.name, "auth"}) ||
                         one.part->has({"tls"}) || one.part->has({"protocols", one.name, "tls"});
    if (is_everywhere(one.endpoint) && !guarded)
      say(report, one,
          "takes telemetry from whoever reaches any address of the machine, without tls or auth; right inside a "
          "container, "
          "else name the one address");
  }
}

void health_check_local(const Facts& facts, Report& report) {
  if (!facts.workload.in_a_pod()) return;
  for (const Part& part : facts.parts) {
    if (part.type != "health_check" || !part.used || facts.workload.form == Workload::Form::operator_resource) continue;
    const std::string endpoint = part.text({"endpoint"}, default_host(facts) + "13133");
    if (is_local(endpoint))
      report.at(part, {"endpoint"},
                "answers on " + endpoint +
                    " only: the kubelet's probes fail and restart the pod again and again; write "
                    "${env:MY_POD_IP}:13133");
  }
}

const Value* find_in(const Value* value, Keys keys) {
  for (const std::string_view key : keys) value = value == nullptr ? nullptr : value->find(key);
  return value;
}

void blind(const Facts& facts, Report& report) {
  const Value* const level = find_in(&facts.tree.root, {"service", "telemetry", "metrics", "level"});
  if (level != nullptr && level->kind == Value::Kind::text && level->text == "none")
    report.at(*level, "service.telemetry.metrics.level",
              "none: queue_size, enqueue_failed and send_failed are not there when spans are lost; use normal");
}

void page_local(const Facts& facts, Report& report) {
  const Workload& workload = facts.workload;
  const bool alone = workload.form == Workload::Form::config_map || workload.form == Workload::Form::operator_resource;
  if (!alone || !facts.semantics.metrics_on_localhost || workload.form == Workload::Form::operator_resource) return;
  const Value* const metrics = find_in(&facts.tree.root, {"service", "telemetry", "metrics"});
  if (metrics != nullptr && (metrics->find("readers") != nullptr || metrics->find("address") != nullptr)) return;
  report.whole(
      facts,
      "the collector's own metrics are on localhost:8888 unless told otherwise (since 0.111), where no Prometheus "
      "reaches them; add a pull reader with host ${env:MY_POD_IP} to service.telemetry.metrics.readers");
}

void error_mode(const Facts& facts, Report& report) {
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::processor || !part.used || (part.type != "filter" && part.type != "transform")) continue;
    const bool filter = part.type == "filter";
    const bool ignores = filter ? facts.semantics.filter_ignores_errors : facts.semantics.transform_ignores_errors;
    const std::string mode = part.text({"error_mode"}, ignores ? "ignore" : "propagate");
    if (mode != "propagate") continue;
    report.at(
        part, {"error_mode"},
        std::string(part.has({"error_mode"}) ? "propagate" : "error_mode is propagate unless given, up to 0.155") +
            ": one span for which a statement fails refuses the whole payload that it came in, and the sender gets a " +
            "503 again and again; set error_mode: ignore");
  }
}

/// Thinning behind a batch leaves small requests.
void thins_behind_batch(const Facts& facts, Report& report) {
  constexpr std::array thinning{"filter", "probabilistic_sampler"};
  for (const Line* const line : facts.trace_lines()) {
    const int batch = line->position("batch");
    if (batch < 0) continue;
    for (std::size_t i = static_cast<std::size_t>(batch) + 1; i < line->processors.size(); ++i) {
      const Mention& mention = line->processors[i];
      if (mention.part == nullptr || std::ranges::find(thinning, mention.part->type) == thinning.end()) continue;
      report.at(mention, *line, "processors",
                "drops spans out of finished batches: requests get as small as what is left, and what is dropped was "
                "batched for nothing; put it before batch");
    }
  }
}

void own_address(const Facts& facts, Report& report) {
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::exporter || !part.used) continue;
    std::string endpoint = part.text({"endpoint"});
    if (const std::size_t scheme = endpoint.find("://"); scheme != std::string::npos) endpoint.erase(0, scheme + 3);
    if (!is_local(endpoint)) continue;
    const std::string port = endpoint.substr(endpoint.rfind(':'), endpoint.find('/') - endpoint.rfind(':'));
    for (const Listener& one : listeners(facts))
      if (one.endpoint.ends_with(port))
        report.at(part, {"endpoint"},
                  "is the collector's own receiver " + one.part->id +
                      ": every span comes back and goes round for ever; name "
                      "the backend");
  }
}

constexpr Trap kServiceTraps[] = {
    {"defined-but-not-used", Weight::warning, "component in no pipeline", unused},
    {"localhost-in-a-pod", Weight::warning, "receiver on localhost in a pod", local_in_pod},
    {"localhost-by-default", Weight::note, "receiver on localhost by default", local_default},
    {"open-to-everybody", Weight::note, "receiver on all addresses without tls or auth", everywhere},
    {"health-check-on-localhost", Weight::warning, "health check on localhost in a pod", health_check_local},
    {"own-metrics-off", Weight::warning, "no metrics of the collector itself", blind},
    {"own-metrics-on-localhost", Weight::note, "metrics page on localhost in a pod", page_local},
    {"one-error-refuses-all", Weight::warning, "error_mode propagate", error_mode},
    {"thinned-behind-batch", Weight::warning, "filter or sampler behind batch", thins_behind_batch},
    {"exports-to-itself", Weight::warning, "exporter to the collector's own receiver", own_address},
};

}  // namespace

std::span<const Trap> service_traps() { return kServiceTraps; }

}  // namespace spillway::collector::review
