// What every part of one replication shares.
#pragma once

#include "models/telemetry/payload.hpp"
#include "sim/ledger.hpp"
#include "sim/meters.hpp"
#include "sim/simulation.hpp"

namespace spillway {

/// One replication's clock, ids, books and storage. Parts borrow it; it outlives them.
struct Run {
  Run(std::uint64_t seed, std::uint32_t replication, QueueKind queue)
      : sim{seed, replication, queue}, catalog{seed, replication}, pool{catalog} {}

  Simulation sim;
  Catalog catalog;
  Ledger ledger;
  PayloadPool pool;
  MetricsPage metrics;

  void hold(const Payload& payload, DestinationSet destinations) {
    if (destinations == 0) return;
    payload.for_each([&](const Span& span) { ledger.hold(span.item, destinations); });
  }
  void release(const Payload& payload, DestinationSet destinations, Cause cause) {
    if (destinations == 0) return;
    const Time now = sim.now();
    payload.for_each([&](const Span& span) { ledger.release(span.item, destinations, cause, now); });
  }
};

}  // namespace spillway
