#include "models/collector/config.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"
#include "models/collector/config_service.hpp"
#include "models/collector/config_source.hpp"

namespace spillway::collector {
namespace {

/// The file and what is known of it so far.
struct Loading {
  Semantics semantics;
  Problems problems;
  LoadFailure failure = LoadFailure::none;
  Value& root;
  std::vector<std::unique_ptr<Value>>& placed;  ///< null components, standing at their key
};

void fail(Loading& loading, LoadFailure failure) {
  if (loading.failure != LoadFailure::environment) loading.failure = failure;
}

template <class Config, class Decode>
void add_defined(std::vector<Defined<Config>>& out, const Member& entry, const Component& component, Fields& fields,
                 Decode decode) {
  out.push_back({component.id, decode(*component.type, fields), entry.key_mark});
}

void decode_component(const Member& entry, Component& component, Reading& reading, CollectorConfig& config) {
  Fields fields(*component.value, component.path, reading);
  switch (component.kind) {
    case Kind::receiver:
      add_defined(config.receivers, entry, component, fields, decode_receiver);
      break;
    case Kind::processor:
      add_defined(config.processors, entry, component, fields, decode_processor);
      break;
    case Kind::exporter:
      add_defined(config.exporters, entry, component, fields, decode_exporter);
      break;
    case Kind::extension:
      add_defined(config.extensions, entry, component, fields, decode_extension);
      break;
    case Kind::connector:
      config.connectors.push_back(component.id);
      if (component.type->name == "count") config.counts.push_back({component.id, count_connector(fields), entry.key_mark});
      if (component.type->name == "span_metrics")
        config.span_metrics.push_back({component.id, span_metrics_connector(fields), entry.key_mark});
      if (component.type->name == "routing")
        config.routings.push_back({component.id, routing_connector(fields), entry.key_mark});
      break;
  }
  if (component.type->effect == "modelled") fields.finish();
}

/// The value of a component; what is no map, or stands under a key with spaces, counts as empty, as in the collector.
const Value* component_value(const Member& entry, const std::string& id, Loading& loading) {
  if (entry.value.kind == Value::Kind::map && entry.key == id) return &entry.value;
  auto empty = std::make_unique<Value>();
  empty->document = entry.document;
  empty->mark = entry.key_mark;
  empty->kind = Value::Kind::map;
  loading.placed.push_back(std::move(empty));
  return loading.placed.back().get();
}

void refuse_type(const Member& entry, const Component& component, const std::string& type, Reading& reading) {
  if (component.kind == Kind::exporter && type == "logging")
    return reading.refuse(entry.document, entry.key_mark, component.path,
                          "the logging exporter has been deprecated, use the debug exporter instead");
  const std::string close = reading.may_suggest() ? nearest_type(component.kind, type, reading.semantics) : "";
  reading.refuse(entry.document, entry.key_mark, component.path,
                 "unknown type: \"" + type + "\" for id: \"" + component.id + "\" (valid values: [" +
                     common_types(component.kind, reading.semantics) + "]); " +
                     (close.empty() ? "use one of these" : "did you mean '" + close + "'?"));
}

/// One entry of a section of components.
void read_component(Kind kind, const Member& entry, Loading& loading, CollectorConfig& config,
                    std::vector<Component>& out) {
  const std::string path = std::string(section_of(kind)) + '.' + entry.key;
  Reading reading{loading.semantics, loading.problems, "", {}, 0, {}};
  std::string error;
  const auto id = parse_id(entry.key, error);
  if (!id) return reading.refuse(entry.document, entry.key_mark, path, error + "; write type or type/name");
  Component component{kind, id->text(), find_type(kind, id->type, loading.semantics), nullptr, path, false, {}, {}};
  reading.owner = std::string(to_text(kind)) + ' ' + component.id;
  component.value = component_value(entry, component.id, loading);
  const bool map_like =
      entry.value.kind == Value::Kind::map || entry.value.kind == Value::Kind::null || entry.value.broken;
  if (component.type == nullptr)
    refuse_type(entry, component, id->type, reading);
  else if (!map_like)
    reading.refuse(entry.value, path,
                   "expected a map, got '" + std::string(go_type(entry.value)) + "'; indent its keys below it");
  else if (entry.value.original && entry.value.kind == Value::Kind::null && !loading.semantics.null_clears)
    reading.refuse(entry.value, path,
                   "unexpected sub-config value kind for key:" + component.id + ": an empty ${…} is no map; write {}");
  else if (!entry.value.broken)
    decode_component(entry, component, reading, config);
  component.sound = reading.errors == 0 && !entry.value.broken;
  component.not_modelled = std::move(reading.not_modelled);
  component.when_used = std::move(reading.when_used);
  if (component.type != nullptr && component.type->effect != "modelled")
    component.not_modelled.push_back(
        {reading.owner + (component.type->bias.empty() ? "" : ": ") + std::string(component.type->bias), std::string(component.type->effect)});
  out.push_back(std::move(component));
}

/// A section of components: `receivers` and the like.
void read_section(Kind kind, Fields& root, Loading& loading, CollectorConfig& config, std::vector<Component>& out) {
  const Value* const section = root.take(section_of(kind));
  if (section == nullptr || section->kind == Value::Kind::null) return;
  if (section->kind != Value::Kind::map && section->kind != Value::Kind::moment)
    return root.refuse(section_of(kind), "expected a map, got '" + std::string(go_type(*section)) +
                                             "'; write one key per " + std::string(to_text(kind)));
  std::set<std::string> seen;
  const std::size_t first = out.size();
  for (const Member& entry : section->members) read_component(kind, entry, loading, config, out);
  for (std::size_t i = first; i < out.size(); ++i)
    if (!seen.insert(out[i].id).second)
      root.reading().refuse(*out[i].value, out[i].path, "duplicate name \"" + out[i].id + "\"; rename one");
}

std::vector<std::string> ids_of(const std::vector<Reference>& references) {
  std::vector<std::string> ids;
  for (const Reference& one : references) ids.push_back(one.id);
  return ids;
}

void take_service(const Service& service, CollectorConfig& config) {
  config.service_extensions = ids_of(service.extensions);
  config.telemetry = service.telemetry;
  for (const Pipeline& one : service.pipelines)
    config.pipelines.push_back(
        {one.id, one.signal, ids_of(one.receivers), ids_of(one.processors), ids_of(one.exporters), one.mark});
}

/// Of log records and data points only number and size are known: what looks into them lets them pass.
void list_not_modelled(const Pipeline& pipeline, const std::vector<Component>& components, CollectorConfig& config) {
  const auto type_of = [&](Kind kind, const std::string& id) -> std::string_view {
    const auto found = std::ranges::find_if(components, [&](const Component& c) { return c.kind == kind && c.id == id; });
    return found == components.end() || found->type == nullptr ? std::string_view{} : found->type->name;
  };
  for (const Reference& one : pipeline.processors) {
    const std::string_view type = type_of(Kind::processor, one.id);
    if (type != "batch" && type != "memory_limiter")
      config.not_modelled.push_back({"pipeline " + pipeline.id + ": processor " + one.id, "unknown"});
  }
  for (const Reference& one : pipeline.exporters) {
    if (type_of(Kind::exporter, one.id) == "load_balancing")
      config.not_modelled.push_back({"pipeline " + pipeline.id + ": exporter " + one.id, "unknown"});
  }
}

void list_not_modelled(const std::vector<Component>& components, const Service& service, Reading& reading,
                       CollectorConfig& config) {
  const std::set<std::string> used = used_components(service);
  for (const Component& one : components)
    if (used.contains(std::string(to_text(one.kind)) + ' ' + one.id))
      config.not_modelled.insert(config.not_modelled.end(), one.not_modelled.begin(), one.not_modelled.end());
  for (const Pipeline& one : service.pipelines)
    if (one.signal != "traces") list_not_modelled(one, components, config);
  config.not_modelled.insert(config.not_modelled.end(), reading.not_modelled.begin(), reading.not_modelled.end());
}

/// Decodes and checks the merged and expanded file.
CollectorConfig decode(Loading& loading) {
  CollectorConfig config;
  std::vector<Component> components;
  Reading reading{loading.semantics, loading.problems, "collector", {}, 0, {}};
  Fields root(loading.root, "", reading);
  for (const Kind kind : {Kind::receiver, Kind::processor, Kind::exporter, Kind::connector, Kind::extension})
    read_section(kind, root, loading, config, components);
  const Service service = decode_service(root);
  root.finish();
  take_service(service, config);
  const Whole whole{loading.root, components, service, config};
  check_references(whole, reading);
  check_start(whole, reading);
  list_not_modelled(components, service, reading, config);
  return config;
}

}  // namespace

const std::string& OtlpReceiverConfig::url_path(Signal signal) const {
  return signal == Signal::traces ? http_traces_url_path : signal == Signal::metrics ? http_metrics_url_path : http_logs_url_path;
}

std::string OtlpHttpExporterConfig::url(Signal signal) const {
  const std::string& own = signal == Signal::traces    ? traces_endpoint
                           : signal == Signal::metrics ? metrics_endpoint
                                                       : logs_endpoint;
  if (!own.empty()) return own;
  const std::string_view path = names_of(signal).path;
  return endpoint + std::string{endpoint.ends_with('/') ? path.substr(1) : path};
}

namespace {

/// The environment of the container below the one that was asked for.
std::map<std::string, std::string> environment_of(const ConfigRequest& request, const Workload& workload) {
  std::map<std::string, std::string> environment = request.environment;
  environment.insert(workload.environment.begin(), workload.environment.end());
  return environment;
}

/// Expands, decodes and checks what was read without a mistake.
void take_apart(Loading& loading, const std::map<std::string, std::string>& environment, LoadedConfig& result) {
  Expansion expansion{environment, loading.problems, loading.semantics.empty_default_is_text, LoadFailure::none};
  expand(loading.root, expansion);
  if (expansion.failure != LoadFailure::none) fail(loading, expansion.failure);
  CollectorConfig config = decode(loading);
  const auto& left_out = result.workload.left_out;
  config.not_modelled.insert(config.not_modelled.end(), left_out.begin(), left_out.end());
  if (!loading.problems.has_errors()) result.config = std::move(config);
}

}  // namespace

LoadedConfig load_config(const ConfigRequest& request, Problems& problems) {
  LoadedConfig result;
  Problems found;
  auto tree = std::make_shared<ConfigTree>();
  Source source = open_source(request.files, request.key, found);
  result.workload = std::move(source.workload);
  result.version_from_image = !request.version && result.workload.version;
  result.version = request.version.value_or(result.workload.version.value_or(Version{}));
  tree->documents = std::move(source.documents);
  tree->root = std::move(source.root);
  Loading loading{semantics_of(result.version), std::move(found), source.failure, tree->root, tree->placed};
  if (!loading.problems.has_errors() && loading.root.document != nullptr) {
    take_apart(loading, environment_of(request, result.workload), result);
    result.tree = std::move(tree);
  }
  if (!result.config && loading.failure == LoadFailure::none) loading.failure = LoadFailure::input;
  result.failure = loading.failure;
  for (const Problem& problem : loading.problems.all()) problems.add(problem);
  return result;
}

LoadedConfig load_config(const std::vector<std::filesystem::path>& files,
                         const std::map<std::string, std::string>& environment, Version version, Problems& problems) {
  return load_config(ConfigRequest{files, environment, version, {}}, problems);
}

std::string plain_config(const std::vector<std::filesystem::path>& files, const std::string& key) {
  Problems ignored;
  const Source source = open_source(files, key, ignored);
  const bool wrapped = source.workload.form != Workload::Form::collector_file;
  return wrapped && source.root.document != nullptr && !ignored.has_errors() ? to_yaml(source.root) : "";
}

}  // namespace spillway::collector
