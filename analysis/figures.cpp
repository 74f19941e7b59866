// Evaluating figures. Their names are read in figure_names.cpp.
#include "analysis/figures.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "analysis/figure_names.hpp"

namespace spillway::analysis {
namespace {

using Kind = Figure::Kind;

constexpr Duration kSnapshotSlack = std::chrono::milliseconds{500};

Observation number(double value, std::string remark = {}) {
  return {Observation::Kind::number, value, std::move(remark)};
}
Observation number(std::int64_t value, std::string remark = {}) {
  return number(static_cast<double>(value), std::move(remark));
}
Observation never() { return {Observation::Kind::never, std::numeric_limits<double>::infinity(), {}}; }
Observation absent(std::string what) { return {Observation::Kind::absent, 0, std::move(what)}; }
Observation text(std::string value) { return {Observation::Kind::text, 0, std::move(value)}; }

template <class Item, class Predicate>
const Item* find(const std::vector<Item>& items, Predicate predicate) {
  const auto found = std::find_if(items.begin(), items.end(), predicate);
  return found == items.end() ? nullptr : &*found;
}

// ---- ledger -------------------------------------------------------------------------------------------------------

struct Ending {
  std::int64_t items = 0;
  std::optional<Time> first;
};

/// Sums the fates whose names hold the parts that the figure asks for.
Ending sum_of(const std::vector<Fate>& fates, const Figure& figure) {
  Ending sum;
  for (const Fate& fate : fates) {
    if (folded(fate.cause).find(figure.cause) == std::string::npos) continue;
    if (folded(fate.component).find(figure.component) == std::string::npos) continue;
    sum.items += fate.items;
    if (fate.first && (!sum.first || *fate.first < *sum.first)) sum.first = fate.first;
  }
  return sum;
}

std::int64_t count_of(const DestinationFates& fates, const Figure& figure) {
  switch (figure.fate) {
    case Figure::Fate::produced:
      return fates.produced;
    case Figure::Fate::stored:
      return fates.stored;
    case Figure::Fate::lost:
      return sum_of(fates.lost, figure).items;
    case Figure::Fate::sampled_out:
      return sum_of(fates.sampled_out, figure).items;
    case Figure::Fate::in_flight:
      return fates.in_flight;
    case Figure::Fate::duplicates:
      return fates.duplicates;
    case Figure::Fate::stored_though_given_up:
      return fates.stored_though_given_up;
  }
  return 0;
}

Observation observe_share(const DestinationFates& fates, const Figure& figure) {
  if (fates.produced == 0) return absent("nothing was produced for " + fates.destination);
  return number(static_cast<double>(count_of(fates, figure)) / static_cast<double>(fates.produced));
}

Observation observe_first(const DestinationFates& fates, const Figure& figure) {
  const Ending ending = sum_of(figure.fate == Figure::Fate::lost ? fates.lost : fates.sampled_out, figure);
  if (ending.items == 0) return never();
  if (!ending.first) return absent("the record does not say when it first happened");
  return number(seconds(*ending.first));
}

Observation observe_ledger(const Figure& figure, const Replication& replication) {
  const auto* fates = find(replication.destinations, [&](const auto& d) { return d.destination == figure.subject; });
  if (fates == nullptr) return absent("no destination '" + figure.subject + "'");
  if (figure.kind == Kind::ledger_share) return observe_share(*fates, figure);
  if (figure.kind == Kind::ledger_first_at) return observe_first(*fates, figure);
  if (figure.kind == Kind::ledger_count) return number(count_of(*fates, figure));
  const std::string& hash = figure.kind == Kind::ledger_contents ? fates->contents : fates->span_set;
  if (hash.empty()) return absent("the record does not know which spans " + figure.subject + " stored");
  return text(hash);
}

// ---- requests, answers, backends ----------------------------------------------------------------------------------

/// The entry of the place asked for; without a place the one for all places, or the sum of the single places.
std::optional<RequestStats> requests_of(const Figure& figure, const Replication& replication) {
  std::optional<RequestStats> sum;
  for (const RequestStats& stats : replication.requests) {
    if (folded(stats.name) != figure.subject) continue;
    if (stats.place == figure.place) return stats;
    if (!figure.place.empty()) continue;
    if (!sum) sum.emplace();
    sum->requests += stats.requests;
    sum->errors += stats.errors;
    sum->latency.merge(stats.latency);
  }
  return sum;
}

Observation observe_requests(const Figure& figure, const Replication& replication) {
  const auto stats = requests_of(figure, replication);
  if (!stats) return absent("no requests '" + figure.subject + "'");
  if (figure.kind == Kind::request_count) return number(stats->requests);
  if (figure.kind == Kind::request_errors) return number(stats->errors);
  if (stats->requests == 0) return absent("no request was made");
  if (figure.kind == Kind::request_error_share) {
    return number(static_cast<double>(stats->errors) / static_cast<double>(stats->requests));
  }
  if (figure.kind == Kind::request_mean) return number(stats->latency.mean());
  return number(stats->latency.quantile(figure.level));
}

/// Statuses appear with the first answer, so an unknown one was given 0 times.
Observation answers_of(const std::map<std::string, std::int64_t>& answers, const Figure& figure) {
  for (const auto& [status, times] : answers) {
    if (folded(status) == figure.detail) return number(times);
  }
  return number(0.0, "no such answer");
}

Observation observe_answers(const Figure& figure, const Replication& replication) {
  const auto* client = find(replication.answers, [&](const auto& a) { return a.client == figure.subject; });
  if (client == nullptr) return absent("no client '" + figure.subject + "'");
  return answers_of(client->answers, figure);
}

/// "503+200 x3, 200": attempts of a post joined by +, equal neighbours counted.
Observation observe_posts(const Figure& figure, const Replication& replication) {
  std::vector<std::pair<std::string, int>> runs;
  for (const PostAnswers& post : replication.posts) {
    if (post.client != figure.subject) continue;
    std::string answers;
    for (const PostAttempt& attempt : post.answers) answers += (answers.empty() ? "" : "+") + attempt.answer;
    if (answers.empty()) answers = "none";
    if (runs.empty() || runs.back().first != answers) runs.emplace_back(answers, 0);
    ++runs.back().second;
  }
  if (runs.empty()) return absent("no posts of '" + figure.subject + "'; ask for them with record: {posts: true}");
  std::string all;
  for (const auto& [answers, times] : runs)
    all += (all.empty() ? "" : ", ") + answers + (times > 1 ? " x" + std::to_string(times) : "");
  return text(all);
}

Observation observe_backend(const Figure& figure, const Replication& replication) {
  const auto* backend = find(replication.backends, [&](const auto& b) { return b.backend == figure.subject; });
  if (backend == nullptr) return absent("no backend '" + figure.subject + "'");
  if (figure.kind == Kind::backend_answers) return answers_of(backend->answers, figure);
  if (figure.detail == "requests") return number(backend->requests);
  if (figure.detail == "body_bytes") return number(backend->body_bytes);
  if (figure.detail == "stored_bytes") return number(backend->stored_bytes);
  return number(backend->spans);
}

Observation observe_bill(const Figure& figure, const Replication& replication) {
  if (replication.bill.empty()) return absent("no bill; give backends, collectors or links `prices` in the scenario");
  double sum = 0;
  bool found = figure.subject.empty();
  for (const BillLine& line : replication.bill) {
    if (!figure.subject.empty() && (folded(line.of) != figure.subject || line.price != figure.detail)) continue;
    found = true;
    sum += line.usd;
  }
  return found ? number(sum) : absent("the bill has no line for '" + figure.subject + "' and '" + figure.detail + "'");
}

// ---- metrics and series -------------------------------------------------------------------------------------------

/// Calls `use` for every entry that has the figure's name and labels: by exact name when there is one, else by core
/// name.
template <class Item, class Use>
bool for_matching(const std::vector<Item>& items, const Figure& figure, Use use) {
  const auto has_labels = [&](const Item& item) {
    return std::all_of(figure.labels.begin(), figure.labels.end(), [&](const auto& wanted) {
      const auto found = item.labels.find(wanted.first);
      return found != item.labels.end() && found->second == wanted.second;
    });
  };
  const bool exact =
      std::any_of(items.begin(), items.end(), [&](const Item& item) { return item.name == figure.subject; });
  bool found = false;
  for (const Item& item : items) {
    const bool same = exact ? item.name == figure.subject : core_name(item.name) == core_name(figure.subject);
    if (!same || !has_labels(item)) continue;
    use(item);
    found = true;
  }
  return found;
}

/// Programs show their counters of failures from the first one on.
bool appears_with_first_failure(std::string_view metric) {
  for (const std::string_view part : {"_failed_", "_refused_", "_dropped"}) {
    if (metric.find(part) != std::string_view::npos) return true;
  }
  return false;
}

Observation missing_series(const Figure& figure) {
  if (appears_with_first_failure(figure.subject))
    return number(0.0, "no such series; it appears with the first failure");
  return absent("no series '" + figure.subject + selector(figure.labels) + "'");
}

const MetricSnapshot* snapshot_at(Time at, const std::vector<MetricSnapshot>& snapshots) {
  const auto away = [at](const MetricSnapshot& s) { return s.at < at ? at - s.at : s.at - at; };
  const auto nearest = std::min_element(snapshots.begin(), snapshots.end(),
                                        [&](const auto& x, const auto& y) { return away(x) < away(y); });
  if (nearest == snapshots.end() || away(*nearest) > kSnapshotSlack) return nullptr;
  return &*nearest;
}

Observation observe_metric(const Figure& figure, const Replication& replication) {
  const auto* snapshot = figure.at ? snapshot_at(*figure.at, replication.snapshots) : nullptr;
  if (figure.at && snapshot == nullptr) {
    return absent("no snapshot within 500 ms of " + duration_text(seconds(*figure.at)) +
                  "; name the moment under sample_at");
  }
  double sum = 0;
  const auto add = [&sum](const MetricValue& metric) { sum += metric.value; };
  if (!for_matching(snapshot ? snapshot->values : replication.metrics, figure, add)) return missing_series(figure);
  return number(sum);
}

/// Seconds of the first step at or after `from` whose value fulfils the condition.
template <class Condition>
Observation first_step(const std::vector<double>& values, Duration step, Time from, Condition holds) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Time at{step * static_cast<std::int64_t>(i + 1)};
    if (at >= from && holds(values[i])) return number(seconds(at));
  }
  return never();
}

Observation observe_series(const Figure& figure, const Replication& replication, Duration step) {
  std::vector<double> sum;
  const auto add = [&sum](const Series& series) {
    sum.resize(std::max(sum.size(), series.values.size()));
    for (std::size_t i = 0; i < series.values.size(); ++i) sum[i] += series.values[i];
  };
  if (!for_matching(replication.series, figure, add)) {
    const Observation missing = missing_series(figure);
    const bool asks_when = figure.kind == Kind::series_first_at_least && figure.level > 0;
    return asks_when && missing.kind == Observation::Kind::number ? never() : missing;
  }
  if (figure.kind == Kind::series_first_at_least) {
    return first_step(sum, step, Time{}, [&](double value) { return value >= figure.level; });
  }
  if (figure.kind == Kind::series_zero_after) {
    return first_step(sum, step, *figure.at, [](double value) { return value == 0; });
  }
  return sum.empty() ? absent("the series has no points") : number(*std::max_element(sum.begin(), sum.end()));
}

// ---- records ------------------------------------------------------------------------------------------------------

std::string unknown_figure(const Figure& figure, const std::string& reason, const RunRecord& record) {
  std::string message = "'" + figure.name + "' is not in the record: " + reason;
  const std::vector<std::string> near = nearest_names(figure.name, figures_of(record), 3);
  for (std::size_t i = 0; i < near.size(); ++i) message += (i == 0 ? "; nearest: " : ", ") + near[i];
  return message;
}

/// Whether a missing count means that nothing was counted; a missing quotient or moment means nothing.
bool is_zero_when_absent(const Figure& figure) {
  switch (figure.kind) {
    case Kind::ledger_count:
    case Kind::request_count:
    case Kind::request_errors:
    case Kind::metric:
    case Kind::series_peak:
    case Kind::answers:
    case Kind::backend_count:
    case Kind::backend_answers:
    case Kind::run_events:
      return true;
    case Kind::ledger_share:
    case Kind::ledger_first_at:
    case Kind::ledger_span_set:
    case Kind::ledger_contents:
    case Kind::post_answers:
    case Kind::request_error_share:
    case Kind::request_mean:
    case Kind::request_quantile:
    case Kind::series_first_at_least:
    case Kind::series_zero_after:
    case Kind::bill:  // of a part without a price nothing is known
    case Kind::run_fingerprint:
      return false;
  }
  return false;
}

void settle_absent(Observations& result, const RunRecord& record) {
  const auto is_absent = [](const Observation& o) { return o.kind == Observation::Kind::absent; };
  if (result.each.empty()) {
    result.error = "'" + result.figure.name + "': the record has no replication";
  } else if (std::all_of(result.each.begin(), result.each.end(), is_absent)) {
    result.error = unknown_figure(result.figure, result.each.front().text, record);
  } else {
    count_as_zero(result);
  }
}

}  // namespace

Observation observe(const Figure& figure, const Replication& replication, Duration step) {
  switch (figure.kind) {
    case Kind::ledger_count:
    case Kind::ledger_share:
    case Kind::ledger_first_at:
    case Kind::ledger_span_set:
    case Kind::ledger_contents:
      return observe_ledger(figure, replication);
    case Kind::request_count:
    case Kind::request_errors:
    case Kind::request_error_share:
    case Kind::request_mean:
    case Kind::request_quantile:
      return observe_requests(figure, replication);
    case Kind::metric:
      return observe_metric(figure, replication);
    case Kind::series_peak:
    case Kind::series_first_at_least:
    case Kind::series_zero_after:
      return observe_series(figure, replication, step);
    case Kind::answers:
      return observe_answers(figure, replication);
    case Kind::post_answers:
      return observe_posts(figure, replication);
    case Kind::backend_count:
    case Kind::backend_answers:
      return observe_backend(figure, replication);
    case Kind::bill:
      return observe_bill(figure, replication);
    case Kind::run_events:
      return number(replication.events);
    case Kind::run_fingerprint:
      return text(replication.fingerprint);
  }
  return absent("unknown kind of figure");
}

void count_as_zero(Observations& observations) {
  if (observations.each.empty() || !is_zero_when_absent(observations.figure)) return;
  for (Observation& o : observations.each) {
    if (o.kind == Observation::Kind::absent) o = number(0.0, o.text);
  }
  observations.error.clear();
}

Observations observe(std::string_view figure, const RunRecord& record) {
  Observations result;
  ParsedFigure parsed = parse_figure(figure);
  if (!parsed.figure) {
    result.figure.name = figure;
    result.error = std::move(parsed.error);
    return result;
  }
  result.figure = std::move(*parsed.figure);
  for (const Replication& replication : record.replications) {
    result.each.push_back(observe(result.figure, replication, record.manifest.step));
  }
  settle_absent(result, record);
  return result;
}

}  // namespace spillway::analysis
