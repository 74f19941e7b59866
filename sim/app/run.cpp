// spillway run SCENARIO…: load, prepare, replicate, summarise.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "analysis/report/series_csv.hpp"
#include "analysis/report/summary.hpp"
#include "models/world.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"
#include "sim/app/output.hpp"
#include "sim/app/ready.hpp"

namespace spillway::app {
namespace {

namespace fs = std::filesystem;

struct RunSettings {
  std::vector<std::string> files;
  ScenarioOptions scenario;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  Format format = Format::text;
  std::string out;
  bool strict = false;
  QueueKind queue = QueueKind::wheel;
  bool shuffle_ties = false;
};

/// --strict: nothing may be left out that could change the result.
int strictness(const PreparedScenario& prepared) {
  int code = kFine;
  for (const NotModelled& item : not_modelled(prepared)) {
    if (item.effect == "no effect on the result") continue;
    std::cerr << scenario_of(prepared).file << ": error: " << item.what
              << ": is not modelled, effect on the result: " << item.effect
              << "; leave it out of the configuration, or leave out --strict\n";
    code = kInput;
  }
  return code;
}

RunRecord record_of(const PreparedScenario& prepared, const RunSettings& settings) {
  const RunOptions options{settings.shuffle_ties ? QueueKind::shuffled_ties : settings.queue};
  return simulated_record(prepared, scenario_of(prepared).replications, settings.threads, options);
}

std::vector<analysis::Threshold> thresholds_of(const Scenario& scenario) {
  std::vector<analysis::Threshold> thresholds;
  for (const Expect& expect : scenario.expect) thresholds.push_back({expect.figure, expect.at_least, expect.at_most});
  return thresholds;
}

/// Where the results of the n-th scenario go: the folder itself, or a folder in it for each of several.
fs::path place_of(std::size_t index, const RunSettings& settings) {
  if (settings.files.size() == 1) return {};
  const std::string stem = fs::path{settings.files[index]}.stem().string();
  const auto same_stem = [&](const std::string& file) { return fs::path{file}.stem() == stem; };
  const bool alone = std::count_if(settings.files.begin(), settings.files.end(), same_stem) == 1;
  return alone ? stem : stem + "-" + std::to_string(index + 1);
}

void add_files(Files& files, const fs::path& place, const RunRecord& record, const analysis::Report& summary) {
  files[place / "record.json"] = to_json(record);
  files[place / "series.csv"] = analysis::series_csv(record);
  files[place / "summary.txt"] = analysis::to_text(summary);
}

int unknown_figures(const std::vector<analysis::ThresholdResult>& results, const Scenario& scenario) {
  for (const auto& result : results) {
    if (result.outcome == analysis::Outcome::unknown)
      std::cerr << scenario.file << ": error: expect: " << result.remark << "\n";
  }
  return analysis::exit_code(results);
}

int run_one(const PreparedScenario& prepared, std::size_t index, const RunSettings& settings, Files& files) {
  const Scenario& scenario = scenario_of(prepared);
  const RunRecord record = record_of(prepared, settings);
  const std::string first_line = scenario.description.substr(0, scenario.description.find('\n'));
  const analysis::SummaryInput input{record, analysis::judge_thresholds(thresholds_of(scenario), record), first_line};
  const analysis::Report summary = analysis::summary_of(input);
  if (index > 0 && settings.format != Format::json) std::cout << "\n";
  std::cout << (settings.format == Format::json ? analysis::summary_json(input) : rendered(summary, settings.format));
  if (!settings.out.empty()) add_files(files, place_of(index, settings), record, summary);
  return unknown_figures(input.thresholds, scenario);
}

int run(const RunSettings& settings) {
  if (!settings.out.empty()) {
    if (const auto objection = objection_to(settings.out)) {
      std::cerr << "spillway: error: --out " << *objection << "\n";
      return kInput;
    }
  }
  std::vector<Ready> all;
  int code = kFine;
  for (const std::string& file : settings.files) {
    all.push_back(make_ready(file, settings.scenario));
    if (settings.strict && all.back().prepared) all.back().code = strictness(*all.back().prepared);
    code = graver(code, all.back().code);
  }
  if (code != kFine) return code;
  Files files;
  for (std::size_t i = 0; i < all.size(); ++i) code = graver(code, run_one(*all[i].prepared, i, settings, files));
  if (!settings.out.empty()) write_folder(settings.out, files);
  return code;
}

void add_kernel_options(CLI::App& command, RunSettings& settings) {
  static const std::map<std::string, QueueKind> kinds{{"wheel", QueueKind::wheel}, {"reference", QueueKind::reference}};
  command.add_option("--threads", settings.threads, "replications at a time (as many as the machine has)")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  command.add_option("--queue", settings.queue, "event queue: wheel or reference; the result is the same (wheel)")
      ->transform(CLI::CheckedTransformer(kinds).description(""))
      ->type_name("KIND");
  command.add_flag("--shuffle-ties", settings.shuffle_ties,
                   "events of one instant in another order: finds results that depend on it");
}

constexpr const char* kRunExamples = R"(
Examples:
  spillway run scenarios/trinity/backend-down.yaml
  spillway run scenarios/trinity/backend-down.yaml --replications 20 --seed 7
  spillway run scenarios/trinity/backend-down.yaml --set traffic.renders.rate=5/s --format json > busy.json
  spillway run scenarios/trinity/*.yaml --out out/trinity

--out writes record.json, series.csv and summary.txt, a folder for each of several scenarios. It replaces the
results of an earlier run as a whole, and refuses a folder that holds anything else. With --format json several
scenarios give one document after another.)";

}  // namespace

void add_run(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<RunSettings>();
  CLI::App& command =
      *spillway.add_subcommand("run", "simulate; what was kept, lost and delayed, with intervals and thresholds");
  command.footer(kRunExamples);
  command.add_option("SCENARIO", settings->files, "scenario files")->required()->type_name("");
  add_scenario_options(command, settings->scenario);
  add_format(command, settings->format);
  command.add_option("--out", settings->out, "folder for record.json, series.csv and summary.txt")->type_name("DIR");
  command.add_flag("--strict", settings->strict, "refuse when something is not modelled that could change the result");
  add_kernel_options(command, *settings);
  command.callback([settings, &chosen] { chosen = [settings] { return run(*settings); }; });
}

}  // namespace spillway::app
