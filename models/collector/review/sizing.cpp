#include "models/collector/review/sizing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/collector/costs.hpp"
#include "models/collector/review/capacity.hpp"
#include "models/collector/review/flow.hpp"
#include "models/collector/tail_sampling.hpp"

namespace spillway::collector::review {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Body of a request after compression, by the rule of the cost model, when spans are alike but for ids and times.
double compressed(const Facts& facts, Compression compression, double spans) {
  constexpr double ids_and_times = 60;
  const auto whole = [](double count) { return static_cast<std::int64_t>(std::min(count, 1e15)); };
  Contents contents{1, whole(spans), whole(spans * facts.load.span_bytes)};
  contents.traces = whole(std::ceil(spans / std::max(1.0, facts.load.spans_per_trace)));
  contents.times = contents.spans;
  contents.fresh = whole(std::max(0.0, facts.load.span_bytes - ids_and_times));
  return static_cast<double>(compressed_bytes(standard_costs().of(facts.version), compression, contents));
}

/// With GOGC 100 the heap may grow to twice what is held; not all of that growth becomes resident.
double resident_per_held_byte(const Costs& costs) { return 2 * costs.resident_per_heap_byte; }

void size_outage(const Facts& facts, const Part& part, std::vector<Size>& out) {
  const Queue queue = queue_of(part);
  const Flow flow = flow_into(facts, part);
  if (!queue.known || flow.spans <= 0) return;
  const double fills = queue.enabled ? seconds_to_fill(facts, queue, flow) : 0;
  const double gives_up = !queue.retries ? 0 : queue.gives_up_after > 0 ? queue.gives_up_after : kInfinity;
  const double lasts = std::min(fills, gives_up);
  const std::string unit = queue.sizer == "bytes" ? "B" : queue.sizer;
  const double rate = queue.sizer == "items"   ? flow.spans
                      : queue.sizer == "bytes" ? flow.spans * facts.load.span_bytes
                                               : flow.requests;
  std::string source = count_text(queue.size) + ' ' + unit + " / " + count_text(rate) + " a second (" + flow.how + ')';
  if (!queue.enabled) source = "no queue: the first failure reaches the caller";
  if (gives_up < fills) source = queue.retries ? "retry_on_failure.max_elapsed_time" : "no retries";
  out.push_back({part.id, "outage until the first loss", lasts, "s", time_text(lasts), source});
  if (!queue.enabled) return;
  const double wanted = std::ceil(rate * facts.load.outage);
  out.push_back({part.id, "queue_size for " + time_text(facts.load.outage), wanted, unit,
                 count_text(wanted) + ' ' + unit, count_text(rate) + " a second x " + time_text(facts.load.outage)});
  const double heap = heap_of_full_queue(facts, queue, flow);
  const bool disk = !queue.storage.empty();
  out.push_back({part.id, disk ? "disk of the full queue" : "memory of the full queue",
                 disk ? heap / heap_per_wire_byte(facts) : heap, "B", bytes_text(disk ? heap / heap_per_wire_byte(facts) : heap),
                 disk ? "spans in it x bytes"
                      : "spans in it x bytes x " + count_text(heap_per_wire_byte(facts)) + " (decoded over wire size)"});
}

void size_output(const Facts& facts, const Part& part, std::vector<Size>& out) {
  const Flow flow = flow_into(facts, part);
  if (flow.spans <= 0 || part.type == "debug" || part.type == "nop") return;
  const std::string setting = part.text({"compression"}, "gzip");
  const Compression compression = compression_of(setting, semantics_of(facts.version), part.type == "otlp_grpc");
  const bool plain = compression == Compression::none;
  const double spans = std::max(1.0, flow.spans_per_request());
  const double body = plain ? spans * facts.load.span_bytes : compressed(facts, compression, spans);
  const double rate = flow.spans / spans * body;
  const double ratio = spans * facts.load.span_bytes / body;
  out.push_back({part.id, "bytes out", rate, "B/s", bytes_text(rate) + "/s",
                 plain
                     ? "uncompressed"
                     : setting + " " + count_text(ratio) + " : 1, " + count_text(spans) + " spans a request; a lower bound"});
}

/// Heap that a tail sampling processor holds: undecided spans, and an entry for each trace, which stays until its
/// slot is needed again: after a while all slots have one.
double size_tail_sampling(const Facts& facts, const Part& part, std::vector<Size>& out) {
  const double held = std::max(1.0, std::floor(part.seconds({"decision_wait"}, 30))) + 1;
  const double slots = part.number({"num_traces"}, 50'000);
  const double mean = facts.rate_per_process() * held;
  const double needed = std::ceil(mean + 3 * std::sqrt(mean));
  out.push_back({part.id, "num_traces needed", needed, "traces", count_text(needed),
                 count_text(facts.rate_per_process()) + " traces/s x " + time_text(held) + " + 3 sigma; the file has " +
                     count_text(slots)});
  out.push_back({part.id, "burst it takes", slots / mean, "times the rate", count_text(slots / mean) + " x",
                 "num_traces / (traces/s x (decision_wait + 1 s))"});
  const double spans = facts.load.spans_per_trace * facts.load.span_bytes * heap_per_wire_byte(facts);
  const double heap = std::min(mean, slots) * spans + slots * static_cast<double>(kTailEntryBytes);
  out.push_back(
      {part.id, "memory held", heap, "B", bytes_text(heap), "undecided spans x bytes x " + count_text(heap_per_wire_byte(facts)) +
                                                             ", and " + std::to_string(kTailEntryBytes) + " B a slot"});
  return heap;
}

void size_process(const Facts& facts, double held, std::vector<Size>& out) {
  const Costs& costs = standard_costs().of(facts.version);
  const double spans = facts.rate_per_process() * facts.load.spans_per_trace;
  const double cost = cpu_microseconds_per_span(facts);
  out.push_back({"process", "spans in", spans, "spans/s", count_text(spans) + " spans/s",
                 count_text(facts.rate()) + " traces/s x " + count_text(facts.load.spans_per_trace) + " / " +
                     count_text(facts.replicas()) + (facts.replicas() == 1 ? " process" : " processes")});
  out.push_back({"process", "cpu", spans * cost * 1e-6, "cores", count_text(spans * cost * 1e-6) + " cores",
                 count_text(cost) + " us a span, " + count_text(facts.load.spans_per_request) +
                     " spans a request (measured; +-30 %)"});
  double pending = 0;
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->processors)
      if (mention.is("batch"))
        pending +=
            std::min(spans * mention.part->seconds({"timeout"}, 0.2), mention.part->number({"send_batch_size"}, 8192)) *
            facts.load.span_bytes * heap_per_wire_byte(facts);
  const double memory = costs.idle_resident + (held + pending) * resident_per_held_byte(costs);
  out.push_back({"process", "memory, backend healthy", memory, "B", bytes_text(memory),
                 "idle " + bytes_text(costs.idle_resident) + " + " + count_text(resident_per_held_byte(costs)) +
                     " x what is held (GOGC 100; measured)"});
}

void size_outage_memory(const Facts& facts, double held, std::vector<Size>& out) {
  const Costs& costs = standard_costs().of(facts.version);
  double queued = 0;
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::exporter || !part.used) continue;
    const Queue queue = queue_of(part);
    const Flow flow = flow_into(facts, part);
    if (!queue.known || !queue.enabled || !queue.storage.empty() || flow.spans <= 0) continue;
    const double seconds = std::min(seconds_to_fill(facts, queue, flow), facts.load.outage);
    queued += flow.spans * seconds * facts.load.span_bytes * heap_per_wire_byte(facts);
  }
  const double memory = costs.idle_resident + (held + queued) * resident_per_held_byte(costs);
  out.push_back({"process", "memory, " + time_text(facts.load.outage) + " of outage", memory, "B", bytes_text(memory),
                 "as above, and what the queues take meanwhile"});
}

}  // namespace

std::vector<Size> sizes_of(const Facts& facts) {
  std::vector<Size> out;
  double held = 0;
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->processors)
      if (mention.is("tail_sampling")) held += size_tail_sampling(facts, *mention.part, out);
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::exporter || !part.used) continue;
    size_outage(facts, part, out);
    size_output(facts, part, out);
  }
  size_process(facts, held, out);
  size_outage_memory(facts, held, out);
  return out;
}

}  // namespace spillway::collector::review
