// A queue in one piece of memory that it keeps: unlike std::deque it does not allocate as items come and go.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace spillway {

/// First in, first out. Grows to the most it ever held, never shrinks. T is default constructible and movable.
template <class T>
class Fifo {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  T& front() { return items_[first_]; }
  /// From the oldest on.
  T& operator[](std::size_t i) { return items_[(first_ + i) & (items_.size() - 1)]; }

  void push_back(T item) {
    if (size_ == items_.size()) grow();
    (*this)[size_++] = std::move(item);
  }
  void pop_front() {
    items_[first_] = T{};
    first_ = (first_ + 1) & (items_.size() - 1);
    --size_;
  }
  void clear() {
    while (!empty()) pop_front();
  }

 private:
  void grow() {
    std::vector<T> larger(items_.empty() ? 8 : 2 * items_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    items_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> items_;  ///< as many as a power of two
  std::size_t first_ = 0, size_ = 0;
};

}  // namespace spillway
