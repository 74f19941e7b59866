// What the collectors' own metrics show, and since when: they may be blind where the ledger is not.
#pragma once

#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

/// One row an instance, that is a value of the label `collector` of the record's metrics. CPU is relative to one core
/// and to the whole run; of several queues the fullest one is shown. Empty when the record has no collector.
Block collectors_block(const RunRecord& record);

/// Collectors with a queue that fills: when each of three metrics shows it first, to the step of the series, mean of
/// the replications. queue_size moves at once, enqueue_failed when the queue is full, send_failed when a request is
/// given up: whoever watches only that one is blind until then. Empty when no queue fills.
Block signs_block(const RunRecord& record);

}  // namespace spillway::analysis
