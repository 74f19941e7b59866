// Values of the official Helm chart "opentelemetry-collector". Sources: the chart's values and its templates for the
// configuration; what a preset adds to traces is applied, what it adds to metrics and logs is named.
#include <algorithm>
#include <array>
#include <utility>

#include "models/collector/config_source.hpp"

namespace spillway::collector {
namespace {

/// The configuration that the chart lays under the user's, in this project's spelling.
constexpr std::string_view kChartConfig = R"(receivers:
  otlp:
    protocols:
      grpc: {endpoint: "${env:MY_POD_IP}:4317"}
      http: {endpoint: "${env:MY_POD_IP}:4318"}
  jaeger:
    protocols:
      grpc: {endpoint: "${env:MY_POD_IP}:14250"}
      thrift_http: {endpoint: "${env:MY_POD_IP}:14268"}
      thrift_compact: {endpoint: "${env:MY_POD_IP}:6831"}
  zipkin: {endpoint: "${env:MY_POD_IP}:9411"}
  prometheus:
    config:
      scrape_configs:
        - job_name: opentelemetry-collector
          scrape_interval: 10s
          static_configs: [{targets: ["${env:MY_POD_IP}:8888"]}]
processors:
  batch: {}
  memory_limiter: {check_interval: 5s, limit_percentage: 80, spike_limit_percentage: 25}
exporters:
  debug: {}
extensions:
  health_check: {endpoint: "${env:MY_POD_IP}:13133"}
service:
  telemetry:
    metrics:
      readers: [{pull: {exporter: {prometheus: {host: "${env:MY_POD_IP}", port: 8888}}}}]
  extensions: [health_check]
  pipelines:
    traces: {receivers: [otlp, jaeger, zipkin], processors: [memory_limiter, batch], exporters: [debug]}
    metrics: {receivers: [otlp, prometheus], processors: [memory_limiter, batch], exporters: [debug]}
    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug]}
)";

/// Helm's merge: maps deeply, lists and scalars replaced, a null takes the key away.
void merge_values(Value& base, Value over) {
  if (base.kind != Value::Kind::map || over.kind != Value::Kind::map) {
    base = std::move(over);
    return;
  }
  for (Member& entry : over.members) {
    const auto known = std::ranges::find(base.members, entry.key, &Member::key);
    if (known == base.members.end()) {
      base.members.push_back(std::move(entry));
      continue;
    }
    if (entry.value.kind == Value::Kind::null) {
      base.members.erase(known);
      continue;
    }
    known->key_mark = entry.key_mark;
    known->document = entry.document;
    merge_values(known->value, std::move(entry.value));
  }
}

/// Nulls that took nothing away are left out by the chart, too, when it writes the values of maps it knows.
void read_chart_config(Unwrapping& out) {
  LoadedDocument loaded = parse_document(kChartConfig, std::string(kChartFile), out.problems);
  out.source.documents.push_back(std::make_unique<Document>(std::move(*loaded.document)));
  const Document& document = *out.source.documents.back();
  out.source.root = to_value(document.root, document);
}

Place values_in(const Place& root) {
  const Place umbrella = root.at("opentelemetry-collector");
  return umbrella.is_map() ? umbrella : root;
}

bool is_true(const Place& place) { return place.text() == "true"; }

Value text_value(std::string text, const Value& at) {
  Value value;
  value.kind = Value::Kind::text;
  value.text = std::move(text);
  value.document = at.document;
  value.mark = at.mark;
  return value;
}

/// Puts a processor in front of each of the chart's three pipelines.
void prepend_processor(Value& root, const std::string& id, const Place& preset) {
  Value* const service = root.find("service");
  Value* const pipelines = service == nullptr ? nullptr : service->find("pipelines");
  if (pipelines == nullptr) return;
  Value settings;
  settings.kind = Value::Kind::map;
  settings.document = preset.document;
  settings.mark = preset.node->mark;
  if (Value* const processors = root.find("processors"); processors != nullptr && processors->find(id) == nullptr)
    processors->members.push_back({id, settings.mark, settings.document, settings});
  for (const std::string_view signal : {"traces", "metrics", "logs"}) {
    Value* const pipeline = pipelines->find(signal);
    Value* const listed = pipeline == nullptr ? nullptr : pipeline->find("processors");
    if (listed == nullptr || listed->kind != Value::Kind::list) continue;
    if (std::ranges::any_of(listed->items, [&](const Value& one) { return one.text == id; })) continue;
    listed->items.insert(listed->items.begin(), text_value(id, *listed));
  }
}

void read_presets(const Place& presets, Unwrapping& out) {
  if (!presets.is_map()) return;
  for (const Entry& entry : presets.node->entries) {
    const Place preset{&entry.value, presets.document};
    if (!is_true(preset.at("enabled"))) continue;
    if (entry.key == "kubernetesAttributes") {
      prepend_processor(out.source.root, "k8sattributes", preset);
      continue;
    }
    out.source.workload.left_out.push_back({"preset " + entry.key, "unknown"});
  }
}

std::string image_of(const Place& image) {
  const std::string repository = image.at("repository").text();
  const std::string tag = image.at("tag").text();
  if (tag.empty()) return repository;
  return (repository.empty() ? "otel/opentelemetry-collector" : repository) + ':' + tag;
}

/// The chart gives Go four fifths of the container's memory unless told otherwise.
void set_go_memory_limit(const Place& use, Workload& workload) {
  if (use.text() == "false" || !workload.memory_limit || workload.go_memory_limit) return;
  workload.go_memory_limit = *workload.memory_limit / 5 * 4;
}

void read_values(const Place& values, Unwrapping& out) {
  Workload& workload = out.source.workload;
  if (const std::string mode = values.at("mode").text(); !mode.empty()) workload.mode = mode;
  const Place autoscaling = values.at("autoscaling");
  read_replicas(values.at("replicaCount"), is_true(autoscaling.at("enabled")) ? autoscaling : Place{}, workload);
  read_resources(values.at("resources"), workload);
  read_environment(values.at("extraEnvs"), workload);
  if (values.at("image").is_map()) set_image(values.at("image"), image_of(values.at("image")), out);
  set_go_memory_limit(values.at("useGOMEMLIMIT"), workload);
  read_arguments(values.at("command").at("extraArgs"), workload);
  if (is_true(values.at("internalTelemetryViaOTLP").at("metrics").at("enabled")))
    workload.left_out.push_back({"internalTelemetryViaOTLP", "unknown"});
}

/// What the chart's template engine would fill in stays as it is.
void warn_of_templates(const Value& value, Unwrapping& out, int& told) {
  if (value.kind == Value::Kind::text && value.text.find("{{") != std::string::npos && told++ == 0)
    add_problem(out.problems, *value.document, value.mark, "",
                "a template of Helm is not evaluated here; write the value that it yields", Problem::Severity::warning);
  for (const Value& item : value.items) warn_of_templates(item, out, told);
  for (const Member& entry : value.members) warn_of_templates(entry.value, out, told);
}

}  // namespace

void read_helm_values(const std::vector<Place>& files, Unwrapping& out) {
  Workload& workload = out.source.workload;
  workload.form = Workload::Form::helm_values;
  workload.environment.emplace("MY_POD_IP", "0.0.0.0");  // the address of the pod, whatever it is
  read_chart_config(out);
  for (const Place& file : files) {
    const Place values = values_in(file);
    read_values(values, out);
    if (const Place config = values.at("config"); config.is_map())
      merge_values(out.source.root, to_value(*config.node, *config.document));
    if (const Place other = values.at("alternateConfig"); other.is_map() && !other.node->entries.empty())
      out.source.root = to_value(*other.node, *other.document);
    read_presets(values.at("presets"), out);
  }
  if (workload.mode.empty())
    out.warn(values_in(files.front()), "mode",
             "is missing: the chart refuses to install; set mode: deployment, daemonset or statefulset");
  if (workload.mode == "daemonset") workload.replicas.reset();
  int told = 0;
  warn_of_templates(out.source.root, out, told);
}

}  // namespace spillway::collector
