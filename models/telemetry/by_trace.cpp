// Cutting payloads by trace.
#include <algorithm>
#include <bit>

#include "models/telemetry/payload.hpp"
#include "sim/hash.hpp"

namespace spillway {
namespace {

bool is_one_trace(const SpanGroup& group) {
  const Span* const spans = group.block->spans.data();
  for (std::uint32_t i = group.begin + 1; i < group.end; ++i) {
    if (spans[i].trace != spans[group.begin].trace) return false;
  }
  return true;
}

}  // namespace

Payload PayloadPool::by_trace(const Payload& payload) {
  Payload result = empty();
  for (const SpanGroup& group : payload.groups()) {
    if (is_one_trace(group)) result.add_group(group);
    else append_by_trace(result, group);
  }
  return result;
}

void PayloadPool::append_by_trace(Payload& to, const SpanGroup& group) {
  constexpr std::uint32_t none = 0xffffffff;
  const Span* const spans = group.block->spans.data() + group.begin;
  const auto count = static_cast<std::uint32_t>(group.items());
  const std::size_t cells = std::bit_ceil(std::size_t{2} * count);
  part_cells_.assign(cells, none);
  parts_.clear();
  part_of_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::size_t at = static_cast<std::size_t>(mix64(spans[i].trace)) & (cells - 1);
    while (part_cells_[at] != none && parts_[part_cells_[at]].trace != spans[i].trace) at = (at + 1) & (cells - 1);
    if (part_cells_[at] == none) {
      part_cells_[at] = static_cast<std::uint32_t>(parts_.size());
      parts_.push_back({spans[i].trace, 0, 0, 0});
    }
    part_of_[i] = part_cells_[at];
    TracePart& part = parts_[part_of_[i]];
    ++part.items;
    part.bytes += spans[i].bytes;
  }
  std::uint32_t begin = 0;
  for (TracePart& part : parts_) {
    part.begin = begin;
    begin += part.items;
  }
  order_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) order_[parts_[part_of_[i]].begin++] = i;
  SpanBlock* const block = take_block(count);
  for (const std::uint32_t i : order_) block->spans.push_back(spans[i]);
  to.make_room(parts_.size());
  for (const TracePart& part : parts_) {
    to.add_group({block, part.begin - part.items, part.begin, group.resource, part.bytes,
                  catalog_.otlp_group_bytes(group.resource, part.bytes)});
  }
}

Payload PayloadPool::packed(const Payload& payload) {
  Payload result = empty();
  if (payload.is_empty()) return result;
  SpanBlock* const block = take_block(static_cast<std::size_t>(payload.items()));
  result.make_room(payload.groups().size());
  for (const SpanGroup& group : payload.groups()) {
    SpanGroup copy = group;
    copy.block = block;
    copy.begin = static_cast<std::uint32_t>(block->spans.size());
    copy.end = copy.begin + static_cast<std::uint32_t>(group.items());
    const Span* const spans = group.block->spans.data();
    block->spans.insert(block->spans.end(), spans + group.begin, spans + group.end);
    result.add_group(copy);
  }
  return result;
}

}  // namespace spillway
