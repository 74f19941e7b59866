#include "analysis/calibration/traces.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace spillway::analysis {
namespace {

constexpr std::size_t kMostNames = 10'000;  ///< operations, hosts; names made of request ids would be without end

}  // namespace

std::uint32_t TraceCollection::operation(const TracedOperation& operation) {
  const auto found = operations_.find(operation);
  if (found != operations_.end()) return found->second;
  if (traces_.operations.size() >= kMostNames) return this->operation({"(others)", "(others)", SpanRole::internal});
  const auto number = static_cast<std::uint32_t>(traces_.operations.size());
  traces_.operations.push_back(operation);
  operations_.emplace(operation, number);
  // The place of what comes too late.
  if (number + 2 == kMostNames) this->operation({"(others)", "(others)", SpanRole::internal});
  return number;
}

std::uint32_t TraceCollection::host(const std::string& name) {
  const auto found = hosts_.find(name);
  if (found != hosts_.end()) return found->second;
  if (traces_.hosts.size() >= kMostNames) return 0;
  const auto number = static_cast<std::uint32_t>(traces_.hosts.size());
  traces_.hosts.push_back(name);
  hosts_.emplace(name, number);
  return number;
}

bool TraceCollection::add(Address trace, TracedSpan span) {
  const auto [found, is_new] = numbers_.try_emplace(trace, static_cast<std::uint32_t>(traces_.traces.size()));
  if (is_new && traces_.spans.size() >= most_spans_) {
    numbers_.erase(found);
    return false;
  }
  if (is_new) {
    traces_.traces.emplace_back();
    left_out_.push_back(false);
  }
  span.trace = found->second;
  if (left_out_[span.trace]) return false;
  if (traces_.spans.size() >= most_spans_) {
    left_out_[span.trace] = true;
    return false;
  }
  traces_.spans.push_back(span);
  return true;
}

void TraceCollection::set_sampled(Address trace, double share) {
  const auto found = numbers_.find(trace);
  if (found != numbers_.end()) traces_.traces[found->second].sampled = share;
}

Traces TraceCollection::take() {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  Traces& all = traces_;
  std::erase_if(all.spans, [&](const TracedSpan& span) { return left_out_[span.trace]; });
  std::vector<std::int64_t> begins(all.traces.size(), never);
  for (const TracedSpan& span : all.spans) begins[span.trace] = std::min(begins[span.trace], span.start);
  std::vector<std::uint32_t> order(all.traces.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return begins[a] < begins[b]; });
  std::vector<std::uint32_t> place(order.size());
  std::vector<RecordedTrace> sorted;
  for (const std::uint32_t old : order) {
    place[old] = static_cast<std::uint32_t>(sorted.size());
    if (begins[old] != never) sorted.push_back({0, 0, all.traces[old].sampled});
  }
  for (TracedSpan& span : all.spans) span.trace = place[span.trace];
  std::stable_sort(all.spans.begin(), all.spans.end(), [](const auto& a, const auto& b) { return a.trace < b.trace; });
  for (const TracedSpan& span : all.spans) ++sorted[span.trace].count;
  std::size_t first = 0;
  for (RecordedTrace& trace : sorted) first += (trace.first = first, trace.count);
  all.traces = std::move(sorted);
  numbers_.clear();
  operations_.clear();
  hosts_.clear();
  left_out_.clear();
  return std::exchange(traces_, {});
}

}  // namespace spillway::analysis
