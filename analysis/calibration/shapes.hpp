// Traces that called the same operations from the same places, put side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/calibration/call_tree.hpp"

namespace spillway::analysis {

/// Trees of one shape: node i of each is the same call. `after` and `asynchronous` hold for most of them.
struct Shape {
  std::vector<std::size_t> trees;  ///< indices into the trees, ascending
  std::vector<std::uint32_t> operation, parent;                 ///< by node
  std::vector<bool> asynchronous;                               ///< by node
  std::vector<std::vector<std::uint32_t>> calls;                ///< by node: whom it calls, by median start
  std::vector<std::vector<std::uint32_t>> after;                ///< by node: the calls of its caller that it waits for
};

/// A piece of work of one node in one tree, nanoseconds since the root began.
struct Segment {
  enum class Kind : std::uint8_t { work, before_call, finish };
  std::uint32_t node = 0;  ///< work and finish: who works; before_call: whose call is prepared, by its caller
  Kind kind = Kind::work;
  std::int64_t start = 0, end = 0;
  bool network = false;  ///< of a call between a client's span and its server's
};

/// Groups the trees, the most frequent shape first, and sorts the nodes of every tree so that they match.
/// Shapes of fewer than `least` trees are left out.
std::vector<Shape> group_by_shape(std::vector<CallTree>& trees, std::size_t least);

/// Fills in the order of calls: a call waits for those of its caller that end before it begins in at least 95 % of the
/// trees of `members`.
void find_order(Shape& shape, const std::vector<CallTree>& trees);

/// What was worked on when: of a node without calls all of its time; else the time before each call (since what it
/// waits for) and after the last; of a client's span around a single call, all the time that the call did not take.
std::vector<Segment> segments_of(const Shape& shape, const CallTree& tree, const std::vector<TracedOperation>& operations);

}  // namespace spillway::analysis
