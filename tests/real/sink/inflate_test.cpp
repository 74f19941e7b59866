#include "real/sink/inflate.hpp"

#include <gtest/gtest.h>

#include <random>

namespace spillway::real {
namespace {

constexpr std::size_t kPlenty = 100'000'000;

TEST(Inflate, GivesBackWhatWasCompressed) {
  std::string out = "old content";
  for (const std::size_t size : {0U, 1U, 100U, 70'000U, 3'000'000U}) {
    std::string plain(size, 'a');
    std::mt19937 random{static_cast<unsigned>(size)};
    for (std::size_t i = 0; i < size; i += 3) plain[i] = static_cast<char>(random());
    ASSERT_EQ(inflate_body(gzip(plain), kPlenty, out), Inflated::ok) << size;
    EXPECT_TRUE(out == plain) << size;
  }
}

TEST(Inflate, JoinsTheMembersOfAGzipFile) {
  std::string out;
  ASSERT_EQ(inflate_body(gzip("one ") + gzip("two"), kPlenty, out), Inflated::ok);
  EXPECT_EQ(out, "one two");
}

TEST(Inflate, RefusesTruncatedAndForeignBytes) {
  std::string out;
  const std::string good = gzip(std::string(5000, 'x') + "tail");
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{10}, good.size() - 1})
    EXPECT_EQ(inflate_body(std::string_view{good}.substr(0, cut), kPlenty, out), Inflated::corrupt) << cut;
  EXPECT_EQ(inflate_body("not compressed at all", kPlenty, out), Inflated::corrupt);
  EXPECT_EQ(inflate_body(good + "garbage", kPlenty, out), Inflated::corrupt);
}

TEST(Inflate, StopsAtTheLimitWithoutTakingTheMemory) {
  std::string out;
  const std::string bomb = gzip(std::string(50'000'000, '\0'));
  EXPECT_EQ(inflate_body(bomb, 1'000'000, out), Inflated::too_large);
  EXPECT_LE(out.capacity(), 2'000'010U);
  const std::string exact = gzip(std::string(1000, 'x'));
  EXPECT_EQ(inflate_body(exact, 1000, out), Inflated::ok);
  EXPECT_EQ(inflate_body(exact, 999, out), Inflated::too_large);
}

}  // namespace
}  // namespace spillway::real
