#include "analysis/report/fates.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "analysis/intervals.hpp"

namespace spillway::analysis {
namespace {

constexpr std::size_t kMostFates = 8;

using FateName = std::pair<std::string, std::string>;  // component, cause

/// One line of the ledger, a value a replication.
struct Line {
  std::vector<double> spans;
  std::vector<double> shares;  ///< of replications that produced something
  std::vector<double> first;   ///< seconds, of replications in which it happened
  double mean() const {
    return spans.empty() ? 0 : std::accumulate(spans.begin(), spans.end(), 0.0) / static_cast<double>(spans.size());
  }
};

using FateLists = std::vector<const DestinationFates*>;

FateLists fates_of(const RunRecord& record, const std::string& destination) {
  FateLists list;
  for (const Replication& replication : record.replications) {
    for (const DestinationFates& fates : replication.destinations) {
      if (fates.destination == destination) list.push_back(&fates);
    }
  }
  return list;
}

template <class CountOf>
Line line_of(const FateLists& list, CountOf count_of) {
  Line line;
  for (const DestinationFates* fates : list) {
    const auto count = static_cast<double>(count_of(*fates));
    line.spans.push_back(count);
    if (fates->produced > 0) line.shares.push_back(count / static_cast<double>(fates->produced));
  }
  return line;
}

std::int64_t total(const std::vector<Fate>& fates) {
  return std::accumulate(fates.begin(), fates.end(), std::int64_t{0},
                         [](auto sum, const Fate& f) { return sum + f.items; });
}

Line line_of_fate(const FateLists& list, std::vector<Fate> DestinationFates::*kind, const FateName& name) {
  const auto find = [&](const DestinationFates& fates) -> const Fate* {
    for (const Fate& fate : fates.*kind) {
      if (fate.component == name.first && fate.cause == name.second) return &fate;
    }
    return nullptr;
  };
  Line line = line_of(list, [&](const DestinationFates& fates) {
    const Fate* fate = find(fates);
    return fate ? fate->items : 0;
  });
  for (const DestinationFates* fates : list) {
    const Fate* fate = find(*fates);
    if (fate && fate->items > 0 && fate->first) line.first.push_back(seconds(*fate->first));
  }
  return line;
}

std::string share_range(const std::vector<double>& shares) {
  if (shares.size() < 2) return shares.empty() ? "" : "one run";
  const Interval interval = mean_interval(shares, kConfidence);
  if (interval.low == interval.high) return "exact";
  return range_text(std::max(interval.low, 0.0), std::min(interval.high, 1.0), Unit::share);
}

std::vector<std::string> row_of(std::string label, const Line& line, std::string remark = {}) {
  const double n = static_cast<double>(line.shares.size());
  const double share = n > 0 ? std::accumulate(line.shares.begin(), line.shares.end(), 0.0) / n : 0;
  return {std::move(label), grouped(line.mean()), line.shares.empty() ? "" : percent(share), share_range(line.shares),
          std::move(remark)};
}

std::string first_text(const Line& line) {
  if (line.first.empty()) return "";
  const double mean =
      std::accumulate(line.first.begin(), line.first.end(), 0.0) / static_cast<double>(line.first.size());
  const std::string text = "first at " + duration_text(mean);
  if (line.first.size() == line.spans.size()) return text;
  return text + ", in " + std::to_string(line.first.size()) + " of " + std::to_string(line.spans.size()) + " runs";
}

using NamedLine = std::pair<FateName, Line>;

/// The fates of one kind, most spans first, then by name.
std::vector<NamedLine> sorted_fates(const FateLists& list, std::vector<Fate> DestinationFates::*kind) {
  std::set<FateName> names;
  for (const DestinationFates* fates : list) {
    for (const Fate& fate : fates->*kind) names.insert({fate.component, fate.cause});
  }
  std::vector<NamedLine> sorted;
  for (const FateName& name : names) sorted.emplace_back(name, line_of_fate(list, kind, name));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& x, const auto& y) { return x.second.mean() > y.second.mean(); });
  return sorted;
}

std::string instance_of(const std::string& component) { return component.substr(0, component.find(' ')); }

/// "aws/gateway: queue full"; with the part of the instance where several of them have the same cause.
std::string fate_text(const FateName& name, const std::vector<NamedLine>& all) {
  const auto same = std::count_if(all.begin(), all.end(), [&](const NamedLine& other) {
    return other.first.second == name.second && instance_of(other.first.first) == instance_of(name.first);
  });
  return (same == 1 ? instance_of(name.first) : name.first) + ": " + name.second;
}

void add_fates(Table& table, const FateLists& list, std::vector<Fate> DestinationFates::*kind,
               const std::string& label) {
  const std::vector<NamedLine> fates = sorted_fates(list, kind);
  double rest = 0;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const auto& [name, line] = fates[i];
    if (i < kMostFates) {
      table.rows.push_back(row_of("  " + label + "  " + fate_text(name, fates), line, first_text(line)));
    } else {
      rest += line.mean();
    }
  }
  if (fates.size() <= kMostFates) return;
  table.rows.push_back(
      {"  " + label + "  … and " + std::to_string(fates.size() - kMostFates) + " more", grouped(rest)});
}

std::string closing_remark(const FateLists& list) {
  std::int64_t missing = 0;
  for (const DestinationFates* fates : list) {
    const std::int64_t ended = fates->stored + total(fates->lost) + total(fates->sampled_out) + fates->in_flight;
    missing = std::max(missing, std::abs(fates->produced - ended));
  }
  if (missing == 0) return "the ledger closes";
  return "THE LEDGER DOES NOT CLOSE: off by " + std::to_string(missing) + " spans";
}

bool any_sampled_out(const FateLists& list) {
  return std::any_of(list.begin(), list.end(), [](const auto* fates) { return !fates->sampled_out.empty(); });
}

/// What is not part of the sum is shown when it is there.
void add_extra(Table& table, const FateLists& list, std::int64_t DestinationFates::*count, const std::string& label) {
  const Line line = line_of(list, [&](const DestinationFates& fates) { return fates.*count; });
  if (line.mean() > 0) table.rows.push_back(row_of("  " + label, line));
}

}  // namespace

std::vector<std::string> destinations_of(const RunRecord& record) {
  std::vector<std::string> names;
  for (const Replication& replication : record.replications) {
    for (const DestinationFates& fates : replication.destinations) {
      if (std::find(names.begin(), names.end(), fates.destination) == names.end()) names.push_back(fates.destination);
    }
  }
  return names;
}

bool nothing_lost(const RunRecord& record, const std::string& destination) {
  const FateLists list = fates_of(record, destination);
  return std::all_of(list.begin(), list.end(), [](const DestinationFates* fates) {
    return fates->lost.empty() && fates->sampled_out.empty() && fates->duplicates == 0 &&
           fates->stored_though_given_up == 0;
  });
}

Block complete_block(const RunRecord& record, const std::vector<std::string>& destinations) {
  using enum Column::Align;
  Block block;
  block.table.columns = {
      {"where nothing was lost, spans"}, {"produced", right}, {"stored", right}, {"in flight at the end", right}, {""}};
  for (const std::string& destination : destinations) {
    const FateLists list = fates_of(record, destination);
    const auto mean = [&](std::int64_t DestinationFates::*count) {
      return grouped(line_of(list, [=](const DestinationFates& fates) { return fates.*count; }).mean());
    };
    block.table.rows.push_back({destination, mean(&DestinationFates::produced), mean(&DestinationFates::stored),
                                mean(&DestinationFates::in_flight), closing_remark(list)});
  }
  return block;
}

Block fates_block(const RunRecord& record, const std::string& destination) {
  using enum Column::Align;
  const FateLists list = fates_of(record, destination);
  const auto counted = [&](std::int64_t DestinationFates::*count) {
    return line_of(list, [=](const DestinationFates& fates) { return fates.*count; });
  };
  Block block;
  Table& table = block.table;
  table.columns = {
      {"where the spans went, " + destination}, {"spans", right}, {"share", right}, {"95 % interval", right}, {""}};
  table.rows.push_back(row_of("  stored", counted(&DestinationFates::stored)));
  add_fates(table, list, &DestinationFates::lost, "lost");
  add_fates(table, list, &DestinationFates::sampled_out, "sampled out");
  table.rows.push_back(row_of("  in flight at the end", counted(&DestinationFates::in_flight)));
  table.rows.push_back(
      {std::string{"  produced = stored + lost + "} + (any_sampled_out(list) ? "sampled out + " : "") + "in flight",
       grouped(counted(&DestinationFates::produced).mean()), "", "", closing_remark(list)});
  add_extra(table, list, &DestinationFates::stored_though_given_up,
            "stored though the sender gave up (part of stored)");
  add_extra(table, list, &DestinationFates::duplicates, "stored again (duplicates, not part of the sum)");
  return block;
}

}  // namespace spillway::analysis
