// What the collector refuses before it starts anything. Sources: otelcol/config.go and service/internal/graph of v0.111
// and v0.159.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "models/collector/config_service.hpp"

namespace spillway::collector {
namespace {

std::string suggestion(const Index& index, Kind kind, const std::string& id, const Reading& reading) {
  const std::string close = reading.may_suggest() ? nearest(id, index.ids(kind)) : "";
  return close.empty() ? "; add it to " + std::string(section_of(kind)) : "; did you mean '" + close + "'?";
}

std::uint8_t signal_bit(std::string_view signal) {
  if (signal == "traces") return kTraces;
  return signal == "metrics" ? kMetrics : kLogs;
}

/// One reference of a pipeline: it must be defined and must know the pipeline's signal.
void check_reference(const Pipeline& pipeline, const Reference& reference, Kind kind, std::string_view key,
                     const Index& index, Reading& reading) {
  const std::string path = pipeline.path + '.' + std::string(key);
  const Component* const found = index.find(kind, reference.id);
  const bool may_connect = kind == Kind::receiver || kind == Kind::exporter;
  if (found == nullptr) {
    if (may_connect && index.find(Kind::connector, reference.id) != nullptr) return;
    return reading.refuse(*reference.value, path,
                          "references " + std::string(to_text(kind)) + ' ' + in_quotes(reference.id) +
                              " which is not configured" + suggestion(index, kind, reference.id, reading));
  }
  if (found->type == nullptr || (found->type->signals & signal_bit(pipeline.signal)) != 0) return;
  reading.refuse(*reference.value, path,
                 "failed to create " + in_quotes(reference.id) + ' ' + std::string(to_text(kind)) + ", in pipeline " +
                     in_quotes(pipeline.id) + ": telemetry type is not supported; take it out of this pipeline");
}

void check_pipeline(const Pipeline& pipeline, const Index& index, Reading& reading) {
  if (pipeline.receivers.empty())
    reading.refuse(pipeline.document, pipeline.mark, pipeline.path,
                   "must have at least one receiver; list it under receivers");
  if (pipeline.exporters.empty())
    reading.refuse(pipeline.document, pipeline.mark, pipeline.path,
                   "must have at least one exporter; list it under exporters");
  std::set<std::string> seen;
  for (const Reference& one : pipeline.processors)
    if (!seen.insert(one.id).second)
      reading.refuse(*one.value, pipeline.path + ".processors",
                     "references processor " + in_quotes(one.id) + " multiple times; drop one");
  for (const Reference& one : pipeline.receivers)
    check_reference(pipeline, one, Kind::receiver, "receivers", index, reading);
  for (const Reference& one : pipeline.processors)
    check_reference(pipeline, one, Kind::processor, "processors", index, reading);
  for (const Reference& one : pipeline.exporters)
    check_reference(pipeline, one, Kind::exporter, "exporters", index, reading);
}

// Connectors

/// Whether a connector of this type carries one signal on as the other.
bool joins(const Type* type, const std::string& from, const std::string& to) {
  if (type == nullptr) return true;
  if (type->name == "forward" || type->name == "routing") return from == to;
  if (type->name == "span_metrics" || type->name == "service_graph") return from == "traces" && to == "metrics";
  return true;
}

/// Where a connector stands: pipelines it ends and pipelines it starts, by their number.
struct Use {
  std::string id;
  const Type* type = nullptr;
  const Value* place = nullptr;
  std::vector<std::size_t> ends, starts;
};

class Uses {
 public:
  Uses(const Service& service, const Index& index) : index_(index) {
    for (std::size_t i = 0; i < service.pipelines.size(); ++i) {
      for (const Reference& one : service.pipelines[i].exporters)
        if (Use* const use = of(one, Kind::exporter)) use->ends.push_back(i);
      for (const Reference& one : service.pipelines[i].receivers)
        if (Use* const use = of(one, Kind::receiver)) use->starts.push_back(i);
    }
  }
  const std::map<std::string, Use>& all() const { return uses_; }

 private:
  /// Null when the reference means a receiver or exporter.
  Use* of(const Reference& reference, Kind instead) {
    const Component* const connector = index_.find(Kind::connector, reference.id);
    if (connector == nullptr || index_.find(instead, reference.id) != nullptr) return nullptr;
    Use& use = uses_[reference.id];
    use.id = reference.id;
    use.type = connector->type;
    use.place = reference.value;
    return &use;
  }
  const Index& index_;
  std::map<std::string, Use> uses_;
};

constexpr std::array<std::string_view, 3> kSignals{"traces", "metrics", "logs"};

/// A connector must stand at both ends, and one end must be able to feed the other.
void check_use(const Use& use, const std::vector<Pipeline>& pipelines, Reading& reading) {
  const auto has = [&](const std::vector<std::size_t>& where, auto fits) {
    return std::ranges::any_of(where, [&](std::size_t i) { return fits(pipelines[i].signal); });
  };
  for (const std::string_view name : kSignals) {
    const std::string signal(name);
    const auto is = [&](const std::string& other) { return other == signal; };
    const auto place = [&](const std::vector<std::size_t>& where) {
      return pipelines[*std::ranges::find_if(where, [&](std::size_t i) { return pipelines[i].signal == signal; })];
    };
    if (has(use.ends, is) && !has(use.starts, [&](const std::string& to) { return joins(use.type, signal, to); })) {
      const Pipeline from = place(use.ends);
      reading.refuse(*use.place, from.path + ".exporters",
                     "connector " + in_quotes(use.id) + " used as exporter in [" + from.id +
                         "] pipeline but not used in any supported receiver pipeline; list it under receivers of one");
    }
    if (has(use.starts, is) && !has(use.ends, [&](const std::string& from) { return joins(use.type, from, signal); })) {
      const Pipeline to = place(use.starts);
      reading.refuse(*use.place, to.path + ".receivers",
                     "connector " + in_quotes(use.id) + " used as receiver in [" + to.id +
                         "] pipeline but not used in any supported exporter pipeline; list it under exporters of one");
    }
  }
}

using Graph = std::vector<std::vector<std::size_t>>;  ///< successors of each node

/// Pipelines come first, then three nodes per connector: one for each signal that enters it.
Graph graph_of(const Uses& uses, const std::vector<Pipeline>& pipelines) {
  Graph graph(pipelines.size());
  for (const auto& [id, use] : uses.all())
    for (const std::string_view signal : kSignals) {
      const std::size_t node = graph.size();
      graph.emplace_back();
      for (const std::size_t from : use.ends)
        if (pipelines[from].signal == signal) graph[from].push_back(node);
      for (const std::size_t to : use.starts)
        if (joins(use.type, std::string(signal), pipelines[to].signal)) graph[node].push_back(to);
    }
  return graph;
}

/// A node below `limit` on a cycle, if there is one: takes away what nothing leads to, then walks back from what is
/// left. Precondition: every cycle has such a node.
std::optional<std::size_t> node_on_cycle(const Graph& graph, std::size_t limit) {
  std::vector<std::size_t> incoming(graph.size());
  std::vector<std::size_t> before(graph.size());
  for (const auto& successors : graph)
    for (const std::size_t next : successors) ++incoming[next];
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < graph.size(); ++i)
    if (incoming[i] == 0) open.push_back(i);
  for (; !open.empty();) {
    const std::size_t node = open.back();
    open.pop_back();
    for (const std::size_t next : graph[node])
      if (--incoming[next] == 0) open.push_back(next);
  }
  for (std::size_t i = 0; i < graph.size(); ++i)
    for (const std::size_t next : graph[i])
      if (incoming[i] > 0) before[next] = i;
  const auto left = std::ranges::find_if(incoming, [](std::size_t count) { return count > 0; });
  if (left == incoming.end()) return std::nullopt;
  auto node = static_cast<std::size_t>(left - incoming.begin());
  for (std::size_t step = 0; step < graph.size() || node >= limit; ++step) node = before[node];
  return node;
}

void check_connectors(const Whole& whole, const Index& index, Reading& reading) {
  for (const Component& one : whole.components) {
    if (one.kind != Kind::connector) continue;
    for (const Kind other : {Kind::exporter, Kind::receiver})
      if (index.find(other, one.id) != nullptr)
        reading.refuse(*one.value, one.path,
                       "ambiguous ID: Found both " + in_quotes(one.id) + ' ' + std::string(to_text(other)) + " and " +
                           in_quotes(one.id) + " connector; rename the connector to " +
                           in_quotes(one.id + "/connector"));
  }
  const std::vector<Pipeline>& pipelines = whole.service.pipelines;
  const Uses uses(whole.service, index);
  for (const auto& [id, use] : uses.all()) check_use(use, pipelines, reading);
  const auto node = node_on_cycle(graph_of(uses, pipelines), pipelines.size());
  if (!node) return;
  const Pipeline& one = pipelines[*node];
  reading.refuse(one.document, one.mark, one.path,
                 "cycle detected: pipelines feed each other in a circle through connectors; break it");
}

void check_sections(const Whole& whole, Reading& reading) {
  const auto has = [&whole](Kind kind) {
    return std::ranges::any_of(whole.components, [kind](const Component& one) { return one.kind == kind; });
  };
  const Mark whole_file{};
  if (whole.components.empty())
    reading.refuse(whole.root.document, whole_file, "",
                   "empty configuration file; define receivers, exporters and service.pipelines");
  else if (!has(Kind::receiver))
    reading.refuse(whole.root.document, whole_file, "",
                   "no receiver configuration specified in config; add receivers:");
  else if (!has(Kind::exporter))
    reading.refuse(whole.root.document, whole_file, "",
                   "no exporter configuration specified in config; add exporters:");
}

}  // namespace

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

Index::Index(const std::vector<Component>& components) {
  for (const Component& one : components) by_name_.emplace(std::string(to_text(one.kind)) + ' ' + one.id, &one);
}

const Component* Index::find(Kind kind, const std::string& id) const {
  const auto found = by_name_.find(std::string(to_text(kind)) + ' ' + id);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::string> Index::ids(Kind kind) const {
  std::vector<std::string> all;
  for (const auto& [name, one] : by_name_)
    if (one->kind == kind) all.push_back(one->id);
  return all;
}

void check_references(const Whole& whole, Reading& reading) {
  const int errors = reading.errors;
  check_sections(whole, reading);
  if (whole.service.pipelines.empty() && errors == 0)
    reading.refuse(whole.root.document, Mark{}, "service.pipelines",
                   "service must have at least one pipeline; add traces:");
  const Index index(whole.components);
  for (const Reference& one : whole.service.extensions)
    if (index.find(Kind::extension, one.id) == nullptr)
      reading.refuse(*one.value, "service.extensions",
                     "references extension " + in_quotes(one.id) + " which is not configured" +
                         suggestion(index, Kind::extension, one.id, reading));
  for (const Pipeline& pipeline : whole.service.pipelines) check_pipeline(pipeline, index, reading);
  check_connectors(whole, index, reading);
}

}  // namespace spillway::collector
