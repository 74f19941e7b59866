#include "analysis/calibration/call_tree.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "analysis/calibration/shapes.hpp"
#include "tests/analysis/calibration/trees.hpp"

namespace spillway::analysis {
namespace {

std::optional<CallTree> tree_of(HandWritten& written, TraceProblems& problems) {
  const Traces traces = written.take();
  return call_tree(traces, 0, problems);
}

TEST(CallTree, ADuplicateSpanIsLeftOut) {
  HandWritten written;
  written.span(1, 1, 0, "a", "root", 0, 100).span(1, 2, 1, "b", "x", 10, 20).span(1, 2, 1, "b", "x", 10, 20);
  TraceProblems problems;
  const auto tree = tree_of(written, problems);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->nodes.size(), 2u);
  EXPECT_EQ(problems.duplicate_spans, 1);
  EXPECT_EQ(problems.used, 1);
}

TEST(CallTree, WhatIsNotWholeIsCountedAndLeftOut) {
  TraceProblems problems;
  HandWritten cut_off;
  cut_off.span(1, 1, 0, "a", "root", 0, 100).span(1, 3, 2, "b", "x", 10, 20);
  EXPECT_FALSE(tree_of(cut_off, problems));
  EXPECT_EQ(problems.cut_off, 1);
  HandWritten circle;
  circle.span(1, 1, 2, "a", "x", 0, 100).span(1, 2, 1, "a", "y", 0, 100);
  EXPECT_FALSE(tree_of(circle, problems));
  EXPECT_EQ(problems.without_root, 1);
  HandWritten beside;
  beside.span(1, 1, 0, "a", "root", 0, 100).span(1, 2, 3, "a", "x", 0, 9).span(1, 3, 2, "a", "y", 0, 9);
  EXPECT_FALSE(tree_of(beside, problems));
  EXPECT_EQ(problems.cyclic, 1);
  HandWritten its_own_parent;
  its_own_parent.span(1, 1, 0, "a", "root", 0, 100).span(1, 2, 2, "a", "x", 0, 9);
  EXPECT_FALSE(tree_of(its_own_parent, problems));
  EXPECT_EQ(problems.cyclic, 2);
  HandWritten two;
  two.span(1, 1, 0, "a", "root", 0, 100).span(1, 2, 0, "a", "root", 0, 9);
  EXPECT_FALSE(tree_of(two, problems));
  EXPECT_EQ(problems.several_roots, 1);
  EXPECT_EQ(problems.used, 0);
  EXPECT_EQ(problems.traces, 5);
}

TEST(CallTree, ASkewedServerIsMovedIntoItsClientWithAllBelowIt) {
  HandWritten written;
  written.span(1, 1, 0, "a", "root", 0, 100)
      .span(1, 2, 1, "a", "call", 10, 90, SpanRole::client)
      .span(1, 3, 2, "b", "call", 5010, 5070, SpanRole::server)
      .span(1, 4, 3, "b", "inner", 5020, 5030);
  TraceProblems problems;
  const auto tree = tree_of(written, problems);
  ASSERT_TRUE(tree);
  EXPECT_EQ(problems.skewed_spans, 1);
  EXPECT_EQ(tree->nodes[2].start, 20'000);
  EXPECT_EQ(tree->nodes[2].end, 80'000);
  EXPECT_EQ(tree->nodes[3].start, 30'000) << "10 us after its caller, as its own clock says";
}

TEST(CallTree, WhatEndsAfterItsCallerWasNotAwaited) {
  HandWritten written;
  written.span(1, 1, 0, "a", "root", 0, 1000)
      .span(1, 2, 1, "a", "send", 900, 5000)
      .span(1, 3, 1, "b", "process", 950, 990, SpanRole::consumer)
      .span(1, 4, 1, "a", "late clock", 500, 1050);
  TraceProblems problems;
  const auto tree = tree_of(written, problems);
  ASSERT_TRUE(tree);
  const auto asynchronous = [&](std::int64_t start) {
    for (const CallNode& node : tree->nodes) {
      if (node.start == start * 1000) return node.asynchronous;
    }
    return false;
  };
  EXPECT_TRUE(asynchronous(900));
  EXPECT_TRUE(asynchronous(950)) << "a consumer";
  EXPECT_FALSE(asynchronous(500)) << "50 us are the clock's";
}

/// Ten traces whose calls take turns as `ends` says.
struct Order {
  std::vector<CallTree> trees;
  std::vector<TracedOperation> operations;
  Shape shape;
};
Order order_of(const std::function<void(HandWritten&, std::uint64_t)>& write) {
  HandWritten written;
  for (std::uint64_t trace = 1; trace <= 10; ++trace) write(written, trace);
  const Traces traces = written.take();
  Order order;
  order.operations = traces.operations;
  TraceProblems problems;
  for (std::size_t t = 0; t < 10; ++t) order.trees.push_back(*call_tree(traces, t, problems));
  auto shapes = group_by_shape(order.trees, 1);
  EXPECT_EQ(shapes.size(), 1u);
  order.shape = shapes.at(0);
  return order;
}
std::string name(const Order& order, std::uint32_t node) { return order.operations[order.shape.operation[node]].name; }

TEST(Shapes, SequenceAndParallelAreToldApart) {
  const Order order = order_of([](HandWritten& written, std::uint64_t t) {
    const auto jitter = static_cast<std::int64_t>(t);
    written.span(t, 1, 0, "a", "root", 0, 1000);
    written.span(t, 2, 1, "b", "first", 100, 200 + jitter).span(t, 3, 1, "b", "beside", 100 + jitter, 500);
    written.span(t, 4, 1, "b", "second", 300, 400).span(t, 5, 1, "b", "third", 600, 900);
  });
  std::map<std::string, std::vector<std::string>> after;
  for (const std::uint32_t call : order.shape.calls[0]) {
    for (const std::uint32_t before : order.shape.after[call]) after[name(order, call)].push_back(name(order, before));
  }
  EXPECT_EQ(after["first"], std::vector<std::string>{});
  EXPECT_EQ(after["beside"], std::vector<std::string>{});
  EXPECT_EQ(after["second"], std::vector<std::string>{"first"});
  EXPECT_EQ(after["third"], (std::vector<std::string>{"beside", "second"})) << "first is waited for by second";
}

TEST(Shapes, OwnWorkIsWhatCallsAndNetworkLeave) {
  const Order order = order_of([](HandWritten& written, std::uint64_t t) {
    written.span(t, 1, 0, "a", "root", 0, 1000)
        .span(t, 2, 1, "a", "get", 100, 700, SpanRole::client)
        .span(t, 3, 2, "b", "get", 250, 650, SpanRole::server);
  });
  std::map<std::string, std::int64_t> length;
  for (const Segment& s : segments_of(order.shape, order.trees[0], order.operations)) {
    const char* kinds[] = {"work ", "before ", "finish "};
    length[std::string{s.network ? "network " : kinds[static_cast<int>(s.kind)]} + name(order, s.node) + " " +
           order.operations[order.shape.operation[s.node]].service] += (s.end - s.start) / 1000;
  }
  EXPECT_EQ(length["before get a"], 100) << "the root, before its call";
  EXPECT_EQ(length["finish root a"], 300);
  EXPECT_EQ(length["network get b"], 200) << "600 of the client less 400 of the server";
  EXPECT_EQ(length["work get b"], 400);
}

TEST(Shapes, TracesThatCallOtherThingsAreOfAnotherShape) {
  HandWritten written;
  for (std::uint64_t t = 1; t <= 6; ++t) {
    written.span(t, 1, 0, "a", "root", 0, 1000).span(t, 2, 1, "b", "x", 100, 200);
    if (t > 2) written.span(t, 3, 1, "b", "x", 300, 400);
  }
  const Traces traces = written.take();
  std::vector<CallTree> trees;
  TraceProblems problems;
  for (std::size_t t = 0; t < 6; ++t) trees.push_back(*call_tree(traces, t, problems));
  EXPECT_EQ(group_by_shape(trees, 1).size(), 2u);
  EXPECT_EQ(group_by_shape(trees, 3).size(), 1u) << "too rare to keep";
}

}  // namespace
}  // namespace spillway::analysis
