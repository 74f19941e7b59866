// Reading and writing the names of figures. Their evaluation is in figures.cpp.
#include "analysis/figure_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <utility>

#include "analysis/figures.hpp"

namespace spillway::analysis {
namespace {

using Kind = Figure::Kind;

constexpr std::array<std::pair<std::string_view, Figure::Fate>, 7> kFates{
    {{"produced", Figure::Fate::produced},
     {"stored", Figure::Fate::stored},
     {"lost", Figure::Fate::lost},
     {"sampled_out", Figure::Fate::sampled_out},
     {"in_flight", Figure::Fate::in_flight},
     {"duplicates", Figure::Fate::duplicates},
     {"stored_though_given_up", Figure::Fate::stored_though_given_up}}};

ParsedFigure wrong(std::string_view name, const std::string& why) {
  return {std::nullopt, "'" + std::string{name} + "' is no figure: " + why};
}

bool strip_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Time> parse_time(std::string_view text) {
  const auto length = parse_duration(text);
  if (!length) return std::nullopt;
  return Time{*length};
}

// ---- ledger -------------------------------------------------------------------------------------------------------

/// Where the destination's name ends, and what follows the word.
struct FateWord {
  std::string_view destination, word, tail;
};

std::optional<FateWord> word_at(std::string_view rest, std::size_t dot, std::string_view word) {
  std::string_view after = rest.substr(dot + 1);
  if (!after.starts_with(word)) return std::nullopt;
  after.remove_prefix(word.size());
  if (!after.empty() && after.front() != '.') return std::nullopt;
  return FateWord{rest.substr(0, dot), word, after};
}

std::optional<FateWord> find_fate(std::string_view rest) {
  for (std::size_t dot = rest.find('.', 1); dot != std::string_view::npos; dot = rest.find('.', dot + 1)) {
    if (const auto found = word_at(rest, dot, "span_set")) return found;
    if (const auto found = word_at(rest, dot, "contents")) return found;
    for (const auto& fate : kFates) {
      if (const auto found = word_at(rest, dot, fate.first)) return found;
    }
  }
  return std::nullopt;
}

/// "queue_full@aws/": part of the cause, then part of the component.
void read_cause(std::string_view text, Figure& figure) {
  const std::size_t at = text.find('@');
  figure.cause = folded(text.substr(0, at));
  if (at != std::string_view::npos) figure.component = folded(text.substr(at + 1));
}

ParsedFigure parse_fate(const FateWord& found, Figure figure) {
  std::string_view tail = found.tail;
  figure.fate =
      std::find_if(kFates.begin(), kFates.end(), [&](const auto& f) { return f.first == found.word; })->second;
  if (strip_suffix(tail, ".share")) {
    figure.kind = Kind::ledger_share;
    figure.unit = Unit::share;
  } else if (strip_suffix(tail, ".first_at")) {
    figure.kind = Kind::ledger_first_at;
    figure.unit = Unit::seconds;
  }
  const bool has_causes = figure.fate == Figure::Fate::lost || figure.fate == Figure::Fate::sampled_out;
  if (!has_causes && (!tail.empty() || figure.kind == Kind::ledger_first_at)) {
    return wrong(figure.name,
                 "only lost and sampled_out have causes and first_at; leave out '" + std::string{found.tail} + "'");
  }
  if (!tail.empty()) read_cause(tail.substr(1), figure);
  return {std::move(figure), {}};
}

ParsedFigure parse_ledger(std::string_view rest, Figure figure) {
  const auto found = find_fate(rest);
  if (!found) {
    return wrong(figure.name,
                 "after the destination comes .produced, .stored, .lost, .sampled_out, .in_flight, .duplicates, "
                 ".stored_though_given_up, .span_set or .contents");
  }
  figure.subject = found->destination;
  figure.unit = Unit::spans;
  figure.kind = Kind::ledger_count;
  const bool contents = found->word == "contents";
  if (!contents && found->word != "span_set") return parse_fate(*found, std::move(figure));
  if (!found->tail.empty()) return wrong(figure.name, std::string{found->word} + " takes nothing behind it");
  figure.kind = contents ? Kind::ledger_contents : Kind::ledger_span_set;
  figure.unit = Unit::text;
  return {std::move(figure), {}};
}

// ---- requests, answers, backends ----------------------------------------------------------------------------------

struct RequestStat {
  std::string_view suffix;
  Kind kind;
  Unit unit;
};
constexpr std::array<RequestStat, 4> kRequestStats{{{".errors.share", Kind::request_error_share, Unit::share},
                                                    {".errors", Kind::request_errors, Unit::requests},
                                                    {".count", Kind::request_count, Unit::requests},
                                                    {".mean", Kind::request_mean, Unit::seconds}}};

/// ".p99" or ".p99.9" at the end: removes it and gives 0.99 or 0.999.
std::optional<double> strip_quantile(std::string_view& text) {
  const std::size_t at = text.rfind(".p");
  if (at == std::string_view::npos) return std::nullopt;
  const auto percentile = parse_number(text.substr(at + 2));
  if (!percentile || *percentile < 0 || *percentile > 100) return std::nullopt;
  text = text.substr(0, at);
  return *percentile / 100;
}

/// What follows the name: a statistic of the requests.
bool strip_stat(std::string_view& text, Figure& figure) {
  for (const RequestStat& stat : kRequestStats) {
    if (!strip_suffix(text, stat.suffix)) continue;
    figure.kind = stat.kind;
    figure.unit = stat.unit;
    return true;
  }
  const auto level = strip_quantile(text);
  figure.kind = Kind::request_quantile;
  figure.unit = Unit::seconds;
  figure.level = level.value_or(0);
  return level.has_value();
}

ParsedFigure parse_requests(std::string_view rest, Figure figure) {
  if (!strip_stat(rest, figure)) {
    return wrong(figure.name,
                 "it ends in .count, .errors, .errors.share, .mean or a percentile such as .p50 or .p99.9");
  }
  const std::size_t at = rest.find('@');
  figure.subject = folded(rest.substr(0, at));
  if (at != std::string_view::npos) figure.place = rest.substr(at + 1);
  return {std::move(figure), {}};
}

ParsedFigure parse_answers(std::string_view rest, Figure figure) {
  const std::size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos) return wrong(figure.name, "write answers.<client>.<status>");
  figure.kind = Kind::answers;
  figure.unit = Unit::requests;
  figure.subject = rest.substr(0, dot);
  figure.detail = folded(rest.substr(dot + 1));
  return {std::move(figure), {}};
}

ParsedFigure parse_posts(std::string_view rest, Figure figure) {
  if (!strip_suffix(rest, ".answers")) return wrong(figure.name, "write posts.<client>.answers");
  figure.kind = Kind::post_answers;
  figure.unit = Unit::text;
  figure.subject = rest;
  return {std::move(figure), {}};
}

ParsedFigure parse_backend(std::string_view rest, Figure figure) {
  constexpr std::string_view answers = ".answers.";
  figure.kind = Kind::backend_count;
  if (const std::size_t at = rest.find(answers); at != std::string_view::npos) {
    figure.kind = Kind::backend_answers;
    figure.unit = Unit::requests;
    figure.subject = rest.substr(0, at);
    figure.detail = folded(rest.substr(at + answers.size()));
    return {std::move(figure), {}};
  }
  const std::size_t dot = rest.rfind('.');
  figure.subject = rest.substr(0, dot);
  figure.detail = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
  if (figure.detail == "requests") figure.unit = Unit::requests;
  if (figure.detail == "body_bytes") figure.unit = Unit::bytes;
  if (figure.detail == "stored_bytes") figure.unit = Unit::bytes;
  if (figure.detail == "spans") figure.unit = Unit::spans;
  if (figure.unit == Unit::none)
    return wrong(figure.name, "it ends in .requests, .body_bytes, .stored_bytes, .spans or .answers.<status>");
  return {std::move(figure), {}};
}

// A price has no dot in its id.
ParsedFigure parse_bill(std::string_view rest, Figure figure) {
  figure.kind = Kind::bill;
  figure.unit = Unit::dollars;
  if (rest == "total") return {std::move(figure), {}};
  const std::size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == rest.size())
    return wrong(figure.name, "write bill.total or bill.<backend, collector or link>.<price>");
  figure.subject = folded(rest.substr(0, dot));
  figure.detail = rest.substr(dot + 1);
  return {std::move(figure), {}};
}

// ---- metrics and series -------------------------------------------------------------------------------------------

Unit unit_of_metric(std::string_view name) {
  const auto holds = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (holds("bytes") || holds("memory_rss")) return Unit::bytes;
  if (holds("seconds") || holds("uptime")) return Unit::seconds;
  if (holds("spans")) return Unit::spans;
  return Unit::none;
}

/// Index after the quoted or bare value that starts at `at`; appends the value.
std::size_t read_label_value(std::string_view text, std::size_t at, std::string& value) {
  const bool quoted = at < text.size() && text[at] == '"';
  if (!quoted) {
    const std::size_t end = std::min(text.find_first_of(",}", at), text.size());
    value = text.substr(at, end - at);
    return end;
  }
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    value += text[at];
  }
  return std::min(at + 1, text.size());
}

/// Reads "{a=b,c=d}" from the start of `text` and removes it. False when it is not well formed.
bool read_labels(std::string_view& text, Labels& labels) {
  if (!text.starts_with('{')) return true;
  std::size_t at = 1;
  while (at < text.size() && text[at] != '}') {
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) return false;
    const std::string key{text.substr(at, equals - at)};
    at = read_label_value(text, equals + 1, labels[key]);
    if (at < text.size() && text[at] == ',') ++at;
  }
  if (at >= text.size()) return false;
  text.remove_prefix(at + 1);
  return true;
}

/// Name and labels; what follows them stays in `rest`.
bool read_selector(std::string_view& rest, std::string_view ends, Figure& figure) {
  const std::size_t end = std::min(rest.find_first_of(ends), rest.size());
  figure.subject = rest.substr(0, end);
  figure.unit = unit_of_metric(figure.subject);
  rest.remove_prefix(end);
  return !figure.subject.empty() && read_labels(rest, figure.labels);
}

ParsedFigure parse_metric(std::string_view rest, Figure figure) {
  constexpr const char* form = "write metric.<name>{label=value,…} and, for a snapshot, @<time> behind it";
  if (!read_selector(rest, "{@", figure)) return wrong(figure.name, form);
  figure.kind = Kind::metric;
  if (rest.empty()) return {std::move(figure), {}};
  if (rest.front() == '@') figure.at = parse_time(rest.substr(1));
  if (!figure.at) return wrong(figure.name, form);
  return {std::move(figure), {}};
}

/// "(<argument>)" of "word(<argument>)", when the text has that form.
std::optional<std::string_view> argument_of(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

ParsedFigure parse_series(std::string_view rest, Figure figure) {
  constexpr const char* form =
      "write series.<name>{label=value,…} and .peak, .first_at_least(<number>) or .zero_after(<time>)";
  if (!read_selector(rest, "{.", figure)) return wrong(figure.name, form);
  if (rest == ".peak") {
    figure.kind = Kind::series_peak;
    return {std::move(figure), {}};
  }
  figure.unit = Unit::seconds;
  if (const auto level = argument_of(rest, ".first_at_least")) {
    const auto number = parse_number(*level);
    if (!number) return wrong(figure.name, form);
    figure.kind = Kind::series_first_at_least;
    figure.level = *number;
    return {std::move(figure), {}};
  }
  if (const auto start = argument_of(rest, ".zero_after")) figure.at = parse_time(*start);
  if (!figure.at) return wrong(figure.name, form);
  figure.kind = Kind::series_zero_after;
  return {std::move(figure), {}};
}

ParsedFigure parse_run(std::string_view rest, Figure figure) {
  if (rest != "events" && rest != "fingerprint") return wrong(figure.name, "write run.events or run.fingerprint");
  figure.kind = rest == "events" ? Kind::run_events : Kind::run_fingerprint;
  figure.unit = rest == "events" ? Unit::events : Unit::text;
  return {std::move(figure), {}};
}

// ---- listing ------------------------------------------------------------------------------------------------------

/// Names in the order of their first appearance.
class NameList {
 public:
  void add(std::string name) {
    if (seen_.insert(name).second) names_.push_back(std::move(name));
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
  std::set<std::string> seen_;
};

void list_causes(const std::string& prefix, const std::vector<Fate>& fates, NameList& names) {
  names.add(prefix);
  for (const auto& fate : fates) names.add(prefix + "." + folded(fate.cause));
}

void list_destination(const DestinationFates& fates, NameList& names) {
  const std::string prefix = "ledger." + fates.destination + ".";
  names.add(prefix + "produced");
  names.add(prefix + "stored");
  names.add(prefix + "stored.share");
  list_causes(prefix + "lost", fates.lost, names);
  names.add(prefix + "lost.first_at");
  list_causes(prefix + "sampled_out", fates.sampled_out, names);
  names.add(prefix + "in_flight");
  names.add(prefix + "duplicates");
  names.add(prefix + "stored_though_given_up");
  if (!fates.span_set.empty()) names.add(prefix + "span_set");
  if (!fates.contents.empty()) names.add(prefix + "contents");
}

void list_requests(const RequestStats& stats, NameList& names) {
  const std::string place = stats.place.empty() ? "" : "@" + stats.place;
  for (const char* stat : {"count", "errors", "mean", "p50", "p90", "p95", "p99"}) {
    names.add("requests." + folded(stats.name) + place + "." + stat);
  }
}

void list_backend(const BackendCounts& counts, NameList& names) {
  const std::string prefix = "backend." + counts.backend + ".";
  for (const char* count : {"requests", "body_bytes", "stored_bytes", "spans"}) names.add(prefix + count);
  for (const auto& [status, times] : counts.answers) names.add(prefix + "answers." + folded(status));
}

void list_replication(const Replication& replication, NameList& names) {
  for (const auto& fates : replication.destinations) list_destination(fates, names);
  for (const auto& stats : replication.requests) list_requests(stats, names);
  for (const auto& client : replication.answers) {
    for (const auto& [status, times] : client.answers) names.add("answers." + client.client + "." + folded(status));
  }
  for (const auto& post : replication.posts) {
    if (post.number == 1) names.add("posts." + post.client + ".answers");
  }
  for (const auto& backend : replication.backends) list_backend(backend, names);
  if (!replication.bill.empty()) names.add("bill.total");
  for (const auto& line : replication.bill) names.add("bill." + folded(line.of) + "." + line.price);
  for (const auto& metric : replication.metrics) names.add("metric." + metric.name + selector(metric.labels));
  for (const auto& series : replication.series) names.add("series." + series.name + selector(series.labels) + ".peak");
}

/// Number of single-character insertions, deletions and replacements that turn one text into the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

std::string quoted_if_needed(const std::string& value) {
  if (value.find_first_of(",}\"\\") == std::string::npos) return value;
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::string folded(std::string_view name) {
  std::string text{name};
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

std::string_view core_name(std::string_view metric) {
  strip_suffix(metric, "_total");
  for (const std::string_view ending : {"__spans_", "_milliseconds", "_seconds", "_bytes"}) {
    if (strip_suffix(metric, ending)) break;
  }
  return metric;
}

bool is_incidental(std::string_view label) {
  return label.starts_with("service_") || label.starts_with("otel_scope_") || label.starts_with("server_") ||
         label == "url_path";
}

std::string selector(const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) {
    if (is_incidental(key)) continue;
    text += (text.empty() ? "{" : ",") + key + "=" + quoted_if_needed(value);
  }
  return text.empty() ? text : text + "}";
}

ParsedFigure parse_figure(std::string_view name) {
  using Parser = ParsedFigure (*)(std::string_view, Figure);
  constexpr std::array<std::pair<std::string_view, Parser>, 9> parsers{{{"ledger.", parse_ledger},
                                                                        {"requests.", parse_requests},
                                                                        {"metric.", parse_metric},
                                                                        {"series.", parse_series},
                                                                        {"answers.", parse_answers},
                                                                        {"posts.", parse_posts},
                                                                        {"backend.", parse_backend},
                                                                        {"bill.", parse_bill},
                                                                        {"run.", parse_run}}};
  Figure figure;
  figure.name = name;
  for (const auto& [prefix, parse] : parsers) {
    if (name.starts_with(prefix)) return parse(name.substr(prefix.size()), std::move(figure));
  }
  return wrong(name, "it starts with ledger., requests., metric., series., answers., posts., backend., bill. or run.");
}

std::vector<std::string> figures_of(const RunRecord& record) {
  NameList names;
  for (const auto& replication : record.replications) list_replication(replication, names);
  return names.take();
}

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known,
                                       std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // distance, index
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::size_t far = distance(name, known[i]);
    if (far <= name.size() / 2) ranked.emplace_back(far, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> result;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) result.push_back(known[ranked[i].second]);
  return result;
}

}  // namespace spillway::analysis
