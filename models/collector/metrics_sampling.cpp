// Series of the sampling processors. None has a label for the processor: counters of several add up, and a gauge shows
// what was read last.
#include <array>
#include <map>
#include <utility>

#include "models/collector/collector.hpp"

namespace spillway::collector {
namespace {

/// Series by name and labels.
class Sums {
 public:
  void add(const std::string& name, const Labels& labels, std::int64_t value) {
    values_[{name, labels}] += static_cast<double>(value);
  }
  void show(const std::string& name, const Labels& labels, const Counter& counter) {
    if (counter.visible()) add(name, labels, counter.value());
  }
  void show(const std::string& name, const Samples& samples) {
    if (samples.count == 0) return;
    add(name + "_count", {}, samples.count);
    add(name + "_sum", {}, samples.sum);
  }
  const std::map<std::pair<std::string, Labels>, double>& values() const { return values_; }

 private:
  std::map<std::pair<std::string, Labels>, double> values_;
};

const std::string kTail = "otelcol_processor_tail_sampling_";

Labels decision_labels(std::size_t decision, const SamplingSemantics& semantics) {
  constexpr std::array names{"sampled", "not_sampled", "dropped"};
  Labels labels{{"sampled", decision == 0 ? "true" : "false"}};
  if (semantics.decision_label) labels["decision"] = names[decision];
  return labels;
}

/// "tail_sampling/foo" puts "foo." in front of the names of its policies.
std::string policy_prefix(const std::string& id) {
  const auto slash = id.find('/');
  return slash == std::string::npos ? "" : id.substr(slash + 1) + ".";
}

void add_policies(Sums& sums, const std::string& id, const TailSampling& processor,
                  const SamplingSemantics& semantics) {
  const TailCounters& counters = processor.counters();
  const std::vector<std::string> names = policy_order(processor.config());
  for (std::size_t i = 0; i < counters.policies.size(); ++i) {
    const std::string policy = policy_prefix(id) + names[i];
    for (std::size_t decision = 0; decision < 3; ++decision) {
      Labels labels = decision_labels(decision, semantics);
      labels["policy"] = policy;
      sums.show(kTail + "count_traces_sampled", labels, counters.policies[i].traces[decision]);
    }
    const std::string executions =
        semantics.execution_metrics ? "sampling_policy_execution_count" : "sampling_decision_latency_count";
    sums.show(kTail + executions, {{"policy", policy}}, counters.policies[i].executions);
  }
}

void add_counts(Sums& sums, const TailCounters& counters, const SamplingSemantics& semantics) {
  for (std::size_t decision = 0; decision < 3; ++decision) {
    sums.show(kTail + "global_count_traces_sampled", decision_labels(decision, semantics), counters.decided[decision]);
  }
  for (std::size_t cache = 0; cache < 2; ++cache) {
    const Labels labels = semantics.cache_label ? Labels{{"sampled", cache == 0 ? "true" : "false"}} : Labels{};
    sums.show(kTail + "early_releases_from_cache_decision", labels, counters.early_releases[cache]);
  }
  sums.show(kTail + "new_trace_id_received", {}, counters.new_traces);
  sums.show(kTail + "sampling_trace_dropped_too_early", {}, counters.dropped_too_early);
  sums.show(kTail + "sampling_policy_evaluation_error", {}, counters.evaluation_errors);
  sums.show(kTail + "traces_dropped_too_large", {}, counters.too_large);
  sums.show(kTail + "sampling_late_span_age", counters.late_span_age);
  sums.show(kTail + "sampling_trace_removal_age", counters.removal_age);
  // How long a decision takes is not modelled: the number of samples is.
  if (counters.decision_timer.count > 0)
    sums.add(kTail + "sampling_decision_timer_latency_count", {}, counters.decision_timer.count);
}

}  // namespace

void Collector::write_tail_samplings(Page& page) const {
  Sums sums;
  const TailCounters* read_last = nullptr;
  for (const NamedTailSampling& named : tail_samplings_) {
    const TailCounters& counters = named.processor->counters();
    add_policies(sums, named.id, *named.processor, semantics_.sampling);
    add_counts(sums, counters, semantics_.sampling);
    if (!counters.traces_on_memory.visible()) continue;
    if (read_last == nullptr || read_last->memory_read_at <= counters.memory_read_at) read_last = &counters;
  }
  if (read_last != nullptr) sums.add(kTail + "sampling_traces_on_memory", {}, read_last->traces_on_memory.value());
  for (const auto& [series, value] : sums.values()) put(page, series.first, series.second, value);
}

void Collector::write_probabilistic_samplers(Page& page) const {
  Sums sums;
  for (const NamedProbabilisticSampler& named : probabilistic_samplers_) {
    const ProbabilisticSamplerCounters& counters = named.processor->counters();
    for (const auto& [policy, spans] : counters.by_policy) {
      for (std::size_t dropped = 0; dropped < 2; ++dropped) {
        const Labels labels{{"policy", policy}, {"sampled", dropped == 0 ? "true" : "false"}};
        sums.show("otelcol_processor_probabilistic_sampler_count_traces_sampled", labels, spans[dropped]);
      }
    }
    const Labels labels{{"processor", named.id}, {"otel_signal", "traces"}};
    sums.show("otelcol_processor_incoming_items", labels, counters.incoming);
    sums.show("otelcol_processor_outgoing_items", labels, counters.outgoing);
  }
  for (const auto& [series, value] : sums.values()) put(page, series.first, series.second, value);
}

void Collector::write_groups_by_trace(Page& page) const {
  constexpr std::array events{"onTraceReceived", "onTraceExpired", "onTraceReleased", "onTraceRemoved"};
  const std::string prefix = "otelcol_processor_groupbytrace_";
  Sums sums;
  for (const NamedGroupByTrace& named : groups_by_trace_) {
    const GroupByTraceCounters& counters = named.processor->counters();
    sums.show(prefix + "incomplete_releases", {}, counters.incomplete_releases);
    sums.show(prefix + "traces_evicted", {}, counters.traces_evicted);
    sums.show(prefix + "traces_released", {}, counters.traces_released);
    sums.show(prefix + "spans_released", {}, counters.spans_released);
    for (std::size_t event = 0; event < events.size(); ++event) {
      if (counters.events[event] == 0) continue;
      sums.add(prefix + "event_latency_count", {{"event", events[event]}}, counters.events[event]);
    }
  }
  for (const auto& [series, value] : sums.values()) put(page, series.first, series.second, value);
  if (groups_by_trace_.empty()) return;
  // Gauges show what one of several wrote last.
  const GroupByTrace& last = *groups_by_trace_.back().processor;
  put(page, prefix + "conf_num_traces", {}, static_cast<double>(last.config().num_traces));
  put(page, prefix + "num_events_in_queue", {}, 0);
  put(page, prefix + "num_traces_in_memory", {}, static_cast<double>(last.counters().traces_in_memory));
}

void Collector::write_groups_by_attrs(Page& page) const {
  const std::string prefix = "otelcol_processor_groupbyattrs_";
  Sums sums;
  for (const auto& [id, counters] : span_counters_) {
    sums.show(prefix + "num_grouped_spans", {}, counters.grouped);
    sums.show(prefix + "num_non_grouped_spans", {}, counters.not_grouped);
    if (counters.regrouped == 0) continue;
    sums.add(prefix + "span_groups_count", {}, counters.regrouped);
    sums.add(prefix + "span_groups_sum", {}, counters.groups);
  }
  for (const auto& [series, value] : sums.values()) put(page, series.first, series.second, value);
}

}  // namespace spillway::collector
