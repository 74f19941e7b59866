#include "models/wire/spans.hpp"

namespace spillway::wire {

Span to_span(Catalog& catalog, const WireSpan& written, ResourceId resource) {
  Span span;
  span.trace = catalog.add_trace(written.trace);
  span.ordinal = catalog.add_span_id(span.trace, written.id);
  if (written.parent != 0) span.parent = catalog.add_span_id(span.trace, written.parent);
  span.start = Time{Duration{static_cast<std::int64_t>(written.start_ns)}};
  span.duration = Duration{static_cast<std::int64_t>(written.end_ns - written.start_ns)};
  span.shape = catalog.add_shape(written.shape);
  span.status = written.status;
  span.resource = resource;
  span.bytes = catalog.otlp_bytes(span);
  return span;
}

}  // namespace spillway::wire
