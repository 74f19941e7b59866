#include "analysis/calibration/shapes.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "sim/hash.hpp"

namespace spillway::analysis {
namespace {

constexpr double kMost = 0.95;        ///< of the trees, for what is taken as the rule
constexpr std::size_t kNearby = 64;   ///< calls that are compared with those so many places before them

/// Of a node and all below it.
std::vector<std::uint64_t> hashes_of(const CallTree& tree) {
  std::vector<std::uint64_t> hash(tree.nodes.size());
  std::vector<std::uint64_t> below;
  for (std::size_t i = tree.nodes.size(); i-- > 0;) {
    below.clear();
    for (const std::uint32_t child : tree.nodes[i].children) below.push_back(hash[child]);
    std::sort(below.begin(), below.end());
    hash[i] = mix64(tree.nodes[i].operation + 1);
    for (const std::uint64_t h : below) hash[i] = mix64(hash[i] ^ (h + 0x9e3779b97f4a7c15));
  }
  return hash;
}

/// Nodes breadth first, calls of a node by (what they are, when they began).
void sort_nodes(CallTree& tree, const std::vector<std::uint64_t>& hash) {
  std::vector<std::uint32_t> order{0};
  std::vector<CallNode> sorted;
  std::vector<std::uint32_t> parents{0};
  for (std::size_t at = 0; at < order.size(); ++at) {
    CallNode node = std::move(tree.nodes[order[at]]);
    std::stable_sort(node.children.begin(), node.children.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tuple{tree.nodes[a].operation, hash[a], tree.nodes[a].start} <
             std::tuple{tree.nodes[b].operation, hash[b], tree.nodes[b].start};
    });
    node.parent = parents[at];
    for (std::uint32_t& child : node.children) {
      order.push_back(child);
      parents.push_back(static_cast<std::uint32_t>(at));
      child = static_cast<std::uint32_t>(order.size() - 1);
    }
    sorted.push_back(std::move(node));
  }
  tree.nodes = std::move(sorted);
}

std::int64_t median(std::vector<std::int64_t>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// How many of the shape's trees do.
template <class Holds>
bool mostly(const Shape& shape, const std::vector<CallTree>& trees, double share, Holds holds) {
  std::size_t count = 0;
  for (const std::size_t t : shape.trees) count += holds(trees[t]);
  return static_cast<double>(count) >= share * static_cast<double>(shape.trees.size());
}

void sort_calls(Shape& shape, const std::vector<CallTree>& trees) {
  std::vector<std::int64_t> starts(shape.operation.size()), values;
  for (std::size_t n = 1; n < starts.size(); ++n) {
    values.clear();
    for (const std::size_t t : shape.trees) values.push_back(trees[t].nodes[n].start);
    starts[n] = median(values);
  }
  for (auto& calls : shape.calls) {
    std::stable_sort(calls.begin(), calls.end(), [&](auto a, auto b) { return starts[a] < starts[b]; });
  }
}

/// Those that `call` waits for, without what these wait for themselves.
std::vector<std::uint32_t> awaited(const Shape& shape, const std::vector<CallTree>& trees,
                                   const std::vector<std::uint32_t>& calls, std::size_t call) {
  std::vector<std::uint32_t> before;
  std::vector<bool> covered(shape.operation.size());
  for (std::size_t i = call; i-- > 0 && call - i <= kNearby;) {
    const std::uint32_t earlier = calls[i], later = calls[call];
    if (shape.asynchronous[earlier]) continue;
    const auto ended = [&](const CallTree& tree) { return tree.nodes[earlier].end <= tree.nodes[later].start; };
    if (!covered[earlier] && !mostly(shape, trees, kMost, ended)) continue;
    if (!covered[earlier]) before.push_back(earlier);
    for (const std::uint32_t further : shape.after[earlier]) covered[further] = true;
  }
  std::reverse(before.begin(), before.end());
  return before;
}

}  // namespace

std::vector<Shape> group_by_shape(std::vector<CallTree>& trees, std::size_t least) {
  std::map<std::uint64_t, std::vector<std::size_t>> groups;
  for (std::size_t t = 0; t < trees.size(); ++t) {
    const auto hash = hashes_of(trees[t]);
    sort_nodes(trees[t], hash);
    groups[hash[0]].push_back(t);
  }
  std::vector<Shape> shapes;
  for (auto& [hash, members] : groups) {
    if (members.size() < least) continue;
    Shape shape;
    shape.trees = std::move(members);
    for (const CallNode& node : trees[shape.trees[0]].nodes) {
      shape.operation.push_back(node.operation);
      shape.parent.push_back(node.parent);
      shape.calls.push_back(node.children);
    }
    shapes.push_back(std::move(shape));
  }
  std::stable_sort(shapes.begin(), shapes.end(), [](const Shape& a, const Shape& b) {
    return a.trees.size() != b.trees.size() ? a.trees.size() > b.trees.size() : a.trees[0] < b.trees[0];
  });
  for (Shape& shape : shapes) find_order(shape, trees);
  return shapes;
}

void find_order(Shape& shape, const std::vector<CallTree>& trees) {
  constexpr double half = 0.5;
  const std::size_t nodes = shape.operation.size();
  shape.asynchronous.assign(nodes, false);
  shape.after.assign(nodes, {});
  for (std::size_t n = 1; n < nodes; ++n) {
    shape.asynchronous[n] = mostly(shape, trees, half, [&](const CallTree& tree) { return tree.nodes[n].asynchronous; });
  }
  sort_calls(shape, trees);
  for (const auto& calls : shape.calls) {
    for (std::size_t i = 0; i < calls.size(); ++i) shape.after[calls[i]] = awaited(shape, trees, calls, i);
  }
}

std::vector<Segment> segments_of(const Shape& shape, const CallTree& tree,
                                 const std::vector<TracedOperation>& operations) {
  std::vector<Segment> segments;
  const auto add = [&](std::size_t node, Segment::Kind kind, std::int64_t start, std::int64_t end, bool network = false) {
    segments.push_back({static_cast<std::uint32_t>(node), kind, start, std::max(start, end), network});
  };
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    const CallNode& node = tree.nodes[n];
    const std::vector<std::uint32_t>& calls = shape.calls[n];
    if (calls.empty()) {
      add(n, Segment::Kind::work, node.start, node.end);
      continue;
    }
    const bool around_one = calls.size() == 1 && !shape.asynchronous[calls[0]] &&
                            operations[node.operation].role == SpanRole::client &&
                            operations[node.operation].service != operations[tree.nodes[calls[0]].operation].service;
    if (around_one) {
      const CallNode& called = tree.nodes[calls[0]];
      const std::int64_t gap = std::max<std::int64_t>(0, (node.end - node.start) - (called.end - called.start));
      add(calls[0], Segment::Kind::before_call, node.start, node.start + gap, true);
      add(n, Segment::Kind::finish, node.end, node.end);
      continue;
    }
    std::int64_t last = node.start;
    for (const std::uint32_t call : calls) {
      std::int64_t ready = node.start;
      for (const std::uint32_t before : shape.after[call]) ready = std::max(ready, tree.nodes[before].end);
      add(call, Segment::Kind::before_call, ready, tree.nodes[call].start);
      if (!shape.asynchronous[call]) last = std::max(last, tree.nodes[call].end);
    }
    add(n, Segment::Kind::finish, last, node.end);
  }
  return segments;
}

}  // namespace spillway::analysis
