// spillway watch SOURCE…: the metrics of running collectors as a run record.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <unistd.h>

#include "analysis/report/series_csv.hpp"
#include "analysis/report/summary.hpp"
#include "models/scenario/units.hpp"
#include "real/import/metrics_watch.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/header_option.hpp"
#include "sim/app/options.hpp"
#include "sim/app/output.hpp"

namespace spillway::app {
namespace {

struct WatchSettings {
  std::vector<std::string> sources, headers;
  std::string length = "1min", step = "5s", out;
  real::WatchOptions options;
  Format format = Format::text;
};

Duration duration_of(const std::string& option, const std::string& text) {
  const auto duration = language::parse_duration(text);
  if (!duration.value) throw CLI::ValidationError(option, duration.why);
  if (*duration.value < std::chrono::milliseconds{100}) throw CLI::ValidationError(option, "'" + text + "' is below 100ms");
  return *duration.value;
}

/// "aws/gateway=http://…" or the source alone, which then is its own name.
real::WatchTarget target_of(const std::string& text) {
  const std::size_t equals = text.find('='), scheme = text.find("://");
  if (equals == std::string::npos || (scheme != std::string::npos && scheme < equals)) return {text, text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

int watch(const WatchSettings& settings) {
  if (!settings.out.empty()) {
    if (const auto objection = objection_to(settings.out)) {
      std::cerr << "spillway: error: --out " << *objection << "\n";
      return kInput;
    }
  }
  std::vector<real::WatchTarget> targets;
  for (const std::string& source : settings.sources) targets.push_back(target_of(source));
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const RunRecord record = real::watch(targets, settings.options, [terminal](const std::string& what) {
    if (terminal) std::cerr << "\rspillway: " << what << "  " << std::flush;
  });
  if (terminal) std::cerr << "\r\033[K";
  const analysis::SummaryInput input{record, {}, ""};
  const analysis::Report summary = analysis::summary_of(input);
  std::cout << (settings.format == Format::json ? analysis::summary_json(input) : rendered(summary, settings.format));
  if (!settings.out.empty())
    write_folder(settings.out, {{"record.json", to_json(record)}, {"series.csv", analysis::series_csv(record)}, {"summary.txt", analysis::to_text(summary)}});
  return kFine;
}

constexpr const char* kWatchExamples = R"(
Examples:
  spillway watch aws/otel-collector=http://10.0.0.5:8888/metrics --for 10min --out out/live
  spillway watch http://prometheus:9090 --for 1h --every 15s --out out/live
  spillway compare out/record.json out/live/record.json

A source is the URL of a metrics page, http://host:port of a Prometheus (asked once for the time that has passed), or a folder
of saved pages in the order of their names. Counters count from the first reading on. NAME= names the collector as a
simulation does, so that `compare` finds the same figures.)";

}  // namespace

void add_watch(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<WatchSettings>();
  CLI::App& command = *spillway.add_subcommand(kWatch.name, kWatch.about);
  command.footer(kWatchExamples);
  command.add_option("SOURCE", settings->sources, "[NAME=]URL or folder")->required()->type_name("");
  command.add_option("--for", settings->length, "how long, of a Prometheus how far back (1min)")->type_name("TIME");
  command.add_option("--every", settings->step, "from one reading to the next (5s)")->type_name("TIME");
  command.add_option("--select", settings->options.selector, "what a Prometheus is asked for ({__name__=~\"otelcol_.+\"})")
      ->type_name("SELECTOR");
  command.add_option("--out", settings->out, "folder for record.json, series.csv and summary.txt")->type_name("DIR");
  add_header_option(command, settings->headers);
  add_format(command, settings->format);
  command.callback([settings, &chosen] {
    settings->options.length = duration_of("--for", settings->length);
    settings->options.step = duration_of("--every", settings->step);
    settings->options.headers = headers_from(settings->headers);
    chosen = [settings] { return watch(*settings); };
  });
}

}  // namespace spillway::app
