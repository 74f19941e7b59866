// What a month at the rates of a run costs.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/bill/prices.hpp"
#include "analysis/intervals.hpp"
#include "sim/record.hpp"

namespace spillway::analysis {

enum class PricedPart { backend, collector, link };

/// A part of the run and one price that it has.
struct Priced {
  PricedPart part = PricedPart::backend;
  std::string name;          ///< of a backend or collector; of a link "aws - grafana-cloud"
  std::vector<std::string> instances;  ///< of a backend or collector, as the record names them: "aws/gateway-0"; a link's two ends
  std::string price;         ///< id in the price book
  Duration retention = std::chrono::days{30};  ///< of what a backend stores
  double stored_bytes_per_span = 0;            ///< on the backend's disk; 0: the spans' OTLP size
};

/// Why this part cannot have that price, with the way out; empty: it can.
std::string objection_to_price(PricedPart part, std::string_view id);

/// Which part has it: "backend", "collector", "link"; empty: none can count it.
std::string priced_part(const Price& price);

/// Fills `bill` of every replication: what the run counted while its traffic lasted, times a month of 730 h over that time. So a
/// fault of the scenario is billed as if every month went like this run. Parts of which the record knows no quantity (links of a
/// measured one) get no line. Ingest is what the backend stored in OTLP protobuf, uncompressed; storage is what lies there once
/// the retention has passed, at a steady rate. A link's egress is what leaves its first end in bodies of requests and answers,
/// compressed, or both ways where providers count both. Free quantities are taken off each line: two parts that share an account
/// count them twice, so the bill is then too low. Left out: requests to object stores, users, commitments, taxes.
void add_bill(RunRecord& record, std::span<const Priced> parts);

/// Dollars a month of each replication, all lines together.
std::vector<double> totals_of(const RunRecord& record);

}  // namespace spillway::analysis
