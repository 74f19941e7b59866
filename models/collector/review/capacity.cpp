#include "models/collector/review/capacity.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "models/collector/costs.hpp"

namespace spillway::collector::review {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using Graph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_capacity_t, double,
                    boost::property<boost::edge_residual_capacity_t, double,
                                    boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;

constexpr double kUnbounded = 1e15;  ///< spans/s; an infinity would spoil differences

/// The graph under construction: what is bounded is an edge with a name.
class Network {
 public:
  std::size_t node() { return boost::add_vertex(graph_); }
  void join(std::size_t from, std::size_t to, double capacity = kUnbounded, std::string name = {}) {
    const auto edge = boost::add_edge(from, to, graph_).first;
    const auto back = boost::add_edge(to, from, graph_).first;
    put(boost::edge_capacity, edge, capacity);
    put(boost::edge_capacity, back, 0.0);
    boost::put(boost::edge_reverse, graph_, edge, back);
    boost::put(boost::edge_reverse, graph_, back, edge);
    if (!name.empty()) named_.push_back({edge, from, to, std::move(name)});
  }
  double flow(std::size_t from, std::size_t to) { return boost::edmonds_karp_max_flow(graph_, from, to); }

  /// After flow(): the named edges that lead out of what can still be reached.
  std::string cut(std::size_t from) const {
    const std::set<std::size_t> reached = reachable(from);
    std::string names;
    for (const Named& one : named_)
      if (reached.contains(one.from) && !reached.contains(one.to)) names += (names.empty() ? "" : " and ") + one.name;
    return names;
  }

 private:
  struct Named {
    Traits::edge_descriptor edge;
    std::size_t from, to;
    std::string name;
  };
  void put(boost::edge_capacity_t tag, const Traits::edge_descriptor& edge, double capacity) {
    boost::put(tag, graph_, edge, capacity);
  }
  std::set<std::size_t> reachable(std::size_t from) const {
    const auto residual = boost::get(boost::edge_residual_capacity, graph_);
    std::set<std::size_t> reached{from};
    std::vector<std::size_t> open{from};
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      const auto [first, last] = boost::out_edges(node, graph_);
      for (auto edge = first; edge != last; ++edge) {
        const std::size_t next = boost::target(*edge, graph_);
        if (residual[*edge] > 1e-6 && reached.insert(next).second) open.push_back(next);
      }
    }
    return reached;
  }

  Graph graph_;
  std::vector<Named> named_;
};

struct Bound {
  double spans = kUnbounded;
  std::string name;
};

Bound bound_of_processor(const Facts& facts, const Part& part) {
  if (part.type != "tail_sampling") return {};
  const double held = std::max(1.0, std::floor(part.seconds({"decision_wait"}, 30))) + 1;
  const double slots = part.number({"num_traces"}, 50'000);
  return {slots / held * facts.load.spans_per_trace, part.id + ": " + count_text(slots) + " traces / " +
                                                         time_text(held) + " x " +
                                                         count_text(facts.load.spans_per_trace) + " spans"};
}

/// Spans of a full request that leaves this pipeline.
double full_request(const Facts& facts, const Line& line) {
  for (auto one = line.processors.rbegin(); one != line.processors.rend(); ++one) {
    if (one->is("tail_sampling")) return facts.load.spans_per_trace;
    if (!one->is("batch")) continue;
    const double size = one->part->number({"send_batch_size"}, 8192);
    if (size > 0) return size;
  }
  return facts.load.spans_per_request;
}

/// The dearest way into an exporter: the pipeline with the smallest requests.
Bound bound_of_exporter(const Facts& facts, const Part& exporter) {
  const Queue queue = queue_of(exporter);
  if (!queue.known || !queue.enabled) return {};
  double request = kUnbounded;
  for (const Line* const line : facts.trace_lines())
    for (const Mention& mention : line->exporters)
      if (mention.part == &exporter) request = std::min(request, full_request(facts, *line));
  if (queue.batches) request = std::max(request, exporter.number({"sending_queue", "batch", "min_size"}, 8192));
  return {queue.consumers / facts.load.backend_latency * request,
          exporter.id + ": " + count_text(queue.consumers) + " consumers / " + time_text(facts.load.backend_latency) +
              " x " + count_text(request) + " spans"};
}

/// Nodes of the pipelines and exporters, wired.
class Wiring {
 public:
  explicit Wiring(const Facts& facts) : facts_(facts), source_(network_.node()), cpu_(network_.node()) {
    const double cores = facts.workload.cpu_limit.value_or(1);
    const double cost = cpu_microseconds_per_span(facts);
    network_.join(
        source_, cpu_, cores * 1e6 / cost,
        "cpu: " + count_text(cores) + (cores == 1 ? " core" : " cores") + " / " + count_text(cost) + " us a span");
    for (const Line* const line : facts.trace_lines()) add(*line);
    for (const auto& [connector, ends] : connectors_)
      for (const std::size_t from : ends.first)
        for (const std::size_t to : ends.second) network_.join(from, to);
  }
  std::vector<Capacity> run() {
    std::vector<Capacity> found;
    for (const Part& part : facts_.parts) {
      const auto node = exporters_.find(&part);
      if (node == exporters_.end()) continue;
      const double flow = network_.flow(source_, node->second);
      const bool bounded = flow < kUnbounded * 0.5;
      found.push_back({part.id, bounded ? flow : std::numeric_limits<double>::infinity(), network_.cut(source_)});
    }
    return found;
  }

 private:
  void add(const Line& line) {
    std::size_t at = network_.node();
    for (const Mention& mention : line.receivers) {
      if (mention.part == nullptr) continue;
      if (mention.part->kind == Kind::receiver)
        network_.join(cpu_, at);
      else if (mention.part->type == "forward")
        connectors_[mention.part->id].second.push_back(at);
    }
    for (const Mention& mention : line.processors) {
      const Bound bound = mention.part == nullptr ? Bound{} : bound_of_processor(facts_, *mention.part);
      if (bound.name.empty()) continue;
      const std::size_t next = network_.node();
      network_.join(at, next, bound.spans, bound.name);
      at = next;
    }
    for (const Mention& mention : line.exporters) {
      if (mention.part == nullptr) continue;
      if (mention.part->kind == Kind::exporter)
        network_.join(at, entry_of(*mention.part));
      else if (mention.part->type == "forward")
        connectors_[mention.part->id].first.push_back(at);
    }
  }
  std::size_t entry_of(const Part& exporter) {
    const auto known = entries_.find(&exporter);
    if (known != entries_.end()) return known->second;
    const std::size_t entry = network_.node();
    const std::size_t end = network_.node();
    const Bound bound = bound_of_exporter(facts_, exporter);
    network_.join(entry, end, bound.spans, bound.name);
    entries_.emplace(&exporter, entry);
    exporters_.emplace(&exporter, end);
    return entry;
  }

  const Facts& facts_;
  Network network_;
  std::size_t source_, cpu_;
  std::map<const Part*, std::size_t> entries_, exporters_;  // looked up only: order never leaves
  std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> connectors_;  ///< ends, starts
};

}  // namespace

double cpu_microseconds_per_span(const Facts& facts) {
  constexpr double attributes = 5;  // of a span, of which a file says nothing
  const Costs& costs = standard_costs().of(facts.version);
  const double in_request = std::max(1.0, facts.load.spans_per_request);
  double dearest = 0;
  bool tail = false;
  for (const Line* const line : facts.trace_lines()) {
    tail = tail || line->has("tail_sampling");
    for (const Mention& mention : line->receivers) {
      const Price& price = mention.is("zipkin") ? costs.cpu.zipkin : costs.cpu.otlp;
      const double body = price.byte * facts.load.span_bytes;
      dearest = std::max(dearest, price.request / in_request + price.span + attributes * price.attribute + body);
    }
  }
  constexpr double tail_us = 5;  // measured: 25 us against 20 us a span
  return dearest + (tail ? tail_us : 0);
}

std::vector<Capacity> capacities_of(const Facts& facts) {
  if (facts.too_large || facts.trace_lines().empty()) return {};
  return Wiring(facts).run();
}

}  // namespace spillway::collector::review
