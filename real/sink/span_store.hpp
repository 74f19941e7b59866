// The spans that a backend has stored: which, how many, and how often again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sim/span_set.hpp"

namespace spillway::real {

/// Grows with the number of distinct spans (about 60 bytes each). Order of adding does not matter to any result.
class SpanStore {
 public:
  /// False when it was there already.
  bool add(const SpanKey& span);

  std::int64_t stored() const { return static_cast<std::int64_t>(spans_.size()); }
  std::int64_t duplicates() const { return duplicates_; }
  std::int64_t traces() const { return static_cast<std::int64_t>(traces_.size()); }
  std::uint64_t span_set() const { return span_set_; }
  std::vector<SpanKey> sorted() const;

 private:
  using TraceId = std::pair<std::uint64_t, std::uint64_t>;
  struct Hash {
    std::size_t operator()(const SpanKey& span) const { return span_set_term(span); }
    std::size_t operator()(const TraceId& trace) const { return hash_combine(mix64(trace.first), trace.second); }
  };
  std::unordered_set<SpanKey, Hash> spans_;
  std::unordered_set<TraceId, Hash> traces_;
  std::int64_t duplicates_ = 0;
  std::uint64_t span_set_ = 0;
};

}  // namespace spillway::real
