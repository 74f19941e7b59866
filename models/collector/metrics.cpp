// The collector's own metrics page: names, labels and the moment a series appears are the real program's.
#include <algorithm>

#include "models/collector/collector.hpp"

namespace spillway::collector {
namespace {

struct UrlParts {
  std::string host, port, path;
};

/// A batch processor's timer below this turns without sleeping: `timeout: 10` is ten nanoseconds, and one core busy.
constexpr Duration kShortestSleep = std::chrono::microseconds{20};

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

const char* transport_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::zipkin: return "http_v2_json";
    case Protocol::otlp_http: return "http";
    case Protocol::otlp_grpc: return "grpc";
  }
  return "";
}

}  // namespace

void Collector::put(Page& page, std::string name, Labels labels, double value) const {
  labels["collector"] = settings_.name;
  page.push_back({std::move(name), std::move(labels), value});
}

void Collector::write_metrics(Page& page) const {
  if (life_ == Life::down || config_.telemetry.level == "none") return;
  write_receivers(page);
  write_batches(page);
  write_limiters(page);
  write_span_processors(page);
  write_tail_samplings(page);
  write_probabilistic_samplers(page);
  write_groups_by_trace(page);
  write_exporters(page);
  write_debug_exporters(page);
  write_process(page);
}

void Collector::write_receivers(Page& page) const {
  for (const NamedReceiver& named : receivers_) {
    const ReceiverSettings& settings = named.receiver->settings();
    const ReceiverCounters& counters = named.receiver->counters();
    if (!counters.accepted.visible()) continue;
    const Labels labels{{"receiver", settings.id},
                        {"transport", transport_of(settings.protocol)}};
    put(page, "otelcol_receiver_accepted_spans", labels, static_cast<double>(counters.accepted.value()));
    put(page, "otelcol_receiver_refused_spans", labels, static_cast<double>(counters.refused.value()));
    if (semantics_.receiver_failed_metric) put(page, "otelcol_receiver_failed_spans", labels, 0);
  }
}

void Collector::write_batches(Page& page) const {
  if (config_.telemetry.level == "basic" && semantics_.basic_level_drops_batch_metrics) return;
  for (const NamedBatch& named : batches_) {
    const BatchCounters& counters = named.batch->counters();
    const Labels labels{{"processor", named.id}};
    put(page, "otelcol_processor_batch_metadata_cardinality", labels, 1);
    const auto show = [&](const Counter& counter, const char* name) {
      if (counter.visible()) put(page, name, labels, static_cast<double>(counter.value()));
    };
    show(counters.size_trigger_send, "otelcol_processor_batch_batch_size_trigger_send");
    show(counters.timeout_trigger_send, "otelcol_processor_batch_timeout_trigger_send");
    if (counters.sends == 0) continue;
    put(page, "otelcol_processor_batch_batch_send_size_count", labels, static_cast<double>(counters.sends));
    put(page, "otelcol_processor_batch_batch_send_size_sum", labels, static_cast<double>(counters.sent_items));
  }
}

void Collector::write_limiters(Page& page) const {
  const std::string prefix = semantics_.limiter_own_metric_names ? "otelcol_processor_memory_limiter_" : "otelcol_processor_";
  for (const auto& [id, limiter] : limiters_) {
    const LimiterCounters& counters = limiter->counters();
    const auto show = [&](const Counter& counter, const std::string& name, Labels labels) {
      labels["processor"] = id;
      if (counter.visible()) put(page, name, labels, static_cast<double>(counter.value()));
    };
    show(counters.accepted, prefix + "accepted_spans", {});
    show(counters.refused, prefix + "refused_spans", {});
    show(counters.incoming, "otelcol_processor_incoming_items", {{"otel_signal", "traces"}});
    show(counters.outgoing, "otelcol_processor_outgoing_items", {{"otel_signal", "traces"}});
  }
}

void Collector::write_span_processors(Page& page) const {
  for (const auto& [id, counters] : span_counters_) {
    const auto show = [&](const Counter& counter, const char* name, Labels labels) {
      if (counter.visible()) put(page, name, std::move(labels), static_cast<double>(counter.value()));
    };
    const Labels labels{{"processor", id}, {"otel_signal", "traces"}};
    show(counters.incoming, "otelcol_processor_incoming_items", labels);
    show(counters.outgoing, "otelcol_processor_outgoing_items", labels);
    show(counters.filtered, "otelcol_processor_filter_spans_filtered", {{"filter", id}});
  }
}

// The debug exporter counts as others do; it never fails. The nop exporter counts nothing.
void Collector::write_debug_exporters(Page& page) const {
  for (const auto& [id, discard] : discards_) {
    if (!id.starts_with("debug")) continue;
    const Labels labels{{"exporter", id}};
    if (discard->sent.visible()) {
      put(page, "otelcol_exporter_sent_spans", labels, static_cast<double>(discard->sent.value()));
      if (!semantics_.send_failed_appears_late) put(page, "otelcol_exporter_send_failed_spans", labels, 0);
    }
    Labels with_type = labels;
    with_type["data_type"] = "traces";
    if (semantics_.in_flight_requests_metric) put(page, "otelcol_exporter_in_flight_requests", with_type, 0);
  }
}

void Collector::write_exporters(Page& page) const {
  for (const NamedExporter& named : exporters_) {
    const ExporterCounters& counters = named.exporter->counters();
    const Labels by_id{{"exporter", named.id}};
    Labels with_type = by_id;
    with_type["data_type"] = "traces";
    Labels with_address = by_id;
    if (semantics_.server_address_labels) {
      for (const auto& [label, value] : address_labels(named.address, named.grpc)) with_address[label] = value;
    }
    if (counters.sent.visible()) {
      put(page, "otelcol_exporter_sent_spans", with_address, static_cast<double>(counters.sent.value()));
    }
    if (counters.sent.visible() && (counters.send_failed.value() > 0 || !semantics_.send_failed_appears_late)) {
      put(page, "otelcol_exporter_send_failed_spans", with_address, static_cast<double>(counters.send_failed.value()));
    }
    const Counter& refused = named.exporter->enqueue_failed();
    if (refused.visible()) {
      put(page, "otelcol_exporter_enqueue_failed_spans", by_id, static_cast<double>(refused.value()));
    }
    if (semantics_.in_flight_requests_metric) {
      put(page, "otelcol_exporter_in_flight_requests", with_type, static_cast<double>(named.exporter->in_flight()));
    }
    const QueueConfig& queue = named.config->sending_queue;
    if (!queue.enabled) continue;
    put(page, "otelcol_exporter_queue_size", with_type, static_cast<double>(named.exporter->queue_used()));
    put(page, "otelcol_exporter_queue_capacity", semantics_.capacity_has_data_type ? with_type : by_id,
        static_cast<double>(queue.queue_size));
  }
}

Work Collector::work() const {
  Work work = usage_.work();
  const Duration up = run_.sim.now() - started_;
  for (const NamedBatch& named : batches_) {
    work.batched_spans += named.batch->accepted_spans();
    const Duration interval = named.batch->timer_interval();
    if (interval == Duration{0}) continue;
    if (interval < kShortestSleep) work.spinning_seconds += seconds(up);
    else work.timer_turns += seconds(up) / seconds(interval);
  }
  for (const NamedExporter& named : exporters_) work.queued += named.exporter->queued_requests();
  return work;
}

void Collector::write_process(Page& page) const {
  const Duration up = run_.sim.now() - started_;
  const Work done = work();
  put(page, "otelcol_process_cpu_seconds", {}, cpu_seconds(settings_.costs, done, up));
  put(page, "otelcol_process_memory_rss", {}, usage_.resident());
  put(page, "otelcol_process_runtime_heap_alloc_bytes", {}, static_cast<double>(usage_.heap()));
  put(page, "otelcol_process_runtime_total_alloc_bytes", {}, allocated_bytes(settings_.costs, done, up));
  put(page, "otelcol_process_uptime", {}, seconds(up));
}

}  // namespace spillway::collector
