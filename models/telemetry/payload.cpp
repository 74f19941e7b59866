#include "models/telemetry/payload.hpp"

#include <algorithm>
#include <bit>

namespace spillway {
namespace {

/// The class whose members have at least 2^class elements of room …
std::size_t class_of(std::size_t capacity) { return static_cast<std::size_t>(std::bit_width(capacity)) - 1; }
/// … and the smallest one in which all have room for that many.
std::size_t class_with_room(std::size_t room) { return class_of(std::bit_ceil(room)); }

}  // namespace

SpanBlock* PayloadPool::take_block(std::size_t room) {
  auto& free = free_blocks_[class_with_room(room)];
  if (free.empty()) {
    blocks_.emplace_back().spans.reserve(std::bit_ceil(room));
    return &blocks_.back();
  }
  SpanBlock* block = free.back();
  free.pop_back();
  return block;
}

std::vector<SpanGroup> PayloadPool::take_groups(std::size_t room) {
  auto& free = free_groups_[class_with_room(room)];
  std::vector<SpanGroup> groups;
  if (free.empty()) {
    groups.reserve(std::bit_ceil(room));
    return groups;
  }
  groups = std::move(free.back());
  free.pop_back();
  return groups;
}

void PayloadPool::give_back(SpanBlock* block) {
  block->spans.clear();
  free_blocks_[class_of(block->spans.capacity())].push_back(block);
}

void PayloadPool::give_back(std::vector<SpanGroup> groups) {
  if (groups.capacity() == 0) return;
  groups.clear();
  free_groups_[class_of(groups.capacity())].push_back(std::move(groups));
}

Payload PayloadPool::empty() { return Payload{*this}; }

Payload PayloadPool::of(const Span* spans, std::size_t count) {
  Payload payload{*this};
  if (count == 0) return payload;
  SpanGroup group;
  group.block = take_block(count);
  group.block->spans.assign(spans, spans + count);
  group.end = static_cast<std::uint32_t>(count);
  group.resource = spans[0].resource;
  for (std::size_t i = 0; i < count; ++i) group.span_bytes += spans[i].bytes;
  group.bytes = catalog_.otlp_group_bytes(group.resource, group.span_bytes);
  payload.add_group(group);
  return payload;
}

Payload PayloadPool::grouped(const std::vector<Span>& spans) {
  Payload payload = empty();
  append_runs(payload, spans);
  return payload;
}

void PayloadPool::append_runs(Payload& to, const std::vector<Span>& spans) {
  for (std::size_t first = 0; first < spans.size();) {
    std::size_t end = first + 1;
    while (end < spans.size() && spans[end].resource == spans[first].resource) ++end;
    to.append(of(&spans[first], end - first));
    first = end;
  }
}

void Payload::swap(Payload& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(groups_, other.groups_);
  std::swap(items_, other.items_);
  std::swap(bytes_, other.bytes_);
}

void Payload::make_room(std::size_t more_groups) {
  const std::size_t room = groups_.size() + more_groups;
  if (room <= groups_.capacity()) return;
  std::vector<SpanGroup> larger = pool_->take_groups(room);
  larger.assign(groups_.begin(), groups_.end());
  pool_->give_back(std::exchange(groups_, std::move(larger)));
}

void Payload::add_group(const SpanGroup& group) {
  make_room(1);
  ++group.block->users;
  groups_.push_back(group);
  items_ += group.items();
  bytes_ += group.bytes;
}

Payload Payload::clone() const {
  if (pool_ == nullptr) return {};
  Payload copy{*pool_};
  copy.make_room(groups_.size());
  for (const SpanGroup& group : groups_) copy.add_group(group);
  return copy;
}

void Payload::append(Payload&& other) {
  if (pool_ == nullptr) {
    *this = std::move(other);
    return;
  }
  make_room(other.groups_.size());
  groups_.insert(groups_.end(), other.groups_.begin(), other.groups_.end());
  items_ += std::exchange(other.items_, 0);
  bytes_ += std::exchange(other.bytes_, 0);
  other.groups_.clear();  // their shares of the blocks moved along
  other.clear();
}

Payload Payload::split_front(std::int64_t items) {
  Payload front{*pool_};
  std::size_t whole = 0;
  while (whole < groups_.size() && groups_[whole].items() <= items) {
    items -= groups_[whole].items();
    ++whole;
  }
  front.make_room(whole + 1);
  for (std::size_t i = 0; i < whole; ++i) {
    front.groups_.push_back(groups_[i]);
    front.items_ += groups_[i].items();
    front.bytes_ += groups_[i].bytes;
  }
  groups_.erase(groups_.begin(), groups_.begin() + static_cast<std::ptrdiff_t>(whole));
  items_ -= front.items_;
  bytes_ -= front.bytes_;
  if (items == 0) return front;

  SpanGroup& rest = groups_.front();
  SpanGroup part = rest;
  part.end = part.begin + static_cast<std::uint32_t>(items);
  part.span_bytes = 0;
  for (std::uint32_t i = part.begin; i < part.end; ++i) part.span_bytes += part.block->spans[i].bytes;
  part.bytes = pool_->catalog().otlp_group_bytes(part.resource, part.span_bytes);
  front.add_group(part);
  items_ -= part.items();
  bytes_ -= rest.bytes;
  rest.begin = part.end;
  rest.span_bytes -= part.span_bytes;
  rest.bytes = pool_->catalog().otlp_group_bytes(rest.resource, rest.span_bytes);
  bytes_ += rest.bytes;
  return front;
}

void Payload::clear() {
  if (pool_ == nullptr) return;
  for (const SpanGroup& group : groups_) {
    if (--group.block->users == 0) pool_->give_back(group.block);
  }
  pool_->give_back(std::move(groups_));
  groups_ = {};
  pool_ = nullptr;
  items_ = bytes_ = 0;
}

}  // namespace spillway
