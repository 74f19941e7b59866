// Which program of a scenario gets which room and address.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/simulated_world.hpp"
#include "real/local/lab.hpp"

namespace spillway::real {

struct SinkPlan {
  BackendPlace backend;
  std::string address;  ///< on the hub
  int port = 0;
};

struct RoomPlan {
  CollectorPlace collector;
  std::string room;     ///< name in the lab
  std::string address;  ///< as seen from the hub
};

/// Addresses for everything that a scenario names.
struct LabPlan {
  LabSpec spec;
  std::vector<SinkPlan> sinks;
  std::vector<RoomPlan> rooms;
  std::vector<std::string> problems;  ///< what cannot be laid out, with the way out
};

LabPlan plan_lab(const PreparedScenario& prepared, World& world);

}  // namespace spillway::real
