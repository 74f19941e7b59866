// Everything of a scenario that produces telemetry: users' requests, services, scripted clients. The same in the
// simulated and in the measured world; only the transport behind it differs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/services/application.hpp"
#include "models/services/shared_host.hpp"
#include "models/traffic/arrivals.hpp"
#include "models/traffic/client.hpp"

namespace spillway {

/// Turns addresses into endpoints.
class AddressBook {
 public:
  virtual ~AddressBook() = default;
  /// The endpoint behind a URL as seen from a place; never fails (at an unknown host connections are refused).
  virtual EndpointId endpoint(std::uint16_t place, const std::string& url) = 0;
  /// The network addresses behind a name as seen from a place, sorted; empty when nobody has it.
  virtual std::vector<std::string> lookup(std::uint16_t place, const std::string& name) = 0;
  /// All that lookup() will ever say in this run, at one time or another.
  virtual std::vector<std::string> lookup_ever(std::uint16_t place, const std::string& name) { return lookup(place, name); }
  /// Another number when lookup() may say something else than before.
  virtual std::uint64_t lookups_changed() const { return 0; }
  /// Destinations behind it.
  virtual DestinationSet reach(EndpointId endpoint) const = 0;
  /// The same number for the same user and password, never 0 unless both are empty.
  virtual CredentialId credential(const std::string& user, const std::string& password) = 0;
};

class Senders {
 public:
  enum class Which { all, only_clients };  ///< the latter where real services take the requests of users
  /// Statistics of requests leave out those that arrive within `warm_up`.
  Senders(Run& run, Transport& transport, AddressBook& book, const Scenario& scenario, Duration warm_up,
          Which which = Which::all);
  /// Latencies over time, for finding where the warm-up ends; `trace` outlives this.
  void watch(LatencyTrace& trace) { application_->watch(trace); }
  void report(Replication& result) const;

 private:
  void build_processes(AddressBook& book);
  void build_traffic();
  void build_clients(AddressBook& book);
  std::unique_ptr<Cpu> cpu_of(const Runtime& runtime, std::uint16_t place);
  std::unique_ptr<SpanExporter> exporter_of(const RunningProcess& process, AddressBook& book);
  ExportTarget target(AddressBook& book, std::uint16_t place, const std::string& url) const;

  Run& run_;
  Transport& transport_;
  const Scenario& scenario_;
  Time end_;
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<SharedHost>> hosts_;  ///< by name and place
  std::vector<RunningProcess> processes_;
  std::unique_ptr<Application> application_;
  std::vector<std::unique_ptr<Arrivals>> arrivals_;
  std::vector<std::unique_ptr<ScriptedClient>> clients_;
};

/// Latency of calls inside the scenario's places, from its `links`.
CallLatency call_latency(const Scenario& scenario);
/// The link that holds between two node names (places, or a backend's name for what lies outside all places).
const Link& link_between(const Scenario& scenario, const std::string& a, const std::string& b);
std::uint16_t place_index(const Scenario& scenario, const std::string& name);

}  // namespace spillway
