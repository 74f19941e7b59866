#include "models/senders.hpp"

#include <algorithm>

#include "models/network/url.hpp"

namespace spillway {

std::uint16_t place_index(const Scenario& scenario, const std::string& name) {
  const auto found = std::find_if(scenario.places.begin(), scenario.places.end(), [&](const Place& p) { return p.name == name; });
  return static_cast<std::uint16_t>(found - scenario.places.begin());
}

const Link& link_between(const Scenario& scenario, const std::string& a, const std::string& b) {
  static const Link standard{};
  const Link* fallback = &standard;
  for (const Link& link : scenario.links) {
    if (link.between.empty()) fallback = &link;
    else if ((link.between[0] == a && link.between[1] == b) || (link.between[0] == b && link.between[1] == a)) return link;
  }
  // Inside one place the general link does not apply: that is one data centre.
  return a == b ? standard : *fallback;
}

CallLatency call_latency(const Scenario& scenario) {
  CallLatency table;
  table.places = static_cast<std::uint16_t>(scenario.places.size());
  for (const Place& from : scenario.places) {
    for (const Place& to : scenario.places) table.between.push_back(link_between(scenario, from.name, to.name).latency);
  }
  return table;
}

Senders::Senders(Run& run, Transport& transport, AddressBook& book, const Scenario& scenario, Duration warm_up, Which which)
    : run_{run}, transport_{transport}, scenario_{scenario}, end_{Time{} + scenario.duration} {
  if (which == Which::all) build_processes(book);
  application_ = std::make_unique<Application>(run, processes_, call_latency(scenario), Time{} + warm_up);
  if (which == Which::all) build_traffic();
  build_clients(book);
}

ExportTarget Senders::target(AddressBook& book, std::uint16_t place, const std::string& url) const {
  const EndpointId endpoint = book.endpoint(place, url);
  const auto parsed = parse_url(url);
  return {endpoint, book.reach(endpoint), parsed ? parsed->host : url};
}

void Senders::build_processes(AddressBook& book) {
  for (const Process& process : list_processes(scenario_, run_.catalog)) {
    RunningProcess running;
    running.process = process;
    running.service = &scenario_.services[process.service];
    running.cpu = cpu_of(running.service->runtime, process.place);
    running.exporter = exporter_of(running, book);
    running.head_sampled = run_.ledger.add_sampling(process.name, "not sampled at the head");
    processes_.push_back(std::move(running));
  }
}

std::unique_ptr<Cpu> Senders::cpu_of(const Runtime& runtime, std::uint16_t place) {
  switch (runtime.kind) {
    case Runtime::Kind::unlimited: return std::make_unique<Cpu>(run_.sim, 0);
    case Runtime::Kind::event_loop: return std::make_unique<Cpu>(run_.sim, 1);
    case Runtime::Kind::workers: return std::make_unique<Cpu>(run_.sim, runtime.workers);
    case Runtime::Kind::shared: break;
  }
  std::unique_ptr<SharedHost>& host = hosts_[{runtime.host, place}];
  if (!host) {
    const auto named = [&](const Host& h) { return h.name == runtime.host; };
    host = std::make_unique<SharedHost>(run_.sim, *std::find_if(scenario_.hosts.begin(), scenario_.hosts.end(), named));
  }
  return std::make_unique<Cpu>(run_.sim, *host);
}

std::unique_ptr<SpanExporter> Senders::exporter_of(const RunningProcess& process, AddressBook& book) {
  const Instrumentation& config = process.service->instrumentation;
  std::vector<ExportTarget> targets;
  for (const std::string& url : config.endpoints) targets.push_back(target(book, process.process.place, url));
  switch (config.kind) {
    case Instrumentation::Kind::none: return nullptr;
    case Instrumentation::Kind::zipkin_post:
      return std::make_unique<ZipkinPost>(run_, transport_, *process.cpu, process.process.name, config, std::move(targets));
    case Instrumentation::Kind::otlp_batch:
      return std::make_unique<OtlpBatch>(run_, transport_, process.process.name, config, std::move(targets));
  }
  return nullptr;
}

void Senders::build_traffic() {
  std::vector<Process> processes;
  for (const RunningProcess& running : processes_) processes.push_back(running.process);
  for (std::size_t i = 0; i < scenario_.traffic.size(); ++i) {
    const Traffic& traffic = scenario_.traffic[i];
    const auto service = std::find_if(scenario_.services.begin(), scenario_.services.end(), [&](const Service& s) { return s.name == traffic.to; });
    const std::vector<std::string>& places = traffic.in.empty() ? service->in : traffic.in;
    std::vector<std::uint32_t> plans;
    for (const std::string& place : places) {
      plans.push_back(application_->add_plan(make_plan(scenario_, processes, traffic, place_index(scenario_, place), run_.catalog)));
    }
    arrivals_.push_back(std::make_unique<Arrivals>(run_, traffic, *application_, std::move(plans), i, end_));
  }
}

void Senders::build_clients(AddressBook& book) {
  for (std::size_t i = 0; i < scenario_.clients.size(); ++i) {
    const Client& client = scenario_.clients[i];
    const CredentialId credential = client.user.empty() ? 0 : book.credential(client.user, client.password);
    const ResourceId resource = run_.catalog.add_resource({client.name, {}});
    const std::uint16_t place = place_index(scenario_, client.in);
    std::vector<ExportTarget> targets;
    for (const RecordedPost& post : client.recording.posts)
      targets.push_back(target(book, place, post.url.empty() ? client.url : post.url));
    if (targets.empty()) targets.push_back(target(book, place, client.url));
    clients_.push_back(std::make_unique<ScriptedClient>(run_, transport_, client, std::move(targets), credential, resource,
                                                        scenario_.traffic.size() + i, end_, scenario_.record.posts));
  }
}

void Senders::report(Replication& result) const {
  result.requests = application_->stats();
  for (const RunningProcess& process : processes_) {
    if (process.exporter) process.exporter->add_answers(result.answers);
  }
  for (const auto& client : clients_) {
    result.answers.push_back(client->answers());
    result.posts.insert(result.posts.end(), client->posts().begin(), client->posts().end());
  }
}

}  // namespace spillway
