#include "analysis/calibration/call_tree.hpp"

#include <algorithm>
#include <map>

namespace spillway::analysis {
namespace {

/// What ends so much after its caller was not awaited; less is the imprecision of clocks within a process.
constexpr std::int64_t kSlack = 100'000;  // nanoseconds

class Builder {
 public:
  Builder(const Traces& traces, std::size_t trace, TraceProblems& problems)
      : traces_{traces}, problems_{problems}, trace_{traces.traces[trace]} {}

  std::optional<CallTree> build() {
    ++problems_.traces;
    index();
    if (spans_.empty() || !find_parents()) return std::nullopt;
    lay_out();
    if (tree_.nodes.size() < spans_.size()) {
      ++problems_.cyclic;
      return std::nullopt;
    }
    mend_clocks();
    find_asynchronous();
    ++problems_.used;
    return std::move(tree_);
  }

 private:
  const TracedOperation& operation(const TracedSpan& span) const { return traces_.operations[span.operation]; }

  void index() {
    for (std::size_t i = trace_.first; i < trace_.first + trace_.count; ++i) {
      const TracedSpan& span = traces_.spans[i];
      if (by_id_.emplace(span.id, spans_.size()).second) spans_.push_back(&span);
      else ++problems_.duplicate_spans;
    }
  }

  /// The caller's span; spans_.size() when it is missing.
  std::size_t parent_of(const TracedSpan& span) const {
    const auto shared = by_id_.find(span.parent ^ kServersHalf);
    if (shared != by_id_.end() && spans_[shared->second] != &span &&
        operation(*spans_[shared->second]).service == operation(span).service)
      return shared->second;
    const auto found = by_id_.find(span.parent);
    return found == by_id_.end() ? spans_.size() : found->second;
  }

  bool find_parents() {
    std::size_t roots = 0, orphans = 0;
    children_.resize(spans_.size());
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (spans_[i]->parent == 0) {
        root_ = i;
        ++roots;
        continue;
      }
      const std::size_t parent = parent_of(*spans_[i]);
      if (parent == spans_.size()) ++orphans;
      else children_[parent].push_back(i);
    }
    problems_.cut_off += orphans > 0;
    problems_.without_root += orphans == 0 && roots == 0;
    problems_.several_roots += orphans == 0 && roots > 1;
    return orphans == 0 && roots == 1;
  }

  /// Breadth first, so that callers come before callees and nothing recurses.
  void lay_out() {
    const std::int64_t begins = spans_[root_]->start;
    tree_.begins = begins;
    tree_.sampled = trace_.sampled;
    place_.push_back(root_);
    tree_.nodes.push_back(node_of(*spans_[root_], 0, begins));
    for (std::size_t at = 0; at < tree_.nodes.size(); ++at) {
      std::vector<std::size_t>& children = children_[place_[at]];
      std::sort(children.begin(), children.end(), [&](std::size_t a, std::size_t b) {
        return std::pair{spans_[a]->start, spans_[a]->id} < std::pair{spans_[b]->start, spans_[b]->id};
      });
      for (const std::size_t child : children) {
        tree_.nodes[at].children.push_back(static_cast<std::uint32_t>(tree_.nodes.size()));
        tree_.nodes.push_back(node_of(*spans_[child], static_cast<std::uint32_t>(at), begins));
        place_.push_back(child);
      }
    }
  }
  static CallNode node_of(const TracedSpan& span, std::uint32_t parent, std::int64_t begins) {
    return {span.operation, parent, span.start - begins, span.end() - begins, span.error, span.follows, {}};
  }

  /// From the root down: each moves with its caller, then by its own correction.
  void mend_clocks() {
    std::vector<std::int64_t> shift(tree_.nodes.size(), 0);
    for (std::size_t i = 1; i < tree_.nodes.size(); ++i) {
      CallNode& node = tree_.nodes[i];
      const CallNode& caller = tree_.nodes[node.parent];
      shift[i] = shift[node.parent];
      node.start += shift[i];
      node.end += shift[i];
      const std::int64_t length = node.end - node.start, room = caller.end - caller.start;
      const bool inside = node.start >= caller.start && node.end <= caller.end;
      if (inside || length > room || !is_call_between_hosts(i)) continue;
      const std::int64_t moved = caller.start + (room - length) / 2 - node.start;
      node.start += moved;
      node.end += moved;
      shift[i] += moved;
      ++problems_.skewed_spans;
    }
  }
  bool is_call_between_hosts(std::size_t i) const {
    const TracedSpan& span = *spans_[place_[i]];
    const TracedSpan& caller = *spans_[place_[tree_.nodes[i].parent]];
    return span.host != caller.host && !span.follows &&
           (operation(caller).role == SpanRole::client || operation(span).role == SpanRole::server);
  }

  void find_asynchronous() {
    for (std::size_t i = 1; i < tree_.nodes.size(); ++i) {
      CallNode& node = tree_.nodes[i];
      const CallNode& caller = tree_.nodes[node.parent];
      const SpanRole role = traces_.operations[node.operation].role;
      const bool queued = role == SpanRole::consumer;
      const bool outlives = node.end > caller.end + kSlack;
      if (node.asynchronous || queued) node.asynchronous = node.end > caller.end || queued;
      else if (outlives && node.start >= caller.start && node.start > caller.end - kSlack) node.asynchronous = true;
      else if (outlives) node.asynchronous = !is_call_between_hosts(i);
      problems_.overlong_spans += outlives && !node.asynchronous;
    }
  }

  const Traces& traces_;
  TraceProblems& problems_;
  const RecordedTrace& trace_;
  std::vector<const TracedSpan*> spans_;
  std::map<std::uint64_t, std::size_t> by_id_;
  std::vector<std::vector<std::size_t>> children_;
  std::size_t root_ = 0;
  CallTree tree_;
  std::vector<std::size_t> place_;  ///< by node: index into spans_
};

}  // namespace

std::optional<CallTree> call_tree(const Traces& traces, std::size_t trace, TraceProblems& problems) {
  return Builder{traces, trace, problems}.build();
}

}  // namespace spillway::analysis
