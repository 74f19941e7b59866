// spillway check FILE…: every problem of scenarios and collector files at once, traps, and what is not modelled.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include "models/collector/config.hpp"
#include "models/world.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"
#include "sim/app/review_options.hpp"
#include "sim/app/review_output.hpp"
#include "sim/app/scenario_load.hpp"

namespace spillway::app {
namespace {

struct CheckSettings {
  std::vector<std::string> files;
  ScenarioOptions scenario;
  ReviewOptions review;
  ReviewFormat format = ReviewFormat::text;
  bool strict = false;
};

int code_of(LoadFailure failure, const Problems& problems) {
  if (failure == LoadFailure::environment) return kEnvironment;
  return failure == LoadFailure::input || problems.has_errors() ? kInput : kFine;
}

void print_verdict(const std::string& file, const std::vector<NotModelled>& left_out) {
  std::cout << file << ": no problem found\n";
  for (const NotModelled& item : left_out) std::cout << "  not modelled (" << item.effect << "): " << item.what << "\n";
}

/// A file as the collector's process of a scenario reads it.
FileReview review_of(const collector::ConfigRequest& request, const collector::review::Load& load) {
  FileReview review;
  review.file = request.files.front().string();
  review.load = load;
  review.config = collector::load_config(request, review.problems);
  if (!review.config.tree) return review;
  const collector::review::Facts facts = collector::review::facts_of(review.config, review.load);
  review.findings = collector::review::find_traps(facts);
  review.too_large = facts.too_large;
  if (!review.config.config) return review;
  review.capacities = collector::review::capacities_of(facts);
  return review;
}

void print_findings(const FileReview& review) {
  for (const collector::review::Finding& finding : review.findings) std::cerr << to_text(finding) << "\n";
}

/// Looks at every collector's file under the load of the scenario. True when there is a trap.
bool review_collectors(const Scenario& scenario, const CheckSettings& settings, std::vector<FileReview>& reviews) {
  bool trapped = false;
  for (const CollectorUse& use : scenario.collectors) {
    collector::ConfigRequest request{use.config, use.environment, std::nullopt, use.key};
    if (use.version_given) request.version = collector::parse_version(use.version);
    FileReview review = review_of(request, load_of(scenario, use, load_of(settings.review)));
    if (settings.format == ReviewFormat::text) print_findings(review);
    if (settings.format == ReviewFormat::github) std::cout << annotations_of(review);
    trapped = trapped || review.count(collector::review::Weight::warning) > 0;
    reviews.push_back(std::move(review));
  }
  return trapped;
}

int check_scenario(const std::string& file, const CheckSettings& settings, std::vector<FileReview>& reviews) {
  Problems problems;
  LoadedScenario loaded = load_scenario(file, overrides_of(settings.scenario), problems);
  std::shared_ptr<const PreparedScenario> prepared;
  if (loaded.scenario) {
    check_names(*loaded.scenario, problems);
    prepared = prepare(std::move(*loaded.scenario), problems);
  }
  print(problems);
  if (!prepared || problems.has_errors()) return code_of(loaded.failure, problems);
  const bool trapped = review_collectors(scenario_of(*prepared), settings, reviews);
  if (settings.format == ReviewFormat::text) print_verdict(file, not_modelled(*prepared));
  return settings.strict && trapped ? kInput : kFine;
}

int check_collector(const std::string& file, const CheckSettings& settings, std::vector<FileReview>& reviews) {
  FileReview review = review_of(request_of({file}, settings.review), load_of(settings.review));
  if (settings.format == ReviewFormat::text) {
    print(review.problems);
    print_findings(review);
    if (review.config.config) std::cout << summary_of(review);
  }
  if (settings.format == ReviewFormat::github) std::cout << annotations_of(review);
  const bool trapped = settings.strict && review.count(collector::review::Weight::warning) > 0;
  const int code = graver(code_of(review.config.failure, review.problems), trapped ? kInput : kFine);
  reviews.push_back(std::move(review));
  return code;
}

/// Looks into the file to see what it is; a file that is no YAML at all is reported once, here.
int check_file(const std::string& file, const CheckSettings& settings, std::vector<FileReview>& reviews) {
  Problems problems;
  const LoadedDocument loaded = load_stream(file, problems, {.merge_keys = true});
  if (!loaded.document) {
    print(problems);
    return code_of(loaded.failure, problems);
  }
  const auto& roots = loaded.document->root.items;
  const bool collector = !roots.empty() && collector::is_collector_input(roots.front());
  return collector ? check_collector(file, settings, reviews) : check_scenario(file, settings, reviews);
}

int check(const CheckSettings& settings) {
  int code = kFine;
  std::vector<FileReview> reviews;
  for (const std::string& file : settings.files) code = graver(code, check_file(file, settings, reviews));
  if (settings.format == ReviewFormat::json) std::cout << json_of(reviews);
  return code;
}

constexpr const char* kCheckExamples = R"(
Examples:
  spillway check scenarios/trinity/backend-down.yaml
  spillway check otel-collector.yaml --collector-version 0.111.0
  spillway check deploy/collector.yaml --traces-per-second 1000 --spans-per-trace 12 --strict
  spillway check values.yaml --format github

A collector file may be plain, in a ConfigMap (with its Deployment in the same file), an OpenTelemetryCollector
resource, or values of the Helm chart. Besides what the collector refuses, traps are told: what it accepts and you
will regret. The files of a scenario's collectors are looked at under the scenario's own traffic. Problems and traps go to standard error as file:line:column: key: what; way out. Exit code 2 when there
is a problem, with --strict also when there is a trap (notes do not count).)";

const std::map<std::string, ReviewFormat> kFormats{
    {"text", ReviewFormat::text}, {"json", ReviewFormat::json}, {"github", ReviewFormat::github}};

}  // namespace

void add_check(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<CheckSettings>();
  CLI::App& command =
      *spillway.add_subcommand("check", "every problem and trap of scenario and collector files at once");
  command.footer(kCheckExamples);
  command.add_option("FILE", settings->files, "scenario or collector files")->required()->type_name("");
  add_scenario_options(command, settings->scenario);
  add_review_options(command, settings->review);
  command.add_option("--format", settings->format, "of what is said of collector files: text, json or github (text)")
      ->transform(CLI::CheckedTransformer(kFormats).description(""))
      ->type_name("FORM");
  command.add_flag("--strict", settings->strict, "a trap is an error");
  command.callback([settings, &chosen] {
    check_options(settings->review);
    chosen = [settings] { return check(*settings); };
  });
}

}  // namespace spillway::app
