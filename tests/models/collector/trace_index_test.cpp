#include "models/collector/trace_index.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/hash.hpp"

namespace spillway::collector {
namespace {

// Keys that collide, are taken out and put in again, against a map that is known to work.
TEST(IndexTable, HoldsWhatAMapHolds) {
  IndexTable table;
  std::map<std::uint64_t, std::uint32_t> reference;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const std::uint64_t key = mix64(i) % 700 << (i % 3 == 0 ? 32 : 0);
    if (mix64(i + 1'000'000) % 3 == 0) {
      EXPECT_EQ(table.erase(key), reference.erase(key) == 1);
    } else if (reference.try_emplace(key, i).second) {
      table.insert(key, i);
    }
    ASSERT_EQ(table.size(), reference.size());
  }
  for (std::uint64_t key = 0; key < 700; ++key) {
    const auto known = reference.find(key);
    EXPECT_EQ(table.find(key), known == reference.end() ? IndexTable::kNone : known->second);
  }
  table.clear();
  EXPECT_EQ(table.find(5), IndexTable::kNone);
}

TEST(KeySet, KeepsEachKeyOnceInOrder) {
  KeySet set;
  EXPECT_TRUE(set.insert(7));
  EXPECT_TRUE(set.insert(3));
  EXPECT_FALSE(set.insert(7));
  set.erase(7);
  set.erase(99);
  EXPECT_TRUE(set.insert(7));
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < set.end(); ++i)
    if (set.present(i)) keys.push_back(set[i]);
  EXPECT_EQ(keys, (std::vector<std::uint64_t>{3, 7}));
}

TEST(RecentKeys, ForgetsTheKeyThatWasNotUsedForLongest) {
  RecentKeys recent{3};
  for (const std::uint64_t key : {1, 2, 3}) recent.put(key);
  EXPECT_TRUE(recent.find(1));  // now 2 is the oldest
  recent.put(4);
  EXPECT_FALSE(recent.find(2));
  recent.put(3);  // counts as use
  recent.put(5);
  EXPECT_FALSE(recent.find(1));
  EXPECT_TRUE(recent.find(3));
  EXPECT_TRUE(recent.find(4));
  EXPECT_TRUE(recent.find(5));
}

TEST(RecentKeys, HoldsNothingWhenOff) {
  RecentKeys recent{0};
  recent.put(1);
  EXPECT_FALSE(recent.find(1));
}

}  // namespace
}  // namespace spillway::collector
