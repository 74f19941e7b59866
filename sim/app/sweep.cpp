// spillway sweep SCENARIO --vary PATH=V1,V2…: the same scenario under several settings, side by side.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

#include "analysis/report/sweep.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"
#include "sim/app/output.hpp"
#include "sim/app/ready.hpp"

namespace spillway::app {
namespace {

constexpr std::size_t kMostVariants = 1000;

/// One `--vary`: a path of the scenario and the values that it takes in turn.
struct Axis {
  std::string path;
  std::vector<std::string> values;
};

struct SweepSettings {
  std::string file;
  ScenarioOptions scenario;
  std::vector<std::string> vary, figures;
  std::vector<Axis> axes;  ///< what `vary` says
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  Format format = Format::text;
};

/// Commas part the values but inside brackets, braces and quotes, where YAML has them.
std::vector<std::string> values_of(const std::string& text) {
  std::vector<std::string> values{""};
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) quote = c == quote ? '\0' : quote;
    else if (c == '"' || c == '\'') quote = c;
    else if (c == '[' || c == '{') ++depth;
    else if (c == ']' || c == '}') --depth;
    if (c == ',' && depth <= 0 && quote == 0) values.emplace_back();
    else values.back() += c;
  }
  return values;
}

std::string problem_of_vary(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return "";
  return "'" + text + "' has no path and values; write path.to.key=value,value";
}

std::vector<Axis> axes_of(const std::vector<std::string>& vary) {
  std::vector<Axis> axes;
  std::size_t variants = 1;
  for (const std::string& text : vary) {
    const std::size_t equals = text.find('=');
    axes.push_back({text.substr(0, equals), values_of(text.substr(equals + 1))});
    variants *= axes.back().values.size();
    if (variants > kMostVariants) throw CLI::ValidationError("--vary", "asks for more than " + std::to_string(kMostVariants) + " combinations");
  }
  return axes;
}

/// The n-th combination; the last axis turns fastest.
std::vector<std::string> combination(const std::vector<Axis>& axes, std::size_t n) {
  std::vector<std::string> values(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    values[i] = axes[i].values[n % axes[i].values.size()];
    n /= axes[i].values.size();
  }
  return values;
}

/// By far the largest part of a record, of which a sweep holds one a variant.
void forget_series(RunRecord& record) {
  for (Replication& replication : record.replications) replication.series = {};
}

int sweep(const SweepSettings& settings) {
  const std::vector<Axis>& axes = settings.axes;
  std::size_t variants = 1;
  analysis::Sweep result;
  for (const Axis& axis : axes) {
    variants *= axis.values.size();
    result.axes.push_back(axis.path);
  }
  std::vector<Ready> all;
  for (std::size_t n = 0; n < variants; ++n) {
    const std::vector<std::string> values = combination(axes, n);
    ScenarioOptions options = settings.scenario;
    for (std::size_t i = 0; i < axes.size(); ++i) options.set.push_back(axes[i].path + "=" + values[i]);
    all.push_back(make_ready(settings.file, options));
    if (!all.back().prepared) return all.back().code;
    result.variants.push_back({values, {}});
  }
  const bool wants_series = std::any_of(settings.figures.begin(), settings.figures.end(), [](const std::string& figure) { return figure.starts_with("series."); });
  for (std::size_t n = 0; n < variants; ++n) {
    const PreparedScenario& prepared = *all[n].prepared;
    RunRecord& record = result.variants[n].record;
    record = simulated_record(prepared, scenario_of(prepared).replications, settings.threads, {});
    if (!wants_series) forget_series(record);
  }
  result.figures = settings.figures.empty() ? analysis::telling_figures(result) : settings.figures;
  if (const std::string error = analysis::objection_to(result); !error.empty()) {
    std::cerr << "spillway: error: --figure " << error << "\n";
    return kInput;
  }
  std::cout << (settings.format == Format::json ? analysis::sweep_json(result) : rendered(analysis::report_of(result), settings.format));
  return kFine;
}

constexpr const char* kSweepExamples = R"(
Examples:
  spillway sweep scenarios/trinity/backend-down-busy.yaml --vary traffic.renders.rate=5/s,20/s,80/s
  spillway sweep shop.yaml --vary services.shop.instrumentation.sampling.probability=1,0.5,0.1 --figure bill.total
  spillway sweep shop.yaml --vary collectors.gateway.config=tail.yaml,head.yaml --vary traffic.users.rate=10/s,100/s

Every value is put in as by --set. All variants see the same requests, as far as the settings let them, so differences to the
first variant are taken pair by pair.)";

}  // namespace

void add_sweep(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<SweepSettings>();
  CLI::App& command = *spillway.add_subcommand("sweep", "one scenario under several settings: what is kept, lost and paid under each");
  command.footer(kSweepExamples);
  command.add_option("SCENARIO", settings->file, "scenario file")->required()->type_name("");
  command.add_option("--vary", settings->vary, "values that a key of the scenario takes in turn; several: all combinations")
      ->required()
      ->type_name("PATH=V1,V2")
      ->allow_extra_args(false)
      ->check(problem_of_vary);
  command.add_option("--figure", settings->figures, "a column (shares stored, lost, sampled out; CPU; bill.total)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_option("--threads", settings->threads, "replications at a time (as many as the machine has)")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  add_scenario_options(command, settings->scenario);
  add_format(command, settings->format);
  command.callback([settings, &chosen] {
    settings->axes = axes_of(settings->vary);
    chosen = [settings] { return sweep(*settings); };
  });
}

}  // namespace spillway::app
