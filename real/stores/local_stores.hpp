// The stores that each place of the platform has of its own, as real programs: Zipkin for spans in the place of a scripted
// backend, VictoriaLogs as the local Loki, Promtail with the platform's own file, Prometheus. The second client of
// Promtail, the cloud, is one more VictoriaLogs.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "real/local/lab.hpp"
#include "real/local/plan_of_lab.hpp"
#include "real/local/real_services.hpp"
#include "real/sink/sink.hpp"
#include "real/stores/cri_log.hpp"
#include "sim/record.hpp"

namespace spillway::real {

/// Programs of the stores; see build.sh beside this file.
struct StorePrograms {
  bool wanted = false;           ///< else the backends are scripted, and nobody keeps logs and metrics
  std::filesystem::path zipkin;  ///< a jar; java is looked for in PATH
  std::filesystem::path victorialogs, promtail, prometheus;
  std::filesystem::path promtail_config;  ///< the platform's own
};

/// What keeps these stores from being run, each with the way out.
std::vector<std::string> missing_for_stores(const Scenario& scenario, const LabPlan& plan, const StorePrograms& programs);
/// What the scenario says of the backends that they replace, and they do in their own way.
std::vector<NotModelled> own_ways_of_stores(const Scenario& scenario, const LabPlan& plan);

class LocalStores {
 public:
  /// `plan` outlives this. `logs`: the programs' own output.
  LocalStores(Lab& lab, const LabPlan& plan, StorePrograms programs, std::filesystem::path logs);
  ~LocalStores();
  LocalStores(const LocalStores&) = delete;
  LocalStores& operator=(const LocalStores&) = delete;

  /// Starts the stores and waits until they answer. Throws with the end of a log when one does not.
  void start();
  /// For that service: a pipe behind which the node's log file is written.
  ServiceOutput output_of(std::size_t service);
  /// Prometheus, once there is something to scrape.
  void start_scraping();
  /// After the run: waits until all that was written has been shipped, then reads what is stored.
  void look();

  /// What the Zipkin in the place of that sink was sent and holds.
  const SinkCounts& zipkin(std::size_t sink) const { return zipkin_.at(sink); }
  const std::vector<SpanKey>& stored_spans(std::size_t sink) const { return spans_.at(sink); }
  /// `spillway_written` by service and `spillway_stored` by store, of each kind of item.
  void add_to(std::vector<MetricValue>& metrics) const;
  void add_notes(std::map<std::string, std::string>& notes) const;

 private:
  struct Running {
    std::string name;
    Process* process = nullptr;
    std::filesystem::path log;
  };
  struct Samples {
    std::int64_t stored = 0, scraped = 0, scrapes = 0, failed = 0;
  };
  Process& start(const std::string& name, const std::string& room, ProgramSpec spec);
  void start_zipkin(const StorePlan& store);
  void start_victorialogs(const std::string& name, const std::string& room);
  void start_promtail(const StorePlan& store);
  void start_prometheus(const StorePlan& store);
  void await(const std::string& name, const std::string& room, int port, const std::string& path);
  std::optional<std::string> ask(const std::string& room, int port, const std::string& path) const;
  std::int64_t lines_in(const std::string& room, const char* query) const;
  std::int64_t lines_written(const StorePlan& store) const;
  void look_at_zipkin(const StorePlan& store);
  void look_at_prometheus(const StorePlan& store);
  std::filesystem::path folder_of(const std::string& name) const;

  Lab& lab_;
  const LabPlan& plan_;
  StorePrograms programs_;
  std::filesystem::path logs_;
  std::vector<Running> running_;
  std::map<std::size_t, std::unique_ptr<CriLog>> outputs_;  ///< by service
  std::map<std::size_t, SinkCounts> zipkin_;                ///< by sink
  std::map<std::size_t, std::vector<SpanKey>> spans_;       ///< by sink
  std::map<std::string, std::int64_t> lines_;               ///< stored, by the store's name
  std::map<std::string, std::int64_t> traceable_;           ///< of these, with a trace id in the line or beside it
  std::map<std::string, Samples> samples_;                  ///< by place
};

}  // namespace spillway::real
