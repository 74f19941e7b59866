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

bool EventQueue::Later::operator()(const Entry& x, const Entry& y) const {
  if (x.at != y.at) return x.at > y.at;
  if (kind == QueueKind::shuffled_ties) return mix64(x.sequence) > mix64(y.sequence);
  return x.sequence > y.sequence;
}

EventQueue::EventQueue(QueueKind kind) : kind_{kind}, heap_{Later{kind}} { near_.reserve(2 * kNearMax); }

TimerId EventQueue::push(const Event& event) {
  const std::uint32_t cell = take_cell(event);
  const TimerId id{cell, next_sequence_++};
  bodies_[cell].sequence = id.sequence;
  ++live_;
  insert(cell);
  return id;
}

void EventQueue::cancel(TimerId timer) {
  if (!pending(timer)) return;
  bodies_[timer.cell].sequence = 0;
  --live_;
  if (kind_ != QueueKind::wheel) return;
  links_[timer.cell].previous == kNear ? unlink_near(timer.cell) : unlink(timer.cell);
  free_cell(timer.cell);
}

void EventQueue::insert(std::uint32_t cell) {
  if (kind_ != QueueKind::wheel) return heap_.push({links_[cell].at, bodies_[cell].sequence, cell});
  links_[cell].at < near_end_ ? insert_near(cell) : insert_wheel(cell);
}

void EventQueue::insert_near(std::uint32_t cell) {
  const std::int64_t at = links_[cell].at;
  links_[cell].previous = kNear;
  auto position = near_.end();
  while (position != near_.begin() && (position - 1)->at <= at) --position;
  near_.insert(position, {at, cell});
  if (near_.size() > kNearMax) spill();
}

std::uint32_t EventQueue::take_cell(const Event& event) {
  std::uint32_t cell = free_cells_;
  if (cell == kNil) {
    cell = static_cast<std::uint32_t>(bodies_.size());
    bodies_.emplace_back();
    links_.emplace_back();
  } else {
    free_cells_ = links_[cell].next;
  }
  bodies_[cell] = {0, event.a, event.target, event.kind, event.b};
  links_[cell].at = ticks(event.at);
  return cell;
}

void EventQueue::free_cell(std::uint32_t cell) {
  bodies_[cell].sequence = 0;
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

void EventQueue::unlink_near(std::uint32_t cell) {
  const auto later = [](const Near& near, std::int64_t at) { return near.at > at; };
  auto found = std::lower_bound(near_.begin(), near_.end(), links_[cell].at, later);
  while (found->cell != cell) ++found;
  near_.erase(found);
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
    links_[cell].previous = kNear;
    __builtin_prefetch(&bodies_[cell]);  // popped soon
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
  for (std::size_t i = 0; i < keep_from; ++i) insert_wheel_first(near_[i].cell);
  near_.erase(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(keep_from));
}

// Events were pushed before `base_` (the clock stood still while the next event was looked at): start
// again from the earliest. Rare: only a run that waits for the outside world does it.
void EventQueue::rebase() {
  std::vector<std::uint32_t> cells;
  for (const Near& near : near_) cells.push_back(near.cell);
  for (auto& level : wheel_) {
    for (auto& slot : level) {
      for (std::uint32_t cell = slot.head; cell != kNil; cell = links_[cell].next) cells.push_back(cell);
      slot = {};
    }
  }
  occupied_ = {};
  near_.clear();
  std::sort(cells.begin(), cells.end(), [this](std::uint32_t x, std::uint32_t y) {
    return links_[x].at != links_[y].at ? links_[x].at < links_[y].at : bodies_[x].sequence < bodies_[y].sequence;
  });
  base_ = near_end_ = links_[cells.front()].at;
  for (const std::uint32_t cell : cells) insert(cell);
  refill();
}

Time EventQueue::next_time() {
  if (kind_ == QueueKind::wheel) return near_.empty() && !refill() ? kNever : Time{Duration{near_.back().at}};
  while (!heap_.empty() && bodies_[heap_.top().cell].sequence == 0) {
    free_cell(heap_.top().cell);
    heap_.pop();
  }
  return heap_.empty() ? kNever : Time{Duration{heap_.top().at}};
}

Event EventQueue::pop() {
  const Time at = next_time();
  assert(at != kNever);
  std::uint32_t cell = kNil;
  if (kind_ == QueueKind::wheel) {
    cell = near_.back().cell;
    near_.pop_back();
  } else {
    cell = heap_.top().cell;
    heap_.pop();
  }
  const Body& body = bodies_[cell];
  const Event event{at, body.sequence, body.target, body.kind, body.a, body.b};
  free_cell(cell);
  --live_;
  return event;
}

}  // namespace spillway
