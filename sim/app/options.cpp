#include "sim/app/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>

#include "analysis/figures.hpp"

namespace spillway::app {
namespace {

/// "path=value"; the value may hold further equals signs.
std::string problem_of_set(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return "'" + text + "' has no path and value; write path.to.key=value";
}

/// As the record names them.
std::vector<std::string> instances_of(const Backend& backend) {
  std::vector<std::string> names;
  for (const std::string& place : backend.in) names.push_back(instance_names(backend.name, place).back());
  return names.empty() ? std::vector{backend.name} : names;
}

std::vector<std::string> instances_of(const CollectorUse& collector, const std::vector<Place>& places) {
  std::vector<std::string> names;
  const std::int64_t replicas = collector.replicas.value_or(1);
  for (const Place& place : places) {
    const bool there = collector.in.empty() || std::find(collector.in.begin(), collector.in.end(), place.name) != collector.in.end();
    for (std::int64_t r = 0; there && r < replicas; ++r) names.push_back(instance_names(collector.name, place.name, r, replicas).back());
  }
  return names;
}

}  // namespace

void add_format(CLI::App& command, Format& format) {
  static const std::map<std::string, Format> names{
      {"text", Format::text}, {"json", Format::json}, {"markdown", Format::markdown}};
  command.add_option("--format", format, "form of the result: text, json or markdown (text)")
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("FORM");
}

void add_scenario_options(CLI::App& command, ScenarioOptions& options) {
  command.add_option("--seed", options.seed, "seed of all random draws (the scenario's)")->type_name("N");
  command.add_option("--replications", options.replications, "independent runs (the scenario's)")->type_name("N");
  command.add_option("--duration", options.duration, "length of the traffic, e.g. 90s or 15m (the scenario's)")
      ->type_name("TIME");
  command
      .add_option("--costs", options.costs,
                  "CPU and memory parameters of collectors over the standard ones; see measure --cost-grid")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--set", options.set,
                  "another value for a key of the scenario, e.g. collectors.gateway.version=0.111.0")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false)
      ->check(problem_of_set);
}

std::vector<Override> overrides_of(const ScenarioOptions& options) {
  std::vector<Override> overrides;
  for (const std::string& text : options.set) {
    const std::size_t equals = text.find('=');
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (options.seed) overrides.push_back({"seed", *options.seed});
  if (options.replications) overrides.push_back({"replications", *options.replications});
  if (options.duration) overrides.push_back({"duration", *options.duration});
  return overrides;
}

void print(const Problems& problems) {
  for (const Problem& problem : problems.all()) {
    std::string text = to_text(problem);
    if (text.empty() || text.back() != '\n') text += '\n';
    std::cerr << text;
  }
}

std::vector<analysis::Priced> priced_parts(const Scenario& scenario) {
  using analysis::PricedPart;
  std::vector<analysis::Priced> parts;
  for (const Backend& backend : scenario.backends) {
    for (const std::string& price : backend.prices)
      parts.push_back({PricedPart::backend, backend.name, instances_of(backend), price, backend.retention, backend.stored_bytes_per_span});
  }
  for (const Link& link : scenario.links) {
    for (const std::string& price : link.prices)
      parts.push_back({PricedPart::link, link.between[0] + " - " + link.between[1], link.between, price});
  }
  for (const CollectorUse& collector : scenario.collectors) {
    for (const std::string& price : collector.prices)
      parts.push_back({PricedPart::collector, collector.name, instances_of(collector, scenario.places), price});
  }
  return parts;
}

void check_names(const Scenario& scenario, Problems& problems) {
  const auto complain = [&](const std::string& error, const Where& where, const char* key) {
    if (!error.empty()) problems.add({Problem::Severity::error, scenario.file, where.mark, where.path + key, error, {}, 0});
  };
  const auto check = [&](const std::string& figure, const Where& where) { complain(analysis::parse_figure(figure).error, where, ""); };
  const auto check_prices = [&](analysis::PricedPart part, const auto& owner) {
    for (const std::string& price : owner.prices) complain(analysis::objection_to_price(part, price), owner.where, ".prices");
  };
  for (const Backend& backend : scenario.backends) check_prices(analysis::PricedPart::backend, backend);
  for (const Link& link : scenario.links) check_prices(analysis::PricedPart::link, link);
  for (const CollectorUse& collector : scenario.collectors) check_prices(analysis::PricedPart::collector, collector);
  for (const Expect& expect : scenario.expect) check(expect.figure, expect.where);
  for (const Judge& judge : scenario.judge) check(judge.figure, judge.where);
}

std::string rendered(const analysis::Report& report, Format format) {
  return format == Format::markdown ? analysis::to_markdown(report) : analysis::to_text(report);
}

}  // namespace spillway::app
