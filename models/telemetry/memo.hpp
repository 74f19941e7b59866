// What a component makes of a shape (and its resource), computed when the pair is first met. A processor's work on
// texts is done here, once, so that the work on a span is a look at a table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway {

template <class Result>
class ShapeMemo {
 public:
  /// compute() -> Result is called when the span's (resource, shape) is new.
  template <class Compute>
  const Result& at(const Span& span, Compute compute) {
    if (rows_.size() <= span.resource) rows_.resize(span.resource + 1);
    std::vector<std::optional<Result>>& row = rows_[span.resource];
    if (row.size() <= span.shape) row.resize(span.shape + 1);
    if (!row[span.shape]) row[span.shape] = compute();
    return *row[span.shape];
  }

 private:
  std::vector<std::vector<std::optional<Result>>> rows_;
};

}  // namespace spillway
