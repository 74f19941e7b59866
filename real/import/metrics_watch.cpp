#include "real/import/metrics_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "real/import/http.hpp"
#include "real/local/prometheus_text.hpp"
#include "sim/meters.hpp"
#include "sim/version.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;
using Key = std::pair<std::string, Labels>;

constexpr std::uintmax_t kLargestFile = 64U << 20U;
constexpr std::size_t kMostReadings = 100'000;

bool ends_like_a_counter(const std::string& name) {
  return name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum") || name.ends_with("_bucket");
}

/// Readings of all targets, made into series that count from the first one on.
class Readings {
 public:
  /// What one target shows at a step. Every call for one target is for a later step.
  void add(const std::string& target, const std::vector<MetricValue>& values, const std::set<std::string>& counters) {
    for (const MetricValue& value : values) {
      const bool counts = counters.contains(value.name) || ends_like_a_counter(value.name);
      Shown& shown = shown_[{value.name, value.labels}];
      // What a program shows for the first time while it is watched began at 0 since.
      if (counts) shown.value += since(shown, value.value, first_.contains(target));
      else shown.value = value.value;
      shown.last = value.value;
    }
    first_.insert(target);
  }
  void end_of_step() {
    MetricsPage page;
    page.add([this](std::vector<MetricValue>& values) { values = now(); });
    series_.take(page);
    ++steps_;
  }
  std::vector<MetricValue> now() const {
    std::vector<MetricValue> values;
    for (const auto& [key, shown] : shown_) values.push_back({key.first, key.second, shown.value});
    return values;
  }
  std::vector<Series> series() const { return series_.series(); }
  std::int64_t steps() const { return steps_; }

 private:
  struct Shown {
    double value = 0;
    std::optional<double> last;
  };
  static double since(const Shown& shown, double value, bool watched_before) {
    if (!shown.last) return watched_before ? value : 0;
    return value >= *shown.last ? value - *shown.last : value;  // it began anew
  }
  std::map<Key, Shown> shown_;
  std::set<std::string> first_;
  SeriesRecorder series_;
  std::int64_t steps_ = 0;
};

/// Names of what the page declares as counters and histograms.
std::set<std::string> counters_of(const std::string& page) {
  std::set<std::string> names;
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string hash, word, name, type;
    if (words >> hash >> word >> name >> type && hash == "#" && word == "TYPE" && type == "counter") names.insert(name);
  }
  return names;
}

/// A target that is read page by page.
class Pages {
 public:
  Pages(WatchTarget target, const HttpHeaders& headers) : target_{std::move(target)}, headers_{headers} {
    if (const auto url = url_of(target_.source)) {
      url_ = *url;
      return;
    }
    if (!fs::is_directory(target_.source)) throw std::runtime_error(target_.source + ": is neither a URL nor a folder of saved pages");
    for (const auto& entry : fs::directory_iterator{target_.source}) {
      if (entry.is_regular_file()) files_.push_back(entry.path());
    }
    std::sort(files_.begin(), files_.end());
    if (files_.empty()) throw std::runtime_error(target_.source + ": holds no page");
  }
  bool live() const { return files_.empty(); }
  std::size_t saved() const { return files_.size(); }

  void read(Readings& readings) {
    const std::string page = live() ? asked() : saved_page();
    if (page.empty()) {
      ++missed_;
      return;
    }
    PrometheusText parsed = parse_prometheus_text(page);
    skipped_ += parsed.skipped_lines;
    samples_ += static_cast<std::int64_t>(parsed.values.size());
    for (MetricValue& value : parsed.values) label_as(value, target_.name);
    readings.add(target_.name, parsed.values, counters_of(page));
  }
  void note(std::map<std::string, std::string>& notes) const {
    if (samples_ == 0) throw std::runtime_error(target_.source + ": no metric could be read" + (problem_.empty() ? "" : ": " + problem_));
    std::string text = target_.source + ", " + std::to_string(samples_) + " samples";
    if (missed_ > 0) text += ", " + std::to_string(missed_) + " pages missed (" + problem_ + ")";
    if (skipped_ > 0) text += ", " + std::to_string(skipped_) + " lines not understood";
    notes[target_.name] = text;
  }

 private:
  std::string asked() {
    Page page = ask(url_.server, url_.path, headers_, "text/plain;version=0.0.4");
    if (page.problem.empty() && page.status == 200) return std::move(page.body);
    problem_ = page.problem.empty() ? "answers " + std::to_string(page.status) : page.problem;
    return {};
  }
  std::string saved_page() {
    if (next_ == files_.size()) return {};
    const fs::path& file = files_[next_++];
    if (fs::file_size(file) > kLargestFile) {
      problem_ = file.string() + " has more than 64 MiB";
      return {};
    }
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  WatchTarget target_;
  HttpHeaders headers_;
  Url url_;
  std::vector<fs::path> files_;
  std::size_t next_ = 0;
  std::int64_t missed_ = 0, skipped_ = 0, samples_ = 0;
  std::string problem_;
};

double number_of(const json& value) { return value.is_string() ? std::strtod(value.get_ref<const std::string&>().c_str(), nullptr) : 0; }

using Values = std::vector<MetricValue>;

/// One series of a Prometheus's answer: into the pages of its steps. False when it is none.
bool take_series(const json& series, double from, double step, std::vector<Values>& pages) {
  if (!series.is_object() || !series.contains("metric") || !series.contains("values")) return false;
  MetricValue value;
  for (const auto& [label, text] : series["metric"].items()) {
    if (!text.is_string()) return false;
    if (label == "__name__") value.name = text.get<std::string>();
    else value.labels[label] = text.get<std::string>();
  }
  const std::string instance = value.labels["instance"];
  value.labels.erase("instance");
  value.labels.erase("job");
  label_as(value, instance);
  for (const json& point : series["values"]) {
    if (!point.is_array() || point.size() != 2 || !point[0].is_number()) return false;
    const double at = (point[0].get<double>() - from) / step + 0.5;
    if (at < 0 || at >= static_cast<double>(pages.size())) continue;
    value.value = number_of(point[1]);
    pages[static_cast<std::size_t>(at)].push_back(value);
  }
  return true;
}

/// All that a Prometheus knows of the last `length`, as pages a step apart.
std::vector<Values> asked_of_prometheus(const std::string& server, const WatchOptions& options) {
  const auto seconds_of = [](Duration d) { return std::chrono::duration<double>(d).count(); };
  const double step = seconds_of(options.step);
  const double end = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double from = end - seconds_of(options.length);
  char range[96];
  std::snprintf(range, sizeof range, "&start=%.3f&end=%.3f&step=%.3f", from, end, step);
  const Page page = ask(server, "/api/v1/query_range?query=" + in_query(options.selector) + range, options.headers);
  const json answer = json::parse(page.body, nullptr, false);
  if (!answer.is_object() || answer.value("status", "") != "success" || !answer["data"].is_object())
    throw std::runtime_error(server + ": is no Prometheus as far as it answers" +
                             (answer.is_object() && answer.contains("error") && answer["error"].is_string() ? ": " + answer["error"].get<std::string>() : page.problem));
  std::vector<Values> pages(std::min(kMostReadings, static_cast<std::size_t>((end - from) / step) + 1));
  for (const json& series : answer["data"].value("result", json::array())) {
    if (!take_series(series, from, step, pages)) throw std::runtime_error(server + ": a series in its answer cannot be read");
  }
  return pages;
}

void read_prometheus(const WatchTarget& target, const WatchOptions& options, Readings& readings, std::map<std::string, std::string>& notes) {
  std::int64_t samples = 0;
  for (const Values& page : asked_of_prometheus(url_of(target.source)->server, options)) {
    samples += static_cast<std::int64_t>(page.size());
    if (!page.empty()) readings.add(target.name, page, {});
    readings.end_of_step();
  }
  if (samples == 0) throw std::runtime_error(target.source + ": knows no series of " + options.selector + " in this time");
  notes[target.name] = target.source + ", " + std::to_string(samples) + " samples";
}

bool is_prometheus(const WatchTarget& target) {
  const auto url = url_of(target.source);
  return url && (url->path.empty() || url->path == "/");
}

void read_pages(std::vector<Pages>& all, const WatchOptions& options, Readings& readings, const std::function<void(const std::string&)>& said) {
  const bool live = std::any_of(all.begin(), all.end(), [](const Pages& pages) { return pages.live(); });
  std::size_t steps = static_cast<std::size_t>(options.length / options.step) + 1;
  if (!live) steps = std::max_element(all.begin(), all.end(), [](const Pages& a, const Pages& b) { return a.saved() < b.saved(); })->saved();
  const auto begun = SteadyClock::now();
  for (std::size_t i = 0; i < std::min(steps, kMostReadings); ++i) {
    if (live) std::this_thread::sleep_until(begun + i * options.step);
    for (Pages& pages : all) pages.read(readings);
    readings.end_of_step();
    if (said) said("reading " + std::to_string(i + 1) + " of " + std::to_string(steps));
  }
}

RunRecord record_of(const Readings& readings, const WatchOptions& options) {
  RunRecord record;
  record.manifest.version = kVersion;
  record.manifest.scenario = "watched";
  record.manifest.world = "measured";
  record.manifest.step = options.step;
  record.manifest.duration = std::max<std::int64_t>(0, readings.steps() - 1) * options.step;
  Replication result;
  result.metrics = readings.now();
  result.series = readings.series();
  record.replications.push_back(std::move(result));
  return record;
}

}  // namespace

RunRecord watch(const std::vector<WatchTarget>& targets, const WatchOptions& options,
                const std::function<void(const std::string&)>& said) {
  Readings readings;
  std::map<std::string, std::string> notes;
  if (targets.size() == 1 && is_prometheus(targets.front())) {
    read_prometheus(targets.front(), options, readings, notes);
  } else {
    std::vector<Pages> all;
    for (const WatchTarget& target : targets) {
      if (is_prometheus(target)) throw std::runtime_error(target.source + ": a Prometheus is asked alone; for a page write its path, e.g. /metrics");
      all.emplace_back(target, options.headers);
    }
    read_pages(all, options, readings, said);
    for (const Pages& pages : all) pages.note(notes);
  }
  RunRecord record = record_of(readings, options);
  record.manifest.notes = std::move(notes);
  return record;
}

}  // namespace spillway::real

