// Series of the exporters.
#include "models/collector/collector.hpp"

namespace spillway::collector {
namespace {

struct UrlParts {
  std::string host, port, path;
};

UrlParts split_url(const std::string& url) {
  UrlParts parts;
  const auto scheme = url.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t slash = std::min(url.find('/', start), url.size());
  const std::string authority = url.substr(start, slash - start);
  const auto colon = authority.rfind(':');
  parts.host = authority.substr(0, colon);
  parts.port = colon == std::string::npos ? (url.starts_with("https") ? "443" : "80") : authority.substr(colon + 1);
  parts.path = url.substr(slash);
  return parts;
}

// A gRPC endpoint that is more than host:port, http://host:port say, is a server address as a whole.
Labels address_labels(const std::string& address, bool grpc) {
  if (!grpc) {
    const UrlParts url = split_url(address);
    return {{"server_address", url.host}, {"server_port", url.port}, {"url_path", url.path}};
  }
  const ListenAddress parts = listen_address(address);
  if (parts.port == 0 || address.find("//") != std::string::npos) return {{"server_address", address}};
  return {{"server_address", parts.host}, {"server_port", std::to_string(parts.port)}};
}

}  // namespace

// The debug exporter counts as others do; it never fails. The nop exporter counts nothing.
void Collector::write_debug_exporters(Page& page) const {
  for (const auto& [key, discard] : discards_) {
    const auto& [signal, id] = key;
    if (!id.starts_with("debug")) continue;
    const std::string items{names_of(signal).items};
    const Labels labels{{"exporter", id}};
    if (discard->sent.visible()) {
      put(page, "otelcol_exporter_sent_" + items, labels, static_cast<double>(discard->sent.value()));
      if (!semantics_.send_failed_appears_late) put(page, "otelcol_exporter_send_failed_" + items, labels, 0);
    }
    Labels with_type = labels;
    with_type["data_type"] = names_of(signal).text;
    if (semantics_.in_flight_requests_metric) put(page, "otelcol_exporter_in_flight_requests", with_type, 0);
  }
}

// `address`: labels of what it has sent. Several exporters under one id add up, with those that are gone; of their queues the
// last one is shown.
void Collector::write_exporter(Page& page, Signal signal, const std::string& id, const Labels& address, const SenderConfig& config,
                               const std::vector<const Exporter*>& exporters, const LoadBalancer::Gone& gone) const {
  const Labels by_id{{"exporter", id}};
  Labels with_type = by_id;
  with_type["data_type"] = names_of(signal).text;
  const std::string items{names_of(signal).items};
  Labels with_address = by_id;
  with_address.insert(address.begin(), address.end());
  auto [sent, send_failed, enqueue_failed] = gone;
  std::int64_t in_flight = 0;
  const auto add = [](Counter& sum, const Counter& one) {
    if (one.visible()) sum.add(one.value());
  };
  for (const Exporter* const exporter : exporters) {
    add(sent, exporter->counters().sent);
    add(send_failed, exporter->counters().send_failed);
    add(enqueue_failed, exporter->enqueue_failed());
    in_flight += exporter->in_flight();
  }
  const auto show = [&](const std::string& name, const Labels& labels, const Counter& counter) {
    if (counter.visible()) put(page, name, labels, static_cast<double>(counter.value()));
  };
  show("otelcol_exporter_sent_" + items, with_address, sent);
  if (sent.visible() && (send_failed.value() > 0 || !semantics_.send_failed_appears_late))
    show("otelcol_exporter_send_failed_" + items, with_address, send_failed);
  show("otelcol_exporter_enqueue_failed_" + items, by_id, enqueue_failed);
  if (semantics_.in_flight_requests_metric)
    put(page, "otelcol_exporter_in_flight_requests", with_type, static_cast<double>(in_flight));
  const QueueConfig& queue = config.sending_queue;
  if (!queue.enabled) return;
  put(page, "otelcol_exporter_queue_size", with_type, static_cast<double>(exporters.back()->queue_used()));
  put(page, "otelcol_exporter_queue_capacity", semantics_.capacity_has_data_type ? with_type : by_id,
      static_cast<double>(queue.queue_size));
}

void Collector::write_exporters(Page& page) const {
  for (const NamedExporter& named : exporters_) {
    const Labels address = semantics_.server_address_labels ? address_labels(named.address, named.grpc) : Labels{};
    write_exporter(page, named.signal, named.id, address, *named.config, {named.exporter.get()});
  }
}

void Collector::write_load_balancers(Page& page) const {
  for (const NamedLoadBalancer& named : load_balancers_) {
    const LoadBalancer& balancer = *named.balancer;
    std::vector<const Exporter*> exporters;
    for (const LoadBalancer::Backend& backend : balancer.backends()) {
      if (backend.life != LoadBalancer::Life::none) exporters.push_back(backend.exporter.get());
    }
    if (named.helper) write_exporter(page, Signal::traces, named.id, {}, balancer.config(), {named.helper.get()});
    if (!semantics_.load_balancer_hides_backends && !exporters.empty())
      write_exporter(page, Signal::traces, named.id, {}, balancer.config().otlp, exporters, balancer.gone());
    write_load_balancer(page, balancer);
  }
}

void Collector::write_load_balancer(Page& page, const LoadBalancer& balancer) const {
  const bool dns = balancer.config().resolver == LoadBalancingConfig::Resolver::dns;
  const Labels resolver{{"resolver", dns ? "dns" : "static"}};
  if (balancer.updates() > 0) {
    put(page, "otelcol_loadbalancer_num_backends", resolver, static_cast<double>(balancer.endpoints()));
    put(page, "otelcol_loadbalancer_num_backend_updates", resolver, static_cast<double>(balancer.updates()));
  }
  for (const bool success : {false, true}) {
    Labels resolved = resolver;
    resolved["success"] = success ? "true" : "false";
    const std::int64_t times = balancer.resolutions(success);
    if (times > 0) put(page, "otelcol_loadbalancer_num_resolutions", resolved, static_cast<double>(times));
  }
  for (const auto& [called, outcomes] : balancer.outcomes()) {
    const Labels endpoint{{"endpoint", called}};
    const auto show = [&](const Counter& counter, const char* success) {
      Labels labels = endpoint;
      labels["success"] = success;
      if (counter.visible()) put(page, "otelcol_loadbalancer_backend_outcome", labels, static_cast<double>(counter.value()));
    };
    show(outcomes.succeeded, "true");
    show(outcomes.failed, "false");
    if (outcomes.calls == 0) continue;
    put(page, "otelcol_loadbalancer_backend_latency_count", endpoint, static_cast<double>(outcomes.calls));
    put(page, "otelcol_loadbalancer_backend_latency_sum", endpoint, static_cast<double>(outcomes.milliseconds));
  }
}

}  // namespace spillway::collector
