#include "real/sink/span_store.hpp"

#include <algorithm>

namespace spillway::real {

bool SpanStore::add(const SpanKey& span) {
  if (!spans_.insert(span).second) {
    ++duplicates_;
    return false;
  }
  span_set_ += span_set_term(span);
  traces_.insert({span.trace_hi, span.trace_lo});
  return true;
}

std::vector<SpanKey> SpanStore::sorted() const {
  std::vector<SpanKey> all(spans_.begin(), spans_.end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace spillway::real
