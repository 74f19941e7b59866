#include "models/world.hpp"

#include <algorithm>
#include <map>

#include "models/network/url.hpp"
#include "models/simulated_world.hpp"
#include "sim/version.hpp"

namespace spillway {
namespace {

constexpr std::int64_t kMostReplicas = 64;

/// What the file around the configuration says of its process, unless the scenario says otherwise; and once what it asks
/// for and the scenario's one instance a place does not do.
void note_workload(CollectorUse& use, const collector::LoadedConfig& loaded, collector::CollectorConfig& config,
                   const Scenario& scenario, Problems& problems) {
  const collector::Workload& workload = loaded.workload;
  const auto tag = workload.version;
  if (tag && use.version_given && *tag != loaded.version)
    problems.add({Problem::Severity::warning,
                  scenario.file,
                  use.where.mark,
                  use.where.path + ".version",
                  collector::to_text(loaded.version) + " is used, not " + collector::to_text(*tag) + " of the image tag",
                  {},
                  0});
  if (!use.replicas && workload.replicas) use.replicas = std::clamp<std::int64_t>(*workload.replicas, 1, kMostReplicas);
  if (workload.replicas_at_most.value_or(1) > use.replicas.value_or(1) || workload.replicas.value_or(1) > use.replicas.value_or(1))
    config.not_modelled.push_back({"an autoscaler, more replicas than " + std::to_string(use.replicas.value_or(1)), "unknown"});
  if (workload.memory_limit && use.memory_limit == 0) use.memory_limit = static_cast<double>(*workload.memory_limit);
  if (use.memory == 0) use.memory = use.memory_limit;
}

void load_collectors(PreparedScenario& prepared, Problems& problems) {
  for (CollectorUse& use : prepared.scenario.collectors) {
    collector::ConfigRequest request{use.config, use.environment, std::nullopt, use.key};
    if (use.version_given) request.version = collector::parse_version(use.version);
    auto loaded = collector::load_config(request, problems);
    prepared.versions.push_back(loaded.version);
    use.environment.insert(loaded.workload.environment.begin(), loaded.workload.environment.end());
    if (loaded.config) note_workload(use, loaded, *loaded.config, prepared.scenario, problems);
    prepared.configs.push_back(loaded.config ? std::move(*loaded.config) : collector::CollectorConfig{});
  }
}

void problem_of(const CollectorUse& use, const PreparedScenario& prepared, const std::string& message,
                Problems& problems) {
  problems.add({Problem::Severity::error, prepared.scenario.file, use.where.mark, use.where.path, message, {}});
}

// One file may serve many collectors: it is read, and its problems are told, once for each list of files.
void load_all_costs(PreparedScenario& prepared, const std::vector<std::filesystem::path>& more, Problems& problems) {
  std::map<std::vector<std::filesystem::path>, std::shared_ptr<const collector::CostTable>> known;
  for (std::size_t i = 0; i < prepared.scenario.collectors.size(); ++i) {
    std::vector<std::filesystem::path> files = prepared.scenario.collectors[i].costs;
    files.insert(files.end(), more.begin(), more.end());
    if (!known.contains(files)) {
      known[files] = collector::load_costs(files, problems);
      for (const auto& file : files) prepared.cost_files.push_back(file.filename().string());
    }
    const auto& table = known.at(files);
    prepared.costs.push_back(table ? table->of(prepared.versions[i]) : collector::Costs{});
  }
}

void read_environments(PreparedScenario& prepared, Problems& problems) {
  for (const CollectorUse& use : prepared.scenario.collectors) {
    std::string why;
    const auto runtime = collector::go_runtime_of(use.environment, why);
    if (!runtime) problem_of(use, prepared, "environment: " + why, problems);
    prepared.runtimes.push_back(runtime.value_or(collector::GoRuntime{}));
  }
}

void check_addresses(const PreparedScenario& prepared, Problems& problems) {
  const World trial{prepared, 0, {}};
  std::vector<std::string> said;
  for (const Unanswered& gap : trial.unanswered()) {
    const CollectorUse& use = prepared.scenario.collectors[gap.collector];
    const std::string message = "an exporter sends to " + gap.url + ", but " + gap.why + "; add it to the addresses of a backend";
    if (std::find(said.begin(), said.end(), use.name + message) != said.end()) continue;
    said.push_back(use.name + message);
    problem_of(use, prepared, message, problems);
  }
}

/// Names that exporters ask for again and again.
std::vector<std::string> names_asked_for(const PreparedScenario& prepared) {
  std::vector<std::string> names;
  for (const collector::CollectorConfig& config : prepared.configs) {
    for (const auto& exporter : config.exporters) {
      const auto* balancing = std::get_if<collector::LoadBalancingConfig>(&exporter.config);
      if (balancing != nullptr && balancing->resolver == collector::LoadBalancingConfig::Resolver::dns) names.push_back(balancing->hostname);
    }
  }
  return names;
}

/// A fault that changes what a name resolves to: a dns resolver has to ask for it, and nobody else, who would keep what
/// it found first.
void check_resolutions(const PreparedScenario& prepared, Problems& problems) {
  const auto& faults = prepared.scenario.faults;
  if (std::none_of(faults.begin(), faults.end(), [](const Fault& f) { return f.kind == Fault::Kind::resolve; })) return;
  const World trial{prepared, 0, {}};
  const std::vector<std::string> asked = names_asked_for(prepared);
  for (const Fault& fault : faults) {
    if (fault.kind != Fault::Kind::resolve) continue;
    std::string message;
    if (std::find(asked.begin(), asked.end(), fault.target) == asked.end())
      message = "no dns resolver of a load_balancing exporter asks for '" + fault.target + "'" + (asked.empty() ? "" : "; they ask for " + asked.front());
    for (const auto& [place, url] : trial.urls()) {
      const auto parsed = parse_url(url);
      if (parsed && parsed->host == fault.target)
        message = "'" + fault.target + "' is called at " + url + ", too, which would not be looked up again; give one of the two another name";
    }
    if (!message.empty())
      problems.add({Problem::Severity::error, prepared.scenario.file, fault.where.mark, fault.where.path + ".resolve", message, {}});
  }
}

/// A limit in per cent of a memory that nobody told.
bool guesses_memory(const PreparedScenario& prepared, std::size_t collector) {
  const auto& processors = prepared.configs[collector].processors;
  return prepared.scenario.collectors[collector].memory <= 0 &&
         std::any_of(processors.begin(), processors.end(), [](const auto& defined) {
           const auto* limiter = std::get_if<collector::MemoryLimiterConfig>(&defined.config);
           return limiter != nullptr && limiter->limit_mib == 0;
         });
}

/// Older programs that read their files anew leave the exporters of load_balancing as they are, beside the new ones.
bool leaves_exporters_behind(const PreparedScenario& prepared, std::size_t collector) {
  const auto& exporters = prepared.configs[collector].exporters;
  const bool balances = std::any_of(exporters.begin(), exporters.end(), [](const auto& exporter) {
    return std::holds_alternative<collector::LoadBalancingConfig>(exporter.config);
  });
  if (!balances || collector::semantics_of(prepared.versions[collector]).load_balancer_stops_exporters) return false;
  const auto& faults = prepared.scenario.faults;
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
    return fault.kind == Fault::Kind::collector && fault.signal == Fault::Signal::hup && fault.target == prepared.scenario.collectors[collector].name;
  });
}

}  // namespace

std::shared_ptr<const PreparedScenario> prepare(Scenario scenario, Problems& problems,
                                                const std::vector<std::filesystem::path>& costs) {
  auto prepared = std::make_shared<PreparedScenario>();
  prepared->scenario = std::move(scenario);
  load_collectors(*prepared, problems);
  load_all_costs(*prepared, costs, problems);
  read_environments(*prepared, problems);
  if (problems.has_errors()) return nullptr;
  check_addresses(*prepared, problems);
  check_resolutions(*prepared, problems);
  if (problems.has_errors()) return nullptr;
  return prepared;
}

const Scenario& scenario_of(const PreparedScenario& prepared) { return prepared.scenario; }

std::vector<NotModelled> not_modelled(const PreparedScenario& prepared) {
  std::vector<NotModelled> all;
  for (std::size_t i = 0; i < prepared.configs.size(); ++i) {
    for (const NotModelled& item : prepared.configs[i].not_modelled) {
      all.push_back({prepared.scenario.collectors[i].name + " " + item.what, item.effect});
    }
    if (guesses_memory(prepared, i)) {
      all.push_back({prepared.scenario.collectors[i].name + " limit_percentage without `memory`: of 512 MiB", "unknown"});
    }
    if (leaves_exporters_behind(prepared, i))
      all.push_back({prepared.scenario.collectors[i].name + " HUP with load_balancing: the exporters of before live on beside the new ones", "unknown"});
  }
  for (const Service& service : prepared.scenario.services) {
    const bool logs = std::any_of(service.operations.begin(), service.operations.end(), [](const Operation& o) { return o.log_lines > 0; });
    if (logs) all.push_back({service.name + " log_lines", "no effect on the result"});
  }
  return all;
}

Replication simulate(const PreparedScenario& prepared, std::int64_t number, const RunOptions& options) {
  return World{prepared, number, options}.play();
}

Manifest simulated_manifest(const PreparedScenario& prepared, const WarmUp& warm_up) {
  const Scenario& scenario = prepared.scenario;
  Manifest manifest;
  manifest.version = kVersion;
  manifest.scenario = scenario.name;
  manifest.scenario_file = scenario.file;
  manifest.scenario_hash = scenario.hash;
  manifest.world = "simulated";
  manifest.seed = scenario.seed;
  manifest.duration = scenario.duration;
  manifest.drain = scenario.drain;
  manifest.warm_up = warm_up.length;
  manifest.warm_up_found = warm_up.how;
  manifest.step = scenario.record.step;
  for (std::size_t i = 0; i < scenario.collectors.size(); ++i) {
    manifest.parts[scenario.collectors[i].name] = collector::to_text(prepared.versions[i]);
  }
  for (const std::string& file : prepared.cost_files) {
    std::string& files = manifest.parts["costs"];
    files += (files.empty() ? "" : " ") + file;
  }
  return manifest;
}

}  // namespace spillway
