// The load_balancing exporter. Sources: loadbalancingexporter of v0.111, v0.117, v0.145, v0.150 and v0.159.
#include <array>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

using Resolver = LoadBalancingConfig::Resolver;
using Key = LoadBalancingConfig::Key;

/// protocol.otlp is that exporter's section without its endpoint, which the resolver gives: until then it has one that is valid.
constexpr const char* kAnyEndpoint = "resolver:4317";

constexpr std::array kCloudMap{
    Setting{"namespace", Shape::text, kUnknownEffect},        Setting{"service_name", Shape::text, kUnknownEffect},
    Setting{"health_status", Shape::text, kUnknownEffect},    Setting{"interval", Shape::duration, kUnknownEffect},
    Setting{"timeout", Shape::duration, kUnknownEffect},      Setting{"port", Shape::integer, kUnknownEffect},
    Setting{"owner_account", Shape::text, kUnknownEffect, {}, &Semantics::load_balancer_attributes},
};

/// Numbers and texts alike, as texts.
void ports(Fields& fields, std::vector<std::string>& out) {
  const Value* const value = fields.take("ports");
  if (value == nullptr || value->kind == Value::Kind::null) return;
  if (value->kind != Value::Kind::list) return fields.refuse("ports", "expected a list; write [4317]");
  for (const Value& item : value->items) {
    if (item.kind == Value::Kind::integer) out.push_back(std::to_string(item.integer));
    else if (!item.broken) fields.refuse("ports", "expected numbers; write [4317]");
  }
}

void dns_resolver(Fields& fields, LoadBalancingConfig& config) {
  Duration timeout{};
  fields.text("hostname", config.hostname);
  fields.text("port", config.port);
  fields.duration("interval", config.interval);
  fields.duration("timeout", timeout);
  if (config.interval == Duration{}) config.interval = std::chrono::seconds{5};
  if (config.hostname.empty())
    fields.refuse_when_used("hostname", "no hostname specified to resolve the backends; give hostname: a name");
  if (config.interval < Duration{})
    fields.refuse_when_used("interval", "non-positive interval for NewTicker: the collector panics; give e.g. 5s");
}

void kubernetes_resolver(Fields& fields, LoadBalancingConfig& config) {
  Duration timeout{};
  bool names = false;
  fields.text("service", config.hostname);
  ports(fields, config.ports);
  fields.duration("timeout", timeout);
  if (fields.reading().semantics.load_balancer_is_helped) fields.boolean("return_hostnames", names);
  if (config.hostname.empty())
    fields.refuse_when_used("service", "no service specified to resolve the backends; give service: name.namespace");
}

/// Exactly one; how many there are is looked at when the exporter is built.
void resolvers(Fields& fields, LoadBalancingConfig& config) {
  int count = 0;
  const auto take = [&](std::string_view key, Resolver resolver, const std::function<void(Fields&)>& read) {
    const Presence presence = fields.optional(key, read);
    if (presence != Presence::given) return;
    ++count;
    config.resolver = resolver;
  };
  take("static", Resolver::fixed, [&config](Fields& inner) {
    inner.texts("hostnames", config.hostnames);
    if (config.hostnames.empty())
      inner.refuse_when_used("hostnames", "no endpoints specified for the static resolver; give hostnames: [host:4317]");
  });
  take("dns", Resolver::dns, [&config](Fields& inner) { dns_resolver(inner, config); });
  take("k8s", Resolver::kubernetes, [&config](Fields& inner) { kubernetes_resolver(inner, config); });
  take("aws_cloud_map", Resolver::cloud_map, [](Fields& inner) { inner.quiet([&inner] { inner.unmodelled(kCloudMap); }); });
  if (config.resolver == Resolver::kubernetes) fields.leave_out("k8s: resolved once, as a DNS name would be", kUnknownEffect);
  if (config.resolver == Resolver::cloud_map) fields.leave_out("aws_cloud_map", kUnknownEffect);
  if (count > 1)
    fields.refuse_when_used("", "only one resolver should be specified; drop all but one");
}

void routing(Fields& fields, LoadBalancingConfig& config) {
  std::string key;
  fields.text("routing_key", key);
  const bool knows_attributes = fields.reading().semantics.load_balancer_attributes;
  if (knows_attributes) fields.texts("routing_attributes", config.routing_attributes);
  if (key == "service") config.routing_key = Key::service;
  if (knows_attributes && key == "attributes") config.routing_key = Key::attributes;
  const bool by_attributes = config.routing_key == Key::attributes;
  if (by_attributes && config.routing_attributes.empty())
    fields.refuse("routing_key", "routing_attributes must be specified when routing_key is \"attributes\"; list some");
  if (!by_attributes && !config.routing_attributes.empty())
    fields.refuse("routing_attributes", "routing_attributes can only be used when routing_key is \"attributes\"; got \"" +
                                            key + "\"; drop them or set routing_key: attributes");
  if (key.empty() || key == "traceID" || config.routing_key != Key::trace_id) return;
  fields.refuse_when_used("routing_key", "unsupported routing_key: " + key + "; for traces use traceID, service" +
                                        (knows_attributes ? " or attributes" : ""));
}

void own_queue(Fields& fields, QueueConfig& out) {
  QueueConfig queue;
  sending_queue(fields, queue);
  const Value* const written = fields.value().find("sending_queue");
  const bool on = written != nullptr &&
                  (fields.reading().semantics.optional_queue || written->find("enabled") != nullptr);
  out = queue;
  out.enabled = on && queue.enabled;
}

}  // namespace

std::string endpoint_with_port(const std::string& endpoint) {
  return endpoint.find(':') == std::string::npos ? endpoint + ":4317" : endpoint;
}

LoadBalancingConfig load_balancing_exporter(Fields& fields) {
  LoadBalancingConfig config;
  config.otlp.endpoint = kAnyEndpoint;
  if (fields.reading().semantics.load_balancer_is_helped) {
    fields.duration("timeout", config.timeout);
    if (config.timeout < Duration{}) fields.refuse("timeout", "'timeout' must be non-negative; 0 waits for ever");
    retry(fields, config.retry_on_failure);
    own_queue(fields, config.sending_queue);
  }
  fields.section("protocol", [&config](Fields& protocol) {
    protocol.section("otlp", [&config](Fields& inner) { otlp_grpc_exporter(inner, config.otlp); });
    if (!config.otlp.sending_queue.storage.empty()) protocol.leave_out("otlp.sending_queue.storage", kUnknownEffect);
  });
  fields.section("resolver", [&config](Fields& inner) { resolvers(inner, config); });
  routing(fields, config);
  if (config.resolver == Resolver::none)
    fields.refuse_when_used("resolver", "no resolvers specified for the exporter; give resolver: {static: {hostnames: […]}}");
  return config;
}

}  // namespace spillway::collector
