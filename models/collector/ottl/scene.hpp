// What an expression looks at, and what a statement writes into.
#pragma once

#include <cstdint>

#include "models/collector/ottl/datum.hpp"
#include "models/telemetry/span.hpp"

namespace spillway::collector::ottl {

/// Where a condition or statement stands: what `attributes` without anything in front means.
enum class Context : std::uint8_t { resource, scope, span, spanevent };

/// What the simulated Time{} is on the clock of the spans. Only differences mean anything.
inline constexpr std::int64_t kEpochUnixNs = 1'750'000'000'000'000'000;

/// What a statement may change: copies, which their owner puts into the catalog when they differ.
struct Draft {
  Span span;
  SpanShape shape;
  ResourceShape resource;
  Attributes cache;  ///< lives as long as one run of the statements over one thing
  bool wrote_shape = false, wrote_resource = false;
};

/// One thing seen from a context. Whatever lies outside of the context is null.
struct Scene {
  const Catalog* catalog = nullptr;
  const Span* span = nullptr;
  const SpanShape* shape = nullptr;
  const ResourceShape* resource = nullptr;
  std::size_t event = 0;   ///< index in shape->events
  Draft* draft = nullptr;  ///< for statements: shape, resource and span are this one's
};

/// What a result depends on, as bits.
enum Depends : std::uint8_t {
  kNothing = 0,
  kShape = 1,     ///< name, kind, attributes, events …
  kResource = 2,  ///< resource and scope
  kStatus = 4,    ///< the status code
  kSpan = 8,      ///< ids, times, flags: of every span anew
};

}  // namespace spillway::collector::ottl
