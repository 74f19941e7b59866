#include "sim/event_queue.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "sim/hash.hpp"

namespace spillway {
namespace {

std::int64_t ticks(Time t) { return t.time_since_epoch().count(); }

int level_of(std::int64_t at, std::int64_t base) {
  const auto differs = static_cast<std::uint64_t>(at ^ base) | 1;
  return (63 - std::countl_zero(differs)) / 6;
}

unsigned digit(std::int64_t at, int level) {
  return static_cast<unsigned>(static_cast<std::uint64_t>(at) >> (6 * level)) & 63U;
}

}  // namespace

bool EventQueue::Later::operator()(const Event& x, const Event& y) const {
  if (x.at != y.at) return x.at > y.at;
  if (kind == QueueKind::shuffled_ties) return mix64(x.sequence) > mix64(y.sequence);
  return x.sequence > y.sequence;
}

EventQueue::EventQueue(QueueKind kind) : kind_{kind}, heap_{Later{kind}} { near_.reserve(2 * kNearMax); }

void EventQueue::push(Event event) {
  event.sequence = next_sequence_++;
  ++live_;
  insert(event);
}

TimerId EventQueue::push_timer(Event event) {
  if (free_timers_.empty()) {
    free_timers_.push_back(static_cast<std::uint32_t>(timers_.size()));
    timers_.emplace_back();
    free_timers_.reserve(timers_.capacity());
  }
  event.timer = free_timers_.back();
  free_timers_.pop_back();
  timers_[event.timer].sequence = next_sequence_;
  const TimerId id{event.timer, next_sequence_};
  push(event);
  return id;
}

void EventQueue::cancel(TimerId timer) {
  if (!pending(timer)) return;
  Timer& held = timers_[timer.slot];
  if (held.cell != kNil) {
    unlink(held.cell);
    free_cell(held.cell);
  }
  held = {};
  free_timers_.push_back(timer.slot);
  --live_;
}

void EventQueue::insert(const Event& event) {
  if (kind_ != QueueKind::wheel) {
    heap_.push(event);
    return;
  }
  const std::uint32_t cell = take_cell(event);
  if (links_[cell].at < near_end_) return insert_near(cell);
  note_place(cell, cell);
  insert_wheel(cell);
}

void EventQueue::insert_near(std::uint32_t cell) {
  const std::int64_t at = links_[cell].at;
  auto position = near_.end();
  while (position != near_.begin() && (position - 1)->at <= at) --position;
  near_.insert(position, {at, cell});
  if (near_.size() > kNearMax) spill();
}

/// For who cancels: `in_wheel` is the cell itself, or kNil when it left the wheel.
void EventQueue::note_place(std::uint32_t cell, std::uint32_t in_wheel) {
  if (const std::uint32_t timer = events_[cell].timer; timer != kNoTimer) timers_[timer].cell = in_wheel;
}

std::uint32_t EventQueue::take_cell(const Event& event) {
  std::uint32_t cell = free_cells_;
  if (cell == kNil) {
    cell = static_cast<std::uint32_t>(events_.size());
    events_.push_back(event);
    links_.emplace_back();
  } else {
    free_cells_ = links_[cell].next;
    events_[cell] = event;
  }
  links_[cell].at = ticks(event.at);
  return cell;
}

void EventQueue::free_cell(std::uint32_t cell) {
  links_[cell].next = free_cells_;
  free_cells_ = cell;
}

EventQueue::Slot& EventQueue::slot_of(std::uint32_t cell) {
  const int level = level_of(links_[cell].at, base_);
  const unsigned index = digit(links_[cell].at, level);
  occupied_[level] |= std::uint64_t{1} << index;
  return wheel_[level][index];
}

void EventQueue::insert_wheel(std::uint32_t cell) {
  auto& [head, tail, count] = slot_of(cell);
  links_[cell].next = kNil;
  links_[cell].previous = tail;
  (head == kNil ? head : links_[tail].next) = cell;
  tail = cell;
  ++count;
}

void EventQueue::insert_wheel_first(std::uint32_t cell) {
  auto& [head, tail, count] = slot_of(cell);
  links_[cell].previous = kNil;
  links_[cell].next = head;
  (tail == kNil ? tail : links_[head].previous) = cell;
  head = cell;
  ++count;
}

void EventQueue::unlink(std::uint32_t cell) {
  const Link& link = links_[cell];
  const int level = level_of(link.at, base_);
  const unsigned index = digit(link.at, level);
  auto& [head, tail, count] = wheel_[level][index];
  (link.previous == kNil ? head : links_[link.previous].next) = link.next;
  (link.next == kNil ? tail : links_[link.next].previous) = link.previous;
  if (--count == 0) occupied_[level] &= ~(std::uint64_t{1} << index);
}

// Makes `near` hold the next events. False when nothing is left.
bool EventQueue::refill() {
  while (near_.empty()) {
    int level = 0;
    while (level < kLevels && occupied_[level] == 0) ++level;
    if (level == kLevels) return false;
    const int index = std::countr_zero(occupied_[level]);
    occupied_[level] &= occupied_[level] - 1;
    const std::uint64_t width = std::uint64_t{1} << (6 * level);
    const auto above = level == kLevels - 1 ? 0 : static_cast<std::uint64_t>(base_) & ~(width * 64 - 1);
    base_ = static_cast<std::int64_t>(above | static_cast<std::uint64_t>(index) * width);
    near_end_ = base_;
    const Slot slot = std::exchange(wheel_[level][index], {});
    if (level > 0 && slot.count > kNearTarget) {
      cascade(slot);
      continue;
    }
    near_end_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + width);
    slot_to_near(slot);
  }
  return true;
}

void EventQueue::slot_to_near(const Slot& slot) {
  for (std::uint32_t cell = slot.head; cell != kNil;) {
    const std::uint32_t next = links_[cell].next;
    near_.push_back({links_[cell].at, cell});
    note_place(cell, kNil);
    cell = next;
  }
  // Soonest last, and among equals first scheduled last: a stable insertion sort of the reversed list.
  std::reverse(near_.begin(), near_.end());
  for (std::size_t i = 1; i < near_.size(); ++i) {
    const Near moved = near_[i];
    std::size_t j = i;
    for (; j > 0 && near_[j - 1].at < moved.at; --j) near_[j] = near_[j - 1];
    near_[j] = moved;
  }
}

void EventQueue::cascade(const Slot& slot) {
  for (std::uint32_t cell = slot.head; cell != kNil;) {
    const std::uint32_t next = links_[cell].next;
    insert_wheel(cell);
    cell = next;
  }
}

// `near` became long: its later half goes to the wheel, all events of one instant to the same side. When one instant
// fills the sooner half, the next events of that instant wait in the wheel too, behind those that are here already: so
// what moves there goes in front of what waits there.
void EventQueue::spill() {
  const auto at = [this](std::size_t i) { return near_[i].at; };
  std::size_t keep_from = near_.size() / 2;
  while (keep_from < near_.size() && at(keep_from) == at(keep_from - 1)) ++keep_from;
  const bool one_instant = keep_from == near_.size();
  while (one_instant && keep_from > 0 && at(keep_from - 1) == near_.back().at) --keep_from;
  const std::int64_t end = one_instant ? near_.back().at : at(keep_from - 1);
  if (end < base_) return rebase();
  near_end_ = end;
  for (std::size_t i = 0; i < keep_from; ++i) {
    const std::uint32_t cell = near_[i].cell;
    if (dead(events_[cell])) {
      free_cell(cell);
      continue;
    }
    note_place(cell, cell);
    insert_wheel_first(cell);
  }
  near_.erase(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(keep_from));
}

// Events were pushed before `base_` (the clock stood still while the next event was looked at): start
// again from the earliest. Rare: only a run that waits for the outside world does it.
void EventQueue::rebase() {
  std::vector<Event> all;
  for (auto near = near_.rbegin(); near != near_.rend(); ++near) all.push_back(events_[near->cell]);
  for (auto& level : wheel_) {
    for (auto& slot : level) {
      for (std::uint32_t cell = slot.head; cell != kNil; cell = links_[cell].next) all.push_back(events_[cell]);
      slot = {};
    }
  }
  occupied_ = {};
  events_.clear();
  links_.clear();
  free_cells_ = kNil;
  near_.clear();
  std::erase_if(all, [this](const Event& event) { return dead(event); });
  std::stable_sort(all.begin(), all.end(), [](const Event& x, const Event& y) {
    return x.at != y.at ? x.at < y.at : x.sequence < y.sequence;
  });
  base_ = near_end_ = ticks(all.front().at);
  for (const Event& event : all) insert(event);
  refill();
}

Time EventQueue::next_time() {
  if (kind_ != QueueKind::wheel) {
    while (!heap_.empty() && dead(heap_.top())) heap_.pop();
    return heap_.empty() ? kNever : heap_.top().at;
  }
  for (;;) {
    while (!near_.empty() && dead(events_[near_.back().cell])) {
      free_cell(near_.back().cell);
      near_.pop_back();
    }
    if (!near_.empty()) return Time{Duration{near_.back().at}};
    if (!refill()) return kNever;
  }
}

Event EventQueue::pop() {
  [[maybe_unused]] const Time at = next_time();
  assert(at != kNever);
  Event event;
  if (kind_ == QueueKind::wheel) {
    const std::uint32_t cell = near_.back().cell;
    event = events_[cell];
    free_cell(cell);
    near_.pop_back();
  } else {
    event = heap_.top();
    heap_.pop();
  }
  if (event.timer != kNoTimer) {
    timers_[event.timer] = {};
    free_timers_.push_back(event.timer);
  }
  --live_;
  return event;
}

}  // namespace spillway
