#include "models/scenario/service_graph.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <map>
#include <set>

#include "models/scenario/units.hpp"

namespace spillway::language {
namespace {

/// Times that an execution of the caller starts the callee.
struct Fanout {
  double times = 1;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Fanout>;
using Vertex = boost::graph_traits<Graph>::vertex_descriptor;

struct Vertices {
  std::vector<const Operation*> operations;  ///< by vertex
  std::vector<const Service*> services;      ///< by vertex
  std::map<std::pair<std::string, std::string>, Vertex> by_name;

  const Vertex* find(const std::string& service, const std::string& operation) const {
    const auto found = by_name.find({service, operation});
    return found == by_name.end() ? nullptr : &found->second;
  }
  std::string name(Vertex v) const { return services[v]->name + "/" + operations[v]->name; }
};

Vertices number(const Scenario& scenario) {
  Vertices vertices;
  for (const Service& service : scenario.services)
    for (const Operation& operation : service.operations) {
      vertices.by_name.emplace(std::pair{service.name, operation.name}, vertices.operations.size());
      vertices.operations.push_back(&operation);
      vertices.services.push_back(&service);
    }
  return vertices;
}

void connect(Graph& graph, const Vertices& vertices, Vertex from, const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    const Vertex* to = vertices.find(call.to, call.operation);
    if (!to) continue;
    const double times = call.in == "each" ? static_cast<double>(vertices.services[*to]->in.size()) : 1;
    boost::add_edge(from, *to, Fanout{times}, graph);
  }
}

Graph build(const Vertices& vertices) {
  Graph graph{vertices.operations.size()};
  for (Vertex v = 0; v < vertices.operations.size(); ++v) {
    connect(graph, vertices, v, vertices.operations[v]->parallel);
    connect(graph, vertices, v, vertices.operations[v]->sequence);
    for (const std::string& next : vertices.operations[v]->then)
      if (const Vertex* to = vertices.find(vertices.services[v]->name, next)) boost::add_edge(v, *to, Fanout{1}, graph);
  }
  return graph;
}

constexpr std::size_t kMostCycles = 10;  ///< reported

/// What one depth-first walk learns.
struct Walk {
  std::vector<Vertex> parent;
  std::vector<Vertex> finished;             ///< callees before their callers, unless there are cycles
  std::vector<std::vector<Vertex>> cycles;  ///< each from the operation that is called again
};

class Walker : public boost::default_dfs_visitor {
 public:
  explicit Walker(Walk& walk) : walk_{walk} {}
  void tree_edge(const Graph::edge_descriptor& edge, const Graph&) { walk_.parent[edge.m_target] = edge.m_source; }
  void finish_vertex(Vertex v, const Graph&) { walk_.finished.push_back(v); }
  void back_edge(const Graph::edge_descriptor& edge, const Graph&) {
    if (walk_.cycles.size() == kMostCycles) return;
    std::vector<Vertex> cycle;
    for (Vertex v = edge.m_source; v != edge.m_target; v = walk_.parent[v]) cycle.push_back(v);
    cycle.push_back(edge.m_target);
    std::reverse(cycle.begin(), cycle.end());
    walk_.cycles.push_back(std::move(cycle));
  }

 private:
  Walk& walk_;
};

/// "a -> b -> a"; the middle of a long one is only counted.
std::string cycle_text(const std::vector<Vertex>& cycle, const Vertices& vertices) {
  constexpr std::size_t most_named = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(most_named, cycle.size()); ++i) text += vertices.name(cycle[i]) + " -> ";
  if (cycle.size() > most_named) text += std::to_string(cycle.size() - most_named) + " more -> ";
  return text + vertices.name(cycle.front());
}

void report_cycles(const Walk& walk, const Vertices& vertices, Input& input) {
  for (const std::vector<Vertex>& cycle : walk.cycles)
    input.problem(vertices.operations[cycle.front()]->where.path,
                  "calls go in a circle: " + cycle_text(cycle, vertices) + "; remove one of them");
}

/// Callees are finished before their callers, so one pass counts what a request starts.
void report_explosions(const Graph& graph, const Walk& walk, const Vertices& vertices, Input& input) {
  std::vector<double> executions(vertices.operations.size(), 1);
  for (const Vertex v : walk.finished) {
    bool callee_is_to_blame = false;
    for (const auto& edge : boost::make_iterator_range(boost::out_edges(v, graph))) {
      executions[v] += graph[edge].times * executions[edge.m_target];
      callee_is_to_blame = callee_is_to_blame || executions[edge.m_target] > kMostExecutions;
    }
    if (executions[v] <= kMostExecutions || callee_is_to_blame) continue;
    input.problem(vertices.operations[v]->where.path, "one execution starts " + show(executions[v], Unit::none) +
                                                          " operations, more than " +
                                                          show(kMostExecutions, Unit::none) + "; make fewer calls");
  }
}

std::vector<boost::default_color_type> reach(const Graph& graph, const Vertices& vertices, const Scenario& scenario) {
  std::vector<boost::default_color_type> colors(vertices.operations.size(), boost::white_color);
  boost::queue<Vertex> queue;
  const auto map = boost::make_iterator_property_map(colors.begin(), boost::get(boost::vertex_index, graph));
  for (const Traffic& traffic : scenario.traffic) {
    const Vertex* start = vertices.find(traffic.to, traffic.operation);
    if (start && colors[*start] == boost::white_color)
      boost::breadth_first_visit(graph, *start, queue, boost::default_bfs_visitor{}, map);
  }
  return colors;
}

/// One warning for a service of which nothing is reached, else one for each operation.
void warn_of_unreachable(const Graph& graph, const Vertices& vertices, const Scenario& scenario, Input& input) {
  const auto colors = reach(graph, vertices, scenario);
  std::set<std::string> reached;
  for (Vertex v = 0; v < colors.size(); ++v)
    if (colors[v] != boost::white_color) reached.insert(vertices.services[v]->name);
  for (Vertex v = 0; v < colors.size(); ++v)
    if (colors[v] == boost::white_color && reached.contains(vertices.services[v]->name))
      input.problem(vertices.operations[v]->where.path, "no traffic reaches this operation; call it or remove it",
                    Problem::Severity::warning);
  for (const Service& service : scenario.services)
    if (!service.operations.empty() && !reached.contains(service.name))
      input.problem(service.where.path, "no traffic reaches this service; call it or remove it",
                    Problem::Severity::warning);
}

}  // namespace

void check_service_graph(const Scenario& scenario, Input& input) {
  const Vertices vertices = number(scenario);
  const Graph graph = build(vertices);
  Walk walk;
  walk.parent.resize(vertices.operations.size());
  boost::depth_first_search(graph, boost::visitor(Walker{walk}));
  report_cycles(walk, vertices, input);
  if (walk.cycles.empty()) report_explosions(graph, walk, vertices, input);
  warn_of_unreachable(graph, vertices, scenario, input);
}

}  // namespace spillway::language
