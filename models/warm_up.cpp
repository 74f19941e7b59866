// Where a run becomes steady, found once for all replications.
#include "models/simulated_world.hpp"
#include "sim/statistics.hpp"

namespace spillway {
namespace {

constexpr std::size_t kFewest = 50;  ///< pieces with requests that MSER-5 needs

WarmUp cut_of(const LatencyTrace& trace) {
  const std::vector<double> means = trace.means();
  if (means.empty()) return {{}, "auto: no request of users was answered in replication 0"};
  if (means.size() < kFewest) return {{}, "auto: replication 0 has too few requests to tell; run longer"};
  const auto cut = mser5_truncation(means);
  if (!cut) return {{}, "auto: the latencies of replication 0 do not become steady; run longer"};
  if (*cut == 0) return {{}, "auto: replication 0 is steady from the start (MSER-5 on its latencies)"};
  return {trace.begins()[*cut], "auto: MSER-5 on the latencies of replication 0"};
}

}  // namespace

WarmUp find_warm_up(const PreparedScenario& prepared) {
  if (prepared.scenario.warm_up) return {*prepared.scenario.warm_up, ""};
  LatencyTrace trace{prepared.scenario.duration};
  World pilot{prepared, 0, {}};
  pilot.watch(trace);
  pilot.play();
  return cut_of(trace);
}

}  // namespace spillway
