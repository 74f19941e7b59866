// Log records and data points as request bodies carry them: which they are, how many, how large.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "models/telemetry/signal.hpp"
#include "models/telemetry/span.hpp"

namespace spillway::wire {

/// One log record or data point. Its ids are a digest of all that it and its resource say, so equal ones are the
/// same item.
struct WireItem {
  TraceId trace;
  std::uint64_t id = 0;
  std::uint32_t bytes = 0;  ///< in an OTLP protobuf body as collectors write it, framing included
};

/// Items under one resource and scope.
struct WireItemGroup {
  ResourceShape resource;
  std::vector<WireItem> items;
};
using WireItems = std::vector<WireItemGroup>;

/// Nothing when a collector's OTLP receiver would refuse the body. Requires a signal other than traces. A metric's name,
/// unit and description count with its first data point.
/// Leaves out: metrics without data points; exemplars in JSON.
std::optional<WireItems> decode_items_proto(Signal signal, std::string_view body);
std::optional<WireItems> decode_items_json(Signal signal, std::string_view body);

}  // namespace spillway::wire
