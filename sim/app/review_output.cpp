#include "sim/app/review_output.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/report/table.hpp"

namespace spillway::app {
namespace {

using collector::review::Capacity;
using collector::review::count_text;
using collector::review::Finding;
using collector::review::Weight;
using Json = nlohmann::ordered_json;

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

std::string verdict_of(const FileReview& review) {
  if (review.problems.has_errors() || !review.config.config) return "refused";
  const std::size_t traps = review.count(Weight::warning);
  const std::size_t notes = review.count(Weight::note);
  std::string text = traps == 0 ? "no problem found" : counted(traps, "trap");
  return notes == 0 ? text : text + ", " + counted(notes, "note");
}

/// "0.111.0, the tag of the image; ConfigMap, deployment, 3 replicas".
std::string reading_of(const FileReview& review) {
  const collector::Workload& workload = review.config.workload;
  std::string text = collector::to_text(review.config.version);
  if (review.config.version_from_image) text += ", the tag of the image";
  if (!workload.in_a_pod()) return text;
  text += "; " + std::string(collector::to_text(workload.form));
  if (!workload.mode.empty()) text += ", " + workload.mode;
  if (workload.replicas) text += ", " + counted(static_cast<std::size_t>(*workload.replicas), "replica");
  if (workload.replicas_at_most) text += " to " + std::to_string(*workload.replicas_at_most);
  return text;
}

std::string amount(const Capacity& one) {
  return std::isfinite(one.spans_per_second) ? count_text(one.spans_per_second) + " spans/s" : "no bound in the file";
}

Json problem_json(const Problem& problem) {
  return {{"severity", problem.severity == Problem::Severity::error ? "error" : "warning"},
          {"file", problem.file},
          {"line", problem.mark.line},
          {"column", problem.mark.column},
          {"path", problem.path},
          {"message", problem.message}};
}

std::string title_of(std::string_view name) {
  for (const collector::review::Trap& trap : collector::review::all_traps())
    if (trap.name == name) return std::string(trap.title);
  return "";
}

Json finding_json(const Finding& finding) {
  Json json = problem_json(finding.problem);
  json["severity"] = collector::review::to_text(finding.weight);
  json["trap"] = finding.trap;
  json["title"] = title_of(finding.trap);
  return json;
}

Json review_json(const FileReview& review) {
  Json json{{"file", review.file},
            {"verdict", verdict_of(review)},
            {"form", collector::to_text(review.config.workload.form)},
            {"version", collector::to_text(review.config.version)},
            {"version_from_image", review.config.version_from_image},
            {"problems", Json::array()},
            {"findings", Json::array()},
            {"capacity", Json::array()},
            {"not_modelled", Json::array()}};
  for (const Problem& problem : review.problems.all()) json["problems"].push_back(problem_json(problem));
  for (const Finding& finding : review.findings) json["findings"].push_back(finding_json(finding));
  for (const Capacity& one : review.capacities) {
    const bool bounded = std::isfinite(one.spans_per_second);
    json["capacity"].push_back({{"exporter", one.exporter},
                                {"spans_per_second", bounded ? Json(one.spans_per_second) : Json(nullptr)},
                                {"bottleneck", one.bottleneck}});
  }
  if (review.config.config)
    for (const NotModelled& item : review.config.config->not_modelled)
      json["not_modelled"].push_back({{"what", item.what}, {"effect", item.effect}});
  return json;
}

/// The escapes of workflow commands; in a property, of its separators as well.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (!special) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return out;
}

/// What stands in the chart's own configuration is told of the values file as a whole.
std::string annotation(std::string_view level, const FileReview& review, Problem problem, const std::string& title) {
  if (problem.file == collector::kChartFile) {
    problem.file = review.file;
    problem.mark = {};
  }
  std::string out = "::" + std::string(level) + " file=" + escaped(problem.file, true);
  if (problem.mark.line > 0) out += ",line=" + std::to_string(problem.mark.line);
  if (problem.mark.column > 0) out += ",col=" + std::to_string(problem.mark.column);
  out += ",title=" + escaped(title, true) + "::";
  if (!problem.path.empty()) out += escaped(problem.path, false) + ": ";
  return out + escaped(problem.message, false) + '\n';
}

}  // namespace

std::size_t FileReview::count(Weight weight) const {
  return static_cast<std::size_t>(std::ranges::count(findings, weight, &Finding::weight));
}

std::string summary_of(const FileReview& review) {
  std::string out = review.file + ": " + verdict_of(review) + '\n';
  if (!review.config.config) return out;
  out += "  read as " + reading_of(review) + '\n';
  for (const NotModelled& item : review.config.config->not_modelled)
    out += "  not modelled (" + item.effect + "): " + item.what + '\n';
  if (review.too_large) out += "  not looked at for traps: more than 1 000 components, or 5 000 names in pipelines\n";
  if (review.capacities.empty()) return out;
  out += "  one process carries at most, at " + count_text(review.load.spans_per_trace) + " spans a trace and " +
         collector::review::time_text(review.load.backend_latency) + " an export request:\n";
  analysis::Table table{{{"    to"}, {"spans", analysis::Column::Align::right}, {"bottleneck"}}, {}};
  for (const Capacity& one : review.capacities)
    table.rows.push_back({"    " + one.exporter, amount(one), one.bottleneck});
  return out + analysis::to_text(table);
}

std::string json_of(const std::vector<FileReview>& reviews) {
  Json all = Json::array();
  for (const FileReview& review : reviews) all.push_back(review_json(review));
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string annotations_of(const FileReview& review) {
  std::string out;
  for (const Problem& problem : review.problems.all()) {
    const bool error = problem.severity == Problem::Severity::error;
    out += annotation(error ? "error" : "warning", review, problem,
                      error ? "the collector refuses this" : "collector file");
  }
  for (const Finding& finding : review.findings)
    out += annotation(finding.weight == Weight::note ? "notice" : "warning", review, finding.problem,
                      title_of(finding.trap));
  return out;
}

}  // namespace spillway::app
