// The price book: list prices with source and date. prices.json beside it is part of the program.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::analysis {

struct PriceTier {
  double up_to = 0;  ///< units a month; infinite for the last
  double usd = 0;
};

/// US dollars for a unit, each month anew.
struct Price {
  std::string id;         ///< "grafana-traces-write"
  std::string provider;   ///< aws, gcp, azure, grafana_cloud, …
  std::string product;
  std::string dimension;  ///< what is counted: "egress_gb", "span_million", …
  std::string unit;       ///< "GB" (10^9 bytes), "GiB", "GB-month", "million spans", "vCPU-hour", …
  double usd = 0;         ///< of the first tier
  double free = 0;        ///< units a month that cost nothing, of the whole account
  std::vector<PriceTier> tiers;  ///< ascending; empty: one price for all
  std::string region, source, date, confidence, note;  ///< date: YYYY-MM-DD, when the source had it
};

/// In order of their ids.
std::span<const Price> price_book();
/// Null when there is none.
const Price* find_price(std::string_view id);

/// What so many units cost in a month, what is free taken off first.
double dollars(const Price& price, double units);

}  // namespace spillway::analysis
