// Finished spans, and their bytes on the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "real/mandelbrot/trace_context.hpp"

namespace spillway::mandelbrot {

using Tags = std::vector<std::pair<std::string, std::string>>;

/// Numbers as in OTLP.
enum class Kind : std::uint8_t { internal = 1, server = 2, client = 3 };

struct FinishedSpan {
  SpanContext context;
  std::string name;
  Kind kind = Kind::internal;
  std::chrono::system_clock::time_point start;
  std::chrono::nanoseconds duration{};
  bool failed = false;
  Tags tags;
};

/// Who speaks: Zipkin knows the service only, so the tags stand on every span there.
struct Resource {
  std::string service;
  Tags tags;
};

/// A Zipkin v2 JSON array of one span. Times have a resolution of milliseconds, durations of microseconds and at least
/// one; kind "internal" is not said; a failure is the tag error=true.
std::string zipkin_json(const FinishedSpan& span, const Resource& resource);

/// The body of an OTLP/HTTP request (protobuf).
std::string otlp_proto(const std::vector<FinishedSpan>& spans, const Resource& resource);

}  // namespace spillway::mandelbrot
