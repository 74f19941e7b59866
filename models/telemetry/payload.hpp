// What travels: groups of spans with their resource, sizes known without looking at the spans again.
// Spans are stored once, in shared blocks; copies of a payload (fan-out, retries) share them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway {

/// Shared storage of spans. Filled once, then read only, except by its only owner.
struct SpanBlock {
  std::vector<Span> spans;
  std::uint32_t users = 0;
};

/// The spans of one ResourceSpans: [begin, end) of a block.
struct SpanGroup {
  SpanBlock* block = nullptr;
  std::uint32_t begin = 0, end = 0;
  ResourceId resource = 0;
  std::int64_t span_bytes = 0;  ///< sum of Span::bytes
  std::int64_t bytes = 0;       ///< with the resource around it
  std::int64_t items() const { return end - begin; }
};

class Payload;

/// Keeps blocks and group lists for reuse, so that a run in steady state does not allocate. Must outlive its payloads.
class PayloadPool {
 public:
  explicit PayloadPool(const Catalog& catalog) : catalog_{catalog} {}
  PayloadPool(const PayloadPool&) = delete;
  PayloadPool& operator=(const PayloadPool&) = delete;

  /// One group holding these spans, all of one resource.
  Payload of(const Span* spans, std::size_t count);
  /// Spans next to each other with the same resource make a group.
  Payload grouped(const std::vector<Span>& spans);
  Payload empty();
  /// The payload with every span as `function(Span&) -> bool` leaves it; false: without it. Groups stay apart, those
  /// without spans vanish; untouched ones are shared with the original. Sizes follow from the spans' shapes and
  /// resources. Fates of dropped items are the caller's affair.
  template <class Function>
  Payload rewrite(const Payload& payload, Function function);
  /// Every group cut into groups of one trace each, in order of first appearance; within a trace the order stays.
  Payload by_trace(const Payload& payload);
  /// A copy in storage of its own: keeps nothing else alive.
  Payload packed(const Payload& payload);
  const Catalog& catalog() const { return catalog_; }

 private:
  friend class Payload;
  // Kept apart by capacity, in powers of two: a list that once held a large batch is not wasted on a single span.
  static constexpr std::size_t kClasses = 33;
  SpanBlock* take_block(std::size_t room);
  std::vector<SpanGroup> take_groups(std::size_t room);
  void give_back(SpanBlock* block);
  void give_back(std::vector<SpanGroup> groups);
  void append_runs(Payload& to, const std::vector<Span>& spans);
  void append_by_trace(Payload& to, const SpanGroup& group);

  const Catalog& catalog_;
  std::deque<SpanBlock> blocks_;
  std::array<std::vector<SpanBlock*>, kClasses> free_blocks_;
  std::array<std::vector<std::vector<SpanGroup>>, kClasses> free_groups_;
  std::vector<Span> scratch_;

  struct TracePart {  ///< the spans of one trace in a group
    std::uint64_t trace = 0;
    std::uint32_t items = 0, begin = 0;
    std::int64_t bytes = 0;
  };
  std::vector<TracePart> parts_;
  std::vector<std::uint32_t> part_of_, part_cells_, order_;
};

/// Groups of spans on their way. Owns a share of their blocks; move only, clone() on purpose.
class Payload {
 public:
  Payload() = default;
  Payload(Payload&& other) noexcept { swap(other); }
  Payload& operator=(Payload&& other) noexcept {
    Payload gone{std::move(other)};
    swap(gone);
    return *this;
  }
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;
  ~Payload() { clear(); }

  Payload clone() const;
  /// Takes all groups of `other`, in order, without merging equal resources (as the collector does).
  void append(Payload&& other);
  /// One more group, its storage shared with whom it was taken from.
  void append(const SpanGroup& group) { add_group(group); }
  /// Cuts off and returns the first `items` spans; a group that straddles the cut gets its resource twice.
  /// Requires 0 <= items <= this->items().
  Payload split_front(std::int64_t items);
  void clear();

  std::int64_t items() const { return items_; }
  std::int64_t bytes() const { return bytes_; }  ///< as OTLP protobuf body, uncompressed
  bool is_empty() const { return items_ == 0; }
  const std::vector<SpanGroup>& groups() const { return groups_; }

  template <class Function>
  void for_each(Function function) const {
    for (const SpanGroup& group : groups_) {
      const Span* spans = group.block->spans.data();
      for (std::uint32_t i = group.begin; i < group.end; ++i) function(spans[i]);
    }
  }

 private:
  friend class PayloadPool;
  explicit Payload(PayloadPool& pool) : pool_{&pool} {}
  void swap(Payload& other) noexcept;
  void make_room(std::size_t more_groups);
  void add_group(const SpanGroup& group);

  PayloadPool* pool_ = nullptr;
  std::vector<SpanGroup> groups_;
  std::int64_t items_ = 0;
  std::int64_t bytes_ = 0;
};

template <class Function>
Payload PayloadPool::rewrite(const Payload& payload, Function function) {
  Payload result = empty();
  std::vector<Span> kept = std::exchange(scratch_, {});  // `function` may come here again
  for (const SpanGroup& group : payload.groups()) {
    kept.clear();
    bool changed = false;
    for (std::uint32_t i = group.begin; i < group.end; ++i) {
      const Span& before = group.block->spans[i];
      Span span = before;
      if (!function(span)) {
        changed = true;
        continue;
      }
      if (span.shape != before.shape || span.status != before.status || span.parent != before.parent) {
        span.bytes = catalog_.otlp_bytes(span);
      }
      changed |= std::memcmp(&span, &before, sizeof span) != 0;
      kept.push_back(span);
    }
    if (changed) append_runs(result, kept);
    else result.add_group(group);
  }
  scratch_ = std::move(kept);
  return result;
}

/// Index-addressed storage with reuse: an index fits into an event, a pointer would not survive growth.
template <class T>
class Slab {
 public:
  std::uint32_t add(T value) {
    if (free_.empty()) {
      items_.push_back(std::move(value));
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    items_[index] = std::move(value);
    return index;
  }
  T take(std::uint32_t index) {
    T value = std::move(items_[index]);
    free_.push_back(index);
    return value;
  }
  void remove(std::uint32_t index) { (void)take(index); }
  T& operator[](std::uint32_t index) { return items_[index]; }
  std::size_t live() const { return items_.size() - free_.size(); }

 private:
  std::deque<T> items_;  ///< references stay valid while other items come and go
  std::vector<std::uint32_t> free_;
};

}  // namespace spillway
