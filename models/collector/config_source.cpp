#include "models/collector/config_source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "models/collector/config.hpp"

namespace spillway::collector {
namespace {

constexpr DocumentLimits kLimits{.merge_keys = true};

bool has(const Node& root, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(keys, [&root](std::string_view key) { return root.find(key) != nullptr; });
}

/// A collector file among others: its first document counts, as for the collector.
void read_plain(const Place& root, Unwrapping& out) {
  Value value = to_value(*root.node, *root.document);
  if (value.kind != Value::Kind::map)
    return out.refuse(root, "",
                      "retrieved value (type=" + std::string(go_type(value)) +
                          ") cannot be used as a Conf; write receivers:, exporters: and service: at the top");
  if (out.source.root.document == nullptr)
    out.source.root = std::move(value);
  else
    merge(out.source.root, std::move(value));
}

/// An empty file is an empty map.
void read_nothing(const Document& document, Unwrapping& out) {
  if (out.source.root.document != nullptr) return;
  out.source.root.kind = Value::Kind::map;
  out.source.root.document = &document;
}

/// The documents of one file; of a collector file the first one.
std::vector<Place> roots_of(const std::filesystem::path& file, Unwrapping& out) {
  Problems found;
  LoadedDocument loaded = load_stream(file, found, kLimits);
  std::vector<Place> roots;
  bool plain = false;
  if (loaded.document) {
    out.source.documents.push_back(std::make_unique<Document>(std::move(*loaded.document)));
    const Document& document = *out.source.documents.back();
    for (const Node& root : document.root.items) roots.push_back({&root, &document});
    plain = !roots.empty() && !looks_like_kubernetes(*roots.front().node);
    if (roots.empty()) read_nothing(document, out);
  }
  const bool more = roots.size() > 1 || loaded.failure == LoadFailure::input;
  if (plain && more && !roots.empty()) {
    if (roots.size() > 1)
      out.warn(roots[1], "", "the collector reads the first YAML document of a file only; this one is ignored");
    roots.resize(1);
    return roots;
  }
  for (const Problem& problem : found.all()) out.problems.add(problem);
  if (loaded.failure != LoadFailure::none) out.source.failure = loaded.failure;
  return roots;
}

}  // namespace

void Unwrapping::warn(const Place& at, std::string path, std::string message) {
  add_problem(problems, *at.document, at.node == nullptr ? Mark{} : at.node->mark, std::move(path), std::move(message),
              Problem::Severity::warning);
}

void Unwrapping::refuse(const Place& at, std::string path, std::string message) {
  add_problem(problems, *at.document, at.node == nullptr ? Mark{} : at.node->mark, std::move(path), std::move(message));
}

void Unwrapping::add_config(const Place& config, const std::string& path) {
  if (config.is_map()) return read_plain(config, *this);
  if (config.node == nullptr || config.node->kind != Node::Kind::scalar)
    return refuse(config, path, "holds no collector configuration; write it as a map or as a text ('|')");
  LoadedDocument loaded = parse_embedded(*config.document, *config.node, problems, kLimits);
  if (!loaded.document) {
    source.failure = loaded.failure;
    return;
  }
  source.documents.push_back(std::make_unique<Document>(std::move(*loaded.document)));
  const Document& document = *source.documents.back();
  if (document.root.kind == Node::Kind::null) return read_nothing(document, *this);
  read_plain({&document.root, &document}, *this);
}

bool looks_like_kubernetes(const Node& root) {
  return root.find("kind") != nullptr && root.find("apiVersion") != nullptr;
}

bool looks_like_collector(const Node& root) {
  const Node* const service = root.find("service");
  return has(root, {"receivers", "exporters", "processors", "connectors", "extensions"}) ||
         (service != nullptr && service->find("pipelines") != nullptr);
}

bool looks_like_helm_values(const Node& root) {
  if (has(root, {"receivers", "exporters", "scenario"})) return false;
  const Node* const config = root.find("config");
  const Node* const umbrella = root.find("opentelemetry-collector");
  if (umbrella != nullptr) return umbrella->kind == Node::Kind::map;
  if (config != nullptr && config->kind == Node::Kind::map) return true;
  return has(root, {"alternateConfig", "presets"}) || (has(root, {"mode"}) && has(root, {"image", "replicaCount"}));
}

Source open_source(const std::vector<std::filesystem::path>& files, const std::string& key, Problems& problems) {
  Source source;
  Unwrapping out{source, problems, key};
  std::vector<Place> manifests;
  std::vector<Place> values;
  std::vector<Place> over;  // plain files behind wrapped ones, which are read as a whole first
  for (const std::filesystem::path& file : files) {
    for (const Place& root : roots_of(file, out)) {
      if (looks_like_kubernetes(*root.node))
        manifests.push_back(root);
      else if (looks_like_helm_values(*root.node))
        values.push_back(root);
      else if (manifests.empty() && values.empty())
        read_plain(root, out);
      else
        over.push_back(root);
    }
  }
  if (!values.empty()) read_helm_values(values, out);
  if (!manifests.empty()) read_manifests(manifests, out);
  for (const Place& root : over) read_plain(root, out);
  return source;
}

void read_replicas(const Place& replicas, const Place& autoscaler, Workload& workload) {
  const auto number = [](const Place& place) -> std::optional<std::int64_t> {
    const std::string text = place.text();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
  };
  if (const auto count = number(replicas)) workload.replicas = count;
  if (const auto most = number(autoscaler.at("maxReplicas"))) workload.replicas_at_most = most;
}

void read_resources(const Place& resources, Workload& workload) {
  const Place limits = resources.at("limits");
  if (const auto cores = parse_quantity(limits.at("cpu").text())) workload.cpu_limit = cores;
  const auto bytes = parse_quantity(limits.at("memory").text());
  if (bytes && *bytes < 0x1p62) workload.memory_limit = static_cast<std::int64_t>(*bytes);
}

void read_environment(const Place& env, Workload& workload) {
  if (env.node == nullptr) return;
  for (const Node& item : env.node->items) {
    const Place one{&item, env.document};
    const std::string name = one.at("name").text();
    const bool plain = one.at("value").node != nullptr && one.at("value").node->kind == Node::Kind::scalar;
    if (name.empty() || !plain) continue;
    workload.environment.insert_or_assign(name, one.at("value").text());
    if (name == "GOMEMLIMIT") workload.go_memory_limit = parse_go_memory_limit(one.at("value").text());
  }
}

void read_arguments(const Place& arguments, Workload& workload) {
  if (arguments.node == nullptr) return;
  for (const Node& item : arguments.node->items)
    if (item.text.starts_with("--set") || item.text.starts_with("--feature-gates"))
      workload.left_out.push_back({"argument " + item.text, "unknown"});
}

void set_image(const Place& at, std::string image, Unwrapping& out) {
  if (image.empty()) return;
  out.source.workload.image = std::move(image);
  out.source.workload.version = version_of_image(out.source.workload.image);
  if (out.source.workload.version || out.source.workload.image.find(':') == std::string::npos) return;
  out.warn(at, "image",
           "'" + out.source.workload.image +
               "' names no version of the OpenTelemetry Collector; say which one it is "
               "like with 'version' in the scenario or --collector-version");
}

bool is_collector_input(const Node& root) {
  if (root.find("scenario") != nullptr) return false;
  return looks_like_collector(root) || looks_like_kubernetes(root) || looks_like_helm_values(root);
}

}  // namespace spillway::collector
