#include "models/telemetry/payload.hpp"

#include <algorithm>

namespace spillway {

SpanBlock* PayloadPool::take_block() {
  if (free_blocks_.empty()) return &blocks_.emplace_back();
  SpanBlock* block = free_blocks_.back();
  free_blocks_.pop_back();
  block->spans.clear();
  return block;
}

std::vector<SpanGroup> PayloadPool::take_groups() {
  if (free_groups_.empty()) return {};
  std::vector<SpanGroup> groups = std::move(free_groups_.back());
  free_groups_.pop_back();
  return groups;
}

void PayloadPool::give_back(std::vector<SpanGroup> groups) {
  groups.clear();
  free_groups_.push_back(std::move(groups));
}

Payload PayloadPool::empty() { return Payload{*this}; }

Payload PayloadPool::of(const Span* spans, std::size_t count) {
  Payload payload{*this};
  if (count == 0) return payload;
  SpanGroup group;
  group.block = take_block();
  group.block->spans.assign(spans, spans + count);
  group.end = static_cast<std::uint32_t>(count);
  group.resource = spans[0].resource;
  for (std::size_t i = 0; i < count; ++i) group.span_bytes += spans[i].bytes;
  group.bytes = catalog_.otlp_group_bytes(group.resource, group.span_bytes);
  payload.add_group(group);
  return payload;
}

void Payload::swap(Payload& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(groups_, other.groups_);
  std::swap(items_, other.items_);
  std::swap(bytes_, other.bytes_);
}

void Payload::add_group(const SpanGroup& group) {
  ++group.block->users;
  groups_.push_back(group);
  items_ += group.items();
  bytes_ += group.bytes;
}

Payload Payload::clone() const {
  if (pool_ == nullptr) return {};
  Payload copy{*pool_};
  for (const SpanGroup& group : groups_) copy.add_group(group);
  return copy;
}

void Payload::append(Payload&& other) {
  if (pool_ == nullptr) {
    *this = std::move(other);
    return;
  }
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
