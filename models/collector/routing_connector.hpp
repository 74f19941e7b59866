// The routing connector: which pipelines telemetry goes on to, asked of resources or of every span. Semantics:
// routingconnector of v0.111 (checked against the running program), v0.152 and v0.157 (read).
// Leaves out: the order in which pipelines are called (arbitrary in the real program, that of the table here), several
// scopes under one resource (asked apart here), what the client of a request says (such routes never hold), records of
// metrics and logs (asked of their resources only).
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/parts_in_turn.hpp"
#include "models/collector/work.hpp"

namespace spillway::collector {

class RoutingConnector final : public Consumer, public Stage, public StepCounter {
 public:
  /// What the pipelines of a route, or the default ones, stand for. One object is one call: routes with the same one
  /// share it.
  struct Targets {
    std::vector<Consumer*> of_route;  ///< by place in the table
    Consumer* otherwise = nullptr;    ///< null: what no route takes is lost
  };
  RoutingConnector(Run& run, const std::string& name, Signal signal, const RoutingConfig& config,
                   const Semantics& semantics, Targets targets);
  void consume(Payload payload, Done done) override;
  void cancel(Done done) override;
  void kill(Cause cause) override;
  bool mutates_data() const override { return mutates_; }

 private:
  static constexpr std::uint32_t kNowhere = 0xffffffff;
  struct Route {
    ottl::Matcher matcher;
    bool never = false, by_span = false, copies = false;
    std::uint32_t target = 0;
  };
  std::uint32_t target_of(Consumer* consumer);
  bool all_in_turn(Payload payload, std::vector<Payload>& parts);
  bool each_resource(const Payload& payload, std::vector<Payload>& parts);
  bool by_resource(Route& route, Payload& left, Payload& matched) const;
  bool by_span(Route& route, Payload& left, Payload& matched);
  void append(std::uint32_t target, Payload&& matched, std::vector<Payload>& parts) const;
  void count_work(const Payload& payload) const;
  void note_routes(const Payload& payload, const std::vector<Payload>& parts);

  Run& run_;
  PartsInTurn calls_;  ///< to targets
  const RoutingConfig& config_;
  bool takes_turns_, mutates_;
  std::vector<Route> routes_;
  std::uint32_t otherwise_ = kNowhere;
  std::vector<Span> matched_, left_;
  std::vector<std::pair<ItemId, DestinationSet>> went_;
  Cause elsewhere_, no_route_, refused_;
};

}  // namespace spillway::collector
