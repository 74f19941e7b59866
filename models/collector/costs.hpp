// What a collector costs: CPU per request and span, memory. Calibrated, not exact (expect +-30 %).
#pragma once

#include "models/collector/version.hpp"
#include "models/telemetry/payload.hpp"

namespace spillway::collector {

/// Parameters of the cost model. Defaults: measured on running collectors (2-core x86-64, Zipkin JSON, 100 spans a
/// request, batch and gzip included): 20 us a span with 5 tags, 43.5 us with 15, about 105 us a request on v0.159 and
/// 40 us on v0.111. OTLP figures: estimates from the project's published benchmarks.
struct Costs {
  double zipkin_request_us = 105;
  double zipkin_span_us = 7.25;
  double zipkin_attribute_us = 2.35;
  double otlp_request_us = 60;
  double otlp_span_us = 2.0;
  double otlp_attribute_us = 0.15;
  double typical_attributes = 5;   ///< attributes of a span, where the model does not look at each span
  double start_cpu_seconds = 0.13;  ///< a fresh process reading its configuration; measured on both versions
  double idle_rss_bytes = 57.0 * (1 << 20);  ///< of the builds in real/collector; a smaller distribution needs 36 MiB
  double idle_heap_bytes = 22.0 * (1 << 20);
  double heap_per_wire_byte = 2.5;  ///< decoded spans on the heap over their protobuf size
  double gc_headroom = 2.0;         ///< peak heap over live heap at GOGC=100
  double gzip_fixed_bytes = 200;    ///< of a compressed body, whatever is in it: names and attributes, once
  double gzip_span_bytes = 48;      ///< what ids and times of one span add; they do not compress
};
Costs costs_of(Version version);

/// Bytes of a gzip body with this payload: fixed + per span, never more than uncompressed. Fitted to bodies of 1 to 36
/// spans of one service; spans with many distinct attribute values compress worse, so this is a lower bound for them.
std::int64_t compressed_bytes(const Costs& costs, const Payload& payload);

}  // namespace spillway::collector
