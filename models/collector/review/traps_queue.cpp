// Traps of queues and retries: what an outage of the backend, or a restart, takes with it. Rules of exporterhelper.
#include <algorithm>
#include <cmath>

#include "models/collector/review/findings.hpp"
#include "models/collector/review/flow.hpp"

namespace spillway::collector::review {
namespace {

/// Exporters of traces that have a sending queue, with it.
template <class Look>
void each_queue(const Facts& facts, Look look) {
  for (const Part& part : facts.parts) {
    if (part.kind != Kind::exporter || !part.used) continue;
    const Flow flow = flow_into(facts, part);
    const Queue queue = queue_of(part);
    if (queue.known && flow.spans > 0) look(part, queue, flow);
  }
}

std::string at_rate(const Facts& facts) {
  return facts.at_rate() + " of " + count_text(facts.load.spans_per_trace) + " spans";
}

void shorter_than_outage(const Facts& facts, Report& report) {
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow& flow) {
    if (!queue.enabled) return;
    const double lasts = seconds_to_fill(facts, queue, flow);
    const double wanted = facts.load.traces_per_second ? facts.load.outage : std::min(60.0, facts.load.outage);
    if (lasts >= wanted) return;
    const double factor = facts.load.outage / lasts;
    report.at(part, {"sending_queue", "queue_size"},
              "the queue is full after " + time_text(lasts) + " of an outage " + at_rate(facts) + " (" + flow.how +
                  "), then spans are refused; for " + time_text(facts.load.outage) + " give queue_size " +
                  count_text(std::ceil(queue.size * factor)) + ", or larger batches");
  });
}

void gives_up(const Facts& facts, Report& report) {
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow&) {
    if (!queue.retries || queue.gives_up_after <= 0 || queue.gives_up_after >= facts.load.outage) return;
    report.at(part, {"retry_on_failure", "max_elapsed_time"},
              "a request is given up " + time_text(queue.gives_up_after) +
                  " after its first attempt, room in the queue or " + "not, so an outage of " +
                  time_text(facts.load.outage) + " loses what was being sent; give a longer " + "time, or 0 for ever");
  });
}

void no_retry(const Facts& facts, Report& report) {
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow& flow) {
    if (queue.retries) return;
    report.at(part, {"retry_on_failure", "enabled"},
              "the first failure of a request is its last: a 503 or a restart of the backend loses " +
                  count_text(std::max(1.0, flow.spans_per_request())) +
                  " spans each time, and the queue empties into " + "nothing during an outage; leave retries on");
  });
}

void no_queue(const Facts& facts, Report& report) {
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow&) {
    if (queue.enabled) return;
    report.at(part, {"sending_queue"},
              "without a queue the caller waits through every retry, up to " +
                  time_text(queue.retries ? queue.gives_up_after : 0) +
                  ": other exporters of the pipeline stall with it and clients time out; switch the queue on");
  });
}

const Part* storage_extension(const Facts& facts) {
  for (const Part& part : facts.parts)
    if (part.kind == Kind::extension && part.type == "file_storage") return &part;
  return nullptr;
}

void storage_not_used(const Facts& facts, Report& report) {
  const Part* const storage = storage_extension(facts);
  if (storage == nullptr) return;
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow&) {
    if (queue.enabled && queue.storage.empty())
      report.at(part, {"sending_queue"},
                "keeps its queue in memory although " + storage->id +
                    " is defined: a restart during an outage loses it; " + "set sending_queue.storage: " + storage->id);
  });
}

void lost_at_restart(const Facts& facts, Report& report) {
  if (storage_extension(facts) != nullptr) return;
  bool told = false;
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow& flow) {
    if (told || !queue.enabled || !queue.storage.empty()) return;
    told = true;
    const double seconds = std::min(seconds_to_fill(facts, queue, flow), facts.load.outage);
    report.at(part, {"sending_queue"},
              "the queue is in memory: a restart while the backend is away, or a crash, loses up to " +
                  count_text(flow.spans * seconds) + " spans " + at_rate(facts) + " after " + time_text(seconds) +
                  "; a file_storage as sending_queue.storage keeps them");
  });
}

void kept_then_given_up(const Facts& facts, Report& report) {
  each_queue(facts, [&](const Part& part, const Queue& queue, const Flow&) {
    if (queue.storage.empty() || !queue.retries || queue.gives_up_after <= 0) return;
    report.at(
        part, {"sending_queue", "storage"},
        "the queue outlives a restart, but each request is still given up " + time_text(queue.gives_up_after) +
            " after its first attempt; set retry_on_failure.max_elapsed_time: 0 to keep it until the backend is back");
  });
}

void item_too_large(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    const int batch = line->position("batch");
    if (batch < 0) continue;
    const double size = line->processors[static_cast<std::size_t>(batch)].part->number({"send_batch_size"}, 8192);
    for (const Mention& mention : line->exporters) {
      const Queue queue = mention.part == nullptr ? Queue{} : queue_of(*mention.part);
      const double unit = queue.sizer == "items" ? 1 : queue.sizer == "bytes" ? facts.load.span_bytes : 0;
      if (!queue.known || !queue.enabled || size * unit <= queue.size) continue;
      report.at(*mention.part, {"sending_queue", "queue_size"},
                "a full batch of " + count_text(size) + " spans never fits into " + count_text(queue.size) + ' ' +
                    queue.sizer + " and is refused whole, however empty the queue is; give a multiple of the batch");
    }
  }
}

void hidden(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    const int batch = line->position("batch");
    const bool queued = std::ranges::any_of(line->exporters, [](const Mention& one) {
      return one.part != nullptr && queue_of(*one.part).known && queue_of(*one.part).enabled;
    });
    if (batch < 0 || !queued) continue;
    report.at(
        line->processors[static_cast<std::size_t>(batch)], *line, "processors",
        "answers its callers before anything is exported: a full queue or a refusal behind it never reaches the "
        "sender, who sees success; alarm on otelcol_exporter_queue_size and otelcol_exporter_enqueue_failed_spans");
  }
}

void waits_behind_batch(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->exporters)
      if (line->has("batch") && mention.part != nullptr &&
          mention.part->flag({"sending_queue", "wait_for_result"}, false))
        report.at(
            *mention.part, {"sending_queue", "wait_for_result"},
            "the result goes to the batch processor, which tells nobody: the pipeline only gets slower; drop it, or "
            "batch in the exporter with sending_queue.batch");
}

void batches_twice(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->exporters)
      if (line->has("batch") && mention.part != nullptr && queue_of(*mention.part).batches)
        report.at(
            *mention.part, {"sending_queue", "batch"},
            "batches what the batch processor has batched: two delays, and the first one swallows errors; drop the "
            "batch processor");
}

constexpr Trap kQueueTraps[] = {
    {"queue-shorter-than-outage", Weight::warning, "sending queue full before the outage ends", shorter_than_outage},
    {"retry-gives-up", Weight::warning, "max_elapsed_time shorter than the outage", gives_up},
    {"retry-disabled", Weight::warning, "retries switched off", no_retry},
    {"queue-disabled", Weight::warning, "sending queue switched off", no_queue},
    {"storage-not-used", Weight::warning, "file_storage defined, queue in memory", storage_not_used},
    {"queue-lost-at-restart", Weight::note, "sending queue without storage", lost_at_restart},
    {"storage-but-gives-up", Weight::warning, "persistent queue with max_elapsed_time", kept_then_given_up},
    {"batch-never-fits-queue", Weight::warning, "batch larger than the whole queue", item_too_large},
    {"batch-hides-queue-full", Weight::note, "batch answers before the exporters do", hidden},
    {"wait-for-result-behind-batch", Weight::warning, "wait_for_result behind batch", waits_behind_batch},
    {"batched-twice", Weight::note, "batch processor and exporter batching", batches_twice},
};

}  // namespace

std::span<const Trap> queue_traps() { return kQueueTraps; }

}  // namespace spillway::collector::review
