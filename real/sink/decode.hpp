// Request bodies to span addresses. The only door to protobuf for reading; pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "models/telemetry/signal.hpp"
#include "sim/span_set.hpp"

namespace spillway::real {

enum class BodyFormat { otlp_proto, otlp_json, zipkin_json };

/// Replaces `spans` by the addresses of the spans of an uncompressed body, in the order of the body. False, with
/// `spans` in any state, when the body is not well-formed, an id is missing or has the wrong length, or JSON is
/// nested deeper than 64. Any input is safe; memory stays proportional to the body.
/// Ids: OTLP 16 and 8 bytes (32 and 16 hex digits in JSON); Zipkin up to 32 and 16 hex digits, padded on the left.
/// Leaves out: everything that does not decide which span it is (kinds, times, attribute values are not checked).
bool decode_spans(BodyFormat format, std::string_view body, std::vector<SpanKey>& spans);

/// The same of any signal; log records and data points have a digest of what they say for an address.
bool decode_items(BodyFormat format, Signal signal, std::string_view body, std::vector<SpanKey>& items);

}  // namespace spillway::real
