#include "real/local/plan_of_lab.hpp"

#include <algorithm>
#include <set>

#include "models/network/url.hpp"

namespace spillway::real {
namespace {

// The port that callers use for this backend; its address list may name hosts only.
int port_of(World& world, const BackendPlace& backend, bool grpc, std::vector<std::string>& problems) {
  int port = 0;
  for (const auto& [place, url] : world.urls()) {
    const auto parsed = parse_url(url);
    if (!parsed || world.who_answers(place, url).server_name != backend.name) continue;
    if (port != 0 && port != parsed->port) problems.push_back(backend.name + " is called on two ports; give it one");
    port = parsed->port;
  }
  return port != 0 ? port : grpc ? 4317 : 4318;
}

std::vector<std::string> host_names(const std::vector<std::string>& addresses) {
  std::vector<std::string> names;
  for (const std::string& address : addresses) names.push_back(address.substr(0, address.rfind(':')));
  return names;
}

/// Names behind which this collector looks for several addresses.
std::vector<std::string> resolved_names(const collector::CollectorConfig& config) {
  std::vector<std::string> names;
  for (const auto& exporter : config.exporters) {
    const auto* balancing = std::get_if<collector::LoadBalancingConfig>(&exporter.config);
    if (balancing != nullptr && !balancing->hostname.empty()) names.push_back(balancing->hostname);
  }
  return names;
}

// What a program in this place finds under each name: its own place's instance first, all addresses under `resolved` ones.
std::vector<HostEntry> hosts_for(const PreparedScenario& prepared, const LabPlan& plan, World& world,
                                 const std::string& place, const std::vector<std::string>& resolved) {
  std::vector<HostEntry> hosts;
  std::vector<std::string> taken = resolved;
  for (const std::string& name : taken) {
    for (const std::string& address : world.lookup(place_index(prepared.scenario, place), name)) hosts.push_back({address, {name}});
  }
  const auto add = [&](const std::string& address, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (name.find_first_not_of("0123456789.") == std::string::npos) continue;
      if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
      taken.push_back(name);
      hosts.push_back({address, {name}});
    }
  };
  for (const bool own : {true, false}) {
    for (const SinkPlan& sink : plan.sinks) {
      if ((sink.backend.place == place) == own) add(sink.address, host_names(prepared.scenario.backends[sink.backend.index].addresses));
    }
    for (const RoomPlan& room : plan.rooms) {
      if ((room.collector.place == place) == own) add(room.address, host_names(prepared.scenario.collectors[room.collector.index].addresses));
    }
  }
  return hosts;
}

// Folders in which this collector's enabled extensions keep queues.
std::vector<std::filesystem::path> storage_folders(const collector::CollectorConfig& config) {
  std::vector<std::filesystem::path> folders;
  const auto add = [&folders](const std::string& folder) {
    std::filesystem::path path = std::filesystem::path{folder}.lexically_normal();
    if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
    if (std::find(folders.begin(), folders.end(), path) == folders.end()) folders.push_back(path);
  };
  for (const auto& extension : config.extensions) {
    const auto* storage = std::get_if<collector::FileStorageConfig>(&extension.config);
    const auto& enabled = config.service_extensions;
    if (storage == nullptr || std::find(enabled.begin(), enabled.end(), extension.id) == enabled.end()) continue;
    add(storage->directory);
    if (storage->compacts) add(storage->compaction_directory);
  }
  std::sort(folders.begin(), folders.end());  // one inside another comes after it
  return folders;
}

// What is sent over TLS would not be understood.
void check_tls(const RoomPlan& room, const collector::CollectorConfig& config, LabPlan& plan) {
  for (const auto& exporter : config.exporters) {
    const auto* balancing = std::get_if<collector::LoadBalancingConfig>(&exporter.config);
    const auto* grpc = balancing != nullptr ? &balancing->otlp : std::get_if<collector::OtlpGrpcExporterConfig>(&exporter.config);
    const bool used = std::any_of(config.pipelines.begin(), config.pipelines.end(), [&](const auto& pipeline) {
      return std::find(pipeline.exporters.begin(), pipeline.exporters.end(), exporter.id) != pipeline.exporters.end();
    });
    if (grpc == nullptr || grpc->insecure || !used) continue;
    plan.problems.push_back(room.collector.name + " exporter " + exporter.id +
                            " uses TLS, which the measured backends do not speak; set tls.insecure: true in a copy");
  }
}

void check_folders(const RoomPlan& room, const std::vector<std::filesystem::path>& folders, LabPlan& plan) {
  for (const std::filesystem::path& folder : folders) {
    if (folder.is_absolute() && folder != folder.root_path()) continue;
    plan.problems.push_back(room.collector.name + " keeps its queue in '" + folder.string() +
                            "'; a measured one needs an absolute path below /");
  }
}

/// A room for every service, after those of the collectors, and a relay for every way between two places.
void plan_services(const PreparedScenario& prepared, World& world, LabPlan& plan) {
  const Scenario& scenario = prepared.scenario;
  for (std::size_t i = 0; i < scenario.services.size(); ++i) {
    for (const std::string& place : scenario.services[i].in) {
      const int number = static_cast<int>(plan.rooms.size() + plan.services.size());
      plan.services.push_back({i, place_index(scenario, place), place + "/" + scenario.services[i].name,
                               "room" + std::to_string(number), room_address(number)});
      plan.spec.rooms.push_back({plan.services.back().room, hosts_for(prepared, plan, world, place, {}), {}});
    }
  }
  for (std::size_t from = 0; from < plan.services.size(); ++from) {
    for (std::size_t to = 0; to < plan.services.size(); ++to) {
      if (plan.services[from].place == plan.services[to].place) continue;
      plan.relays.push_back({from, to, hub_address(static_cast<int>(plan.sinks.size() + plan.relays.size()))});
    }
  }
}

/// A room of stores for every place with a service, after all other rooms, and one for the cloud's logs. A backend of such a
/// place that takes Zipkin spans becomes a Zipkin server there; called before anybody is told its address.
void plan_stores(const PreparedScenario& prepared, World& world, LabPlan& plan) {
  std::set<std::string> places;
  std::size_t number = world.collectors().size();
  for (const Service& service : prepared.scenario.services) {
    places.insert(service.in.begin(), service.in.end());
    number += service.in.size();
  }
  for (const std::string& place : places) {
    StorePlan store{place_index(prepared.scenario, place), place + "/stores", "room" + std::to_string(number), {}};
    for (std::size_t i = 0; i < plan.sinks.size() && !store.zipkin; ++i) {
      SinkPlan& sink = plan.sinks[i];
      if (sink.backend.place != place || prepared.scenario.backends[sink.backend.index].accepts != Backend::Accepts::zipkin) continue;
      sink.scripted = false;
      sink.address = room_address(static_cast<int>(number));
      store.zipkin = i;
    }
    plan.stores.push_back(std::move(store));
    ++number;
  }
  plan.cloud_logs_name = "cloud/loki";
  plan.cloud_logs_room = "room" + std::to_string(number);
  plan.cloud_logs_address = room_address(static_cast<int>(number));
}

/// What a link can have at its ends: places, and backends that lie in none.
std::vector<std::string> ends_of(const Scenario& scenario) {
  std::vector<std::string> ends;
  for (const Place& place : scenario.places) ends.push_back(place.name);
  for (const Backend& backend : scenario.backends) {
    if (backend.in.empty()) ends.push_back(backend.name);
  }
  return ends;
}

/// Everything that is at this end of a link.
std::vector<std::string> addresses_at(const PreparedScenario& prepared, const LabPlan& plan, const std::string& end) {
  std::vector<std::string> found;
  for (const RoomPlan& room : plan.rooms) {
    if (room.collector.place == end) found.push_back(room.address);
  }
  for (const ServicePlan& service : plan.services) {
    if (prepared.scenario.places[service.place].name == end) found.push_back(service.address);
  }
  for (const SinkPlan& sink : plan.sinks) {
    const std::string& name = prepared.scenario.backends[sink.backend.index].name;
    if ((sink.backend.place.empty() ? name : sink.backend.place) == end) found.push_back(sink.address);
  }
  return found;
}

}  // namespace

std::vector<Way> ways_between(const PreparedScenario& prepared, const LabPlan& plan, const std::string& a, const std::string& b) {
  std::vector<Way> ways;
  for (const std::string& here : addresses_at(prepared, plan, a)) {
    for (const std::string& there : addresses_at(prepared, plan, b)) ways.emplace_back(here, there);
  }
  // A call between services of two places passes a relay.
  for (const RelayPlan& relay : plan.relays) {
    const ServicePlan& caller = plan.services[relay.from];
    const std::string& from = prepared.scenario.places[caller.place].name;
    const std::string& to = prepared.scenario.places[plan.services[relay.to].place].name;
    if ((from == a && to == b) || (from == b && to == a)) ways.emplace_back(caller.address, relay.address);
  }
  return ways;
}

bool needs_line(const Link& link) { return link.bandwidth_bytes_per_second > 0 || !link.latency.is_constant() || link.latency.mean() > 0.0005; }

std::vector<LinePlan> lines_of(const PreparedScenario& prepared, const LabPlan& plan) {
  const std::vector<std::string> ends = ends_of(prepared.scenario);
  std::vector<LinePlan> lines;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    for (std::size_t j = i + 1; j < ends.size(); ++j) {
      LinePlan line{ends[i], ends[j], &link_between(prepared.scenario, ends[i], ends[j]), {}, addresses_at(prepared, plan, ends[i]), {}};
      if (!needs_line(*line.link)) continue;
      line.ways = ways_between(prepared, plan, line.a, line.b);
      // What is played and what is a sink live on the hub alike: nothing real lies between.
      std::erase_if(line.ways, [](const Way& way) { return is_hub_address(way.first) && is_hub_address(way.second); });
      for (const RelayPlan& relay : plan.relays) {
        if (line.link->bandwidth_bytes_per_second <= 0) std::erase_if(line.ways, [&](const Way& way) { return way.second == relay.address; });
        line.relays.push_back(relay.address);
        if (prepared.scenario.places[plan.services[relay.to].place].name == line.a) line.here.push_back(relay.address);
      }
      if (!line.ways.empty()) lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<HostEntry> hosts_of(const PreparedScenario& prepared, const LabPlan& plan, World& world, const RoomPlan& room) {
  const std::vector<std::string> names = resolved_names(prepared.configs[room.collector.index]);
  return hosts_for(prepared, plan, world, room.collector.place, names);
}

LabPlan plan_lab(const PreparedScenario& prepared, World& world, RealParts real) {
  LabPlan plan;
  for (const BackendPlace& backend : world.backends()) {
    const bool grpc = prepared.scenario.backends[backend.index].accepts == Backend::Accepts::otlp_grpc;
    const int port = port_of(world, backend, grpc, plan.problems);
    plan.sinks.push_back({backend, hub_address(static_cast<int>(plan.sinks.size())), port});
  }
  if (real.stores) plan_stores(prepared, world, plan);
  for (const CollectorPlace& collector : world.collectors()) {
    const int number = static_cast<int>(plan.rooms.size());
    plan.rooms.push_back({collector, "room" + std::to_string(number), room_address(number)});
  }
  for (const RoomPlan& room : plan.rooms) {
    const std::vector<std::filesystem::path> folders = storage_folders(prepared.configs[room.collector.index]);
    check_folders(room, folders, plan);
    check_tls(room, prepared.configs[room.collector.index], plan);
    plan.spec.rooms.push_back({room.room, hosts_of(prepared, plan, world, room), folders});
  }
  if (real.services) plan_services(prepared, world, plan);
  for (const StorePlan& store : plan.stores) plan.spec.rooms.push_back({store.room, {}, {}});
  if (real.stores) plan.spec.rooms.push_back({plan.cloud_logs_room, {}, {}});
  plan.spec.hub_addresses = static_cast<int>(plan.sinks.size() + plan.relays.size());
  if (plan.spec.hub_addresses > kHubAddresses || plan.spec.rooms.size() > kRooms) plan.problems.push_back("more backends, collectors or services than one machine can hold here");
  return plan;
}

}  // namespace spillway::real
