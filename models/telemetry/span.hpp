// Spans as small records. Strings live once, in the catalog; a span refers to them by index.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "models/telemetry/value.hpp"
#include "sim/ledger.hpp"
#include "sim/time.hpp"

namespace spillway {

inline constexpr std::uint32_t kNoParent = 0xffffffff;
/// Index of a resource in the catalog.
using ResourceId = std::uint32_t;

/// One span. 56 bytes; copied freely.
struct Span {
  ItemId item = 0;          ///< its line in the ledger
  std::uint64_t trace = 0;  ///< (source << 48) | number of the request, or of Catalog::add_trace: see trace_id()
  Time start{};
  Duration duration{};
  std::uint32_t ordinal = 0;       ///< within the trace: see span_id()
  std::uint32_t parent = kNoParent;  ///< ordinal of the parent
  std::uint32_t shape = 0;         ///< catalog: name, kind, attributes
  std::uint32_t bytes = 0;         ///< in an OTLP protobuf body, framing included: Catalog::otlp_bytes
  ResourceId resource = 0;         ///< catalog
  SpanStatus status = SpanStatus::unset;
  std::uint8_t flags = 0;
};
static_assert(sizeof(Span) <= 64);

struct TraceId {
  std::uint64_t high = 0, low = 0;
  bool operator==(const TraceId&) const = default;
};

/// Something that happened within a span.
struct SpanEvent {
  std::string name;
  Attributes attributes;
  Duration after_start{};
  bool operator==(const SpanEvent&) const = default;
};


struct SpanLink {
  TraceId trace;
  std::uint64_t span = 0;
  std::string trace_state;
  Attributes attributes;
  bool operator==(const SpanLink&) const = default;
};

/// What all spans of one operation at one place have in common; a processor that changes any of it makes another shape.
struct SpanShape {
  std::string name;
  SpanKind kind = SpanKind::internal;
  Attributes attributes{};
  std::string status_message{};
  std::string trace_state{};
  std::vector<SpanEvent> events{};
  std::vector<SpanLink> links{};
  bool operator==(const SpanShape&) const = default;
};

/// What produced them: resource and instrumentation scope. Zipkin knows the service name only; the rest goes into tags.
struct ResourceShape {
  std::string service;  ///< attribute service.name, sent first; empty: not sent
  Attributes attributes{};
  std::string scope_name{}, scope_version{};
  Attributes scope_attributes{};
  bool operator==(const ResourceShape&) const = default;
};
/// All attributes of the resource, service.name among them …
Attributes resource_attributes(const ResourceShape& resource);
/// … and back: service.name is taken out of them when it is a text.
void set_resource_attributes(ResourceShape& resource, Attributes attributes);

/// Whether collectors take a Zipkin tag of this name for an attribute of the resource.
bool is_resource_convention(std::string_view key);

/// Names behind the indices, and the ids behind the numbers. One for each replication. Adding what is there already
/// gives the old index, so a processor may add what it makes of a shape whenever it meets a new one.
class Catalog {
 public:
  explicit Catalog(std::uint64_t seed, std::uint32_t replication = 0);

  std::uint32_t add_shape(const SpanShape& shape);
  ResourceId add_resource(const ResourceShape& resource);
  const SpanShape& shape(std::uint32_t i) const { return shapes_[i]; }
  const ResourceShape& resource(ResourceId i) const { return resources_[i]; }

  /// Ids are functions of (seed, replication, address of the span): both worlds, and every policy, see the same.
  TraceId trace_id(std::uint64_t trace) const;
  std::uint64_t span_id(std::uint64_t trace, std::uint32_t ordinal) const;
  /// The ids that it has in replication 0, the one that real programs are given.
  TraceId first_trace_id(std::uint64_t trace) const;
  std::uint64_t first_span_id(std::uint64_t trace, std::uint32_t ordinal) const;

  /// A trace whose ids are given, as in a recording: the number for Span::trace. The same id gives the same number.
  std::uint64_t add_trace(TraceId id);
  /// An id within such a trace: its ordinal. The same id gives the same ordinal.
  std::uint32_t add_span_id(std::uint64_t trace, std::uint64_t id);

  /// Bytes of this span in the body that a collector of today sends (OTLP protobuf, no compression), with tag and
  /// length. The span's ids, times and status have fixed sizes; flags are not sent.
  std::uint32_t otlp_bytes(const Span& span) const;
  /// The span as a Zipkin receiver makes it: Zipkin knows no resource but the service's name, so the rest of the
  /// resource came as tags. Tags with a conventional name of a resource attribute go (back) there, others stay on the
  /// span, all as texts. Zipkin does not say the kind "internal", and knows no events, links and trace state.
  Span from_zipkin(Span span);
  /// Bytes of a ResourceSpans around `span_bytes` of spans, with its own tag and length.
  std::int64_t otlp_group_bytes(ResourceId resource, std::int64_t span_bytes) const;
  /// Bytes of the span as a JSON object, as the Mandelbrot service writes it.
  std::int64_t zipkin_bytes(const Span& span) const;

 private:
  /// Lengths in a Zipkin JSON text: the name (a shape's with its kind), the tags with a comma behind each.
  struct ZipkinText {
    std::size_t name = 0, tags = 0;
  };
  struct ShapeSize {
    std::uint32_t body = 0;            ///< OTLP: all of the span that its shape says, but
    std::uint32_t status_message = 0;  ///< … this stands inside the status
    ZipkinText zipkin;
  };
  struct ResourceSize {
    std::int64_t resource = 0;  ///< OTLP: the Resource message with tag and length
    std::int64_t scope = 0;     ///< OTLP: the InstrumentationScope message with tag and length
    ZipkinText zipkin;
  };
  struct GivenTrace {
    TraceId id;
    std::vector<std::uint64_t> spans;
  };
  struct Translated {
    std::uint32_t shape = kUnknown;
    ResourceId resource = 0;
  };
  static constexpr std::uint32_t kUnknown = 0xffffffff;
  Translated translate(const Span& span);
  TraceId trace_id(std::uint64_t key, std::uint64_t trace) const;
  std::uint64_t span_id(std::uint64_t key, std::uint64_t trace, std::uint32_t ordinal) const;

  std::uint64_t key_, first_key_;
  std::deque<SpanShape> shapes_;  ///< references stay valid while others are added
  std::deque<ResourceShape> resources_;
  std::vector<ShapeSize> shape_sizes_;
  std::vector<ResourceSize> resource_sizes_;
  std::map<std::string, std::uint32_t> shape_index_, resource_index_;  ///< by all that distinguishes them
  std::vector<std::vector<Translated>> from_zipkin_;  ///< by resource and shape, filled when first met
  std::vector<GivenTrace> given_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> given_index_;
};

/// The span as one Zipkin v2 JSON object. `epoch` is the wall-clock time of Time{}, microseconds since 1970.
/// Times have a resolution of milliseconds, durations of microseconds, as the reference service writes them.
void append_zipkin_json(std::string& out, const Catalog& catalog, const Span& span, std::int64_t epoch_us);

}  // namespace spillway
