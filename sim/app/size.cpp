// spillway size FILE: how large things have to be for a stated load. No scenario needed.
#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/report/table.hpp"
#include "models/collector/review/sizing.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"
#include "sim/app/review_options.hpp"

namespace spillway::app {
namespace {

using collector::review::Size;

struct SizeSettings {
  std::vector<std::string> files;
  ReviewOptions review;
  Format format = Format::text;
};

analysis::Report report_of(const std::vector<Size>& sizes) {
  analysis::Table table{{{"of"}, {"what"}, {"size", analysis::Column::Align::right}, {"because"}}, {}};
  std::string about;
  for (const Size& size : sizes) {
    table.rows.push_back({size.about == about ? "" : size.about, size.what, size.text, size.source});
    about = size.about;
  }
  return {{table, {}}};
}

std::string json_of(const std::vector<Size>& sizes) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Size& size : sizes) {
    const bool finite = std::isfinite(size.value);
    all.push_back({{"of", size.about},
                   {"what", size.what},
                   {"value", finite ? nlohmann::ordered_json(size.value) : nlohmann::ordered_json(nullptr)},
                   {"unit", size.unit},
                   {"because", size.source}});
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

int size(const SizeSettings& settings) {
  Problems problems;
  const collector::LoadedConfig config = collector::load_config(request_of(settings.files, settings.review), problems);
  print(problems);
  if (!config.config) return config.failure == LoadFailure::environment ? kEnvironment : kInput;
  const auto sizes = collector::review::sizes_of(collector::review::facts_of(config, load_of(settings.review)));
  if (settings.format == Format::json)
    std::cout << json_of(sizes);
  else
    std::cout << rendered(report_of(sizes), settings.format);
  return kFine;
}

constexpr const char* kSizeExamples = R"(
Examples:
  spillway size otel-collector.yaml --traces-per-second 1000 --spans-per-trace 12
  spillway size deploy/collector.yaml --traces-per-second 5000 --replicas 3 --kept "10 %" --outage 15min
  spillway size values.yaml --traces-per-second 200 --format json

Several files are laid over each other, as several --config are. Everything is for one process: the load is divided by
the replicas. Memory and CPU come from the cost model of the simulation, measured on running collectors (+-30 %).)";

}  // namespace

void add_size(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<SizeSettings>();
  CLI::App& command = *spillway.add_subcommand("size", "slots, queues, memory, CPU and bytes for a stated load");
  command.footer(kSizeExamples);
  command.add_option("FILE", settings->files, "collector file: plain, manifest, resource or Helm values")
      ->required()
      ->type_name("");
  add_review_options(command, settings->review);
  command.get_option("--traces-per-second")->required();
  add_format(command, settings->format);
  command.callback([settings, &chosen] {
    check_options(settings->review);
    chosen = [settings] { return size(*settings); };
  });
}

}  // namespace spillway::app
