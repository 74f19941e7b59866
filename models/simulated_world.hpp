// One replication's world: network, backends, collectors, senders, faults, wired by the addresses of the scenario.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/backends/backend.hpp"
#include "models/collector/collector.hpp"
#include "models/faults/faults.hpp"
#include "models/network/replicas.hpp"
#include "models/senders.hpp"
#include "models/world.hpp"

namespace spillway {

class PreparedScenario {
 public:
  Scenario scenario;
  std::vector<collector::CollectorConfig> configs;  ///< one per Scenario::collectors
  std::vector<collector::Version> versions;
  std::vector<collector::Costs> costs;
  std::vector<collector::GoRuntime> runtimes;
  std::vector<std::string> cost_files;  ///< other than the standard one, as named
};

/// An address that a collector's file names and nothing in the scenario has.
struct Unanswered {
  std::size_t collector = 0;  ///< index into Scenario::collectors
  std::string url;
  std::string why;
};

/// A backend as the scenario's addresses name it.
struct BackendPlace {
  std::string name;        ///< destination in the ledger: "grafana-cloud", "aws/jaeger"
  std::size_t index = 0;   ///< into Scenario::backends
  std::string place;       ///< empty: outside all places
};
/// A collector instance.
struct CollectorPlace {
  std::string name;        ///< "aws/otel-collector"
  std::size_t index = 0;   ///< into Scenario::collectors
  std::string place;
};

class World final : public AddressBook {
 public:
  World(const PreparedScenario& prepared, std::int64_t number, const RunOptions& options);
  ~World() override;

  Replication play();
  /// Before play(): latencies over time, for finding where the warm-up ends.
  void watch(LatencyTrace& trace) { senders_->watch(trace); }
  /// Before play(): called at every step of the series.
  void at_every_step(std::function<void(Time)> look);
  const collector::Collector& collector(std::size_t i) const { return *instances_[i].collector; }

  EndpointId endpoint(std::uint16_t place, const std::string& url) override;
  std::vector<std::string> lookup(std::uint16_t place, const std::string& name) override;
  std::vector<std::string> lookup_ever(std::uint16_t place, const std::string& name) override;
  std::uint64_t lookups_changed() const override { return lookups_changed_; }
  /// A name resolves to what the fault says, or again to what the scenario says.
  void set_resolution(const Fault& fault, bool begins);
  DestinationSet reach(EndpointId endpoint) const override { return network_.endpoint(endpoint).reach; }
  CredentialId credential(const std::string& user, const std::string& password) override;

  const std::vector<Unanswered>& unanswered() const { return unanswered_; }
  std::vector<BackendPlace> backends() const;      ///< in order of their bit in the ledger
  std::vector<CollectorPlace> collectors() const;
  /// Who has this network address or, from this place, this name: indices into backends(), then into collectors().
  struct Named {
    std::vector<std::size_t> backends, collectors;
  };
  Named who_is(std::uint16_t place, const std::string& name) const;
  /// Whatever is behind this URL for a caller at this place.
  const Endpoint& who_answers(std::uint16_t place, const std::string& url) { return network_.endpoint(endpoint(place, url)); }
  /// Whether this link, between places or backends outside all places, is on the way to it.
  bool is_between(const Endpoint& endpoint, const std::string& a, const std::string& b) const;
  const Link& link_to(const Endpoint& endpoint) const;
  const Scenario& scenario() const { return scenario_; }
  /// Every URL that was asked for while the world was wired, with the place of the caller.
  std::vector<std::pair<std::uint16_t, std::string>> urls() const;

 private:
  std::vector<LinkCounts> link_counts() const;
  class Recorder;
  class WrongPath;
  struct Instance {
    std::size_t use = 0;
    std::uint16_t place = 0;
    std::int64_t replica = 0;
    bool building = false;
    std::unique_ptr<collector::Collector> collector;
  };
  struct RunningBackend {
    std::size_t index = 0;
    std::uint16_t node = 0;   ///< of the network
    bool outside = false;     ///< of all places
    std::uint16_t place = 0;
    std::unique_ptr<BackendServer> server;
  };

  std::string node_name(std::uint16_t node) const;
  std::vector<std::string> addresses_of(const std::vector<std::string>& instances) const;
  std::vector<std::string> written_lookup(std::uint16_t place, const std::string& name) const;
  void build_nodes();
  void build_backends();
  void build_collectors();
  collector::Collector* built(Instance& instance);
  Endpoint resolve(std::uint16_t place, const std::string& url);
  bool resolve_backend(Endpoint& endpoint, const std::string& host, int port, const std::string& path,
                       std::uint16_t place);
  Server* wrong_path_of(const Server& server);
  Server* replicas_of(const Instance& first, int port, Signal signal, const std::string& name);
  bool resolve_collector(Endpoint& endpoint, const std::string& host, int port, const std::string& path,
                         std::uint16_t place);
  Instance* find_instance(const std::string& host, int port, std::uint16_t place);
  void begin_fault(const Fault& fault);
  void end_fault(const Fault& fault);
  void apply(const Fault& fault, bool begins);
  void signal(collector::Collector& collector, const Fault& fault);
  std::uint16_t node_of(const std::string& name) const;

  const PreparedScenario& prepared_;
  const Scenario& scenario_;
  std::int64_t number_;
  Run run_;
  Network network_;
  std::vector<std::string> outside_;  ///< node names after the places
  std::vector<RunningBackend> backends_;
  std::vector<Instance> instances_;
  std::map<std::pair<std::uint16_t, std::string>, EndpointId> endpoints_;
  std::map<std::string, std::vector<std::string>> resolved_;  ///< names that a fault has taken over
  std::uint64_t lookups_changed_ = 0;
  std::vector<std::pair<std::string, std::string>> credentials_;
  std::vector<std::unique_ptr<WrongPath>> wrong_paths_;
  std::vector<std::unique_ptr<Replicas>> replicas_;
  std::vector<Unanswered> unanswered_;
  std::size_t asking_ = 0;      ///< the collector whose exporters are being wired
  bool asking_collector_ = false;
  std::unique_ptr<Senders> senders_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace spillway
