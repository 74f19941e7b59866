// The same scenario on real programs: real collectors with the user's unmodified files, scripted backends, the
// simulated senders paced by the wall clock. Everything in networks of its own; nothing leaves the machine.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/simulated_world.hpp"
#include "real/stores/local_stores.hpp"
#include "sim/record.hpp"

namespace spillway::real {

/// Programs and folders of a measurement.
struct MeasureOptions {
  /// Path of a real collector for each version that is there, e.g. {0,159,0}.
  std::vector<std::pair<collector::Version, std::filesystem::path>> collectors;
  std::filesystem::path logs;  ///< existing folder for the programs' output; empty: thrown away
  /// Program of the Mandelbrot service: the scenario's services are run as processes. Empty: they are played.
  std::filesystem::path service;
  /// The services' places have stores of their own; with `service` only. Not wanted: scripted backends, no logs or metrics kept.
  StorePrograms stores;
  double service_cpus = 0;  ///< that each of them may use, by a quota of the kernel's; 0: no quota
  bool precise_cpu = false;  ///< series `spillway_process_cpu_seconds`: the kernel's clock beside the program's own figure
  bool note_body_sizes = false;  ///< note "<backend> body sizes": bytes on the wire of every request, in order
  std::function<void(double seconds)> progress;  ///< of the run so far; may be empty
};

/// The built collector that stands for a version: the newest that is not newer than the change of queue accounting
/// on the same side of it, so 0.114 is measured with 0.111 and 0.150 with 0.159. Null: none of that generation.
const std::pair<collector::Version, std::filesystem::path>* stand_in(const MeasureOptions& options, collector::Version version);

/// What keeps this scenario from being measured on this machine, each with the way out; empty: nothing.
std::vector<std::string> missing_for_measure(const PreparedScenario& prepared, const MeasureOptions& options);

/// One measured replication, in a record of the same shape as a simulated one. Takes duration + drain of wall-clock
/// time. Throws std::runtime_error when something cannot be started. Ctrl-C ends it early and cleans up (throws).
RunRecord measure(const std::shared_ptr<const PreparedScenario>& prepared, const MeasureOptions& options);

}  // namespace spillway::real
