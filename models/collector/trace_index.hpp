// Tables by trace for processors that wait for the rest of a trace. Dense and flat: no allocation in steady state, and
// an order that never leaves.
#pragma once

#include <cstdint>
#include <vector>

namespace spillway::collector {

/// From a 64-bit key to an index. Open addressing, linear probing, no tombstones.
class IndexTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::size_t size() const { return size_; }
  std::uint32_t find(std::uint64_t key) const;
  /// The key must not be there.
  void insert(std::uint64_t key, std::uint32_t index);
  /// The key must be there.
  void assign(std::uint64_t key, std::uint32_t index);
  /// False when it was not there.
  bool erase(std::uint64_t key);
  void clear();
  std::size_t memory() const { return cells_.capacity() * sizeof(Cell); }

 private:
  struct Cell {
    std::uint64_t key = 0;
    std::uint32_t index = kNone;  ///< kNone: free
  };
  std::size_t home(std::uint64_t key) const {
    return static_cast<std::size_t>((key ^ key >> 32) * 0x9e3779b97f4a7c15ULL >> shift_);
  }
  std::size_t cell_of(std::uint64_t key) const;
  void grow();
  std::vector<Cell> cells_;
  std::size_t size_ = 0;
  int shift_ = 64;
};

/// Keys in the order in which they were put in, each once.
class KeySet {
 public:
  bool insert(std::uint64_t key);
  void erase(std::uint64_t key);
  void clear();
  /// Keys, with gaps: look at present(i).
  std::size_t end() const { return keys_.size(); }
  bool present(std::size_t i) const { return here_[i]; }
  std::uint64_t operator[](std::size_t i) const { return keys_[i]; }
  std::size_t memory() const {
    return places_.memory() + keys_.capacity() * sizeof(std::uint64_t) + here_.capacity() / 8;
  }

 private:
  IndexTable places_;
  std::vector<std::uint64_t> keys_;
  std::vector<bool> here_;
};

/// The keys used last, at most so many. Both find() and put() count as use.
class RecentKeys {
 public:
  explicit RecentKeys(std::int64_t capacity) : capacity_{capacity} {}
  bool on() const { return capacity_ > 0; }
  bool find(std::uint64_t key);
  void put(std::uint64_t key);
  void clear();
  std::size_t size() const { return index_.size(); }

 private:
  static constexpr std::uint32_t kEnd = 0xffffffff;
  struct Node {
    std::uint64_t key = 0;
    std::uint32_t newer = kEnd, older = kEnd;
  };
  void unlink(std::uint32_t node);
  void link_newest(std::uint32_t node);
  std::int64_t capacity_;
  IndexTable index_;
  std::vector<Node> nodes_;
  std::uint32_t newest_ = kEnd, oldest_ = kEnd;
};

}  // namespace spillway::collector
