// The future: events ordered by (time, order of scheduling). A monotone queue: what is pushed is never
// earlier than what was popped last.
//
// Two tiers. `near` is a short sorted buffer of the events next in line. Everything later hangs in a
// hierarchical wheel of 64-ary digits of the nanosecond clock: level = highest digit in which the event's
// time differs from `base`. A slot is moved at most once per level, in order, so events of one instant
// keep the order in which they were scheduled without comparing sequence numbers. An event stays in its cell until it
// is popped: moving and sorting touch 16 bytes of it, and who wants to cancel it names the cell. As an event's slot
// follows from its time and `base`, cancelling takes it out at once: timeouts that never fire cost no memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "sim/time.hpp"

namespace spillway {

/// Something that will happen. Plain data: it can be printed and hashed.
struct Event {
  Time at{};
  std::uint64_t sequence = 0;  ///< order of scheduling
  std::uint32_t target = 0;    ///< component that handles it
  std::uint32_t kind = 0;      ///< meaning is the component's own
  std::uint64_t a = 0;
  std::uint32_t b = 0;
};
static_assert(sizeof(Event) == 40);

/// Names one scheduled event that may still be cancelled. A default one names nothing.
struct TimerId {
  std::uint32_t cell = 0;
  std::uint64_t sequence = 0;  ///< 0: no event
};

enum class QueueKind {
  wheel,          ///< the fast one
  reference,      ///< a plain binary heap on (time, sequence): must give the same run
  shuffled_ties,  ///< binary heap, events of one instant in an arbitrary but repeatable order: finds models that depend on it
};

class EventQueue {
 public:
  explicit EventQueue(QueueKind kind = QueueKind::wheel);

  /// Requires event.at >= time of the last pop. Sets event.sequence. The event can be cancelled until it is popped.
  TimerId push(const Event& event);
  /// Cancels; does nothing when it was popped or cancelled before. The event vanishes without being popped.
  void cancel(TimerId timer);
  bool pending(TimerId timer) const {
    return timer.sequence != 0 && bodies_[timer.cell].sequence == timer.sequence;
  }

  /// Time of the next live event, kNever when there is none.
  Time next_time();
  /// Requires next_time() != kNever.
  Event pop();
  /// Live events.
  std::size_t size() const { return live_; }

 private:
  static constexpr int kLevels = 11;
  static constexpr std::uint32_t kNil = 0xffffffff;
  static constexpr std::uint32_t kNear = 0xfffffffe;  ///< as `previous`: the cell's event is in `near`
  static constexpr std::size_t kNearTarget = 32;      ///< slots up to this size are sorted into `near`
  static constexpr std::size_t kNearMax = 128;        ///< beyond it the later half goes back to the wheel
  /// An event but for its time.
  struct alignas(32) Body {
    std::uint64_t sequence = 0;  ///< 0: free or cancelled
    std::uint64_t a = 0;
    std::uint32_t target = 0, kind = 0, b = 0;
  };
  struct Link {
    std::int64_t at = 0;
    std::uint32_t next = kNil, previous = kNil;
  };
  struct Near {
    std::int64_t at = 0;
    std::uint32_t cell = kNil;
  };
  struct Slot {
    std::uint32_t head = kNil, tail = kNil, count = 0;
  };
  /// What the plain heap orders; a cancelled event stays in it until it comes up.
  struct Entry {
    std::int64_t at = 0;
    std::uint64_t sequence = 0;
    std::uint32_t cell = kNil;
  };
  struct Later {
    QueueKind kind;
    bool operator()(const Entry& x, const Entry& y) const;
  };

  std::uint32_t take_cell(const Event& event);
  void free_cell(std::uint32_t cell);
  void insert(std::uint32_t cell);
  void insert_near(std::uint32_t cell);
  Slot& slot_of(std::uint32_t cell);
  void insert_wheel(std::uint32_t cell);
  void insert_wheel_first(std::uint32_t cell);
  void unlink(std::uint32_t cell);
  void unlink_near(std::uint32_t cell);
  bool refill();
  void slot_to_near(const Slot& slot);
  void cascade(const Slot& slot);
  void spill();
  void rebase();

  QueueKind kind_;
  std::uint64_t next_sequence_ = 1;
  std::size_t live_ = 0;

  std::vector<Near> near_;     ///< sorted, soonest last
  std::int64_t near_end_ = 0;  ///< everything in the wheel is at or after this
  std::int64_t base_ = 0;
  std::array<std::array<Slot, 64>, kLevels> wheel_{};
  std::array<std::uint64_t, kLevels> occupied_{};
  std::vector<Body> bodies_;  ///< by cell …
  std::vector<Link> links_;   ///< … when they happen, and how those in the wheel hang together; free cells by `next`
  std::uint32_t free_cells_ = kNil;

  std::priority_queue<Entry, std::vector<Entry>, Later> heap_;
};

}  // namespace spillway
