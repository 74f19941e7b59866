// The scenario's services as processes: real Mandelbrot programs in rooms of their own, relays between them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/simulated_world.hpp"
#include "real/local/cpu_quota.hpp"
#include "real/local/lab.hpp"
#include "real/local/plan_of_lab.hpp"
#include "real/relay/relay.hpp"
#include "sim/record.hpp"

namespace spillway::real {

/// What keeps the scenario's services from being this program, each with the place in the scenario and the way out.
std::vector<std::string> missing_for_real_services(const Scenario& scenario);
/// What the scenario says of them and the program does in its own way: its work, its attributes.
std::vector<NotModelled> own_ways_of_real_services(const Scenario& scenario);

/// The environment that makes the program the service that the scenario describes. `stage_urls`: by place, for calls from here.
std::map<std::string, std::string> service_environment(const Scenario& scenario, const Service& service, std::uint16_t place,
                                                       const std::map<std::string, std::string>& stage_urls);

/// Where a service's log lines go.
struct ServiceOutput {
  std::filesystem::path written_to;  ///< what the program has as its standard output
  std::filesystem::path found_in;    ///< the file in which they can be read; the same, unless somebody is between
};

class RealServices {
 public:
  /// `plan` and `world` outlive this.
  RealServices(boost::asio::io_context& io, Lab& lab, Run& run, const Scenario& scenario, const LabPlan& plan, World& world);
  /// Ends them.
  ~RealServices();
  RealServices(const RealServices&) = delete;
  RealServices& operator=(const RealServices&) = delete;

  /// Starts relays and programs, and waits until they listen. Throws with the end of a log when one does not.
  /// `cpus` that each may use; 0: as many as there are.
  /// `output_of` a service by its number, when somebody else keeps their logs; empty: files in `logs`.
  void start(const std::filesystem::path& program, const std::filesystem::path& logs, double cpus,
             const std::function<ServiceOutput(std::size_t)>& output_of = {});
  /// Reads all metrics pages; what follows is of this moment.
  void look();

  /// Adds what the services produced for each destination, did not sample, and know to have lost.
  void add_to(std::vector<DestinationFates>& books) const;
  void add_answers(std::vector<AnswerCounts>& answers) const;
  /// CPU, memory and work done of each process.
  void add_notes(std::map<std::string, std::string>& notes);

 private:
  struct Running {
    const ServicePlan* plan = nullptr;
    const Service* service = nullptr;
    Process* process = nullptr;
    std::unique_ptr<CpuQuota> quota;  ///< null: none wanted
    std::vector<MetricValue> page;
  };
  void start_relays();
  void start_program(const ServicePlan& plan, const std::filesystem::path& program, const std::filesystem::path& log, double cpus);
  std::map<std::string, std::string> urls_from(std::size_t service) const;
  DestinationSet reach(const Running& running, const std::string& url) const;

  boost::asio::io_context& io_;
  Lab& lab_;
  Run& run_;
  const Scenario& scenario_;
  const LabPlan& plan_;
  World& world_;
  std::vector<std::unique_ptr<Sequence>> draws_;
  std::vector<std::unique_ptr<Relay>> relays_;
  std::vector<Running> services_;
};

}  // namespace spillway::real
