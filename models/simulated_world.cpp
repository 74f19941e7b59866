#include "models/simulated_world.hpp"

#include <algorithm>
#include <cstdio>

#include "models/network/url.hpp"

namespace spillway {

/// Takes the metrics at every step and at the moments of sample_at.
class World::Recorder final : public Component {
 public:
  Recorder(Run& run, const Scenario& scenario) : run_{run}, step_{scenario.record.step}, self_{run.sim.add(*this)} {
    run.sim.schedule(Time{} + step_, self_, 0);
    for (const Time at : scenario.sample_at) run.sim.schedule(at, self_, 1);
  }
  void handle(const Event& event) override {
    if (event.kind == 1) {
      snapshots.push_back({run_.sim.now(), run_.metrics.read()});
      return;
    }
    series.take(run_.metrics);
    if (on_step) on_step(event.at);
    run_.sim.schedule(run_.sim.now() + step_, self_, 0);
  }
  SeriesRecorder series;
  std::vector<MetricSnapshot> snapshots;
  std::function<void(Time)> on_step;

 private:
  Run& run_;
  Duration step_;
  Target self_;
};

/// A server asked for a path that it does not have: 404, which clients do not retry.
class World::WrongPath final : public Server {
 public:
  WrongPath(Network& network, const Server& real) : network_{network}, real_{real} {}
  bool listening() const override { return real_.listening(); }
  void receive(RequestId request) override {
    const bool grpc = network_.request(request).format == WireFormat::otlp_grpc;
    network_.answer(request, grpc ? grpc_answer(GrpcCode::unimplemented) : Answer{Answer::Kind::status, 404, Duration{-1}, {}});
  }

 private:
  Network& network_;
  const Server& real_;
};

World::World(const PreparedScenario& prepared, std::int64_t number, const RunOptions& options)
    : prepared_{prepared}, scenario_{prepared.scenario}, number_{number},
      run_{scenario_.seed, static_cast<std::uint32_t>(number), options.queue},
      network_{run_, static_cast<std::uint16_t>(scenario_.places.size() + scenario_.backends.size())} {
  build_nodes();
  build_backends();
  build_collectors();
  senders_ = std::make_unique<Senders>(run_, network_, *this, scenario_,
                                       options.warm_up.value_or(scenario_.warm_up.value_or(Duration{0})));
  for (Instance& instance : instances_) {
    instance.collector->start();
    run_.metrics.add([&instance, limited = scenario_.collectors[instance.use].memory_limit > 0](std::vector<MetricValue>& page) {
      instance.collector->write_metrics(page);
      if (limited)
        page.push_back({kRestartsMetric, {{"collector", instance.collector->settings().name}},
                        static_cast<double>(instance.collector->out_of_memory_kills())});
    });
  }
  faults_ = std::make_unique<Faults>(run_, scenario_.faults, [this](const Fault& f) { begin_fault(f); },
                                     [this](const Fault& f) { end_fault(f); });
  recorder_ = std::make_unique<Recorder>(run_, scenario_);
}

World::~World() = default;

void World::at_every_step(std::function<void(Time)> look) { recorder_->on_step = std::move(look); }

std::string World::node_name(std::uint16_t node) const {
  return node < scenario_.places.size() ? scenario_.places[node].name : scenario_.backends[node - scenario_.places.size()].name;
}

std::uint16_t World::node_of(const std::string& name) const {
  std::uint16_t node = 0;
  while (node_name(node) != name) ++node;
  return node;
}

void World::build_nodes() {
  const auto nodes = static_cast<std::uint16_t>(scenario_.places.size() + scenario_.backends.size());
  for (std::uint16_t from = 0; from < nodes; ++from) {
    for (std::uint16_t to = 0; to < nodes; ++to) {
      const Link& link = link_between(scenario_, node_name(from), node_name(to));
      network_.set_latency(from, to, link.latency, link.bandwidth_bytes_per_second);
    }
  }
}

void World::build_backends() {
  const bool note_ids = scenario_.record.span_ids || judges(scenario_, ".span_set");
  const bool note_contents = wants_contents(scenario_);
  for (std::size_t i = 0; i < scenario_.backends.size(); ++i) {
    const Backend& spec = scenario_.backends[i];
    const CredentialId credential = spec.user.empty() ? 0 : this->credential(spec.user, spec.password);
    const auto add = [&](std::string name, std::uint16_t node, bool outside, std::uint16_t place) {
      backends_.push_back({i, node, outside, place,
                           std::make_unique<BackendServer>(run_, network_, BackendSettings{std::move(name), &spec, credential, note_ids, scenario_.record.span_ids,
                                                            note_contents})});
    };
    if (spec.in.empty()) add(spec.name, static_cast<std::uint16_t>(scenario_.places.size() + i), true, 0);
    for (const std::string& place : spec.in) {
      const std::uint16_t at = place_index(scenario_, place);
      add(place + "/" + spec.name, at, false, at);
    }
  }
}

void World::build_collectors() {
  for (std::size_t i = 0; i < scenario_.collectors.size(); ++i) {
    const CollectorUse& use = scenario_.collectors[i];
    for (const std::string& place : use.in) {
      for (std::int64_t r = 0; r < use.replicas.value_or(1); ++r) instances_.push_back({i, place_index(scenario_, place), r, false, nullptr});
    }
  }
  for (Instance& instance : instances_) built(instance);
}

// Builds on demand: an exporter that sends to another collector needs that one first. Null while it is being
// built itself: two collectors that send to each other.
collector::Collector* World::built(Instance& instance) {
  if (instance.collector || instance.building) return instance.collector.get();
  instance.building = true;
  const CollectorUse& use = scenario_.collectors[instance.use];
  collector::CollectorSettings settings;
  settings.name = scenario_.places[instance.place].name + "/" + use.name;
  if (use.replicas.value_or(1) > 1) settings.name += "-" + std::to_string(instance.replica);
  settings.place = instance.place;
  settings.config = &prepared_.configs[instance.use];
  settings.version = prepared_.versions[instance.use];
  settings.cpus = use.cpus;
  settings.memory = use.memory;
  settings.memory_limit = use.memory_limit;
  settings.costs = prepared_.costs[instance.use];
  settings.runtime = prepared_.runtimes[instance.use];
  const auto before = std::pair{asking_, asking_collector_};
  std::tie(asking_, asking_collector_) = std::pair{instance.use, true};
  instance.collector = std::make_unique<collector::Collector>(run_, network_, network_, *this, settings);
  std::tie(asking_, asking_collector_) = before;
  instance.building = false;
  return instance.collector.get();
}

CredentialId World::credential(const std::string& user, const std::string& password) {
  const std::pair wanted{user, password};
  const auto found = std::find(credentials_.begin(), credentials_.end(), wanted);
  if (found != credentials_.end()) return static_cast<CredentialId>(found - credentials_.begin()) + 1;
  credentials_.push_back(wanted);
  return static_cast<CredentialId>(credentials_.size());
}

EndpointId World::endpoint(std::uint16_t place, const std::string& url) {
  const auto known = endpoints_.find({place, url});
  if (known != endpoints_.end()) return known->second;
  const EndpointId id = network_.add_endpoint(resolve(place, url));
  endpoints_[{place, url}] = id;
  return id;
}

// A name that several have is, in a place that has one of them, that one; elsewhere it is all of them.
World::Named World::who_is(std::uint16_t place, const std::string& name) const {
  Named own, all;
  const auto has = [&](const std::vector<std::string>& addresses) {
    return std::any_of(addresses.begin(), addresses.end(), [&](const std::string& a) { return a.substr(0, a.rfind(':')) == name; });
  };
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    const RunningBackend& running = backends_[i];
    if (backend_address(i) != name && !has(scenario_.backends[running.index].addresses)) continue;
    all.backends.push_back(i);
    if (!running.outside && running.place == place) own.backends.push_back(i);
  }
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    if (collector_address(i) != name && !has(scenario_.collectors[instances_[i].use].addresses)) continue;
    all.collectors.push_back(i);
    if (instances_[i].place == place) own.collectors.push_back(i);
  }
  return own.backends.empty() && own.collectors.empty() ? all : own;
}

/// As the `addresses` of the scenario have it.
std::vector<std::string> World::written_lookup(std::uint16_t place, const std::string& name) const {
  std::vector<std::string> addresses;
  const Named named = who_is(place, name);
  for (const std::size_t i : named.backends) addresses.push_back(backend_address(i));
  for (const std::size_t i : named.collectors) addresses.push_back(collector_address(i));
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::vector<std::string> World::addresses_of(const std::vector<std::string>& instances) const {
  std::vector<std::string> addresses;
  const auto meant = [&](const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(instances.begin(), instances.end(), name) != instances.end();
    });
  };
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    const RunningBackend& running = backends_[i];
    const std::string place = running.outside ? "" : scenario_.places[running.place].name;
    if (meant(instance_names(scenario_.backends[running.index].name, place))) addresses.push_back(backend_address(i));
  }
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const Instance& instance = instances_[i];
    const CollectorUse& use = scenario_.collectors[instance.use];
    const std::string& place = scenario_.places[instance.place].name;
    if (meant(instance_names(use.name, place, instance.replica, use.replicas.value_or(1)))) addresses.push_back(collector_address(i));
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::vector<std::string> World::lookup(std::uint16_t place, const std::string& name) {
  const auto taken_over = resolved_.find(name);
  return taken_over != resolved_.end() ? taken_over->second : written_lookup(place, name);
}

std::vector<std::string> World::lookup_ever(std::uint16_t place, const std::string& name) {
  std::vector<std::string> addresses = written_lookup(place, name);
  for (const Fault& fault : scenario_.faults) {
    if (fault.kind != Fault::Kind::resolve || fault.target != name) continue;
    const std::vector<std::string> then = addresses_of(fault.to);
    addresses.insert(addresses.end(), then.begin(), then.end());
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty() && asking_collector_)
    unanswered_.push_back({asking_, name, "no backend and no collector of the scenario has this name"});
  return addresses;
}

Endpoint World::resolve(std::uint16_t place, const std::string& url) {
  Endpoint endpoint;
  endpoint.from = endpoint.to = place;
  endpoint.url = url;
  const auto parsed = parse_url(url);
  if (parsed) {
    endpoint.host = parsed->host;
    if (resolve_backend(endpoint, parsed->host, parsed->port, parsed->path, place)) return endpoint;
    if (resolve_collector(endpoint, parsed->host, parsed->port, parsed->path, place)) return endpoint;
  }
  const char* why = parsed ? "no backend and no collector of the scenario has this address" : "this is no http or https URL";
  if (asking_collector_) unanswered_.push_back({asking_, url, why});
  return endpoint;
}

bool World::resolve_backend(Endpoint& endpoint, const std::string& host, int port, const std::string& path,
                            std::uint16_t place) {
  RunningBackend* best = nullptr;
  for (RunningBackend& running : backends_) {
    const auto& addresses = scenario_.backends[running.index].addresses;
    const bool named = std::any_of(addresses.begin(), addresses.end(), [&](const std::string& a) { return address_matches(a, host, port); });
    if (!named && host != backend_address(static_cast<std::size_t>(&running - backends_.data()))) continue;
    if (best == nullptr || (!running.outside && running.place == place)) best = &running;
  }
  if (best == nullptr) return false;
  const Backend::Accepts accepts = scenario_.backends[best->index].accepts;
  const std::string_view wanted = accepts == Backend::Accepts::zipkin ? "/api/v2/spans" : names_of(signal_of(path)).path;
  endpoint.server = best->server.get();
  if (accepts != Backend::Accepts::otlp_grpc && !path.ends_with(wanted)) endpoint.server = wrong_path_of(*best->server);
  endpoint.to = best->node;
  endpoint.server_name = best->server->counts().backend;
  endpoint.reach = DestinationSet{1} << best->server->destination();
  return true;
}

Server* World::wrong_path_of(const Server& server) {
  wrong_paths_.push_back(std::make_unique<WrongPath>(network_, server));
  return wrong_paths_.back().get();
}

World::Instance* World::find_instance(const std::string& host, int port, std::uint16_t place) {
  Instance* best = nullptr;
  const bool local = host == "localhost" || host.starts_with("127.");
  for (Instance& instance : instances_) {
    const auto& addresses = scenario_.collectors[instance.use].addresses;
    const bool named = std::any_of(addresses.begin(), addresses.end(), [&](const std::string& a) { return address_matches(a, host, port); });
    const bool numbered = host == collector_address(static_cast<std::size_t>(&instance - instances_.data()));
    if (!named && !numbered && !(local && instance.place == place)) continue;
    if (best == nullptr || (instance.place == place && best->place != place)) best = &instance;
  }
  return best;
}

bool World::resolve_collector(Endpoint& endpoint, const std::string& host, int port, const std::string& path,
                              std::uint16_t place) {
  Instance* instance = find_instance(host, port, place);
  if (instance == nullptr) return false;
  endpoint.to = instance->place;
  endpoint.server_name = scenario_.places[instance->place].name + "/" + scenario_.collectors[instance->use].name;
  collector::Collector* collector = built(*instance);
  if (collector == nullptr) {
    unanswered_.push_back({asking_, endpoint.url, "these collectors send to each other in a circle"});
    return true;
  }
  bool local_only = false;
  collector::Receiver* receiver = collector->receiver_at(port, signal_of(path), local_only);
  const bool local = host == "localhost" || host.starts_with("127.");
  if (receiver == nullptr) {  // nobody listens and it is refused, or a server there does not know the signal
    for (const Signal other : kSignals) {
      if (receiver == nullptr) receiver = collector->receiver_at(port, other, local_only);
    }
    if (receiver != nullptr && (local || !local_only)) endpoint.server = wrong_path_of(*receiver);
    return true;
  }
  if (local_only && !local) return true;
  const bool http = receiver->settings().protocol == collector::Protocol::otlp_http;
  if (http && path != names_of(receiver->settings().signal).path && path != receiver->settings().path) {
    endpoint.server = wrong_path_of(*receiver);
    return true;
  }
  endpoint.server = receiver;
  const bool by_number = host == collector_address(static_cast<std::size_t>(instance - instances_.data()));
  if (scenario_.collectors[instance->use].replicas.value_or(1) > 1 && !by_number)
    endpoint.server = replicas_of(*instance, port, signal_of(path), endpoint.server_name + " " + endpoint.url);
  endpoint.reach = receiver->reach();
  return true;
}

Server* World::replicas_of(const Instance& first, int port, Signal signal, const std::string& name) {
  std::vector<Server*> processes;
  for (Instance& instance : instances_) {
    if (instance.use != first.use || instance.place != first.place) continue;
    bool local_only = false;
    collector::Collector* const collector = built(instance);
    if (collector != nullptr) processes.push_back(collector->receiver_at(port, signal, local_only));
  }
  replicas_.push_back(std::make_unique<Replicas>(run_, network_, std::move(processes), name));
  return replicas_.back().get();
}

void World::begin_fault(const Fault& fault) { apply(fault, true); }
void World::end_fault(const Fault& fault) { apply(fault, false); }

void World::set_resolution(const Fault& fault, bool begins) {
  ++lookups_changed_;
  if (begins) resolved_[fault.target] = addresses_of(fault.to);
  else resolved_.erase(fault.target);
}

void World::apply(const Fault& fault, bool begins) {
  switch (fault.kind) {
    case Fault::Kind::resolve: return set_resolution(fault, begins);
    case Fault::Kind::link: return network_.set_cut(node_of(fault.between[0]), node_of(fault.between[1]), begins);
    case Fault::Kind::backend:
      for (RunningBackend& running : backends_) {
        if (scenario_.backends[running.index].name != fault.target) continue;
        if (!fault.in.empty() && (running.outside || scenario_.places[running.place].name != fault.in)) continue;
        running.server->set_fault(begins ? &fault.behaviour : nullptr);
      }
      return;
    case Fault::Kind::collector:
      if (!begins) return;
      for (Instance& instance : instances_) {
        if (scenario_.collectors[instance.use].name != fault.target) continue;
        if (!fault.in.empty() && scenario_.places[instance.place].name != fault.in) continue;
        if (fault.replica.value_or(instance.replica) != instance.replica) continue;
        signal(*instance.collector, fault);
      }
      return;
  }
}

void World::signal(collector::Collector& collector, const Fault& fault) {
  switch (fault.signal) {
    case Fault::Signal::term: return collector.terminate(fault.grace, fault.restart_after);
    case Fault::Signal::kill: return collector.kill(fault.restart_after);
    case Fault::Signal::hup: return collector.hang_up();
  }
}

std::vector<BackendPlace> World::backends() const {
  std::vector<BackendPlace> list;
  for (const RunningBackend& running : backends_) {
    list.push_back({running.server->counts().backend, running.index, running.outside ? "" : scenario_.places[running.place].name});
  }
  return list;
}

std::vector<CollectorPlace> World::collectors() const {
  std::vector<CollectorPlace> list;
  for (const Instance& instance : instances_) {
    list.push_back({instance.collector->settings().name, instance.use, scenario_.places[instance.place].name});
  }
  return list;
}

bool World::is_between(const Endpoint& endpoint, const std::string& a, const std::string& b) const {
  return std::minmax(endpoint.from, endpoint.to) == std::minmax(node_of(a), node_of(b));
}

const Link& World::link_to(const Endpoint& endpoint) const { return link_between(scenario_, node_name(endpoint.from), node_name(endpoint.to)); }

std::vector<std::pair<std::uint16_t, std::string>> World::urls() const {
  std::vector<std::pair<std::uint16_t, std::string>> list;
  for (const auto& [key, id] : endpoints_) list.push_back(key);
  return list;
}

std::vector<LinkCounts> World::link_counts() const {
  std::vector<LinkCounts> list;
  const auto nodes = static_cast<std::uint16_t>(scenario_.places.size() + scenario_.backends.size());
  for (std::uint16_t from = 0; from < nodes; ++from) {
    for (std::uint16_t to = 0; to < nodes; ++to) {
      if (network_.messages(from, to) > 0) list.push_back({node_name(from), node_name(to), network_.messages(from, to), network_.bytes(from, to)});
    }
  }
  return list;
}

Replication World::play() {
  run_.sim.run_until(Time{} + scenario_.duration + scenario_.drain);
  Replication result;
  result.number = number_;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(run_.sim.fingerprint()));
  result.fingerprint = text;
  result.events = run_.sim.events();
  result.destinations = run_.ledger.close();
  for (const RunningBackend& running : backends_) {
    running.server->describe(result.destinations[static_cast<std::size_t>(running.server->destination())]);
    result.backends.push_back(running.server->counts());
  }
  result.links = link_counts();
  result.metrics = run_.metrics.read();
  result.snapshots = std::move(recorder_->snapshots);
  result.series = recorder_->series.series();
  senders_->report(result);
  return result;
}

}  // namespace spillway
