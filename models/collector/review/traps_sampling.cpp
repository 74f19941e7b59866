// Traps of sampling. Reasons counted from the rules in tailsamplingprocessor, probabilisticsamplerprocessor and
// groupbytraceprocessor, and checked against running collectors.
#include <algorithm>
#include <array>
#include <cmath>

#include "models/collector/review/findings.hpp"

namespace spillway::collector::review {
namespace {

double decision_wait(const Part& sampler) { return std::max(1.0, std::floor(sampler.seconds({"decision_wait"}, 30))); }
double trace_slots(const Part& sampler) { return sampler.number({"num_traces"}, 50'000); }

/// Every tail_sampling in a pipeline of traces: once a pipeline.
template <class Look>
void each(const Facts& facts, std::string_view type, Look look) {
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->processors)
      if (mention.is(type)) look(*line, mention);
}

/// Before any other of that type in the same pipeline.
bool stands_before(const Line& line, std::string_view first, std::string_view second) {
  const int a = line.position(first);
  const int b = line.position(second);
  return a >= 0 && b >= 0 && a < b;
}

void fragments(const Facts& facts, Report& report) {
  if (!facts.several()) return;
  const bool per_node = facts.workload.mode == "daemonset" || facts.workload.mode == "sidecar";
  const double processes = facts.replicas() > 1 ? facts.replicas() : per_node ? 3 : 2;
  const double whole = processes * std::pow(1 / processes, 5);
  const std::string who = per_node ? "a " + facts.workload.mode + " decides on what its own neighbours sent"
                                   : count_text(processes) + " replicas each decide on the spans that reach them";
  each(facts, "tail_sampling", [&](const Line& line, const Mention& mention) {
    report.at(mention, line, "processors",
              who + ": a trace of 5 services spread over " + count_text(processes) +
                  " processes is whole at one of them with " + "probability " + percent_text(whole) +
                  "; put a tier with a load_balancing exporter (routing_key: traceID) " +
                  "in front, or run one replica");
  });
}

void too_few_traces(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const double held = decision_wait(*mention.part) + 1;
    const double slots = trace_slots(*mention.part);
    const double mean = facts.rate_per_process() * held;
    if (slots >= mean) return;
    report.at(*mention.part, {"num_traces"},
              "holds " + count_text(slots) + " traces, enough for " + count_text(slots / held) + " a second: " +
                  facts.at_rate() + " a trace is evicted after " + time_text(slots / facts.rate_per_process()) +
                  " of its " + time_text(held) + ", undecided and whatever it is, errors included; give num_traces " +
                  count_text(std::ceil(mean + 3 * std::sqrt(mean))) + " or more");
  });
}

void long_wait(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const double wait = decision_wait(*mention.part);
    if (wait <= 60) return;
    const double bytes =
        facts.rate_per_process() * (wait + 1) * facts.load.spans_per_trace * facts.load.span_bytes * 2.5;
    report.at(*mention.part, {"decision_wait"},
              "every span waits " + time_text(wait) + " in memory: about " + bytes_text(bytes) + ' ' + facts.at_rate() +
                  " of " + count_text(facts.load.spans_per_trace) +
                  " spans, all of it lost at a crash; 10 s to 30 s is enough unless traces really last longer");
  });
}

void short_wait(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const double wait = decision_wait(*mention.part);
    if (wait >= 5) return;
    report.at(*mention.part, {"decision_wait"},
              "SDKs send a batch every 5 s by default, so many spans arrive after a decision that came in " +
                  time_text(wait) + " to " + time_text(wait + 1) + " without them; give 10 s or more");
  });
}

/// Policies, those inside `and` and `composite` included, down to a few levels.
template <class Look>
void each_policy(const Value* policies, int depth, Look look) {
  if (policies == nullptr || depth > 4) return;
  for (const Value& policy : policies->items) {
    look(policy);
    if (const Value* const all = policy.find("and")) each_policy(all->find("and_sub_policy"), depth + 1, look);
    if (const Value* const some = policy.find("composite"))
      each_policy(some->find("composite_sub_policy"), depth + 1, look);
  }
}

std::string text_in(const Value& map, std::string_view key) {
  const Value* const value = map.find(key);
  return value != nullptr && value->kind == Value::Kind::text ? value->text : "";
}

void latency_beyond_wait(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const double wait = decision_wait(*mention.part);
    each_policy(mention.part->find({"policies"}), 0, [&](const Value& policy) {
      const Value* const latency = policy.find("latency");
      const Value* const threshold = latency == nullptr ? nullptr : latency->find("threshold_ms");
      if (threshold == nullptr || threshold->kind != Value::Kind::integer) return;
      const double seconds = static_cast<double>(threshold->integer) / 1000;
      if (seconds < wait) return;
      report.at(
          *threshold, mention.part->path + ".policies",
          "a trace slower than " + time_text(seconds) + " is decided after " + time_text(wait) +
              " already, before its slow spans have ended: this policy never sees them; raise decision_wait above " +
              "the threshold");
    });
  });
}

void no_policies(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const Value* const policies = mention.part->find({"policies"});
    if (policies != nullptr && !policies->items.empty()) return;
    report.at(*mention.part, {"policies"}, "without a policy no trace is sampled: everything is dropped; add policies");
  });
}

void keeps_everything(const Facts& facts, Report& report) {
  each(facts, "tail_sampling", [&](const Line&, const Mention& mention) {
    const Value* const policies = mention.part->find({"policies"});
    if (policies == nullptr || policies->items.size() < 2) return;
    for (const Value& policy : policies->items)
      if (text_in(policy, "type") == "always_sample")
        report.at(policy, mention.part->path + ".policies",
                  "keeps every trace, so the other " + count_text(static_cast<double>(policies->items.size() - 1)) +
                      " policies decide nothing; drop it, or use probabilistic for a background sample");
  });
}

/// The processor that cuts traces or hides their sender and stands before `type`.
const Mention* cutter_before(const Line& line, std::string_view type) {
  constexpr std::array cutters{"batch", "tail_sampling", "groupbytrace"};
  for (const Mention& mention : line.processors) {
    if (mention.is(type)) return nullptr;
    if (mention.part != nullptr && std::ranges::find(cutters, mention.part->type) != cutters.end()) return &mention;
  }
  return nullptr;
}

void batch_before(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    if (!stands_before(*line, "batch", "tail_sampling")) continue;
    const Mention& batch = line->processors[static_cast<std::size_t>(line->position("batch"))];
    report.at(batch, *line, "processors",
              "batches are taken apart again trace by trace, " + time_text(batch.part->seconds({"timeout"}, 0.2)) +
                  " later and at the price of a copy, and refusals of what follows are swallowed; put " +
                  "batch behind tail_sampling");
  }
}

void client_lost(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    const Mention* const cutter = line->has("k8s_attributes") ? cutter_before(*line, "k8s_attributes") : nullptr;
    if (cutter == nullptr) continue;
    const Mention& attributes = line->processors[static_cast<std::size_t>(line->position("k8s_attributes"))];
    report.at(attributes, *line, "processors",
              "behind " + cutter->part->id + " the address of the sender is gone, so pods are found by resource " +
                  "attributes only; put it in front of " + cutter->part->id);
  }
}

void client_of_gateway(const Facts& facts, Report& report) {
  if (facts.workload.mode != "deployment" && facts.workload.mode != "statefulset") return;
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->processors)
      if (mention.is("k8s_attributes") && !mention.part->has({"pod_association"}))
        report.at(mention, *line, "processors",
                  "in a " + facts.workload.mode + " the sender may be another collector: its pod is named instead of " +
                      "the application's; run it in the agents, or set pod_association to resource attributes");
}

bool by_seed(const Part& sampler) {
  const std::string mode = sampler.text({"mode"});
  return mode.empty() || mode == "hash_seed";
}

void series(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    std::vector<const Mention*> samplers;
    for (const Mention& mention : line->processors)
      if (mention.is("probabilistic_sampler")) samplers.push_back(&mention);
    if (samplers.size() < 2) continue;
    const Part& second = *samplers[1]->part;
    const bool loses = by_seed(second) && second.flag({"fail_closed"}, true);
    report.at(*samplers[1], *line, "processors",
              loses ? "the first sampler writes its threshold into the trace state, and one that hashes with a seed "
                      "refuses spans that have one: it drops everything; keep one sampler, or set mode: proportional"
                    : "thins out what the first sampler left: the shares multiply; keep one sampler");
  }
}

void head_and_tail(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    if (!stands_before(*line, "probabilistic_sampler", "tail_sampling")) continue;
    const Mention& head = line->processors[static_cast<std::size_t>(line->position("probabilistic_sampler"))];
    const double kept = std::clamp(head.part->number({"sampling_percentage"}, 0) / 100, 0.0, 1.0);
    if (kept >= 1) continue;
    report.at(head, *line, "processors",
              percent_text(1 - kept) +
                  " of the errors and slow traces are gone before tail_sampling sees them; sample " +
                  "in tail_sampling alone, with a probabilistic policy");
  }
}

void drops_all(const Facts& facts, Report& report) {
  each(facts, "probabilistic_sampler", [&](const Line&, const Mention& mention) {
    if (mention.part->number({"sampling_percentage"}, 0) > 0) return;
    report.at(*mention.part, {"sampling_percentage"},
              "sampling_percentage is 0 unless given: every span is dropped, without an error; give a percentage");
  });
}

void grouped_twice(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines())
    if (stands_before(*line, "groupbytrace", "tail_sampling"))
      report.at(line->processors[static_cast<std::size_t>(line->position("groupbytrace"))], *line, "processors",
                "tail_sampling groups by trace itself: this one holds and copies every span a second time, and loses "
                "what it holds at a restart; drop it");
}

/// Whether what leaves the pipeline through an exporter is a sample.
bool samples(const Line& line) { return line.has("tail_sampling") || line.has("probabilistic_sampler"); }

void metrics_of_samples(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->exporters) {
      const bool counts = mention.is("span_metrics") || mention.is("service_graph");
      if (counts && mention.part->kind == Kind::connector && samples(*line))
        report.at(
            mention, *line, "exporters",
            "counts only what sampling left over, so rates are too low and errors over-represented; feed it from a "
            "pipeline without sampling");
    }
}

constexpr Trap kSamplingTraps[] = {
    {"tail-sampling-fragments", Weight::warning, "tail sampling in several processes without routing by trace id",
     fragments},
    {"tail-sampling-too-few-traces", Weight::warning, "num_traces below rate x (decision_wait + 1 s)", too_few_traces},
    {"tail-sampling-long-wait", Weight::warning, "decision_wait above a minute", long_wait},
    {"tail-sampling-short-wait", Weight::warning, "decision_wait below the SDKs' export interval", short_wait},
    {"tail-sampling-latency-beyond-wait", Weight::warning, "latency policy slower than decision_wait",
     latency_beyond_wait},
    {"tail-sampling-without-policies", Weight::warning, "tail sampling without policies", no_policies},
    {"tail-sampling-keeps-everything", Weight::warning, "always_sample beside other policies", keeps_everything},
    {"batch-before-tail-sampling", Weight::warning, "batch before tail_sampling", batch_before},
    {"sender-address-lost", Weight::warning, "k8s_attributes behind what hides the sender", client_lost},
    {"sender-is-a-collector", Weight::note, "k8s_attributes by sender address in a gateway", client_of_gateway},
    {"two-samplers-in-series", Weight::warning, "two probabilistic samplers in series", series},
    {"head-sampling-before-tail-sampling", Weight::warning, "head sampling before tail sampling", head_and_tail},
    {"sampler-drops-everything", Weight::warning, "probabilistic sampler at 0 %", drops_all},
    {"traces-grouped-twice", Weight::warning, "groupbytrace before tail_sampling", grouped_twice},
    {"metrics-of-a-sample", Weight::warning, "metrics counted after sampling", metrics_of_samples},
};

}  // namespace

std::span<const Trap> sampling_traps() { return kSamplingTraps; }

}  // namespace spillway::collector::review
