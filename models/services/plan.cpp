#include "models/services/plan.hpp"

#include <algorithm>

#include "models/senders.hpp"
#include "models/services/mandelbrot.hpp"

namespace spillway {
namespace {

std::string with_place(std::string text, const std::string& place) {
  for (auto at = text.find("{place}"); at != std::string::npos; at = text.find("{place}", at)) text.replace(at, 7, place);
  return text;
}

std::vector<double> cumulative(const std::vector<WeightedValue>& values) {
  std::vector<double> sums;
  double total = 0;
  for (const WeightedValue& value : values) sums.push_back(total += value.weight);
  return sums;
}

/// Adds a shape for every combination of the operation's attributes.
ShapeChoice shape_choice(const Operation& operation, Catalog& catalog) {
  ShapeChoice choice;
  std::vector<Attributes> combinations(1);
  for (const SpanAttribute& attribute : operation.attributes) {
    if (attribute.values.size() > 1) choice.weights.push_back(cumulative(attribute.values));
    std::vector<Attributes> longer;
    for (const Attributes& before : combinations) {
      for (const WeightedValue& value : attribute.values) longer.emplace_back(before).emplace_back(attribute.key, value.value);
    }
    combinations = std::move(longer);
  }
  const std::string& name = operation.span_name.empty() ? operation.name : operation.span_name;
  for (Attributes& attributes : combinations) {
    choice.shapes.push_back(catalog.add_shape({name, operation.span_kind, std::move(attributes)}));
  }
  return choice;
}

/// Which part of the picture a node renders.
struct Tile {
  int index = 0, count = 1;
};

class Planner {
 public:
  Planner(const Scenario& scenario, const std::vector<Process>& processes, const Traffic& traffic, Catalog& catalog)
      : scenario_{scenario}, processes_{processes}, traffic_{traffic}, catalog_{catalog} {}

  Plan make(std::uint16_t place) {
    plan_.name = traffic_.to + " " + traffic_.operation;
    plan_.place = scenario_.places[place].name;
    add_node(process(service(traffic_.to), place), traffic_.operation, kNoParent, {});
    return std::move(plan_);
  }

 private:
  std::uint32_t service(const std::string& name) const {
    const auto& all = scenario_.services;
    return static_cast<std::uint32_t>(std::find_if(all.begin(), all.end(), [&](const Service& s) { return s.name == name; }) - all.begin());
  }

  // The replica in the caller's place, else the service's first.
  std::uint32_t process(std::uint32_t service, std::uint16_t place) const {
    std::uint32_t first = 0xffffffff;
    for (std::uint32_t i = 0; i < processes_.size(); ++i) {
      if (processes_[i].service != service) continue;
      if (processes_[i].place == place) return i;
      first = std::min(first, i);
    }
    return first;
  }

  std::uint32_t add_node(std::uint32_t process, const std::string& operation, std::uint32_t parent, Tile tile) {
    const Service& owner = scenario_.services[processes_[process].service];
    const auto number = static_cast<std::uint32_t>(plan_.nodes.size());
    PlanNode node;
    node.process = process;
    node.parent = parent;
    node.place = processes_[process].place;
    node.failure_mode = owner.failure_mode;
    node.operation = &*std::find_if(owner.operations.begin(), owner.operations.end(), [&](const Operation& o) { return o.name == operation; });
    node.picture_seconds = picture_seconds(*node.operation, tile);
    if (node.operation->span) add_shape(node);
    plan_.nodes.push_back(node);
    for (const Call& call : node.operation->parallel) add_call(number, call, tile, &PlanNode::parallel);
    for (const Call& call : node.operation->sequence) add_call(number, call, tile, &PlanNode::sequence);
    for (const std::string& name : node.operation->then) {
      const std::uint32_t child = add_node(process, name, number, tile);
      plan_.nodes[child].in_process = true;
      plan_.nodes[number].then.push_back(child);
    }
    return number;
  }

  // With drawn attributes `shape` is the first of the possible ones: whether there is a span does not depend on chance.
  void add_shape(PlanNode& node) {
    const auto known = std::find_if(plan_.nodes.begin(), plan_.nodes.end(), [&](const PlanNode& other) {
      return other.operation == node.operation && other.shape != kNoShape;
    });
    if (known != plan_.nodes.end()) {
      node.shape = known->shape;
      node.choice = known->choice;
      return;
    }
    ShapeChoice choice = shape_choice(*node.operation, catalog_);
    node.shape = choice.shapes.front();
    if (choice.weights.empty()) return;
    node.choice = static_cast<std::uint32_t>(plan_.choices.size());
    plan_.choices.push_back(std::move(choice));
  }

  double picture_seconds(const Operation& operation, Tile tile) const {
    if (!traffic_.picture || (operation.work.per_pixel_seconds == 0 && operation.work.per_iteration_seconds == 0)) return 0;
    const TileWork work = tile_work(*traffic_.picture, tile.index, tile.count);
    return operation.work.per_pixel_seconds * static_cast<double>(work.pixels) +
           operation.work.per_iteration_seconds * static_cast<double>(work.iterations);
  }

  void add_call(std::uint32_t caller, const Call& call, Tile tile, std::vector<std::uint32_t> PlanNode::*list) {
    const std::uint16_t here = plan_.nodes[caller].place;
    const std::uint32_t callee = service(call.to);
    if (call.in != "each") {
      const std::uint16_t there = call.in == "same" ? here : place_index(scenario_, call.in);
      add_one_call(caller, call, process(callee, there), tile, list);
      return;
    }
    const auto count = std::count_if(processes_.begin(), processes_.end(), [&](const Process& p) { return p.service == callee; });
    int index = 0;
    for (std::uint32_t i = 0; i < processes_.size(); ++i) {
      if (processes_[i].service == callee) add_one_call(caller, call, i, {index++, static_cast<int>(count)}, list);
    }
  }

  void add_one_call(std::uint32_t caller, const Call& call, std::uint32_t process, Tile tile,
                    std::vector<std::uint32_t> PlanNode::*list) {
    const bool local = call.own_place_in_process && process == plan_.nodes[caller].process;
    const std::string& place = scenario_.places[processes_[process].place].name;
    const std::uint32_t child = add_node(process, call.operation, caller, tile);
    PlanNode& node = plan_.nodes[child];
    if (!call.client_span.empty()) node.client_shape = catalog_.add_shape({with_place(call.client_span, place), SpanKind::client, {}});
    node.timeout = call.timeout.value_or(Duration{0});
    node.probability = call.probability;
    // In place: no request is made, so the callee's operation leaves no span; what it does inside does.
    node.asynchronous = call.asynchronous;
    node.caller_work = call.work;
    node.in_process = local;
    if (local) node.shape = kNoShape;
    for (const std::uint32_t sibling : plan_.nodes[caller].*list) {
      const std::string& earlier = plan_.nodes[sibling].operation->name;
      if (std::find(call.after.begin(), call.after.end(), earlier) != call.after.end()) node.after.push_back(sibling);
    }
    if (!call.after.empty()) plan_.nodes[caller].ordered = true;
    (plan_.nodes[caller].*list).push_back(child);
  }

  const Scenario& scenario_;
  const std::vector<Process>& processes_;
  const Traffic& traffic_;
  Catalog& catalog_;
  Plan plan_;
};

}  // namespace

std::uint32_t ShapeChoice::draw(Draws& draws) const {
  std::size_t index = 0;
  for (const std::vector<double>& sums : weights) {
    const double at = draws.uniform() * sums.back();
    const auto chosen = std::upper_bound(sums.begin(), sums.end() - 1, at) - sums.begin();
    index = index * sums.size() + static_cast<std::size_t>(chosen);
  }
  return shapes[index];
}

std::vector<Process> list_processes(const Scenario& scenario, Catalog& catalog) {
  std::vector<Process> processes;
  for (std::uint32_t s = 0; s < scenario.services.size(); ++s) {
    const Service& service = scenario.services[s];
    for (const std::string& place : service.in) {
      const std::uint16_t at = place_index(scenario, place);
      Attributes attributes = service.resource;
      for (auto& [key, value] : attributes) {
        if (const auto* text = value.get<std::string>()) value = with_place(*text, place);
      }
      processes.push_back({s, at, catalog.add_resource({service.name, attributes}), place + "/" + service.name});
    }
  }
  return processes;
}

Plan make_plan(const Scenario& scenario, const std::vector<Process>& processes, const Traffic& traffic,
               std::uint16_t place, Catalog& catalog) {
  return Planner{scenario, processes, traffic, catalog}.make(place);
}

}  // namespace spillway
