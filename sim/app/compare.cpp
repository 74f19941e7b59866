// spillway compare A B…: simulated with measured under the scenario's judgements, or any records side by side.
#include "analysis/compare.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "analysis/report/comparison.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"

namespace spillway::app {
namespace {

struct CompareSettings {
  std::vector<std::string> records;
  std::string scenario;
  std::vector<std::string> judge;
  Format format = Format::text;
};

/// A record's file, or the folder that --out made.
std::filesystem::path record_file(const std::filesystem::path& given) {
  return std::filesystem::is_directory(given) ? given / "record.json" : given;
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

/// Appends the scenario's judgements. Returns an exit code.
int add_from_scenario(const std::string& file, std::vector<analysis::JudgeSpec>& specs) {
  Problems problems;
  const LoadedScenario loaded = load_scenario(file, {}, problems);
  print(problems);
  if (loaded.failure == LoadFailure::environment) return kEnvironment;
  if (!loaded.scenario || problems.has_errors()) return kInput;
  for (const Judge& judge : loaded.scenario->judge) specs.push_back({judge.figure, class_of(judge.judged)});
  if (!loaded.scenario->judge.empty()) return kFine;
  std::cerr << file << ": error: judge: the scenario names no figure to judge; add some, or leave out --scenario\n";
  return kInput;
}

/// "class:figure", so that a figure may hold any character.
int add_from_option(const std::string& text, std::vector<analysis::JudgeSpec>& specs) {
  const std::size_t colon = text.find(':');
  const auto judged = analysis::parse_judge_class(text.substr(0, colon));
  if (colon == std::string::npos || !judged) {
    std::cerr << "spillway: error: --judge '" << text
              << "' names no class; write exact:FIGURE, edge:FIGURE or distribution:FIGURE\n";
    return kInput;
  }
  specs.push_back({text.substr(colon + 1), *judged});
  const std::string error = analysis::parse_figure(specs.back().figure).error;
  if (error.empty()) return kFine;
  std::cerr << "spillway: error: --judge " << error << "\n";
  return kInput;
}

int judge_one(const RunRecord& simulated, const RunRecord& measured, const std::vector<analysis::JudgeSpec>& specs,
              Format format) {
  const auto rows = analysis::judge(simulated, measured, specs);
  std::cout << (format == Format::json ? analysis::to_json(rows) : rendered(analysis::report_of(rows), format));
  return analysis::exit_code(rows);
}

int relate_one(const std::string& name_a, const RunRecord& a, const std::string& name_b, const RunRecord& b,
               Format format) {
  const auto rows = analysis::relate(a, b);
  std::cout << (format == Format::json ? analysis::to_json(rows)
                                       : rendered(analysis::report_of(rows, name_a, name_b), format));
  return kFine;
}

int compare(const CompareSettings& settings) {
  std::vector<analysis::JudgeSpec> specs;
  int code = settings.scenario.empty() ? kFine : add_from_scenario(settings.scenario, specs);
  for (const std::string& text : settings.judge) code = graver(code, add_from_option(text, specs));
  if (code != kFine) return code;
  const RunRecord first = load_record(record_file(settings.records.front()));
  for (std::size_t i = 1; i < settings.records.size(); ++i) {
    const RunRecord other = load_record(record_file(settings.records[i]));
    if (i > 1 && settings.format != Format::json) std::cout << "\n";
    code = graver(code, specs.empty()
                            ? relate_one(settings.records.front(), first, settings.records[i], other, settings.format)
                            : judge_one(first, other, specs, settings.format));
  }
  return code;
}

constexpr const char* kCompareExamples = R"(
Examples:
  spillway compare out/small-queue out/large-queue
  spillway compare out/simulated out/measured --scenario scenarios/collector-cases/queue-full.yaml
  spillway compare out/simulated out/measured --judge exact:ledger.backend.stored

Without judgements: every figure of both, with differences; paired when both were simulated from the same seed.
With judgements, the first record is the simulated one: exit code 99 when a figure differs.
  exact         the same value in all replications and in the measured run
  edge          equal up to what passes in 50 ms, computed from the traffic of the record
  distribution  the measured value lies where 99 % of single simulated runs have all figures judged so)";

}  // namespace

void add_compare(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<CompareSettings>();
  CLI::App& command = *spillway.add_subcommand("compare", "simulated with measured, or one policy with another");
  command.footer(kCompareExamples);
  command
      .add_option("RECORD", settings->records,
                  "record.json, or the folder it is in; the first is compared with each other one")
      ->required()
      ->expected(2, 100)
      ->type_name("");
  command.add_option("--scenario", settings->scenario, "judge the figures that this scenario names under `judge`")
      ->type_name("FILE");
  command.add_option("--judge", settings->judge, "judge this figure, too: exact, edge or distribution")
      ->type_name("CLASS:FIGURE")
      ->allow_extra_args(false);
  add_format(command, settings->format);
  command.callback([settings, &chosen] { chosen = [settings] { return compare(*settings); }; });
}

}  // namespace spillway::app
