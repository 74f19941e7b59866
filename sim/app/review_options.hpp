// What the commands that look at a collector file alone have in common: which version, how much load.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/collector/review/facts.hpp"

namespace spillway::app {

/// As written; load_of and request_of read it.
struct ReviewOptions {
  std::string collector_version;  ///< empty: the image tag's, else 0.159.0
  std::string key;
  std::optional<double> traces_per_second, replicas;
  double spans_per_trace = 10, span_bytes = 500, spans_per_request = 100;
  std::string outage = "5min", backend_latency = "100ms", kept = "100 %";
};
void add_review_options(CLI::App& command, ReviewOptions& options);

/// Throws CLI::ValidationError for what the two below could not read.
void check_options(const ReviewOptions& options);
collector::review::Load load_of(const ReviewOptions& options);
collector::ConfigRequest request_of(const std::vector<std::string>& files, const ReviewOptions& options);

}  // namespace spillway::app
