// The sending queue of an exporter, in memory or kept in a file (sending_queue.storage). Semantics: exporterhelper's
// memory and persistent queue, checked against running v0.111 and v0.159.
// Leaves out: the time that a transaction of the file takes, a file that is damaged or cannot grow.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/version.hpp"

namespace spillway::collector {

/// One accepted call of consume() while it is in the queue, under way or on disk.
using ElementId = std::uint32_t;

/// Size of a payload as a queue or a batch counts it.
std::int64_t size_of(const Payload& payload, Sizer sizer);

class SendingQueue {
 public:
  /// `owner`: the exporter, for the ledger. `held_bytes`: what the process keeps in memory.
  SendingQueue(Run& run, const QueueConfig& config, const Semantics& semantics, const std::string& owner,
               DestinationSet reach, std::int64_t& held_bytes);

  void offer(Payload payload, Done done);
  /// The caller has gone. True when it waited for room, or its element waits: then it was told.
  bool cancel(Done done);

  bool persistent() const { return !config_.storage.empty(); }
  bool empty() const { return waiting_.empty(); }
  /// Nothing will be taken any more: a file is left as it is, memory has to be emptied.
  bool finished() const;

  struct Taken {
    ElementId element;
    Payload payload;  ///< held for its destinations by whoever took it
  };
  /// The head, with one open part. Requires !finished().
  Taken take();
  bool cancelled(ElementId element) { return elements_[element].cancelled; }
  /// Whom wait_for_result keeps waiting for this element.
  Done caller_of(ElementId element) { return elements_[element].done; }
  void add_part(ElementId element) { ++elements_[element].open; }
  /// A part has its end; the last one ends the element and gives its room back. `interrupted`: by the shutdown of the
  /// exporter, so a file keeps the element.
  void finish_part(ElementId element, const Result& result, bool interrupted);

  void start();
  void stop() { stopping_ = true; }
  /// What is in memory is gone; what others have taken is theirs to release, with left_behind(cause).
  void kill(Cause cause);
  /// The fate of a copy that was taken and got lost with the process: with a file there is another one.
  Cause left_behind(Cause cause) const { return persistent() ? Ledger::handed_over() : cause; }

  std::int64_t used() const { return used_; }
  const Level& level() const { return level_; }
  std::int64_t admitted() const { return admitted_; }  ///< since the start
  const Counter& refused() const { return refused_; }

 private:
  struct Element {
    Payload payload;
    std::int64_t size = 0;  ///< in units of the sizer
    std::int64_t items = 0, bytes = 0;
    Done done{};     ///< wait_for_result only
    int open = 0;    ///< parts of it that are under way
    Result result{};
    bool counted = true;  ///< in used_
    bool cancelled = false;  ///< its caller has gone before it was taken
    bool interrupted = false;
  };
  struct Waiter {  ///< a caller that block_on_overflow keeps waiting
    Payload payload;
    Done done;
  };

  bool fits(std::int64_t size) const { return used_ + size <= config_.queue_size; }
  void admit(Payload payload, Done done);
  void reject(const Payload& payload, Done done, Cause cause);
  void wake_waiter();
  void end(ElementId element);
  void add_used(std::int64_t size);

  Run& run_;
  const QueueConfig& config_;
  Semantics semantics_;
  DestinationSet reach_;
  std::int64_t& held_bytes_;
  Slab<Element> elements_;
  std::deque<ElementId> waiting_;
  std::vector<ElementId> dispatched_;  ///< taken and not ended, as the file lists them
  std::deque<Waiter> waiters_;
  std::int64_t used_ = 0, admitted_ = 0;
  bool stopping_ = false;
  Level level_;
  Counter refused_;
  Cause full_, too_large_, cancelled_, no_room_again_;
};

}  // namespace spillway::collector
