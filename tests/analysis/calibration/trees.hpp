// Traces written by hand.
#pragma once

#include <string>

#include "analysis/calibration/application_fit.hpp"
#include "analysis/calibration/traces.hpp"

namespace spillway::analysis {

/// Times in microseconds.
class HandWritten {
 public:
  /// `parent` 0: a root.
  HandWritten& span(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, const std::string& service,
                    const std::string& name, std::int64_t start, std::int64_t end, SpanRole role = SpanRole::internal,
                    bool error = false, bool follows = false) {
    TracedSpan span;
    span.id = id;
    span.parent = parent;
    span.start = (1'000'000 + start) * 1000;
    span.duration = (end - start) * 1000;
    span.operation = collection_.operation({service, name, role});
    span.host = collection_.host(service);
    span.error = error;
    span.follows = follows;
    collection_.add({0, trace}, span);
    return *this;
  }
  Traces take() { return collection_.take(); }

 private:
  TraceCollection collection_;
};

}  // namespace spillway::analysis
