// Spans as request bodies carry them, and the bodies' decoders: what a recording holds, what a real backend was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway::wire {

/// A span with everything that stands in the message, times as nanoseconds since 1970.
struct WireSpan {
  TraceId trace;
  std::uint64_t id = 0, parent = 0;  ///< all zero: empty on the wire
  SpanShape shape;
  SpanStatus status = SpanStatus::unset;
  std::uint64_t start_ns = 0, end_ns = 0;
};

/// Spans under one resource and scope.
struct WireGroup {
  ResourceShape resource;
  std::vector<WireSpan> spans;
};
using WireSpans = std::vector<WireGroup>;

/// Nothing when a collector's OTLP receiver would refuse the body. Any input is safe. Ids of a wrong length refuse the
/// body, empty and all-zero ones do not.
std::optional<WireSpans> decode_otlp_proto(std::string_view body);
/// Keys in camelCase or snake_case, unknown ones skipped; 64-bit integers as numbers or texts; enums as numbers or
/// names; ids in hexadecimal, bytes in base64; null is nothing. Leaves out: text that is not UTF-8 and values nested deeper
/// than 100 levels are refused here, a collector takes them.
std::optional<WireSpans> decode_otlp_json(std::string_view body);

/// The span in the terms of the catalog, without an item. Its times are nanoseconds since 1970.
Span to_span(Catalog& catalog, const WireSpan& span, ResourceId resource);

/// 1 to `digits` hex digits as {high, low}.
std::optional<TraceId> from_hex(std::string_view text, std::size_t digits);
std::optional<std::string> from_base64(std::string_view text);

/// All of a stored span as one line of JSON, the same for the same span whatever order its attributes came in:
/// {"trace":…,"span":…,"parent":…,"name":…,"kind":2,"status":0,…,"attributes":{…},"resource":{…},…}. Values keep their types
/// (1 is an integer, 1.0 a float). Times are left out but for the duration, in nanoseconds.
std::string span_text(const WireSpan& span, const ResourceShape& resource);

}  // namespace spillway::wire
