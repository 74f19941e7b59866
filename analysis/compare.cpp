#include "analysis/compare.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace spillway::analysis {
namespace {

constexpr double kEdgeSeconds = 0.05;
constexpr double kChance = 0.01;  ///< of a difference where there is none, over all figures judged as distributions

// ---- slack --------------------------------------------------------------------------------------------------------

/// Traffic of one destination over a run, mean of the replications.
struct Traffic {
  double produced = 0;  ///< spans
  double requests = 0;  ///< that arrived at the backend
  double spans = 0;     ///< in those requests
  double bytes = 0;     ///< of those requests
};

Traffic traffic_of(const std::string& destination, const RunRecord& record) {
  Traffic sum;
  for (const Replication& replication : record.replications) {
    for (const auto& fates : replication.destinations) {
      if (fates.destination == destination) sum.produced += static_cast<double>(fates.produced);
    }
    for (const auto& backend : replication.backends) {
      if (backend.backend != destination) continue;
      sum.requests += static_cast<double>(backend.requests);
      sum.spans += static_cast<double>(backend.spans);
      sum.bytes += static_cast<double>(backend.body_bytes);
    }
  }
  const auto n = static_cast<double>(std::max<std::size_t>(record.replications.size(), 1));
  return {sum.produced / n, sum.requests / n, sum.spans / n, sum.bytes / n};
}

bool names_destination(const Figure& figure) {
  return figure.name.starts_with("ledger.") || figure.name.starts_with("backend.");
}

Traffic busiest(const RunRecord& record) {
  Traffic result;
  for (const Replication& replication : record.replications) {
    for (const auto& fates : replication.destinations) {
      const Traffic traffic = traffic_of(fates.destination, record);
      if (traffic.produced > result.produced) result = traffic;
    }
  }
  return result;
}

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

bool is_series_moment(const Figure& figure) {
  return figure.kind == Figure::Kind::series_first_at_least || figure.kind == Figure::Kind::series_zero_after;
}

// ---- the three classes --------------------------------------------------------------------------------------------

std::string text_of(const Observation& o, Unit unit) {
  if (o.kind == Observation::Kind::text) return o.text;
  if (o.kind == Observation::Kind::absent) return "absent";
  return with_unit(o.number, unit);
}

bool same(const Observation& a, const Observation& b) {
  const bool known = a.kind != Observation::Kind::absent;
  return known && a.kind == b.kind && a.number == b.number && (a.kind != Observation::Kind::text || a.text == b.text);
}

/// The value, or "from … to …" where replications disagree.
std::string values_text(const Observations& observations) {
  const auto& first = observations.each.front();
  const auto other =
      std::find_if(observations.each.begin(), observations.each.end(), [&](const auto& o) { return !same(o, first); });
  if (other == observations.each.end()) return text_of(first, observations.figure.unit);
  const std::vector<double> values = numbers(observations);
  if (values.size() < observations.each.size()) {
    return text_of(first, observations.figure.unit) + " or " + text_of(*other, observations.figure.unit);
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return range_text(*low, *high, observations.figure.unit);
}

void decide(Judgement& row, bool agree, std::string reason) {
  row.verdict = agree ? Verdict::agree : Verdict::differ;
  row.reason = std::move(reason);
}

void cannot_tell(Judgement& row, std::string reason) {
  row.verdict = Verdict::unknown;
  row.reason = std::move(reason);
}

std::string absence_of(const Observations& simulated, const Observations& measured) {
  const std::string& s = simulated.each.front().text;
  const std::string& m = measured.each.front().text;
  if (simulated.figure.unit == Unit::text || (s.empty() && m.empty())) return "";
  if (s.empty()) return "; measured: " + m;
  return m.empty() ? "; simulated: " + s : "; both: " + s;
}

/// Index of the simulated replication that had the very requests of the measured run: same scenario, seed and number.
std::optional<std::size_t> twin_of(const RunRecord& measured, const RunRecord& simulated) {
  const bool same_draws = measured.manifest.seed == simulated.manifest.seed &&
                          measured.manifest.scenario_hash == simulated.manifest.scenario_hash;
  if (!same_draws || measured.replications.size() != 1) return std::nullopt;
  const auto& all = simulated.replications;
  const auto twin = std::find_if(all.begin(), all.end(), [&](const Replication& replication) {
    return replication.number == measured.replications.front().number;
  });
  if (twin == all.end()) return std::nullopt;
  return static_cast<std::size_t>(twin - all.begin());
}

void judge_exact(Judgement& row, Observations simulated, const Observations& measured,
                 std::optional<std::size_t> twin) {
  const auto alike = [](const Observations& seen) {
    return std::all_of(seen.each.begin(), seen.each.end(), [&](const auto& o) { return same(o, seen.each.front()); });
  };
  std::string whose;
  row.allowed = "exactly";
  if (!alike(simulated) && twin) {
    simulated.each = {simulated.each[*twin]};
    row.simulated = text_of(simulated.each.front(), row.unit);
    row.allowed = "exactly its twin";
    whose = ", compared with the replication that had the same requests";
  }
  if (!alike(simulated)) {
    return decide(row, false,
                  "replications of the simulation are not alike, and none had the requests of the measured run, so "
                  "exact cannot hold; judge it as distribution");
  }
  const Observation& value = simulated.each.front();
  row.low = row.high = value.number;
  if (std::all_of(measured.each.begin(), measured.each.end(), [&](const auto& o) { return same(o, value); })) {
    return decide(row, true, "equal" + absence_of(simulated, measured) + whose);
  }
  const std::vector<double> values = numbers(measured);
  if (value.kind != Observation::Kind::number || values.empty()) return decide(row, false, "not equal" + whose);
  decide(row, false,
         "measured minus simulated is " + with_unit(values.front() - value.number, row.unit) +
             absence_of(simulated, measured) + whose);
}

/// A moment that did not come has to be missing in both worlds.
bool settled_by_never(Judgement& row, const Observations& simulated, const Observations& measured) {
  const auto is_never = [](const Observation& o) { return o.kind == Observation::Kind::never; };
  const bool measured_never = std::any_of(measured.each.begin(), measured.each.end(), is_never);
  const auto never = std::count_if(simulated.each.begin(), simulated.each.end(), is_never);
  const auto all = static_cast<std::ptrdiff_t>(simulated.each.size());
  const std::string share =
      "never in " + std::to_string(never) + " of " + std::to_string(all) + " simulated replications";
  if (measured_never) {
    decide(row, row.spec.judged == JudgeClass::distribution ? never > 0 : never == all, share);
    return true;
  }
  if (never == all) {
    decide(row, false, share);
    return true;
  }
  return false;
}

void judge_edge(Judgement& row, const Observations& simulated, const Observations& measured, double slack) {
  const double s = estimate(simulated).interval.mean;
  const double m = estimate(measured).interval.mean;
  row.low = s - slack;
  row.high = s + slack;
  row.simulated = with_unit(s, row.unit);
  row.allowed = "+- " + with_unit(slack, row.unit);
  decide(row, std::fabs(m - s) <= slack,
         "measured minus simulated is " + with_unit(m - s, row.unit) + ", allowed are " + with_unit(slack, row.unit) +
             " (rate x 50 ms, at least one request)");
}

void judge_distribution(Judgement& row, const Observations& simulated, const Observations& measured, std::size_t together) {
  const std::vector<double> values = numbers(simulated);
  if (values.size() < 2) return cannot_tell(row, "one replication has no spread; give --replications 2 or more");
  const Range range = prediction_range(values, 1 - kChance / static_cast<double>(together));
  row.low = std::max(0.0, range.low);  // no figure can be less
  row.high = range.high;
  row.simulated = with_unit(estimate(simulated).interval.mean, row.unit);
  row.allowed =
      range_text(row.low, row.high, row.unit) + ", " + with_unit(row.high - row.low, row.unit) + " wide";
  const std::vector<double> seen = numbers(measured);
  const bool inside =
      std::all_of(seen.begin(), seen.end(), [&](double m) { return range.low <= m && m <= range.high; });
  decide(row, inside && !seen.empty(),
         std::string{inside ? "inside" : "outside"} + " the range in which 99 % of single runs have all " + std::to_string(together) +
             " figures judged so, from " + std::to_string(values.size()) + (range.empirical ? " replications as seen" : " replications"));
}

Judgement judge_one(const RunRecord& simulated, const RunRecord& measured, const JudgeSpec& spec, std::size_t distributions) {
  Judgement row;
  row.spec = spec;
  Observations s = observe(spec.figure, simulated);
  Observations m = observe(spec.figure, measured);
  row.unit = s.figure.unit;
  if (s.error.empty() && !m.error.empty()) count_as_zero(m);
  if (m.error.empty() && !s.error.empty()) count_as_zero(s);
  for (const auto& [world, seen] : {std::pair{"simulated: ", &s}, std::pair{"measured: ", &m}}) {
    if (seen->error.empty()) continue;
    cannot_tell(row, world + seen->error);
    return row;
  }
  row.simulated = values_text(s);
  row.measured = values_text(m);
  if (spec.judged == JudgeClass::exact) {
    judge_exact(row, s, m, twin_of(measured, simulated));
  } else if (row.unit == Unit::text) {
    cannot_tell(row, "a text can only be judged as exact");
  } else if (settled_by_never(row, s, m)) {
    return row;
  } else if (spec.judged == JudgeClass::edge) {
    judge_edge(row, s, m, std::min(slack_of(s.figure, simulated), slack_of(s.figure, measured)));
  } else {
    judge_distribution(row, s, m, distributions);
  }
  return row;
}

// ---- differences --------------------------------------------------------------------------------------------------

bool can_be_paired(const RunRecord& a, const RunRecord& b) {
  const auto same_number = [](const Replication& x, const Replication& y) { return x.number == y.number; };
  return a.manifest.world == "simulated" && b.manifest.world == "simulated" && a.manifest.seed == b.manifest.seed &&
         std::equal(a.replications.begin(), a.replications.end(), b.replications.begin(), b.replications.end(),
                    same_number);
}

/// Difference of two independent means by Welch's approximation.
Interval welch(const Estimate& a, const Estimate& b) {
  const auto squared_error = [](const Estimate& e) {
    const double half = e.interval.half_width();
    return std::pow(half / student_t_quantile(0.5 + kConfidence / 2, e.interval.n - 1), 2);
  };
  const double va = squared_error(a), vb = squared_error(b);
  const double mean = b.interval.mean - a.interval.mean;
  const int n = a.interval.n + b.interval.n;
  if (va + vb == 0) return {mean, mean, mean, n};
  const double freedom = std::pow(va + vb, 2) / (va * va / (a.interval.n - 1) + vb * vb / (b.interval.n - 1));
  const double half = student_t_quantile(0.5 + kConfidence / 2, freedom) * std::sqrt(va + vb);
  return {mean, mean - half, mean + half, n};
}

Relative relate_one(const Observations& a, const Observations& b, bool paired) {
  Relative row{a.figure, estimate(a), estimate(b), 0, {}, {}, false};
  row.difference = row.b.interval.mean - row.a.interval.mean;
  if (row.a.interval.mean != 0) row.relative = row.difference / std::fabs(row.a.interval.mean);
  const std::vector<double> in_a = numbers(a), in_b = numbers(b);
  const bool complete = in_a.size() == a.each.size() && in_b.size() == b.each.size();
  if (paired && complete && in_a.size() >= 2) {
    row.interval = paired_difference_interval(in_b, in_a, kConfidence);
    row.paired = true;
  } else if (row.a.has_interval() && row.b.has_interval()) {
    row.interval = welch(row.a, row.b);
  }
  return row;
}

std::vector<std::string> names_in_either(const RunRecord& a, const RunRecord& b) {
  std::vector<std::string> names = figures_of(a);
  std::set<std::string> seen(names.begin(), names.end());
  for (std::string& name : figures_of(b)) {
    if (seen.insert(name).second) names.push_back(std::move(name));
  }
  return names;
}

/// One bucket of a histogram of the program's own; its count and sum are figures, too.
bool is_bucket(const std::string& name) {
  return name.find("{le=") != std::string::npos || name.find(",le=") != std::string::npos;
}

bool worth_a_row(const Relative& row) {
  const bool numbers_in_both =
      row.a.error.empty() && row.b.error.empty() && row.a.interval.n > 0 && row.b.interval.n > 0;
  return numbers_in_both && (row.a.interval.mean != 0 || row.b.interval.mean != 0);
}

}  // namespace

std::string_view to_text(JudgeClass judged) {
  switch (judged) {
    case JudgeClass::exact:
      return "exact";
    case JudgeClass::edge:
      return "edge";
    case JudgeClass::distribution:
      return "distribution";
  }
  return "";
}

std::optional<JudgeClass> parse_judge_class(std::string_view text) {
  for (const JudgeClass judged : {JudgeClass::exact, JudgeClass::edge, JudgeClass::distribution}) {
    if (text == to_text(judged)) return judged;
  }
  return std::nullopt;
}

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::agree:
      return "agree";
    case Verdict::differ:
      return "DIFFER";
    case Verdict::unknown:
      return "unknown";
  }
  return "";
}

double slack_of(const Figure& figure, const RunRecord& record) {
  const Traffic traffic = names_destination(figure) ? traffic_of(figure.subject, record) : busiest(record);
  const double length = seconds(record.manifest.duration);
  const double spans =
      std::max(ratio(traffic.produced, length) * kEdgeSeconds, std::max(ratio(traffic.spans, traffic.requests), 1.0));
  switch (figure.unit) {
    case Unit::spans:
      return spans;
    case Unit::bytes:
      return spans * ratio(traffic.bytes, traffic.spans);
    case Unit::share:
      return ratio(spans, traffic.produced);
    case Unit::seconds:
      return is_series_moment(figure) ? std::max(seconds(record.manifest.step), kEdgeSeconds) : kEdgeSeconds;
    case Unit::none:
    case Unit::requests:
    case Unit::events:
      return std::max(ratio(traffic.requests, length) * kEdgeSeconds, 1.0);
    case Unit::dollars:  // of quantities that are judged themselves
    case Unit::text:
      return 0;
  }
  return 0;
}

Range prediction_range(std::vector<double> replications, double probability) {
  const std::size_t n = replications.size();
  std::sort(replications.begin(), replications.end());
  // How many of them lie outside on either side, the further one counted.
  const auto outside = static_cast<std::size_t>(static_cast<double>(n + 1) * (1 - probability) / 2 + 1e-9);
  if (outside >= 1) return {replications[outside - 1], replications[n - outside], true};
  // The interval of the mean has half width t s / sqrt(n); a further observation varies by s sqrt(1 + 1/n).
  const Interval mean = mean_interval(replications, probability);
  const double half = mean.half_width() * std::sqrt(static_cast<double>(n) + 1);
  return {std::min(mean.mean - half, replications.front()), std::max(mean.mean + half, replications.back()), false};
}

std::vector<Judgement> judge(const RunRecord& simulated, const RunRecord& measured,
                             const std::vector<JudgeSpec>& specs) {
  std::vector<Judgement> rows;
  const auto distributions = static_cast<std::size_t>(
      std::count_if(specs.begin(), specs.end(), [](const JudgeSpec& spec) { return spec.judged == JudgeClass::distribution; }));
  for (const JudgeSpec& spec : specs) rows.push_back(judge_one(simulated, measured, spec, distributions));
  return rows;
}

int exit_code(const std::vector<Judgement>& rows) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(rows.begin(), rows.end(), [=](const Judgement& row) { return row.verdict == verdict; });
  };
  if (any(Verdict::differ)) return 99;
  return any(Verdict::unknown) ? 98 : 0;
}

Relative relate(std::string_view figure, const RunRecord& a, const RunRecord& b) {
  Observations in_a = observe(figure, a), in_b = observe(figure, b);
  if (in_a.error.empty() != in_b.error.empty()) {
    count_as_zero(in_a);
    count_as_zero(in_b);
  }
  return relate_one(in_a, in_b, can_be_paired(a, b));
}

std::vector<Relative> relate(const RunRecord& a, const RunRecord& b) {
  std::vector<Relative> rows;
  for (const std::string& name : names_in_either(a, b)) {
    if (is_bucket(name)) continue;
    Relative row = relate(name, a, b);
    if (worth_a_row(row)) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace spillway::analysis
