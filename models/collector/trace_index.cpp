#include "models/collector/trace_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace spillway::collector {

// The cell that holds the key, or the free one where it would go. Precondition: there are cells.
std::size_t IndexTable::cell_of(std::uint64_t key) const {
  const std::size_t mask = cells_.size() - 1;
  std::size_t at = home(key);
  while (cells_[at].index != kNone && cells_[at].key != key) at = (at + 1) & mask;
  return at;
}

std::uint32_t IndexTable::find(std::uint64_t key) const {
  return cells_.empty() ? kNone : cells_[cell_of(key)].index;
}

void IndexTable::insert(std::uint64_t key, std::uint32_t index) {
  if (2 * (size_ + 1) > cells_.size()) grow();
  cells_[cell_of(key)] = {key, index};
  ++size_;
}

void IndexTable::assign(std::uint64_t key, std::uint32_t index) { cells_[cell_of(key)].index = index; }

// Cells behind the hole move up as long as that does not put them in front of their home.
bool IndexTable::erase(std::uint64_t key) {
  if (cells_.empty()) return false;
  std::size_t hole = cell_of(key);
  if (cells_[hole].index == kNone) return false;
  const std::size_t mask = cells_.size() - 1;
  for (std::size_t next = (hole + 1) & mask; cells_[next].index != kNone; next = (next + 1) & mask) {
    const std::size_t from_home = (next - home(cells_[next].key)) & mask;
    if (from_home < ((next - hole) & mask)) continue;
    cells_[hole] = cells_[next];
    hole = next;
  }
  cells_[hole].index = kNone;
  --size_;
  return true;
}

void IndexTable::clear() {
  std::fill(cells_.begin(), cells_.end(), Cell{});
  size_ = 0;
}

void IndexTable::grow() {
  std::vector<Cell> before(std::max<std::size_t>(16, 2 * cells_.size()));
  std::swap(cells_, before);
  shift_ = 64 - std::countr_zero(cells_.size());
  for (const Cell& cell : before) {
    if (cell.index != kNone) cells_[cell_of(cell.key)] = cell;
  }
}

bool KeySet::insert(std::uint64_t key) {
  if (places_.find(key) != IndexTable::kNone) return false;
  places_.insert(key, static_cast<std::uint32_t>(keys_.size()));
  keys_.push_back(key);
  here_.push_back(true);
  return true;
}

void KeySet::erase(std::uint64_t key) {
  const std::uint32_t place = places_.find(key);
  if (place == IndexTable::kNone) return;
  here_[place] = false;
  places_.erase(key);
}

void KeySet::clear() {
  places_.clear();
  keys_.clear();
  here_.clear();
}

void RecentKeys::unlink(std::uint32_t node) {
  const Node& n = nodes_[node];
  (n.newer == kEnd ? newest_ : nodes_[n.newer].older) = n.older;
  (n.older == kEnd ? oldest_ : nodes_[n.older].newer) = n.newer;
}

void RecentKeys::link_newest(std::uint32_t node) {
  nodes_[node].newer = kEnd;
  nodes_[node].older = newest_;
  (newest_ == kEnd ? oldest_ : nodes_[newest_].newer) = node;
  newest_ = node;
}

bool RecentKeys::find(std::uint64_t key) {
  const std::uint32_t node = on() ? index_.find(key) : IndexTable::kNone;
  if (node == IndexTable::kNone) return false;
  unlink(node);
  link_newest(node);
  return true;
}

void RecentKeys::put(std::uint64_t key) {
  if (!on() || find(key)) return;
  std::uint32_t node = oldest_;
  if (static_cast<std::int64_t>(nodes_.size()) < capacity_) {
    node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index_.erase(nodes_[node].key);
    unlink(node);
  }
  nodes_[node].key = key;
  index_.insert(key, node);
  link_newest(node);
}

void RecentKeys::clear() {
  index_.clear();
  nodes_.clear();
  newest_ = oldest_ = kEnd;
}

}  // namespace spillway::collector
