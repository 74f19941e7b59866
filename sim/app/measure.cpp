// spillway measure SCENARIO: the same scenario on real collectors, and how far the simulation is off.
#include "real/local/measure.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "analysis/compare.hpp"
#include "analysis/report/comparison.hpp"
#include "analysis/report/series_csv.hpp"
#include "analysis/report/summary.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/cost_grid.hpp"
#include "sim/app/options.hpp"
#include "sim/app/output.hpp"
#include "sim/app/ready.hpp"

namespace spillway::app {
namespace {

namespace fs = std::filesystem;

/// Replications of the simulation that a measured run is judged against: enough for a 99 % range.
constexpr std::int64_t kJudgeReplications = 100;
/// A machine with less idle time than this may have delayed the real programs.
constexpr int kIdlePercentWanted = 15;
/// On one with less than this others were at work: what hangs on milliseconds may have gone otherwise by chance.
constexpr int kQuietPercent = 95;

struct MeasureSettings {
  std::string file;
  bool cost_grid = false;
  CostGridSettings costs;
  ScenarioOptions scenario;
  Format format = Format::text;
  std::string out;
  std::string logs;
  bool judge = false;
  std::string services = "played";
  std::string stores = "scripted";
  bool accept_busy = false;
  double service_cpus = 0;
};

/// Built beside this program unless said otherwise.
fs::path mandelbrot_program() {
  if (const char* path = std::getenv("SPILLWAY_MANDELBROT")) return path;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return self.parent_path() / "../../real/mandelbrot/mandelbrot";
}

/// Found by the script that builds them, or by whoever runs that; the log agent's settings stand beside the scenario.
real::StorePrograms store_programs(const fs::path& scenario) {
  const auto path = [](const char* name) {
    const char* value = std::getenv((std::string{"SPILLWAY_STORE_"} + name).c_str());
    return fs::path{value != nullptr ? value : ""};
  };
  return {true, path("ZIPKIN"), path("VICTORIALOGS"), path("PROMTAIL"), path("PROMETHEUS"), scenario.parent_path() / "promtail.yaml"};
}

real::MeasureOptions programs(const MeasureSettings& settings) {
  real::MeasureOptions options;
  options.logs = settings.logs;
  options.service_cpus = settings.service_cpus;
  if (settings.services == "real") options.service = fs::weakly_canonical(mandelbrot_program());
  if (settings.stores == "real") options.stores = store_programs(settings.file);
  const std::pair<const char*, collector::Version> known[] = {{"SPILLWAY_OTELCOL_0_111", {0, 111, 0}},
                                                              {"SPILLWAY_OTELCOL_0_159", {0, 159, 0}}};
  for (const auto& [variable, version] : known) {
    const char* path = std::getenv(variable);
    if (path != nullptr && fs::exists(path)) options.collectors.emplace_back(version, path);
  }
  return options;
}

analysis::JudgeClass class_of(Judge::Class judged) {
  switch (judged) {
    case Judge::Class::exact:
      return analysis::JudgeClass::exact;
    case Judge::Class::edge:
      return analysis::JudgeClass::edge;
    case Judge::Class::distribution:
      return analysis::JudgeClass::distribution;
  }
  return analysis::JudgeClass::exact;
}

int idle_percent(const RunRecord& measured) { return std::atoi(measured.manifest.notes.at("machine idle").c_str()); }

void print_summary(const RunRecord& record, const Scenario& scenario, Format format) {
  const std::string first_line = scenario.description.substr(0, scenario.description.find('\n'));
  const analysis::SummaryInput input{record, {}, first_line};
  std::cout << (format == Format::json ? analysis::summary_json(input) : rendered(analysis::summary_of(input), format));
}

std::vector<analysis::JudgeSpec> judgements(const Scenario& scenario) {
  std::vector<analysis::JudgeSpec> specs;
  for (const Judge& judge : scenario.judge) specs.push_back({judge.figure, class_of(judge.judged)});
  return specs;
}

// A disagreement on a machine that others used is looked at once more, and both results are shown.
int judged(const std::shared_ptr<const PreparedScenario>& prepared, const real::MeasureOptions& options,
           const MeasureSettings& settings, const RunRecord& simulated, RunRecord& measured) {
  const auto specs = judgements(scenario_of(*prepared));
  if (specs.empty()) {
    // The senders played replication 0: its twin had the same requests.
    const auto rows = analysis::relate(simulated, measured);
    std::cout << "\n" << rendered(analysis::report_of(rows, "simulated", "measured"), settings.format);
    return kFine;
  }
  for (int attempt = 1;; ++attempt) {
    const auto rows = analysis::judge(simulated, measured, specs);
    std::cout << "\n" << rendered(analysis::report_of(rows), settings.format);
    const int code = analysis::exit_code(rows);
    if (code == kFine || attempt == 2 || idle_percent(measured) >= kQuietPercent) return code;
    std::cout << "\nothers used the machine (" << measured.manifest.notes.at("machine idle")
              << " idle): measured once more\n";
    measured = real::measure(prepared, options);
  }
}

/// What real services take is measured, not imposed: without idle time it would be a measure of the machine.
bool refused_as_busy(const MeasureSettings& settings, const RunRecord& measured) {
  if (settings.services != "real" || idle_percent(measured) >= kIdlePercentWanted) return false;
  std::cerr << "spillway: " << (settings.accept_busy ? "warning" : "error") << ": the machine had only "
            << measured.manifest.notes.at("machine idle") << " idle during this run, " << kIdlePercentWanted
            << " % are wanted; the latencies are the machine's, not the services'"
            << (settings.accept_busy ? "" : ". Measure again with less traffic or nothing else running, or take it as it is with --accept-busy")
            << "\n";
  return !settings.accept_busy;
}

int measure(const MeasureSettings& settings) {
  if (!settings.out.empty()) {
    if (const auto objection = objection_to(settings.out)) {
      std::cerr << "spillway: error: --out " << *objection << "\n";
      return kInput;
    }
  }
  const Ready ready = make_ready(settings.file, settings.scenario);
  if (ready.code != kFine) return ready.code;
  const real::MeasureOptions options = programs(settings);
  const auto missing = real::missing_for_measure(*ready.prepared, options);
  for (const std::string& item : missing) std::cerr << "spillway: error: cannot measure here: " << item << "\n";
  if (!missing.empty()) return kEnvironment;
  const Scenario& scenario = scenario_of(*ready.prepared);
  RunRecord measured = real::measure(ready.prepared, options);
  analysis::add_bill(measured, priced_parts(ready.prepared->scenario));
  if (refused_as_busy(settings, measured)) return kEnvironment;
  print_summary(measured, scenario, settings.format);
  int code = kFine;
  if (settings.judge) {
    const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const std::int64_t replications = scenario.judge.empty() ? 1 : std::max(kJudgeReplications, scenario.replications);
    const RunRecord simulated = simulated_record(*ready.prepared, replications, threads, {});
    code = judged(ready.prepared, options, settings, simulated, measured);
  }
  if (!settings.out.empty()) {
    Files files;
    files["record.json"] = to_json(measured);
    files["series.csv"] = analysis::series_csv(measured);
    write_folder(settings.out, files);
  }
  return code;
}

constexpr const char* kMeasureExamples = R"(
Examples:
  spillway measure scenarios/collector-cases/queue-full.yaml --compare
  spillway measure scenarios/trinity/healthy.yaml --duration 1min --compare
  spillway measure scenarios/trinity/healthy.yaml --duration 1min --services real --compare
  spillway measure scenarios/trinity/healthy.yaml --duration 1min --services real --stores real

Starts real collectors with the scenario's own files in networks of their own (nothing leaves the machine), scripted
backends, and plays the simulated traffic against them in real time. With `judge` in the scenario, --compare simulates it
100 times and judges these figures (exit code 99 when one differs); without, it lists all figures beside those of the
simulated replication that had the same requests.
With --services real the scenario's services are real Mandelbrot programs, one in each place, which render what its users ask
for; calls between places pass relays with the latencies of its `links`. Their work is their own, not the scenario's.
With --stores real as well, each place has a Zipkin for the backend that takes Zipkin spans, Promtail with the file
promtail.yaml beside the scenario, VictoriaLogs as its Loki (one more for the cloud), and Prometheus.)";

}  // namespace

void add_measure(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<MeasureSettings>();
  CLI::App& command = *spillway.add_subcommand(kMeasure.name, kMeasure.about);
  command.footer(kMeasureExamples);
  auto* scenario = command.add_option("SCENARIO", settings->file, "scenario file")->type_name("");
  auto* grid = command.add_flag("--cost-grid", settings->cost_grid,
                                "instead of a scenario: what collectors cost, and how well that is predicted");
  grid->excludes(scenario);
  command.add_flag("--quick", settings->costs.quick, "with --cost-grid: only check the parameters, about a minute")
      ->needs(grid);
  command.add_option("--only", settings->costs.only,
                     "with --cost-grid: only runs whose names contain this, or \"sizes\" of compressed bodies")
      ->type_name("TEXT")
      ->needs(grid);
  command.add_option("--write-costs", settings->costs.file, "with --cost-grid: write the parameters found to this file")
      ->type_name("FILE")
      ->needs(grid);
  add_scenario_options(command, settings->scenario);
  add_format(command, settings->format);
  command.add_option("--out", settings->out, "folder for record.json and series.csv")->type_name("DIR");
  command.add_option("--logs", settings->logs, "existing folder for the programs' own output")->type_name("DIR");
  command.add_flag("--compare", settings->judge, "compare with the simulation");
  auto* services = command.add_option("--services", settings->services,
                                      "played: this program posts their spans; real: Mandelbrot services run as processes")
                       ->check(CLI::IsMember({"played", "real"}))
                       ->type_name("played|real")
                       ->capture_default_str();
  command.add_option("--stores", settings->stores,
                     "with --services real: scripted backends, or real stores in each place: Zipkin, VictoriaLogs, Promtail, Prometheus")
      ->check(CLI::IsMember({"scripted", "real"}))
      ->type_name("scripted|real")
      ->capture_default_str()
      ->needs(services);
  command.add_option("--service-cpus", settings->service_cpus,
                     "with --services real: CPUs that each may use, e.g. 0.75, where control groups can be written")
      ->check(CLI::Range(0.01, 64.0))
      ->type_name("N")
      ->needs(services);
  command.add_flag("--accept-busy", settings->accept_busy,
                   "with --services real: take a run on a machine without idle time")
      ->needs(services);
  command.callback([settings, &chosen] {
    if (settings->file.empty() && !settings->cost_grid) throw CLI::RequiredError("SCENARIO");
    chosen = [settings] {
      return settings->cost_grid ? measure_costs(settings->costs, programs(*settings)) : measure(*settings);
    };
  });
}

}  // namespace spillway::app
