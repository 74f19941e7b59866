// Scenarios made up from a number, for properties that must hold in all of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace spillway {

/// A scenario and the collector files it refers to.
struct RandomScenario {
  std::string scenario;                      ///< text of scenario.yaml
  std::map<std::string, std::string> files;  ///< beside it: name -> text
  bool settles = false;  ///< every cause of trouble ends with the traffic, and the drain is long: nothing stays in flight
};

/// The same scenario for the same number, on every machine. Small: a few thousand spans. Places, links, services of
/// every runtime and instrumentation, clients, chains of collectors with random settings and all processors, backends that
/// misbehave by script or by fault, signals to collectors, cut links.
RandomScenario make_random_scenario(std::uint64_t number);

}  // namespace spillway
