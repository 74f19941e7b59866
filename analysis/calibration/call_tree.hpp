// From the spans of a trace to its tree of calls, and what was wrong with it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/calibration/traces.hpp"

namespace spillway::analysis {

/// One execution of an operation. Times in nanoseconds since the root began, clocks put right.
struct CallNode {
  std::uint32_t operation = 0;
  std::uint32_t parent = 0;  ///< index of the node; the root is its own
  std::int64_t start = 0, end = 0;
  bool error = false;
  bool asynchronous = false;  ///< the caller did not wait for it
  std::vector<std::uint32_t> children;  ///< by start
};

/// nodes[0] is the root; callers stand before their callees.
struct CallTree {
  std::vector<CallNode> nodes;
  std::int64_t begins = 0;  ///< of the root, nanoseconds on its clock
  double sampled = 1;
  std::int64_t duration() const { return nodes[0].end; }
};

/// Traces, unless it says spans.
struct TraceProblems {
  std::int64_t traces = 0;
  std::int64_t used = 0;
  std::int64_t duplicate_spans = 0;  ///< the same id again: left out
  std::int64_t without_root = 0;     ///< every span has a parent: a cycle, or cut off
  std::int64_t several_roots = 0;
  std::int64_t cut_off = 0;          ///< a parent is missing
  std::int64_t cyclic = 0;           ///< spans that call each other in a circle
  std::int64_t skewed_spans = 0;     ///< outside of what called them by the clocks; moved into it
  std::int64_t overlong_spans = 0;   ///< longer than what called and awaited them
};

/// The tree, or nothing when the trace is not whole. A span on another host that by its clock lies outside of the
/// client's span that called it is moved to its middle, with all below it, as Jaeger does: only the difference of
/// the two durations says what the network took.
std::optional<CallTree> call_tree(const Traces& traces, std::size_t trace, TraceProblems& problems);

}  // namespace spillway::analysis
