// Which program of a scenario gets which room and address.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/simulated_world.hpp"
#include "real/local/lab.hpp"

namespace spillway::real {

struct SinkPlan {
  BackendPlace backend;
  std::string address;  ///< on the hub; of the store's room when it is not scripted
  int port = 0;
  bool scripted = true;  ///< else a real store takes its place
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

/// The room of a place's own stores.
struct StorePlan {
  std::uint16_t place = 0;
  std::string name;  ///< "aws/stores"
  std::string room;
  std::optional<std::size_t> zipkin{};  ///< into LabPlan::sinks: the backend that a Zipkin takes the place of
};

inline constexpr int kServicePort = 8080;

/// Addresses for everything that a scenario names.
struct LabPlan {
  LabSpec spec;
  std::vector<SinkPlan> sinks;
  std::vector<RoomPlan> rooms;        ///< of collectors
  std::vector<ServicePlan> services;  ///< empty unless they are real
  std::vector<RelayPlan> relays;
  std::vector<StorePlan> stores;      ///< empty unless they are real
  std::string cloud_logs_name, cloud_logs_room, cloud_logs_address;  ///< of the cloud's store of logs, with the others
  std::vector<std::string> problems;  ///< what cannot be laid out, with the way out
};

/// Which parts of a scenario are real programs besides the collectors.
struct RealParts {
  bool services = false;
  bool stores = false;  ///< with services only
};

/// Which addresses have to lose sight of each other when the link between these two ends is cut: places, or backends
/// outside all places.
std::vector<Way> ways_between(const PreparedScenario& prepared, const LabPlan& plan, const std::string& a, const std::string& b);

/// A line to be made between two ends: places, or backends outside all places.
struct LinePlan {
  std::string a, b;
  const Link* link = nullptr;
  std::vector<Way> ways;            ///< the packets that take it
  std::vector<std::string> here;    ///< addresses at `a`
  std::vector<std::string> relays;  ///< addresses whose messages are delayed elsewhere
};

/// Whether real packets have to be held back for this link. Half a millisecond of latency is what passing a line costs anyway.
bool needs_line(const Link& link);

/// Every link of the scenario that has to be made and that something real uses.
std::vector<LinePlan> lines_of(const PreparedScenario& prepared, const LabPlan& plan);

LabPlan plan_lab(const PreparedScenario& prepared, World& world, RealParts real = {});

/// What a collector finds under each name now: `world` knows which names a fault has taken over.
std::vector<HostEntry> hosts_of(const PreparedScenario& prepared, const LabPlan& plan, World& world, const RoomPlan& room);

}  // namespace spillway::real
