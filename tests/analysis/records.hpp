// Hand-made records whose answers can be worked out on paper.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/record.hpp"

namespace spillway::test {

inline Time at(double s) { return Time{from_seconds(s)}; }

/// Books that close: what is neither lost nor in flight is stored.
inline DestinationFates fates(std::string destination, std::int64_t produced, std::vector<Fate> lost,
                              std::int64_t in_flight = 0) {
  DestinationFates result;
  result.destination = std::move(destination);
  result.produced = produced;
  result.in_flight = in_flight;
  result.stored = produced - in_flight;
  for (const Fate& fate : lost) result.stored -= fate.items;
  result.lost = std::move(lost);
  return result;
}

/// 100 s of traffic for one destination, series at every 10 s.
inline RunRecord record_of(std::vector<Replication> replications) {
  RunRecord record;
  record.manifest.version = "0.1.0";
  record.manifest.scenario = "hand-made";
  record.manifest.world = "simulated";
  record.manifest.duration = std::chrono::seconds{100};
  record.manifest.step = std::chrono::seconds{10};
  record.replications = std::move(replications);
  for (std::size_t i = 0; i < record.replications.size(); ++i)
    record.replications[i].number = static_cast<std::int64_t>(i);
  return record;
}

inline Replication replication_of(DestinationFates destination) {
  Replication replication;
  replication.destinations.push_back(std::move(destination));
  return replication;
}

/// One replication for each number of stored spans, of 1 000 produced for "backend", the rest lost to a full queue.
inline RunRecord stored(const std::vector<std::int64_t>& spans) {
  std::vector<Replication> replications;
  for (const std::int64_t count : spans) {
    std::vector<Fate> lost;
    if (count < 1000) lost.push_back({"aws/gateway exporter otlphttp", "queue full", 1000 - count, at(20)});
    replications.push_back(replication_of(fates("backend", 1000, std::move(lost))));
  }
  return record_of(std::move(replications));
}

/// Stored spans of one measured run.
inline RunRecord measured(std::int64_t spans) {
  RunRecord record = stored({spans});
  record.manifest.world = "measured";
  return record;
}

}  // namespace spillway::test
