// The tree of operations that one request sets off, laid out before the run: every execution of an operation is a
// node with a fixed number, so that its draws and its span ids have an address that no event order can change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "models/telemetry/span.hpp"
#include "sim/stream.hpp"

namespace spillway {

inline constexpr std::uint32_t kNoShape = 0xffffffff;
inline constexpr std::uint32_t kNoChoice = 0xffffffff;

/// The shapes that spans of an operation may have, when attributes of it are drawn.
struct ShapeChoice {
  std::vector<std::vector<double>> weights;  ///< by attribute, cumulative
  std::vector<std::uint32_t> shapes;         ///< of every combination; the first attribute varies slowest
  /// Takes one draw for each attribute.
  std::uint32_t draw(Draws& draws) const;
};

/// One execution of an operation within a request.
struct PlanNode {
  std::uint32_t process = 0;        ///< which service at which place runs it
  std::uint32_t parent = kNoParent;
  const Operation* operation = nullptr;
  double picture_seconds = 0;       ///< work that the picture's tile adds
  std::uint32_t shape = kNoShape;         ///< of its own span; kNoShape: none
  std::uint32_t choice = kNoChoice;       ///< index into Plan::choices; instead of `shape`
  std::uint32_t client_shape = kNoShape;  ///< of the caller's CLIENT span around it
  bool in_process = false;          ///< same process as the caller: no network in between
  Duration timeout{};               ///< of the call; 0: none
  double probability = 1;           ///< that the call is made
  FailureMode failure_mode = FailureMode::strict;  ///< what a failed child means here
  std::uint16_t place = 0;
  std::vector<std::uint32_t> parallel, sequence, then;
  std::vector<std::uint32_t> after;  ///< calls of the caller's `parallel` that end before this one begins
  Distribution caller_work = Distribution::constant(0);  ///< of the caller before the call, seconds
  bool asynchronous = false;         ///< the caller does not wait
  bool ordered = false;              ///< some of its `parallel` calls wait for others
};

struct Plan {
  std::string name;  ///< "<service> <operation>"
  std::string place;
  std::vector<PlanNode> nodes;  ///< [0] is the root
  std::vector<ShapeChoice> choices;
};

/// A service at a place.
struct Process {
  std::uint32_t service = 0;  ///< index into Scenario::services
  std::uint16_t place = 0;
  ResourceId resource = 0;
  std::string name;           ///< "aws/mandelbrot"
};

/// All processes of a scenario, in order of services and their places. Adds their resources to the catalog.
std::vector<Process> list_processes(const Scenario& scenario, Catalog& catalog);

/// The plan of a request of this traffic that enters at this place. The scenario was checked: names exist, no cycles.
Plan make_plan(const Scenario& scenario, const std::vector<Process>& processes, const Traffic& traffic,
               std::uint16_t place, Catalog& catalog);

/// Ordinals of the spans of node n within its trace.
constexpr std::uint32_t client_ordinal(std::uint32_t node) { return 2 * node; }
constexpr std::uint32_t own_ordinal(std::uint32_t node) { return 2 * node + 1; }

}  // namespace spillway
