// Prometheus text exposition (the 0.0.4 format that collectors and most programs serve at /metrics).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/record.hpp"

namespace spillway::real {

struct PrometheusText {
  std::vector<MetricValue> values;  ///< sorted by (name, labels); histograms as their _bucket, _sum, _count series
  std::int64_t skipped_lines = 0;   ///< neither a sample nor a comment: not understood
};

/// Reads samples; comments (HELP, TYPE), time stamps and exemplars are passed over. Label values are unescaped;
/// NaN and infinities are kept. Any input is safe; a broken line costs that line only.
/// Leaves out: quoted metric and label names (UTF-8 names must be asked for in the request, and are not).
PrometheusText parse_prometheus_text(std::string_view text);

/// As simulated records have it: the label `collector` says whose it is, those that describe the process are left out.
void label_as(MetricValue& value, const std::string& collector);

}  // namespace spillway::real
