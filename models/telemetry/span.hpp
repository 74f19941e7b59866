// Spans as small records. Strings live once, in the catalog; a span refers to them by index.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "sim/ledger.hpp"
#include "sim/time.hpp"

namespace spillway {

inline constexpr std::uint32_t kNoParent = 0xffffffff;
enum class SpanStatus : std::uint8_t { unset = 0, ok = 1, error = 2 };

/// One span. 56 bytes; copied freely.
struct Span {
  ItemId item = 0;          ///< its line in the ledger
  std::uint64_t trace = 0;  ///< (source << 48) | number of the request: see trace_id()
  Time start{};
  Duration duration{};
  std::uint32_t ordinal = 0;       ///< within the trace: see span_id()
  std::uint32_t parent = kNoParent;  ///< ordinal of the parent
  std::uint32_t shape = 0;         ///< catalog: name, kind, attributes
  std::uint32_t bytes = 0;         ///< in an OTLP protobuf body, framing included
  std::uint16_t resource = 0;      ///< catalog
  SpanStatus status = SpanStatus::unset;
  std::uint8_t flags = 0;
};
static_assert(sizeof(Span) <= 64);

using Attributes = std::vector<std::pair<std::string, std::string>>;

/// What all spans of one operation at one place have in common.
struct SpanShape {
  std::string name;
  SpanKind kind = SpanKind::internal;
  Attributes attributes;  ///< string values
};
/// What produced them. Zipkin knows the service name only; the rest goes into tags there.
struct ResourceShape {
  std::string service;
  Attributes attributes;
};

struct TraceId {
  std::uint64_t high = 0, low = 0;
  bool operator==(const TraceId&) const = default;
};

/// Names behind the indices, and the ids behind the numbers. Immutable once the run starts.
class Catalog {
 public:
  explicit Catalog(std::uint64_t seed, std::uint32_t replication = 0);

  std::uint32_t add_shape(SpanShape shape);
  std::uint16_t add_resource(ResourceShape resource);
  const SpanShape& shape(std::uint32_t i) const { return shapes_[i]; }
  const ResourceShape& resource(std::uint16_t i) const { return resources_[i]; }

  /// Ids are functions of (seed, replication, address of the span): both worlds, and every policy, see the same.
  TraceId trace_id(std::uint64_t trace) const;
  std::uint64_t span_id(std::uint64_t trace, std::uint32_t ordinal) const;

  /// Bytes of this span in the body that a collector of today sends (OTLP protobuf, no compression), with tag and
  /// length. The span's ids, times, kind and status have fixed sizes; flags and trace state are not sent.
  std::uint32_t otlp_bytes(const Span& span) const;
  /// The span as a Zipkin receiver makes it: Zipkin knows no resource but the service's name, so the rest of the
  /// resource came as tags. Those with a conventional name of a resource attribute go back there, others stay on the
  /// span. Zipkin does not say the kind "internal". Leaves out: such names among the attributes of the span itself.
  Span from_zipkin(Span span) const;
  /// Bytes of a ResourceSpans around `span_bytes` of spans, with its own tag and length.
  std::int64_t otlp_group_bytes(std::uint16_t resource, std::int64_t span_bytes) const;
  /// Bytes of the span as a JSON object, as the Mandelbrot service writes it.
  std::int64_t zipkin_bytes(const Span& span) const;

 private:
  std::uint32_t sized(const Span& span, std::size_t more_bytes) const;

  /// Lengths in a Zipkin JSON text: the name (a shape's with its kind), the tags with a comma behind each.
  struct ZipkinText {
    std::size_t name = 0, tags = 0;
  };

  std::uint64_t key_;
  std::vector<SpanShape> shapes_;
  std::vector<ResourceShape> resources_;
  std::vector<std::uint32_t> shape_bytes_;     ///< OTLP: name and attributes
  std::vector<ZipkinText> shape_texts_, resource_texts_;
  std::vector<std::int64_t> resource_bytes_;   ///< OTLP: the Resource message with tag and length
  std::vector<std::uint32_t> tag_bytes_;  ///< by resource: its attributes that stay on a span that came as Zipkin
  std::vector<std::uint16_t> from_zipkin_;  ///< by resource: what is left of it then
};

/// The span as one Zipkin v2 JSON object. `epoch` is the wall-clock time of Time{}, microseconds since 1970.
/// Times have a resolution of milliseconds, durations of microseconds, as the reference service writes them.
void append_zipkin_json(std::string& out, const Catalog& catalog, const Span& span, std::int64_t epoch_us);

std::size_t varint_bytes(std::uint64_t value);

}  // namespace spillway
