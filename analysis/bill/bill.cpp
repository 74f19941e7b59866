#include "analysis/bill/bill.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "analysis/figures.hpp"

namespace spillway::analysis {
namespace {

constexpr double kHoursAMonth = 730, kSecondsAMonth = kHoursAMonth * 3600;
constexpr double kIncludedSeconds = 30.0 * 86400;  // of retention, where only more of it costs

/// Dimensions that a part can count.
struct Countable {
  PricedPart part;
  std::string_view dimension;
};
constexpr std::array kCountable{
    Countable{PricedPart::backend, "trace_gb_ingested"},      Countable{PricedPart::backend, "trace_gb_written"},
    Countable{PricedPart::backend, "gb_ingested"},            Countable{PricedPart::backend, "span_million"},
    Countable{PricedPart::backend, "trace_gb_month"},         Countable{PricedPart::backend, "trace_gb_day"},
    Countable{PricedPart::backend, "object_storage_gb_month"}, Countable{PricedPart::backend, "block_storage_gb_month"},
    Countable{PricedPart::backend, "host_month"},             Countable{PricedPart::backend, "platform_month"},
    Countable{PricedPart::backend, "plan_month"},             Countable{PricedPart::collector, "vcpu_hour"},
    Countable{PricedPart::collector, "gb_ram_hour"},          Countable{PricedPart::collector, "instance_hour"},
    Countable{PricedPart::link, "egress_gb"},                 Countable{PricedPart::link, "egress_interregion_gb"},
    Countable{PricedPart::link, "egress_interaz_gb"},         Countable{PricedPart::link, "egress_peering_gb"},
    Countable{PricedPart::link, "nat_processed_gb"}};

const char* name_of(PricedPart part) {
  switch (part) {
    case PricedPart::backend: return "backend";
    case PricedPart::collector: return "collector";
    case PricedPart::link: return "link";
  }
  return "";
}

double bytes_in(const Price& price) { return price.unit.starts_with("GiB") ? 1024.0 * 1024 * 1024 : 1e9; }

bool is_of(const Priced& part, const std::string& instance) {
  return std::find(part.instances.begin(), part.instances.end(), instance) != part.instances.end();
}

/// What a backend took over the run, in all its places.
struct Taken {
  double spans = 0, bytes = 0;
  bool known = false;
};

Taken taken_by(const Priced& part, const Replication& replication) {
  Taken sum;
  for (const BackendCounts& counts : replication.backends) {
    if (!is_of(part, counts.backend)) continue;
    sum.known = true;
    sum.bytes += static_cast<double>(counts.stored_bytes);
  }
  for (const DestinationFates& fates : replication.destinations) {
    if (is_of(part, fates.destination)) sum.spans += static_cast<double>(fates.stored + fates.duplicates);
  }
  return sum;
}

std::optional<double> units_of_backend(const Priced& part, const Price& price, const Replication& replication, double months) {
  const Taken taken = taken_by(part, replication);
  if (!taken.known) return std::nullopt;
  const std::string_view what = price.dimension;
  const double gigabytes = taken.bytes / months / bytes_in(price);
  const double retention = seconds(part.retention);
  if (what == "span_million") return taken.spans / months / 1e6;
  if (what == "trace_gb_month") return gigabytes * std::max(0.0, retention - kIncludedSeconds) / kIncludedSeconds;
  if (what == "trace_gb_day") return gigabytes * retention / 86400;
  if (what.ends_with("storage_gb_month")) {
    const double bytes = part.stored_bytes_per_span > 0 ? taken.spans * part.stored_bytes_per_span : taken.bytes;
    return bytes / months / bytes_in(price) * retention / kSecondsAMonth;
  }
  return what.ends_with("_month") ? 1 : gigabytes;
}

std::optional<double> units_of_collector(const Priced& part, const Price& price, const Replication& replication, double run_seconds) {
  std::set<std::string> instances;
  double cpu = 0, memory = 0;
  for (const MetricValue& metric : replication.metrics) {
    const auto label = metric.labels.find("collector");
    if (label == metric.labels.end() || !is_of(part, label->second)) continue;
    instances.insert(label->second);
    if (metric.name.starts_with("otelcol_process_cpu_seconds")) cpu += metric.value;
    if (metric.name.starts_with("otelcol_process_memory_rss")) memory += metric.value;
  }
  if (instances.empty()) return std::nullopt;
  if (price.dimension == "vcpu_hour") return cpu / run_seconds * kHoursAMonth;
  if (price.dimension == "gb_ram_hour") return memory / bytes_in(price) * kHoursAMonth;
  return static_cast<double>(instances.size()) * kHoursAMonth;
}

std::optional<double> units_of_link(const Priced& part, const Price& price, const Replication& replication, double months) {
  if (replication.links.empty() || part.instances.size() != 2) return std::nullopt;
  const std::string &here = part.instances[0], &there = part.instances[1];
  const bool both_ways = price.dimension == "egress_interaz_gb" || price.dimension == "egress_peering_gb" || price.dimension == "nat_processed_gb";
  double bytes = 0;
  for (const LinkCounts& link : replication.links) {
    if ((link.from == here && link.to == there) || (both_ways && link.from == there && link.to == here))
      bytes += static_cast<double>(link.body_bytes);
  }
  return bytes / months / bytes_in(price);
}

std::optional<double> units_of(const Priced& part, const Price& price, const Replication& replication, const Manifest& manifest) {
  const double months = seconds(manifest.duration) / kSecondsAMonth;
  switch (part.part) {
    case PricedPart::backend: return units_of_backend(part, price, replication, months);
    case PricedPart::collector: return units_of_collector(part, price, replication, seconds(manifest.duration + manifest.drain));
    case PricedPart::link: return units_of_link(part, price, replication, months);
  }
  return std::nullopt;
}

}  // namespace

std::string objection_to_price(PricedPart part, std::string_view id) {
  const Price* const price = find_price(id);
  if (price == nullptr) {
    std::vector<std::string> known;
    for (const Price& one : price_book()) known.push_back(one.id);
    std::string text = "no price '" + std::string{id} + "' in the book; `spillway prices` lists them";
    const std::vector<std::string> near = nearest_names(id, known, 1);
    return near.empty() ? text : text + "; did you mean " + near.front() + "?";
  }
  const bool fits = std::any_of(kCountable.begin(), kCountable.end(), [&](const Countable& one) { return one.part == part && one.dimension == price->dimension; });
  if (fits) return {};
  return "'" + std::string{id} + "' is a price per " + price->unit + " (" + price->dimension + "), which a " + name_of(part) +
         " does not count; `spillway prices` says what has which";
}

std::string priced_part(const Price& price) {
  const auto found = std::find_if(kCountable.begin(), kCountable.end(), [&](const Countable& one) { return one.dimension == price.dimension; });
  return found == kCountable.end() ? "" : name_of(found->part);
}

void add_bill(RunRecord& record, std::span<const Priced> parts) {
  for (Replication& replication : record.replications) {
    replication.bill.clear();
    for (const Priced& part : parts) {
      const Price* const price = find_price(part.price);
      if (price == nullptr || record.manifest.duration <= Duration{0}) continue;
      const auto units = units_of(part, *price, replication, record.manifest);
      if (units) replication.bill.push_back({part.name, price->id, *units, dollars(*price, *units)});
    }
  }
}

std::vector<double> totals_of(const RunRecord& record) {
  std::vector<double> totals;
  for (const Replication& replication : record.replications) {
    double sum = 0;
    for (const BillLine& line : replication.bill) sum += line.usd;
    totals.push_back(sum);
  }
  return totals;
}

}  // namespace spillway::analysis
