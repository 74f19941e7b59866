// Manifests: ConfigMaps, workloads and the operator's OpenTelemetryCollector. Sources: the Kubernetes API, and the
// operator's v1alpha1 and v1beta1 types with the defaults of its webhook.
#include <algorithm>
#include <array>
#include <utility>

#include "models/collector/config_source.hpp"

namespace spillway::collector {
namespace {

struct Objects {
  std::vector<Place> config_maps, workloads, collectors;
};

void sort_in(const Place& object, Objects& objects, int depth) {
  const std::string kind = object.at("kind").text();
  if (kind == "ConfigMap") objects.config_maps.push_back(object);
  if (kind == "OpenTelemetryCollector") objects.collectors.push_back(object);
  if (kind == "Deployment" || kind == "DaemonSet" || kind == "StatefulSet") objects.workloads.push_back(object);
  const Place items = object.at("items");
  if (kind != "List" || items.node == nullptr || depth > 4) return;
  for (const Node& item : items.node->items) sort_in({&item, items.document}, objects, depth + 1);
}

bool starts_a_line(const std::string& text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    if (at == 0 || text[at - 1] == '\n') return true;
  return false;
}

/// Judged by its first column, so that a broken file is told of and not passed over.
bool is_collector_text(const std::string& text) {
  const bool ends = starts_a_line(text, "receivers:") || starts_a_line(text, "exporters:");
  return starts_a_line(text, "service:") ? ends || text.find("pipelines:") != std::string::npos : ends;
}

/// One key of a ConfigMap that holds a collector file.
struct Candidate {
  std::string map, key;
  Place text;
  std::string name() const { return map + '/' + key; }
};

std::vector<Candidate> candidates_in(const std::vector<Place>& config_maps, const std::string& key) {
  std::vector<Candidate> found;
  for (const Place& one : config_maps) {
    const Place data = one.at("data");
    if (!data.is_map()) continue;
    for (const Entry& entry : data.node->entries) {
      const Candidate candidate{one.at("metadata").at("name").text(), entry.key, {&entry.value, data.document}};
      const bool named = key == candidate.key || key == candidate.name();
      if (named || (key.empty() && is_collector_text(candidate.text.text()))) found.push_back(candidate);
    }
  }
  return found;
}

std::string names_of(const std::vector<Candidate>& candidates) {
  std::string names;
  for (const Candidate& one : candidates) names += (names.empty() ? "" : ", ") + one.name();
  return names;
}

/// Every key of every ConfigMap, for a message.
std::string all_keys(const std::vector<Place>& config_maps) {
  std::string names;
  for (const Place& one : config_maps) {
    const Place data = one.at("data");
    for (std::size_t i = 0; data.is_map() && i < data.node->entries.size(); ++i)
      names += (names.empty() ? "" : ", ") + data.node->entries[i].key;
  }
  return names.empty() ? "no key at all" : names;
}

// Workloads

bool mentions(const Place& pod, const std::string& config_map) {
  const Place volumes = pod.at("volumes");
  if (volumes.node == nullptr) return false;
  return std::ranges::any_of(volumes.node->items, [&](const Node& item) {
    return Place{&item, pod.document}.at("configMap").at("name").text() == config_map;
  });
}

bool is_collector_image(const std::string& image) {
  return image.find("otel") != std::string::npos || image.find("opentelemetry") != std::string::npos;
}

Place collector_container(const Place& pod) {
  const Place containers = pod.at("containers");
  if (containers.node == nullptr || containers.node->items.empty()) return {nullptr, pod.document};
  for (const Node& item : containers.node->items)
    if (is_collector_image(Place{&item, pod.document}.at("image").text())) return {&item, pod.document};
  return {&containers.node->items.front(), pod.document};
}

Place pod_of(const Place& workload) { return workload.at("spec").at("template").at("spec"); }

/// The workload that mounts this ConfigMap; else the one that runs a collector's image; else the only one.
Place workload_of(const std::vector<Place>& workloads, const std::string& config_map) {
  for (const Place& one : workloads)
    if (mentions(pod_of(one), config_map)) return one;
  for (const Place& one : workloads)
    if (is_collector_image(collector_container(pod_of(one)).at("image").text())) return one;
  return workloads.size() == 1 ? workloads.front() : Place{};
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void read_workload(const Place& object, Unwrapping& out) {
  if (object.node == nullptr) return;
  Workload& workload = out.source.workload;
  workload.mode = lower_case(object.at("kind").text());
  if (workload.mode != "daemonset") read_replicas(object.at("spec").at("replicas"), {}, workload);
  const Place container = collector_container(pod_of(object));
  read_resources(container.at("resources"), workload);
  read_environment(container.at("env"), workload);
  read_arguments(container.at("args"), workload);
  read_arguments(container.at("command"), workload);
  set_image(container.at("image"), container.at("image").text(), out);
}

void read_config_maps(const Objects& objects, Unwrapping& out) {
  const Place first = objects.config_maps.front();
  const std::vector<Candidate> found = candidates_in(objects.config_maps, out.key);
  if (found.empty()) {
    const std::string wanted = out.key.empty() ? "no key holds a collector file" : "there is no key '" + out.key + "'";
    return out.refuse(first, "data", wanted + "; there is " + all_keys(objects.config_maps));
  }
  if (found.size() > 1)
    return out.refuse(found.front().text, "data",
                      "several keys hold a collector file: " + names_of(found) + "; choose one with 'key'");
  out.source.workload.form = Workload::Form::config_map;
  out.add_config(found.front().text, "data." + found.front().key);
  read_workload(workload_of(objects.workloads, found.front().map), out);
}

// The operator's resource

/// Receivers without an endpoint listen on all addresses: the operator writes that in.
void set_endpoint(Value* section, const std::string& port) {
  if (section == nullptr || section->find("endpoint") != nullptr) return;
  if (section->kind != Value::Kind::map && section->kind != Value::Kind::null) return;
  section->kind = Value::Kind::map;
  Value endpoint;
  endpoint.kind = Value::Kind::text;
  endpoint.text = "0.0.0.0:" + port;
  endpoint.document = section->document;
  endpoint.mark = section->mark;
  section->members.push_back({"endpoint", section->mark, section->document, std::move(endpoint)});
}

void set_default_endpoints(Value& root) {
  Value* const receivers = root.find("receivers");
  if (receivers == nullptr) return;
  for (Member& entry : receivers->members) {
    const std::string type = entry.key.substr(0, entry.key.find('/'));
    if (type == "zipkin") set_endpoint(&entry.value, "9411");
    if (type != "otlp") continue;
    if (Value* const protocols = entry.value.find("protocols")) {
      set_endpoint(protocols->find("grpc"), "4317");
      set_endpoint(protocols->find("http"), "4318");
    }
  }
}

void read_collector_resource(const Place& object, Unwrapping& out) {
  Workload& workload = out.source.workload;
  workload.form = Workload::Form::operator_resource;
  const Place spec = object.at("spec");
  const std::string mode = spec.at("mode").text();
  constexpr std::array modes{"", "deployment", "daemonset", "statefulset", "sidecar"};
  if (std::ranges::find(modes, mode) == modes.end())
    out.refuse(spec.at("mode"), "spec.mode",
               "unknown mode '" + mode + "'; use deployment, daemonset, statefulset or sidecar");
  workload.mode = mode.empty() ? "deployment" : mode;
  if (workload.mode == "deployment" || workload.mode == "statefulset") {
    read_replicas(spec.at("replicas"), spec.at("autoscaler"), workload);
    if (spec.at("maxReplicas").node != nullptr) read_replicas({}, spec, workload);
  }
  read_resources(spec.at("resources"), workload);
  read_environment(spec.at("env"), workload);
  if (spec.at("args").is_map())
    for (const Entry& entry : spec.at("args").node->entries)
      workload.left_out.push_back({"argument --" + entry.key, "unknown"});
  set_image(spec.at("image"), spec.at("image").text(), out);
  const Place config = spec.at("config");
  if (config.node == nullptr)
    return out.refuse(spec.node == nullptr ? object : spec, "spec.config", "is missing; add it");
  out.add_config(config, "spec.config");
  set_default_endpoints(out.source.root);
}

/// The resource of this name, when there are several.
std::vector<Place> named(const std::vector<Place>& objects, const std::string& name) {
  std::vector<Place> found;
  for (const Place& one : objects)
    if (name.empty() || one.at("metadata").at("name").text() == name) found.push_back(one);
  return found;
}

}  // namespace

void read_manifests(const std::vector<Place>& roots, Unwrapping& out) {
  Objects objects;
  for (const Place& root : roots) sort_in(root, objects, 0);
  const std::vector<Place> collectors = named(objects.collectors, objects.config_maps.empty() ? out.key : "");
  if (collectors.size() == 1) return read_collector_resource(collectors.front(), out);
  if (!objects.collectors.empty())
    return out.refuse(objects.collectors.front(), "",
                      "there are " + std::to_string(collectors.size()) +
                          " OpenTelemetryCollector resources to choose from; name one with 'key'");
  if (!objects.config_maps.empty()) return read_config_maps(objects, out);
  if (!objects.workloads.empty() && out.source.root.document != nullptr)
    return read_workload(workload_of(objects.workloads, ""), out);
  out.refuse(roots.front(), "kind",
             "'" + roots.front().at("kind").text() +
                 "' holds no collector configuration; give the ConfigMap or the OpenTelemetryCollector");
}

}  // namespace spillway::collector
