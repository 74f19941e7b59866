// Traps of memory: the limiter, Go's limit and the container's. Rules of memorylimiter and of the Go runtime.
#include <algorithm>

#include "models/collector/review/findings.hpp"
#include "models/collector/review/flow.hpp"

namespace spillway::collector::review {
namespace {

constexpr double kMiB = 1 << 20;

const Part* limiter_of(const Facts& facts) {
  for (const Part& part : facts.parts)
    if (part.kind == Kind::processor && part.type == "memory_limiter" && part.used) return &part;
  return nullptr;
}

/// What the limiter's hard limit comes to, where the file and its workload say it; 0 when they do not.
double hard_limit(const Facts& facts, const Part& limiter) {
  const double mib = limiter.number({"limit_mib"}, 0);
  if (mib > 0) return mib * kMiB;
  const double share = limiter.number({"limit_percentage"}, 0) / 100;
  return share * static_cast<double>(facts.workload.memory_limit.value_or(0));
}

void none(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    if (line->has("memory_limiter")) continue;
    const bool fed = std::ranges::any_of(line->receivers, [](const Mention& one) {
      return one.part != nullptr && one.part->kind == Kind::receiver && one.part->type != "nop";
    });
    if (!fed || line->receivers.empty()) continue;
    report.at(
        *line->receivers.front().at, line->path,
        "nothing refuses data when memory runs out: a slow backend ends in an out-of-memory kill, and all that the "
        "process holds is lost; put memory_limiter first");
  }
}

void not_first(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    const int at = line->position("memory_limiter");
    if (at <= 0) continue;
    const Mention& before = line->processors[static_cast<std::size_t>(at - 1)];
    const std::string id = before.part == nullptr ? "what stands before it" : before.part->id;
    const bool swallows = line->position("batch") >= 0 && line->position("batch") < at;
    report.at(line->processors[static_cast<std::size_t>(at)], *line, "processors",
              std::string("refuses only after ") + id + " has done its work" +
                  (swallows ? ", and batch swallows the refusal: the data is lost without a word to the sender"
                            : " and taken memory for it") +
                  "; put it first");
  }
}

void above_container(const Facts& facts, Report& report) {
  const Part* const limiter = limiter_of(facts);
  const auto container = facts.workload.memory_limit;
  if (limiter == nullptr || !container || limiter->number({"limit_mib"}, 0) <= 0) return;
  const double limit = hard_limit(facts, *limiter);
  const double most = static_cast<double>(*container) * 0.9;
  if (limit <= most) return;
  report.at(*limiter, {"limit_mib"},
            bytes_text(limit) + " of heap is " + percent_text(limit / static_cast<double>(*container)) +
                " of the container's " + bytes_text(static_cast<double>(*container)) +
                ", and a process needs some 50 MiB " +
                "besides its heap: the kernel kills it before the limiter refuses; give about 80 %");
}

void percent_of_node(const Facts& facts, Report& report) {
  const Part* const limiter = limiter_of(facts);
  if (limiter == nullptr || facts.workload.mode.empty() || facts.workload.memory_limit) return;
  if (limiter->number({"limit_percentage"}, 0) <= 0 || limiter->number({"limit_mib"}, 0) > 0) return;
  report.at(*limiter, {"limit_percentage"},
            "the container has no memory limit, so this is a share of the node's whole memory; set "
            "resources.limits.memory, or limit_mib");
}

void slow_check(const Facts& facts, Report& report) {
  const Part* const limiter = limiter_of(facts);
  if (limiter == nullptr) return;
  const double interval = limiter->seconds({"check_interval"}, 0);
  if (interval <= 1) return;
  const double grows = facts.rate_per_process() * facts.load.spans_per_trace * facts.load.span_bytes * heap_per_wire_byte(facts);
  report.at(*limiter, {"check_interval"},
            "memory is looked at every " + time_text(interval) + ", in which a stalled pipeline grows by " +
                bytes_text(grows * interval) + ' ' + facts.at_rate() +
                "; 1s is what the project recommends, with a spike limit above that growth");
}

void no_go_limit(const Facts& facts, Report& report) {
  const Workload& workload = facts.workload;
  if (!workload.memory_limit || workload.go_memory_limit) return;
  if (workload.form != Workload::Form::config_map && workload.form != Workload::Form::helm_values) return;
  report.whole(facts,
               "the container may use " + bytes_text(static_cast<double>(*workload.memory_limit)) +
                   ", but GOMEMLIMIT is not set: Go lets the heap double before it collects, whatever the limit; " +
                   "set GOMEMLIMIT to 80 % of it");
}

void go_limit_too_high(const Facts& facts, Report& report) {
  const Workload& workload = facts.workload;
  if (!workload.memory_limit || !workload.go_memory_limit) return;
  const auto go = static_cast<double>(*workload.go_memory_limit);
  const auto container = static_cast<double>(*workload.memory_limit);
  if (go <= container * 0.95) return;
  report.whole(facts, "GOMEMLIMIT " + bytes_text(go) + " leaves nothing of the container's " + bytes_text(container) +
                          " for what is not Go's heap: the kernel kills the process first; give about 80 %");
}

void queue_above_limit(const Facts& facts, Report& report) {
  const Part* const limiter = limiter_of(facts);
  double limit = limiter == nullptr ? 0 : hard_limit(facts, *limiter);
  if (limit <= 0) limit = static_cast<double>(facts.workload.memory_limit.value_or(0));
  if (limit <= 0) return;
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::exporter || !part.used) continue;
    const Queue queue = queue_of(part);
    const Flow flow = flow_into(facts, part);
    if (!queue.known || !queue.enabled || !queue.storage.empty() || flow.spans <= 0) continue;
    const double heap = heap_of_full_queue(facts, queue, flow);
    if (heap <= limit) continue;
    const double seconds = seconds_to_fill(facts, queue, flow) * limit / heap;
    report.at(part, {"sending_queue", "queue_size"},
              "full, the queue would hold " + bytes_text(heap) + ' ' + facts.at_rate() + ", the process may use " +
                  bytes_text(limit) + ": in an outage memory runs out after " + time_text(seconds) +
                  ", long before the queue is full; size it in bytes, or give more memory");
  }
}

constexpr Trap kMemoryTraps[] = {
    {"memory-limiter-missing", Weight::warning, "pipeline without memory_limiter", none},
    {"memory-limiter-not-first", Weight::warning, "memory_limiter not first", not_first},
    {"memory-limiter-above-container", Weight::warning, "memory limit above the container's", above_container},
    {"memory-limiter-of-the-node", Weight::warning, "limit_percentage without a container limit", percent_of_node},
    {"memory-limiter-looks-rarely", Weight::note, "check_interval above a second", slow_check},
    {"gomemlimit-missing", Weight::note, "container limit without GOMEMLIMIT", no_go_limit},
    {"gomemlimit-too-high", Weight::warning, "GOMEMLIMIT at the container's limit", go_limit_too_high},
    {"queue-larger-than-memory", Weight::warning, "full queue larger than memory", queue_above_limit},
};

}  // namespace

std::span<const Trap> memory_traps() { return kMemoryTraps; }

}  // namespace spillway::collector::review
