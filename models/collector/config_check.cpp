// Checks over the whole file. Sources: otelcol/config.go, service/internal/graph, configauth, exporterhelper.
#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <utility>

#include "models/collector/config_components.hpp"
#include "models/collector/config_service.hpp"

namespace spillway::collector {
namespace {

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

class Index {
 public:
  explicit Index(const std::vector<Component>& components) {
    for (const Component& one : components) by_name_.emplace(std::string(to_text(one.kind)) + ' ' + one.id, &one);
  }
  const Component* find(Kind kind, const std::string& id) const {
    const auto found = by_name_.find(std::string(to_text(kind)) + ' ' + id);
    return found == by_name_.end() ? nullptr : found->second;
  }
  std::vector<std::string> ids(Kind kind) const {
    std::vector<std::string> all;
    for (const auto& [name, one] : by_name_)
      if (one->kind == kind) all.push_back(one->id);
    return all;
  }

 private:
  std::map<std::string, const Component*> by_name_;
};

std::string suggestion(const Index& index, Kind kind, const std::string& id) {
  const std::string close = nearest(id, index.ids(kind));
  return close.empty() ? "; add it to " + std::string(section_of(kind)) : "; did you mean '" + close + "'?";
}

std::uint8_t signal_bit(std::string_view signal) {
  if (signal == "traces") return kTraces;
  return signal == "metrics" ? kMetrics : kLogs;
}

/// One reference of a pipeline: it must be defined and must know the pipeline's signal.
void check_reference(const Pipeline& pipeline, const Reference& reference, Kind kind, std::string_view key,
                     const Index& index, Reading& reading) {
  const std::string path = pipeline.path + '.' + std::string(key);
  const Component* const found = index.find(kind, reference.id);
  const bool may_connect = kind == Kind::receiver || kind == Kind::exporter;
  if (found == nullptr) {
    if (may_connect && index.find(Kind::connector, reference.id) != nullptr) return;
    return reading.refuse(*reference.value, path,
                          "references " + std::string(to_text(kind)) + ' ' + in_quotes(reference.id) +
                              " which is not configured" + suggestion(index, kind, reference.id));
  }
  if (found->type == nullptr || (found->type->signals & signal_bit(pipeline.signal)) != 0) return;
  reading.refuse(*reference.value, path,
                 "failed to create " + in_quotes(reference.id) + ' ' + std::string(to_text(kind)) + ", in pipeline " +
                     in_quotes(pipeline.id) + ": telemetry type is not supported; take it out of this pipeline");
}

void check_pipeline(const Pipeline& pipeline, const Index& index, Reading& reading) {
  if (pipeline.receivers.empty())
    reading.refuse(pipeline.document, pipeline.mark, pipeline.path, "must have at least one receiver; list it under receivers");
  if (pipeline.exporters.empty())
    reading.refuse(pipeline.document, pipeline.mark, pipeline.path, "must have at least one exporter; list it under exporters");
  std::set<std::string> seen;
  for (const Reference& one : pipeline.processors)
    if (!seen.insert(one.id).second)
      reading.refuse(*one.value, pipeline.path + ".processors",
                     "references processor " + in_quotes(one.id) + " multiple times; drop one");
  for (const Reference& one : pipeline.receivers)
    check_reference(pipeline, one, Kind::receiver, "receivers", index, reading);
  for (const Reference& one : pipeline.processors)
    check_reference(pipeline, one, Kind::processor, "processors", index, reading);
  for (const Reference& one : pipeline.exporters)
    check_reference(pipeline, one, Kind::exporter, "exporters", index, reading);
}

// Connectors

/// Where a connector stands: pipelines it ends and pipelines it starts.
struct Use {
  const Value* place = nullptr;
  std::vector<const Pipeline*> ends, starts;
};

bool joins(const Type* type, const Pipeline& from, const Pipeline& to) {
  if (type == nullptr) return true;
  if (type->name == "forward") return from.signal == to.signal;
  if (type->name == "span_metrics" || type->name == "service_graph")
    return from.signal == "traces" && to.signal == "metrics";
  return true;
}

std::map<std::string, Use> connector_uses(const Service& service, const Index& index) {
  std::map<std::string, Use> uses;
  for (const Pipeline& pipeline : service.pipelines) {
    for (const Reference& one : pipeline.exporters)
      if (index.find(Kind::exporter, one.id) == nullptr && index.find(Kind::connector, one.id) != nullptr) {
        uses[one.id].place = one.value;
        uses[one.id].ends.push_back(&pipeline);
      }
    for (const Reference& one : pipeline.receivers)
      if (index.find(Kind::receiver, one.id) == nullptr && index.find(Kind::connector, one.id) != nullptr) {
        uses[one.id].place = one.value;
        uses[one.id].starts.push_back(&pipeline);
      }
  }
  return uses;
}

using Links = std::map<const Pipeline*, std::vector<const Pipeline*>>;

void check_use(const std::string& id, const Use& use, const Type* type, Links& links, Reading& reading) {
  for (const Pipeline* const from : use.ends) {
    bool joined = false;
    for (const Pipeline* const to : use.starts)
      if (joins(type, *from, *to)) {
        joined = true;
        links[from].push_back(to);
      }
    if (!joined)
      reading.refuse(*use.place, from->path + ".exporters",
                     "connector " + in_quotes(id) + " used as exporter in [" + from->id +
                         "] pipeline but not used in any supported receiver pipeline; list it under receivers of one");
  }
  for (const Pipeline* const to : use.starts)
    if (std::ranges::none_of(use.ends, [&](const Pipeline* from) { return joins(type, *from, *to); }))
      reading.refuse(*use.place, to->path + ".receivers",
                     "connector " + in_quotes(id) + " used as receiver in [" + to->id +
                         "] pipeline but not used in any supported exporter pipeline; list it under exporters of one");
}

/// Depth first with an explicit stack; `state` 1: on the way, 2: done.
bool reaches_itself(const Pipeline* start, const Links& links) {
  std::set<const Pipeline*> seen;
  std::vector<const Pipeline*> open{start};
  while (!open.empty()) {
    const auto found = links.find(open.back());
    open.pop_back();
    if (found == links.end()) continue;
    for (const Pipeline* const next : found->second) {
      if (next == start) return true;
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return false;
}

void check_connectors(const Whole& whole, const Index& index, Reading& reading) {
  for (const Component& one : whole.components) {
    if (one.kind != Kind::connector) continue;
    for (const Kind other : {Kind::exporter, Kind::receiver})
      if (index.find(other, one.id) != nullptr)
        reading.refuse(*one.value, one.path,
                       "ambiguous ID: Found both " + in_quotes(one.id) + ' ' + std::string(to_text(other)) + " and " +
                           in_quotes(one.id) + " connector; rename the connector to " + in_quotes(one.id + "/connector"));
  }
  Links links;
  for (const auto& [id, use] : connector_uses(whole.service, index))
    check_use(id, use, index.find(Kind::connector, id)->type, links, reading);
  for (const Pipeline& pipeline : whole.service.pipelines)
    if (reaches_itself(&pipeline, links))
      return reading.refuse(pipeline.document, pipeline.mark, pipeline.path,
                            "cycle detected: this pipeline feeds itself through connectors; break the loop");
}

// Start

enum class Side { client, server };

/// What an extension type is known to be able to do as an authenticator.
bool can_authenticate(const Component& extension, Side side, const CollectorConfig& config) {
  constexpr std::array never{"health_check", "pprof", "zpages", "file_storage", "memory_limiter"};
  if (std::ranges::find(never, extension.type->name) != never.end()) return false;
  const auto found = std::ranges::find(config.extensions, extension.id, &Defined<ExtensionConfig>::id);
  if (found == config.extensions.end()) return true;
  const auto* const basic = std::get_if<BasicAuthConfig>(&found->config);
  return basic == nullptr || basic->client == (side == Side::client);
}

struct Start {
  const Whole& whole;
  const Index& index;
  Reading& reading;
  std::set<std::string> enabled;  ///< ids in service.extensions

  /// The extension of this id when it is enabled and known.
  const Component* extension(const std::string& id) const {
    return enabled.contains(id) ? index.find(Kind::extension, id) : nullptr;
  }
  const Value& at(const Component& component, std::initializer_list<std::string_view> keys) const {
    const Value* value = component.value;
    for (const std::string_view key : keys) {
      const Value* const inner = value->find(key);
      if (inner == nullptr) return *value;
      value = inner;
    }
    return *value;
  }
};

void check_authenticator(const Start& start, const Component& user, const std::string& id, Side side, const Value& at,
                         const std::string& path) {
  if (id.empty()) return;
  const Component* const extension = start.extension(id);
  if (extension == nullptr) {
    const bool defined = start.index.find(Kind::extension, id) != nullptr;
    return start.reading.refuse(at, path,
                                "failed to resolve authenticator " + in_quotes(id) + ": authenticator not found; " +
                                    (defined ? "list it in service.extensions" : "define it under extensions and list it "
                                                                                 "in service.extensions"));
  }
  if (extension->type == nullptr || !extension->sound) return;
  if (can_authenticate(*extension, side, start.whole.config)) return;
  static_cast<void>(user);
  start.reading.refuse(at, path, side == Side::client
                                     ? "requested authenticator is not a HTTP client authenticator; " + in_quotes(id) +
                                           " needs client_auth"
                                     : "requested authenticator is not a server authenticator; " + in_quotes(id) +
                                           " needs htpasswd");
}

void check_exporter(const Start& start, const Component& exporter, const OtlpHttpExporterConfig& config, bool traces) {
  check_authenticator(start, exporter, config.auth, Side::client, start.at(exporter, {"auth", "authenticator"}),
                      exporter.path + ".auth.authenticator");
  const std::string& storage = config.sending_queue.storage;
  if (config.sending_queue.enabled && !storage.empty() && start.extension(storage) == nullptr)
    start.reading.refuse(start.at(exporter, {"sending_queue", "storage"}), exporter.path + ".sending_queue.storage",
                         "no storage client extension found; define " + in_quotes(storage) +
                             " under extensions and list it in service.extensions");
  if (!config.endpoint.empty() && !is_url(config.endpoint))
    return start.reading.refuse(start.at(exporter, {"endpoint"}), exporter.path + ".endpoint",
                                "endpoint must be a valid URL; " + in_quotes(config.endpoint) + " is not, write http://host:port");
  if (!traces) return;
  const bool own = !config.traces_endpoint.empty();
  const std::string key = own ? "traces_endpoint" : "endpoint";
  if (!own && config.endpoint.empty())
    return start.reading.refuse(*exporter.value, exporter.path,
                                "either endpoint or traces_endpoint must be specified; a traces pipeline uses this exporter");
  const std::string url = config.traces_url();
  if (!is_url(url))
    return start.reading.refuse(start.at(exporter, {key}), exporter.path + '.' + key,
                                "traces_endpoint must be a valid URL; " + in_quotes(url) + " is not, write http://host:port");
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    start.reading.warn(start.at(exporter, {key}), exporter.path + '.' + key,
                       in_quotes(url) + " starts with neither http:// nor https://, so the collector starts but every "
                                     "request fails with: unsupported protocol scheme");
}

/// An address some part of the collector listens on.
struct Listener {
  std::string host;
  int port = 0;
  std::string who;
};

bool overlap(const Listener& a, const Listener& b) {
  const auto everywhere = [](const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; };
  const auto plain = [](const std::string& host) { return host == "127.0.0.1" ? std::string("localhost") : host; };
  return a.port != 0 && a.port == b.port && (everywhere(a.host) || everywhere(b.host) || plain(a.host) == plain(b.host));
}

void listen(const Start& start, std::vector<Listener>& taken, const std::string& address, const Value& at,
            const std::string& path) {
  std::string error;
  const auto parts = split_host_port(address, error);
  if (!parts)
    return start.reading.refuse(at, path, "listen tcp: " + error + "; write host:port, e.g. 0.0.0.0:4318");
  Listener listener{parts->host, 0, path};
  const std::string& port = parts->port;
  if (port == "http") listener.port = 80;
  else if (port == "https") listener.port = 443;
  else if (!port.empty()) {
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), listener.port);
    const bool number = code == std::errc{} && end == port.data() + port.size();
    if (!number || listener.port < 0 || listener.port > 65535)
      return start.reading.refuse(at, path, number ? "listen tcp: address " + port + ": invalid port; give 0 to 65535"
                                                   : "listen tcp: lookup tcp/" + port + ": unknown port; give a number");
  }
  for (const Listener& other : taken)
    if (overlap(listener, other))
      return start.reading.refuse(at, path, "listen tcp " + address + ": bind: address already in use, by " + other.who +
                                                "; give another port");
  taken.push_back(std::move(listener));
}

void check_receiver(const Start& start, const Component& component, const ReceiverConfig& config,
                    std::vector<Listener>& taken) {
  if (const auto* const zipkin = std::get_if<ZipkinReceiverConfig>(&config)) {
    listen(start, taken, zipkin->endpoint, start.at(component, {"endpoint"}), component.path + ".endpoint");
    check_authenticator(start, component, zipkin->auth, Side::server, start.at(component, {"auth", "authenticator"}),
                        component.path + ".auth.authenticator");
  }
  const auto* const otlp = std::get_if<OtlpReceiverConfig>(&config);
  if (otlp == nullptr) return;
  const std::string path = component.path + ".protocols.";
  if (otlp->grpc_endpoint)
    listen(start, taken, *otlp->grpc_endpoint, start.at(component, {"protocols", "grpc", "endpoint"}), path + "grpc.endpoint");
  if (!otlp->http_endpoint) return;
  listen(start, taken, *otlp->http_endpoint, start.at(component, {"protocols", "http", "endpoint"}), path + "http.endpoint");
  check_authenticator(start, component, otlp->http_auth, Side::server,
                      start.at(component, {"protocols", "http", "auth", "authenticator"}), path + "http.auth.authenticator");
}

void check_basic_auth(const Start& start, const Component& component, const BasicAuthConfig& config) {
  if (config.client && config.username.find(':') != std::string::npos)
    start.reading.refuse(start.at(component, {"client_auth", "username"}), component.path + ".client_auth.username",
                         "invalid authorization format: a user name must not contain ':'");
  const auto& text = start.at(component, {"htpasswd"});
  const auto given = [&text](std::string_view key) {
    const Value* const value = text.find(key);
    return value != nullptr && (value->broken || !value->text.empty() || (value->original && !value->original->empty()));
  };
  if (!config.client && !given("inline") && !given("file"))
    start.reading.refuse(text, component.path + ".htpasswd", "no credential source provided; give inline or file");
}

template <class Config, class Check>
void each_used(const Start& start, Kind kind, const std::vector<Defined<Config>>& defined,
               const std::set<std::string>& used, Check check) {
  for (const Defined<Config>& one : defined) {
    if (!used.contains(std::string(to_text(kind)) + ' ' + one.id)) continue;
    const Component* const component = start.index.find(kind, one.id);
    if (component != nullptr && component->sound) check(*component, one.config);
  }
}

/// Which exporters some traces pipeline uses.
std::set<std::string> trace_exporters(const Service& service) {
  std::set<std::string> all;
  for (const Pipeline& pipeline : service.pipelines)
    if (pipeline.signal == "traces")
      for (const Reference& one : pipeline.exporters) all.insert(one.id);
  return all;
}

void check_sections(const Whole& whole, Reading& reading) {
  const auto has = [&whole](Kind kind) {
    return std::ranges::any_of(whole.components, [kind](const Component& one) { return one.kind == kind; });
  };
  const Mark whole_file{};
  if (whole.components.empty())
    reading.refuse(whole.root.document, whole_file, "", "empty configuration file; define receivers, exporters and service.pipelines");
  else if (!has(Kind::receiver))
    reading.refuse(whole.root.document, whole_file, "", "no receiver configuration specified in config; add receivers:");
  else if (!has(Kind::exporter))
    reading.refuse(whole.root.document, whole_file, "", "no exporter configuration specified in config; add exporters:");
}

}  // namespace

void check_references(const Whole& whole, Reading& reading) {
  const int errors = reading.errors;
  check_sections(whole, reading);
  if (whole.service.pipelines.empty() && errors == 0)
    reading.refuse(whole.root.document, Mark{}, "service.pipelines", "service must have at least one pipeline; add traces:");
  const Index index(whole.components);
  for (const Reference& one : whole.service.extensions)
    if (index.find(Kind::extension, one.id) == nullptr)
      reading.refuse(*one.value, "service.extensions",
                     "references extension " + in_quotes(one.id) + " which is not configured" +
                         suggestion(index, Kind::extension, one.id));
  for (const Pipeline& pipeline : whole.service.pipelines) check_pipeline(pipeline, index, reading);
  check_connectors(whole, index, reading);
}

void check_start(const Whole& whole, Reading& reading) {
  const Index index(whole.components);
  Start start{whole, index, reading, {}};
  for (const Reference& one : whole.service.extensions) start.enabled.insert(one.id);
  const std::set<std::string> used = used_components(whole.service);
  const std::set<std::string> traces = trace_exporters(whole.service);
  std::vector<Listener> taken;
  const TelemetryConfig& page = whole.service.telemetry;
  if (page.port != 0) taken.push_back({page.host, page.port, "service.telemetry.metrics"});
  each_used(start, Kind::receiver, whole.config.receivers, used,
            [&](const Component& one, const ReceiverConfig& config) { check_receiver(start, one, config, taken); });
  each_used(start, Kind::exporter, whole.config.exporters, used, [&](const Component& one, const ExporterConfig& config) {
    if (const auto* const http = std::get_if<OtlpHttpExporterConfig>(&config))
      check_exporter(start, one, *http, traces.contains(one.id));
  });
  each_used(start, Kind::extension, whole.config.extensions, used, [&](const Component& one, const ExtensionConfig& config) {
    if (const auto* const basic = std::get_if<BasicAuthConfig>(&config)) check_basic_auth(start, one, *basic);
  });
}

}  // namespace spillway::collector
