// What the collector refuses while it starts, as far as the file alone shows it: whether an address, a certificate or
// a password file exists on its machine is not known here. Sources: configauth, confighttp, exporterhelper and
// basicauthextension of v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "models/collector/config_components.hpp"
#include "models/collector/config_service.hpp"

namespace spillway::collector {
namespace {

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

/// Whether the type is known not to be a store for queues.
bool cannot_store(const Type& type) {
  constexpr std::array never{"basicauth",      "health_check",    "pprof",          "zpages",
                             "memory_limiter", "bearertokenauth", "headers_setter", "oauth2client"};
  return std::ranges::find(never, type.name) != never.end();
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

/// An exporter that uses basicauth cannot send a user name with a colon.
void check_user_name(const Start& start, const Component& extension) {
  const Value& name = start.at(extension, {"client_auth", "username"});
  const std::string* const text = text_of(name);
  if (extension.type->name == "basicauth" && text != nullptr && text->find(':') != std::string::npos)
    start.reading.refuse(name, extension.path + ".client_auth.username",
                         "invalid authorization format: a user name must not contain ':'");
}

/// The auth section below `place`, when there is one: it must name an enabled extension that can do what is asked.
void check_authenticator(const Start& start, const Value& place, const std::string& path, Side side) {
  const Value* const auth = place.find("auth");
  if (auth == nullptr || is_switched_off(*auth) || (auth->kind == Value::Kind::null && !auth->original)) return;
  const Value* const written = auth->find("authenticator");
  const std::string* const text = written == nullptr ? nullptr : text_of(*written);
  std::string error;
  const auto parsed = parse_id(text == nullptr ? "" : *text, error);
  const std::string id = parsed ? parsed->text() : "";
  const Component* const extension = start.extension(id);
  const Value& at = written == nullptr ? *auth : *written;
  const std::string where = path + ".auth.authenticator";
  if (extension == nullptr) {
    const bool defined = start.index.find(Kind::extension, id) != nullptr;
    return start.reading.refuse(at, where,
                                "failed to resolve authenticator " + in_quotes(id) + ": authenticator not found; " +
                                    (defined ? "list it in service.extensions"
                                             : "define it under extensions and list it "
                                               "in service.extensions"));
  }
  if (extension->type == nullptr || !extension->sound) return;
  if (can_authenticate(*extension, side, start.whole.config)) return check_user_name(start, *extension);
  start.reading.refuse(
      at, where,
      side == Side::client
          ? "requested authenticator is not a HTTP client authenticator; " + in_quotes(id) + " needs client_auth"
          : "requested authenticator is not a server authenticator; " + in_quotes(id) + " needs htpasswd");
}

void check_storage(const Start& start, const Component& exporter, const QueueConfig& queue) {
  if (!queue.enabled || queue.storage.empty()) return;
  const Component* const extension = start.extension(queue.storage);
  const Value& at = start.at(exporter, {"sending_queue", "storage"});
  const std::string path = exporter.path + ".sending_queue.storage";
  if (extension == nullptr)
    return start.reading.refuse(at, path,
                                "no storage client extension found; define " + in_quotes(queue.storage) +
                                    " under extensions and list it in service.extensions");
  if (extension->type != nullptr && cannot_store(*extension->type))
    start.reading.refuse(at, path, "requested extension is not a storage extension; name a file_storage");
}

void check_exporter(const Start& start, const Component& exporter, const OtlpHttpExporterConfig& config, bool traces) {
  check_authenticator(start, *exporter.value, exporter.path, Side::client);
  check_storage(start, exporter, config.sending_queue);
  if (!config.endpoint.empty() && !is_url(config.endpoint))
    return start.reading.refuse(
        start.at(exporter, {"endpoint"}), exporter.path + ".endpoint",
        "endpoint must be a valid URL; " + in_quotes(config.endpoint) + " is not, write http://host:port");
  if (!traces) return;
  const bool own = !config.traces_endpoint.empty();
  const std::string key = own ? "traces_endpoint" : "endpoint";
  if (!own && config.endpoint.empty())
    return start.reading.refuse(
        *exporter.value, exporter.path,
        "either endpoint or traces_endpoint must be specified; a traces pipeline uses this exporter");
  const std::string url = config.traces_url();
  if (!is_url(url))
    return start.reading.refuse(
        start.at(exporter, {key}), exporter.path + '.' + key,
        "traces_endpoint must be a valid URL; " + in_quotes(url) + " is not, write http://host:port");
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    start.reading.warn(start.at(exporter, {key}), exporter.path + '.' + key,
                       in_quotes(url) +
                           " starts with neither http:// nor https://, so the collector starts but every "
                           "request fails with: unsupported protocol scheme");
}

/// gRPC itself cannot use every compression that the file may name, nor show a password without TLS.
void check_grpc_exporter(const Start& start, const Component& exporter, const OtlpGrpcExporterConfig& config) {
  check_authenticator(start, *exporter.value, exporter.path, Side::client);
  check_storage(start, exporter, config.sending_queue);
  constexpr std::array known{"", "none", "gzip", "snappy", "zstd"};
  if (std::ranges::find(known, config.compression) == known.end())
    start.reading.refuse(start.at(exporter, {"compression"}), exporter.path + ".compression",
                         "unsupported compression type " + in_quotes(config.compression) +
                             "; over gRPC use gzip, snappy, zstd or none");
  if (!config.auth.empty() && config.insecure)
    start.reading.refuse(start.at(exporter, {"auth"}), exporter.path + ".auth",
                         "the credentials require transport level security; drop tls.insecure");
}

/// Who listens on which port of which address; "" is all addresses.
class Listeners {
 public:
  /// Who stands in the way of a new one, or empty: then it is added.
  std::string add(std::string host, int port, const std::string& who) {
    if (port == 0) return "";
    if (host == "0.0.0.0" || host == "::") host.clear();
    if (host == "127.0.0.1") host = "localhost";
    std::map<std::string, std::string>& on_port = ports_[port];
    for (const std::string& other : {host, std::string()})
      if (const auto found = on_port.find(other); found != on_port.end()) return found->second;
    if (host.empty() && !on_port.empty()) return on_port.begin()->second;
    on_port.emplace(std::move(host), who);
    return "";
  }

 private:
  std::map<int, std::map<std::string, std::string>> ports_;
};

/// The number behind a port, 0 for none; nothing when the collector could not listen on it.
std::optional<int> port_number(const std::string& port, std::string& error) {
  if (port.empty()) return 0;
  if (port == "http") return 80;
  if (port == "https") return 443;
  int number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc{} || end != port.data() + port.size())
    return error = "lookup tcp/" + port + ": unknown port; give a number", std::nullopt;
  if (number < 0 || number > 65535) return error = "address " + port + ": invalid port; give 0 to 65535", std::nullopt;
  return number;
}

void listen(const Start& start, Listeners& taken, const std::string& address, const Value& at,
            const std::string& path) {
  if (address.empty())
    return start.reading.warn(at, path, "an empty endpoint listens on a port nobody knows; write host:port");
  std::string error;
  const auto parts = split_host_port(address, error);
  if (!parts) return start.reading.refuse(at, path, "listen tcp: " + error + "; write host:port, e.g. 0.0.0.0:4318");
  const auto port = port_number(parts->port, error);
  if (!port) return start.reading.refuse(at, path, "listen tcp: " + error);
  const std::string other = taken.add(parts->host, *port, path);
  if (!other.empty())
    start.reading.refuse(
        at, path, "listen tcp " + address + ": bind: address already in use, by " + other + "; give another port");
}

/// A server's section: its address, unless it is a Unix socket, and its authenticator.
void serve(const Start& start, Listeners& taken, const Value& section, const std::string& endpoint,
           const std::string& path) {
  const Value* const transport = section.find("transport");
  const std::string* const name = transport == nullptr ? nullptr : text_of(*transport);
  const Value* const written = section.find("endpoint");
  if (name == nullptr || !name->starts_with("unix"))
    listen(start, taken, endpoint, written == nullptr ? section : *written, path + ".endpoint");
  check_authenticator(start, section, path, Side::server);
}

void check_receiver(const Start& start, const Component& component, const ReceiverConfig& config, Listeners& taken) {
  if (const auto* const zipkin = std::get_if<ZipkinReceiverConfig>(&config))
    serve(start, taken, *component.value, zipkin->endpoint, component.path);
  const auto* const otlp = std::get_if<OtlpReceiverConfig>(&config);
  if (otlp == nullptr) return;
  const auto check = [&](const std::string& protocol, const std::optional<std::string>& endpoint) {
    if (!endpoint) return;
    serve(start, taken, start.at(component, {"protocols", protocol}), *endpoint,
          component.path + ".protocols." + protocol);
  };
  check("grpc", otlp->grpc_endpoint);
  check("http", otlp->http_endpoint);
}

/// What a basicauth extension that is enabled needs.
void check_basic_auth(const Start& start, const Component& component, const BasicAuthConfig& config) {
  const Value& text = start.at(component, {"htpasswd"});
  if (!config.client && !has_text(text, "inline") && !has_text(text, "file"))
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

}  // namespace

void check_start(const Whole& whole, Reading& reading) {
  const Index index(whole.components);
  Start start{whole, index, reading, {}};
  for (const Reference& one : whole.service.extensions) start.enabled.insert(one.id);
  const std::set<std::string> used = used_components(whole.service);
  const std::set<std::string> traces = trace_exporters(whole.service);
  for (const Component& one : whole.components) {
    if (!used.contains(std::string(to_text(one.kind)) + ' ' + one.id)) continue;
    for (const Reading::Late& late : one.when_used) reading.refuse(late.document, late.mark, late.path, late.message);
  }
  Listeners taken;
  const TelemetryConfig& page = whole.service.telemetry;
  taken.add(page.host, page.port, "service.telemetry.metrics");
  each_used(start, Kind::receiver, whole.config.receivers, used,
            [&](const Component& one, const ReceiverConfig& config) { check_receiver(start, one, config, taken); });
  each_used(start, Kind::exporter, whole.config.exporters, used,
            [&](const Component& one, const ExporterConfig& config) {
              if (const auto* const http = std::get_if<OtlpHttpExporterConfig>(&config))
                check_exporter(start, one, *http, traces.contains(one.id));
              if (const auto* const grpc = std::get_if<OtlpGrpcExporterConfig>(&config))
                check_grpc_exporter(start, one, *grpc);
            });
  each_used(start, Kind::processor, whole.config.processors, used,
            [&](const Component& one, const ProcessorConfig& config) {
              if (const auto* const tail = std::get_if<TailSamplingConfig>(&config)) check_tail_sampling(one, *tail, reading);
            });
  each_used(start, Kind::connector, whole.config.routings, used,
            [&](const Component& one, const RoutingConfig& config) { check_routing(one, config, whole.service, reading); });
  each_used(start, Kind::extension, whole.config.extensions, used,
            [&](const Component& one, const ExtensionConfig& config) {
              if (const auto* const basic = std::get_if<BasicAuthConfig>(&config)) check_basic_auth(start, one, *basic);
            });
}

}  // namespace spillway::collector
