// What the collectors' own metrics show, and since when: they may be blind where the ledger is not.
#pragma once

#include "analysis/report/table.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

/// One row an instance, that is a value of the label `collector` of the record's metrics. CPU is relative to one core
/// and to the whole run; of several queues the fullest one is shown. Lines beneath say where send_failed shows
/// nothing although a queue fills: it moves when a request is given up, queue_size moves at once. Empty when the
/// record has no collector.
Block collectors_block(const RunRecord& record);

}  // namespace spillway::analysis
