// spillway import, calibrate, validate: from recorded traces to an application, and how well that predicts other loads.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "analysis/calibration/application_fit.hpp"
#include "analysis/calibration/report.hpp"
#include "analysis/calibration/scenario_text.hpp"
#include "analysis/calibration/validation.hpp"
#include "real/import/play.hpp"
#include "real/import/sources.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/header_option.hpp"
#include "sim/app/options.hpp"
#include "sim/app/output.hpp"
#include "sim/record.hpp"

namespace spillway::app {
namespace {

using analysis::ApplicationFit;
using analysis::ReadingResult;

struct CalibrateSettings {
  std::vector<std::string> sources, held_out, headers;
  real::SourceOptions from;
  Format format = Format::text;
  std::string out, scenario;
  double rate = 0;
  int draws = 24;
};

struct Read {
  analysis::Recordings recordings;
  std::vector<ReadingResult> results;
};

std::string name_of(const std::string& source) {
  std::string name = std::filesystem::path{source}.filename().string();
  return real::url_of(source) || name.empty() ? source : name.substr(0, name.find('.'));
}

/// Adds what one or several sources hold together.
void add(Read& read, const std::string& name, const std::vector<std::string>& sources, const real::SourceOptions& options) {
  real::TraceReader reader;
  for (const std::string& source : sources) real::read_source(source, options, reader);
  const analysis::Traces traces = reader.take();
  analysis::add_recording(read.recordings, name, traces);
  read.results.push_back({name, traces.spans.size(), reader.notes(), read.recordings.all.back().problems});
}

/// Every source a load of its own.
Read read_loads(const std::vector<std::string>& sources, const real::SourceOptions& options) {
  Read read;
  for (const std::string& source : sources) add(read, name_of(source), {source}, options);
  return read;
}

int nothing_to_fit(const std::string& what) {
  std::cerr << "spillway: error: " << what << ": holds no whole trace; see what was wrong with them above\n";
  return kInput;
}

void print_reading(const Read& read, const analysis::FittedApplication& application, Format format) {
  if (format == Format::json) std::cout << analysis::reading_json(read.results, application);
  else std::cout << rendered(analysis::reading_report(read.results, application), format);
}

int import(const CalibrateSettings& settings) {
  if (const auto objection = objection_to(settings.out)) {
    std::cerr << "spillway: error: --out " << *objection << "\n";
    return kInput;
  }
  Read read;
  add(read, name_of(settings.sources.front()), settings.sources, settings.from);
  const ApplicationFit fit{read.recordings};
  const analysis::FittedApplication application = fit.fit();
  print_reading(read, application, settings.format);
  if (fit.empty()) return nothing_to_fit(settings.sources.front());
  analysis::ScenarioSettings written;
  written.name = read.results[0].name;
  written.rate = settings.rate;
  write_folder(settings.out, {{"scenario.yaml", analysis::scenario_text(application, written)},
                              {"parameters.yaml", analysis::parameters_text(application)},
                              {"import.json", analysis::reading_json(read.results, application)}});
  return kFine;
}

int calibrate(const CalibrateSettings& settings) {
  const Read read = read_loads(settings.sources, settings.from);
  const ApplicationFit fit{read.recordings};
  const analysis::FittedApplication application = fit.fit();
  print_reading(read, application, settings.format);
  if (fit.empty()) return nothing_to_fit(settings.sources.front());
  if (!settings.out.empty()) write_file_atomically(settings.out, analysis::parameters_text(application));
  if (settings.scenario.empty()) return kFine;
  analysis::ScenarioSettings written;
  written.name = std::filesystem::path{settings.scenario}.stem().string();
  written.rate = settings.rate;
  write_file_atomically(settings.scenario, analysis::scenario_text(application, written));
  return kFine;
}

int validate(const CalibrateSettings& settings) {
  const ApplicationFit fit{read_loads(settings.sources, settings.from).recordings};
  if (fit.empty()) return nothing_to_fit(settings.sources.front());
  std::vector<analysis::Load> loads;
  for (const analysis::Recording& recording : read_loads(settings.held_out, settings.from).recordings.all) {
    loads.push_back(analysis::load_of(recording));
    if (loads.back().requests == 0) return nothing_to_fit(loads.back().name);
  }
  analysis::ValidationOptions options;
  options.draws = settings.draws;
  const auto rows = analysis::validate(fit, loads, real::play_text, options);
  if (settings.format == Format::json) std::cout << analysis::validation_json(rows);
  else std::cout << rendered({{analysis::validation_table(rows), {}}}, settings.format);
  return kFine;
}

void add_source_options(CLI::App& command, CalibrateSettings& settings) {
  command.add_option("--api", settings.from.api, "of a server: jaeger, zipkin or tempo (it is asked)")
      ->check(CLI::IsMember({"jaeger", "zipkin", "tempo"}).description(""))
      ->type_name("NAME");
  command.add_option("--limit", settings.from.limit, "traces to ask a server for (1000)")
      ->check(CLI::Range(1, 10'000'000).description(""))
      ->type_name("N");
  add_header_option(command, settings.headers);
  command.add_option("--lookback", settings.from.lookback, "how far back a Jaeger is asked (1h)")->type_name("TIME");
  add_format(command, settings.format);
}

void add_rate(CLI::App& command, CalibrateSettings& settings) {
  command.add_option("--rate", settings.rate, "requests per second that the scenario is written for (as recorded)")
      ->check(CLI::Range(1e-6, 1e7).description(""))
      ->type_name("R");
}

constexpr const char* kImportExamples = R"(
Examples:
  spillway import traces.jsonl.zst --out out/shop && spillway run out/shop/scenario.yaml
  spillway import http://localhost:16686 --out out/shop --rate 50
  spillway import https://tempo.example.com --header @token.txt --out out/shop

Reads Jaeger JSON, Zipkin JSON, OTLP JSON and protobuf, plain, gzip or zstd, from files, folders and the APIs of Jaeger,
Zipkin and Tempo. --out gets scenario.yaml, parameters.yaml and import.json.)";

constexpr const char* kCalibrateExamples = R"(
Example:
  spillway calibrate hotel-25.jsonl.zst hotel-50.jsonl.zst --out out/parameters.yaml --scenario out/hotel.yaml --rate 60
  spillway run out/hotel.yaml

The more loads, the better is known how latency grows with load.)";

constexpr const char* kValidateExamples = R"(
Example:
  spillway validate hotel-25.jsonl.zst --held-out hotel-50.jsonl.zst hotel-75.jsonl.zst

Fits to the first recordings alone and predicts the others from their rate. Naive: the figure of the heaviest load that was
fitted to.)";

}  // namespace

void add_import(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<CalibrateSettings>();
  CLI::App& command = *spillway.add_subcommand(kImport.name, kImport.about);
  command.footer(kImportExamples);
  command.add_option("SOURCE", settings->sources, "files, folders, URLs; read as one recording")->required()->type_name("");
  command.add_option("--out", settings->out, "folder for scenario.yaml, parameters.yaml and import.json")
      ->required()
      ->type_name("DIR");
  add_rate(command, *settings);
  add_source_options(command, *settings);
  command.callback([settings, &chosen] {
    settings->from.headers = headers_from(settings->headers);
    chosen = [settings] { return import(*settings); };
  });
}

void add_calibrate(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<CalibrateSettings>();
  CLI::App& command = *spillway.add_subcommand(kCalibrate.name, kCalibrate.about);
  command.footer(kCalibrateExamples);
  command.add_option("RECORDING", settings->sources, "files, folders or URLs, one load each")->required()->type_name("");
  command.add_option("--out", settings->out, "file for the parameters")->type_name("FILE");
  command.add_option("--scenario", settings->scenario, "file for the scenario")->type_name("FILE");
  add_rate(command, *settings);
  add_source_options(command, *settings);
  command.callback([settings, &chosen] {
    settings->from.headers = headers_from(settings->headers);
    chosen = [settings] { return calibrate(*settings); };
  });
}

void add_validate(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<CalibrateSettings>();
  CLI::App& command = *spillway.add_subcommand(kValidate.name, kValidate.about);
  command.footer(kValidateExamples);
  command.add_option("RECORDING", settings->sources, "recordings to fit to, one load each")->required()->type_name("");
  command.add_option("--held-out", settings->held_out, "recordings to predict, one load each")->required()->type_name("");
  command.add_option("--draws", settings->draws, "fits to resampled requests, for the intervals (24)")
      ->check(CLI::Range(0, 1000).description(""))
      ->type_name("N");
  add_source_options(command, *settings);
  command.callback([settings, &chosen] {
    settings->from.headers = headers_from(settings->headers);
    chosen = [settings] { return validate(*settings); };
  });
}

}  // namespace spillway::app
