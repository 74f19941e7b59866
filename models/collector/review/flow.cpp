#include "models/collector/review/flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/collector/costs.hpp"

namespace spillway::collector::review {
namespace {

/// Periods of `timeout` a second in which something comes. A trace comes in two bursts at most, which is how often a trace
/// of some 100 ms meets the end of a period of 200 ms; bursts are independent of each other (Poisson).
double periods_with_spans(const Facts& facts, const Flow& flow, double timeout) {
  const double bursts = std::min(flow.requests, 2 * facts.rate_per_process());
  return -std::expm1(-bursts * timeout) / timeout;
}

void through_batch(const Facts& facts, const Part& batch, Flow& flow) {
  const double size = batch.number({"send_batch_size"}, 8192);
  const double timeout = batch.seconds({"timeout"}, 0.2);
  if (size <= 0 || timeout <= 0) return;
  const bool full = flow.spans * timeout >= size;
  flow.requests = full ? flow.spans / size : periods_with_spans(facts, flow, timeout);
  flow.how = full ? "batches of " + count_text(size) + " spans" : "one batch every " + time_text(timeout);
}

void through(const Facts& facts, const Mention& mention, Flow& flow) {
  double kept = 1;
  if (mention.is("probabilistic_sampler"))
    kept = std::clamp(mention.part->number({"sampling_percentage"}, 0) / 100, 0.0, 1.0);
  if (mention.is("tail_sampling")) {
    kept = facts.load.kept;
    flow.requests = facts.rate_per_process();  // it hands on trace by trace
    flow.how = "a request a trace";
  }
  flow.spans *= kept;
  if (mention.is("tail_sampling")) flow.requests *= kept;
  if (mention.is("batch")) through_batch(facts, *mention.part, flow);
}

}  // namespace

Flow flow_out_of(const Facts& facts, const Line& line) {
  Flow flow;
  flow.spans = facts.rate_per_process() * facts.load.spans_per_trace;
  flow.requests = flow.spans / std::max(1.0, facts.load.spans_per_request);
  flow.how = "requests of " + count_text(facts.load.spans_per_request) + " spans";
  for (const Mention& mention : line.processors) through(facts, mention, flow);
  return flow;
}

Flow flow_into(const Facts& facts, const Part& exporter) {
  Flow sum;
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->exporters) {
      if (mention.part != &exporter) continue;
      const Flow one = flow_out_of(facts, *line);
      sum.spans += one.spans;
      sum.requests += one.requests;
      sum.how = sum.how.empty() || sum.how == one.how ? one.how : "several pipelines";
    }
  return sum;
}

double seconds_to_fill(const Facts& facts, const Queue& queue, const Flow& flow) {
  double rate = flow.requests;
  if (queue.sizer == "items") rate = flow.spans;
  if (queue.sizer == "bytes") rate = flow.spans * facts.load.span_bytes;
  const double in_flight = facts.semantics.queue_counts_in_flight || queue.sizer != "requests" ? 0 : queue.consumers;
  return rate > 0 ? (queue.size + in_flight) / rate : std::numeric_limits<double>::infinity();
}

double heap_per_wire_byte(const Facts& facts) { return standard_costs().of(facts.version).live_per_held_byte; }

double heap_of_full_queue(const Facts& facts, const Queue& queue, const Flow& flow) {
  const double span = facts.load.span_bytes * heap_per_wire_byte(facts);
  if (queue.sizer == "bytes") return queue.size * heap_per_wire_byte(facts);
  return queue.size * span * (queue.sizer == "items" ? 1 : flow.spans_per_request());
}

}  // namespace spillway::collector::review
