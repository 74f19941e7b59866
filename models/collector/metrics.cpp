// The collector's own metrics page: names, labels and the moment a series appears are the real program's.
#include <algorithm>

#include "models/collector/collector.hpp"

namespace spillway::collector {
namespace {

/// A batch processor's timer below this turns without sleeping: `timeout: 10` is ten nanoseconds, and one core busy.
constexpr Duration kShortestSleep = std::chrono::microseconds{20};

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
  write_groups_by_attrs(page);
  write_exporters(page);
  write_load_balancers(page);
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
    const std::string items{names_of(settings.signal).items};
    put(page, "otelcol_receiver_accepted_" + items, labels, static_cast<double>(counters.accepted.value()));
    put(page, "otelcol_receiver_refused_" + items, labels, static_cast<double>(counters.refused.value()));
    if (semantics_.receiver_failed_metric) put(page, "otelcol_receiver_failed_" + items, labels, 0);
  }
}

void Collector::write_batches(Page& page) const {
  if (config_.telemetry.level == "basic" && semantics_.basic_level_drops_batch_metrics) return;
  std::map<std::string, BatchCounters> sums;  // one id in several pipelines is one series
  for (const NamedBatch& named : batches_) {
    const BatchCounters& counters = named.batch->counters();
    BatchCounters& sum = sums[named.id];
    const auto add = [](Counter& to, const Counter& from) {
      if (from.visible()) to.add(from.value());
    };
    add(sum.size_trigger_send, counters.size_trigger_send);
    add(sum.timeout_trigger_send, counters.timeout_trigger_send);
    sum.sends += counters.sends;
    sum.sent_items += counters.sent_items;
  }
  for (const auto& [id, counters] : sums) {
    const Labels labels{{"processor", id}};
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
    for (const Signal signal : kSignals) {
      const LimiterCounters& counters = limiter->counters(signal);
      const auto show = [&](const Counter& counter, const std::string& name, Labels labels) {
        labels["processor"] = id;
        if (counter.visible()) put(page, name, labels, static_cast<double>(counter.value()));
      };
      const Labels signal_label{{"otel_signal", std::string{names_of(signal).text}}};
      const std::string items{names_of(signal).items};
      show(counters.accepted, prefix + "accepted_" + items, {});
      show(counters.refused, prefix + "refused_" + items, {});
      show(counters.incoming, "otelcol_processor_incoming_items", signal_label);
      show(counters.outgoing, "otelcol_processor_outgoing_items", signal_label);
    }
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
  for (const NamedLoadBalancer& named : load_balancers_) {
    if (named.helper) work.queued += named.helper->queued_requests();
    for (const auto& backend : named.balancer->backends()) work.queued += backend.exporter->queued_requests();
  }
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
