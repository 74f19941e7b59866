#include "sim/app/scenario_load.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "models/services/plan.hpp"

namespace spillway::app {
namespace {

/// What comes to the collectors of all places together, a second. A trace counts at each that gets spans of it.
struct Flow {
  double traces = 0, spans = 0;
};

bool runs_in(const std::vector<std::string>& places, const std::string& place) {
  return std::find(places.begin(), places.end(), place) != places.end();
}

/// Spans that one request leaves in each place when every call is made.
std::map<std::uint16_t, double> spans_by_place(const Plan& plan) {
  std::map<std::uint16_t, double> spans;
  for (const PlanNode& node : plan.nodes) {
    const std::uint16_t caller = node.parent == kNoParent ? node.place : plan.nodes[node.parent].place;
    if (node.shape != kNoShape || node.choice != kNoChoice) ++spans[node.place];
    if (node.client_shape != kNoShape) ++spans[caller];
  }
  return spans;
}

void add(const Scenario& scenario, const Traffic& traffic, const CollectorUse& use, Flow& flow) {
  Catalog catalog{scenario.seed};
  const std::vector<Process> processes = list_processes(scenario, catalog);
  std::vector<std::uint16_t> entries;
  for (const Process& process : processes) {
    const bool wanted = traffic.in.empty() || runs_in(traffic.in, scenario.places[process.place].name);
    if (scenario.services[process.service].name == traffic.to && wanted) entries.push_back(process.place);
  }
  for (const std::uint16_t entry : entries) {
    const double rate = traffic.rate_per_second / static_cast<double>(entries.size());
    for (const auto& [place, spans] : spans_by_place(make_plan(scenario, processes, traffic, entry, catalog))) {
      // Where no such collector runs, spans go to one elsewhere: as many more traces for those that there are.
      flow.traces += runs_in(use.in, scenario.places[place].name) ? rate : 0;
      flow.spans += rate * spans;
    }
  }
  if (flow.traces == 0) flow.traces = traffic.rate_per_second;
}

bool posts_every_span(const Scenario& scenario) {
  const auto& services = scenario.services;
  return !services.empty() && std::all_of(services.begin(), services.end(), [](const Service& service) {
    return service.instrumentation.kind != Instrumentation::Kind::otlp_batch;
  });
}

}  // namespace

collector::review::Load load_of(const Scenario& scenario, const CollectorUse& use, collector::review::Load said) {
  if (!said.replicas) said.replicas = static_cast<double>(use.in.size()) * static_cast<double>(use.replicas.value_or(1));
  Flow flow;
  for (const Traffic& traffic : scenario.traffic) add(scenario, traffic, use, flow);
  if (flow.traces <= 0 || flow.spans <= 0 || said.traces_per_second) return said;
  said.traces_per_second = flow.traces;
  said.spans_per_trace = flow.spans / flow.traces;
  if (posts_every_span(scenario)) said.spans_per_request = 1;
  return said;
}

}  // namespace spillway::app
