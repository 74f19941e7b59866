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

/// A service at a place, as a program.
struct ServicePlan {
  std::size_t index = 0;  ///< into Scenario::services
  std::uint16_t place = 0;
  std::string name;     ///< "aws/mandelbrot"
  std::string room;
  std::string address;  ///< as seen from the hub
};

/// A relay on the hub, for calls from one service to another at another place.
struct RelayPlan {
  std::size_t from = 0, to = 0;  ///< into LabPlan::services
  std::string address;
};

inline constexpr int kServicePort = 8080;

/// Addresses for everything that a scenario names.
struct LabPlan {
  LabSpec spec;
  std::vector<SinkPlan> sinks;
  std::vector<RoomPlan> rooms;        ///< of collectors
  std::vector<ServicePlan> services;  ///< empty unless they are real
  std::vector<RelayPlan> relays;
  std::vector<std::string> problems;  ///< what cannot be laid out, with the way out
};

LabPlan plan_lab(const PreparedScenario& prepared, World& world, bool real_services = false);

}  // namespace spillway::real
