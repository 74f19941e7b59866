#include "analysis/report/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/compare.hpp"
#include "analysis/intervals.hpp"
#include "analysis/report/json.hpp"
#include "analysis/units.hpp"

namespace spillway::analysis {
namespace {

bool happens(const Sweep& sweep, const std::string& figure) {
  return std::any_of(sweep.variants.begin(), sweep.variants.end(), [&](const Variant& variant) {
    const Estimate found = estimate(figure, variant.record);
    return found.error.empty() && found.interval.n > 0 && found.interval.mean != 0;
  });
}

/// An absent count is 0 where another variant has it.
Estimate estimate_of(const std::string& figure, const RunRecord& record) {
  Observations observed = observe(figure, record);
  if (!observed.error.empty()) count_as_zero(observed);
  return estimate(observed);
}

/// Part of a mean, as people say it: "-40.1 %"; of shares the difference in points.
std::string change_text(const Relative& row) {
  if (row.a.figure.unit == Unit::share) {
    const std::string points = grouped(std::round(row.difference * 1e4) / 100);
    return (row.difference > 0 ? "+" : "") + points + " points";
  }
  if (!row.relative) return "";
  return (*row.relative > 0 ? "+" : "") + grouped(std::round(*row.relative * 1e3) / 10) + " %";
}

/// "probability" for services.shop.instrumentation.sampling.probability; more of the path where two axes would be the same.
std::string short_name(const std::vector<std::string>& axes, const std::string& path) {
  std::size_t dot = path.rfind('.');
  const auto shared = [&](const std::string& ending) {
    return std::count_if(axes.begin(), axes.end(), [&](const std::string& other) { return other == ending || other.ends_with("." + ending); }) > 1;
  };
  while (dot != std::string::npos && dot > 0 && shared(path.substr(dot + 1))) dot = path.rfind('.', dot - 1);
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

/// Destinations that cost something, or all where none does.
std::vector<std::string> destinations_to_show(const Sweep& sweep) {
  std::vector<std::string> all, priced;
  std::set<std::string> seen;
  for (const Variant& variant : sweep.variants) {
    for (const Replication& replication : variant.record.replications) {
      for (const DestinationFates& fates : replication.destinations) {
        if (fates.produced == 0 || !seen.insert(fates.destination).second) continue;
        all.push_back(fates.destination);
        const auto costs = [&](const BillLine& line) { return line.of == fates.destination; };
        if (std::any_of(replication.bill.begin(), replication.bill.end(), costs)) priced.push_back(fates.destination);
      }
    }
  }
  return priced.empty() ? all : priced;
}

/// How far a variant is from the first one; "" where nothing can be said.
std::string change(const Variant& first, const Variant& variant, const std::string& figure) {
  const Relative row = relate(figure, first.record, variant.record);
  if (!row.a.error.empty() || !row.b.error.empty() || row.a.interval.n == 0 || row.b.interval.n == 0) return "";
  if (row.difference == 0) return "the same";
  const bool sure = row.interval && (row.interval->low > 0 || row.interval->high < 0);
  return sure || !row.interval ? change_text(row) : change_text(row) + ", may be chance";
}

/// "stored, grafana-cloud" for ledger.grafana-cloud.stored.share.
std::string head_of(const Figure& figure) {
  switch (figure.kind) {
    case Figure::Kind::ledger_share: {
      const std::string rest = figure.name.substr(std::string{"ledger."}.size() + figure.subject.size() + 1);
      std::string what = rest.substr(0, rest.rfind(".share"));
      std::replace(what.begin(), what.end(), '_', ' ');
      return what + ", " + figure.subject;
    }
    case Figure::Kind::bill:
      return figure.subject.empty() ? "bill, a month" : figure.name;
    default:
      return figure.name;
  }
}

}  // namespace

std::vector<std::string> telling_figures(const Sweep& sweep) {
  std::vector<std::string> figures;
  for (const std::string& destination : destinations_to_show(sweep)) {
    const std::string prefix = "ledger." + destination + ".";
    figures.push_back(prefix + "stored.share");
    for (const char* fate : {"lost.share", "sampled_out.share"}) {
      if (happens(sweep, prefix + fate)) figures.push_back(prefix + fate);
    }
  }
  if (happens(sweep, "bill.total")) figures.emplace_back("bill.total");
  return figures;
}

std::string objection_to(const Sweep& sweep) {
  for (const std::string& figure : sweep.figures) {
    std::string error;
    const bool known = std::any_of(sweep.variants.begin(), sweep.variants.end(), [&](const Variant& variant) {
      const Estimate found = estimate(figure, variant.record);
      if (error.empty()) error = found.error;
      return found.error.empty();
    });
    if (!known) return error;
  }
  return {};
}

Report report_of(const Sweep& sweep) {
  using Align = Column::Align;
  Table table;
  for (const std::string& axis : sweep.axes) table.columns.push_back({short_name(sweep.axes, axis), Align::left});
  for (const std::string& figure : sweep.figures) {
    const ParsedFigure parsed = parse_figure(figure);
    table.columns.push_back({parsed.figure ? head_of(*parsed.figure) : figure, Align::right});
  }
  for (const Variant& variant : sweep.variants) {
    std::vector<std::string> row = variant.values, changes(variant.values.size());
    for (const std::string& figure : sweep.figures) {
      row.push_back(mean_text(estimate_of(figure, variant.record)));
      changes.push_back(&variant == &sweep.variants.front() ? "" : change(sweep.variants.front(), variant, figure));
    }
    table.rows.push_back(std::move(row));
    if (&variant != &sweep.variants.front()) table.rows.push_back(std::move(changes));
  }
  const Manifest& manifest = sweep.variants.front().record.manifest;
  Block block{std::move(table), {}};
  const std::size_t replications = sweep.variants.front().record.replications.size();
  block.lines.push_back(manifest.scenario + ", " + duration_text(seconds(manifest.duration)) + " x " +
                        std::to_string(replications) + " replications each, seed " + std::to_string(manifest.seed) +
                        "; below each row its difference to the first" + (replications > 1 ? ", 'may be chance' where its 95 % interval contains none" : ""));
  return {std::move(block)};
}

std::string sweep_json(const Sweep& sweep) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Variant& variant : sweep.variants) {
    nlohmann::ordered_json set, figures;
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) set[sweep.axes[i]] = variant.values[i];
    for (const std::string& figure : sweep.figures) {
      const Estimate found = estimate_of(figure, variant.record);
      figures[figure] = found.error.empty() ? json_of(found) : nlohmann::ordered_json{};
    }
    rows.push_back({{"set", set}, {"figures", figures}});
  }
  return rows.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace spillway::analysis
