#include "sim/fifo.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace spillway {
namespace {

TEST(Fifo, BehavesAsADequeOverALongRandomMix) {
  std::mt19937_64 random{1};
  Fifo<std::uint64_t> fifo;
  std::deque<std::uint64_t> deque;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    if (random() % 100 < (i / 10'000 % 2 == 0 ? 60u : 40u)) {
      fifo.push_back(i);
      deque.push_back(i);
    } else if (!deque.empty()) {
      ASSERT_EQ(fifo.front(), deque.front());
      fifo.pop_front();
      deque.pop_front();
    }
    ASSERT_EQ(fifo.size(), deque.size());
    ASSERT_EQ(fifo.empty(), deque.empty());
  }
  ASSERT_FALSE(deque.empty());
  for (std::size_t i = 0; i < deque.size(); ++i) ASSERT_EQ(fifo[i], deque[i]);
}

TEST(Fifo, LetsGoOfWhatIsTakenOut) {
  const auto item = std::make_shared<int>(1);
  Fifo<std::shared_ptr<int>> fifo;
  for (int i = 0; i < 20; ++i) fifo.push_back(item);
  EXPECT_EQ(item.use_count(), 21);
  fifo.pop_front();
  EXPECT_EQ(item.use_count(), 20);
  fifo.clear();
  EXPECT_EQ(item.use_count(), 1);
}

}  // namespace
}  // namespace spillway
