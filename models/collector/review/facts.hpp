// A collector file as its reviewer sees it: every component with its settings and places, modelled or not, and who
// stands in which pipeline. Works on the file itself, so that it needs no decoded component.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/config_types.hpp"
#include "models/collector/config_value.hpp"
#include "sim/time.hpp"

namespace spillway::collector::review {

using Keys = std::initializer_list<std::string_view>;

/// What a configuration is asked to carry. What nobody said has the default, and the result says so.
struct Load {
  std::optional<double> traces_per_second;  ///< of the whole system
  double spans_per_trace = 10;
  double span_bytes = 500;         ///< OTLP protobuf, uncompressed
  double spans_per_request = 100;  ///< that clients send
  std::optional<double> replicas;  ///< wins over the workload's
  double outage = 300;             ///< seconds that a backend may be away
  double backend_latency = 0.1;    ///< seconds
  double kept = 1;                 ///< share of traces that tail sampling keeps

  static constexpr double kReferenceRate = 1000;  ///< traces/s, when none is given
};

/// A component of the file.
struct Part {
  Kind kind{};
  std::string id;
  std::string type;  ///< newest name: "otlp_http" also for "otlphttp"; as written when it is unknown
  std::string written_type;
  const Value* value = nullptr;  ///< a map, or null in both senses
  const Member* entry = nullptr;
  std::string path;   ///< "exporters.otlphttp/a"
  bool used = false;  ///< by a pipeline or in service.extensions

  bool of_the_chart() const;           ///< not the user's own: comes with the Helm chart
  const Value* find(Keys keys) const;  ///< null when absent
  bool has(Keys keys) const { return find(keys) != nullptr; }
  std::string text(Keys keys, std::string otherwise = {}) const;
  double number(Keys keys, double otherwise) const;
  double seconds(Keys keys, double otherwise) const;
  bool flag(Keys keys, bool otherwise) const;
};

/// Where a pipeline names a component.
struct Mention {
  const Part* part = nullptr;  ///< null: not defined
  const Value* at = nullptr;
  bool is(std::string_view type) const { return part != nullptr && part->type == type; }
};

struct Line {
  std::string id, signal, path;
  std::vector<Mention> receivers, processors, exporters;
  /// Place of the first processor of this type, or -1.
  int position(std::string_view type) const;
  bool has(std::string_view type) const { return position(type) >= 0; }
};

/// How an exporter queues and retries.
struct Queue {
  bool known = false;  ///< the type has a sending queue
  bool enabled = true;
  double size = 1000;
  std::string sizer = "requests";
  double consumers = 10;
  std::string storage;
  bool retries = true;
  double gives_up_after = 300;  ///< seconds; 0: never
  bool batches = false;         ///< sending_queue.batch
};
Queue queue_of(const Part& exporter);

struct Facts {
  const ConfigTree& tree;
  const Workload& workload;
  Version version;
  Semantics semantics;
  Load load;
  std::vector<Part> parts;
  std::vector<Line> lines;
  bool too_large = false;  ///< nobody's file; looking at everything beside everything else would take too long

  double rate() const { return load.traces_per_second.value_or(Load::kReferenceRate); }
  /// Traces a second at one of the processes.
  double rate_per_process() const { return rate() / replicas(); }
  double replicas() const;
  /// "at 1 000 traces/s" of one process, or "at, say, 1 000 traces/s" when no rate was given.
  std::string at_rate() const;
  bool several() const { return load.replicas ? *load.replicas > 1 : workload.runs_several(); }
  const Part* find(Kind kind, std::string_view id) const;
  /// Pipelines of traces.
  std::vector<const Line*> trace_lines() const;
};

/// Precondition: config.tree is there. `config` must outlive the result.
Facts facts_of(const LoadedConfig& config, const Load& load);

/// "16.1", "1 613", "0.08": for messages.
std::string count_text(double number);
/// "12 s", "4 min 10 s", "2 h".
std::string time_text(double seconds);
/// "512 MiB".
std::string bytes_text(double bytes);
std::string percent_text(double share);

}  // namespace spillway::collector::review
