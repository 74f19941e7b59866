// spillway check FILE…: every problem of scenarios and collector files at once, and what is not modelled.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <utility>

#include "models/collector/config.hpp"
#include "models/collector/version.hpp"
#include "models/world.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"

namespace spillway::app {
namespace {

struct Settings {
  std::vector<std::string> files;
  ScenarioOptions scenario;
  std::string collector_version;  ///< empty: the image tag's, else 0.159.0
  std::string key;
};

int code_of(LoadFailure failure, const Problems& problems) {
  if (failure == LoadFailure::environment) return kEnvironment;
  return failure == LoadFailure::input || problems.has_errors() ? kInput : kFine;
}

void print_verdict(const std::string& file, const std::vector<NotModelled>& left_out) {
  std::cout << file << ": no problem found\n";
  for (const NotModelled& item : left_out) std::cout << "  not modelled (" << item.effect << "): " << item.what << "\n";
}

int check_scenario(const std::string& file, const Settings& settings) {
  Problems problems;
  LoadedScenario loaded = load_scenario(file, overrides_of(settings.scenario), problems);
  std::shared_ptr<const PreparedScenario> prepared;
  if (loaded.scenario) {
    check_figures(*loaded.scenario, problems);
    prepared = prepare(std::move(*loaded.scenario), problems);
  }
  print(problems);
  if (prepared && !problems.has_errors()) print_verdict(file, not_modelled(*prepared));
  return code_of(loaded.failure, problems);
}

int check_collector(const std::string& file, const Settings& settings) {
  collector::ConfigRequest request{{file}, {}, std::nullopt, settings.key};
  if (!settings.collector_version.empty()) {
    request.version = collector::parse_version(settings.collector_version);
    if (!request.version) {
      std::cerr << "spillway: error: --collector-version '" << settings.collector_version
                << "' is no version; write 0.159.0\n";
      return kInput;
    }
  }
  Problems problems;
  const collector::LoadedConfig loaded = collector::load_config(request, problems);
  print(problems);
  if (loaded.config && !problems.has_errors()) print_verdict(file, loaded.config->not_modelled);
  return code_of(loaded.failure, problems);
}

/// Looks into the file to see what it is; a file that is no YAML at all is reported once, here.
int check_file(const std::string& file, const Settings& settings) {
  Problems problems;
  const LoadedDocument loaded = load_stream(file, problems, {.merge_keys = true});
  if (!loaded.document) {
    print(problems);
    return code_of(loaded.failure, problems);
  }
  const auto& roots = loaded.document->root.items;
  const bool collector = !roots.empty() && collector::is_collector_input(roots.front());
  return collector ? check_collector(file, settings) : check_scenario(file, settings);
}

int check(const Settings& settings) {
  int code = kFine;
  for (const std::string& file : settings.files) code = graver(code, check_file(file, settings));
  return code;
}

constexpr const char* kExamples = R"(
Examples:
  spillway check scenarios/trinity/backend-down.yaml
  spillway check otel-collector.yaml --collector-version 0.111.0

Problems go to standard error as file:line:column: error: key: what; way out. Exit code 2 when there is one.)";

}  // namespace

void add_check(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<Settings>();
  CLI::App& command = *spillway.add_subcommand("check", "every problem of scenario and collector files at once");
  command.footer(kExamples);
  command.add_option("FILE", settings->files, "scenario or collector files")->required()->type_name("");
  add_scenario_options(command, settings->scenario);
  command
      .add_option("--collector-version", settings->collector_version,
                  "for collector files on their own (image tag, else 0.159.0)")
      ->type_name("VERSION");
  command.add_option("--key", settings->key, "which configuration, when a manifest holds several")->type_name("KEY");
  command.callback([settings, &chosen] { chosen = [settings] { return check(*settings); }; });
}

}  // namespace spillway::app
