#include "real/sink/coding.hpp"

#include <gtest/gtest.h>

#include <random>

namespace spillway::real {
namespace {

constexpr std::size_t kPlenty = 100'000'000;

class EveryCoding : public testing::TestWithParam<Coding> {
 protected:
  static std::string encoded(std::string_view plain) { return encode_body(GetParam(), plain); }
  static Decoded decode(std::string_view body, std::size_t limit, std::string& out) {
    return decode_body(GetParam(), body, limit, out);
  }
};

TEST_P(EveryCoding, GivesBackWhatWasEncoded) {
  std::string out = "old content";
  for (const std::size_t size : {0U, 1U, 100U, 70'000U, 3'000'000U}) {
    std::string plain(size, 'a');
    std::mt19937 random{static_cast<unsigned>(size)};
    for (std::size_t i = 0; i < size; i += 3) plain[i] = static_cast<char>(random());
    ASSERT_EQ(decode(encoded(plain), kPlenty, out), Decoded::ok) << size;
    EXPECT_TRUE(out == plain) << size;
  }
}

TEST_P(EveryCoding, RefusesTruncatedAndForeignBytes) {
  std::string out;
  const std::string good = encoded(std::string(5000, 'x') + "tail");
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1})
    EXPECT_EQ(decode(std::string_view{good}.substr(0, cut), kPlenty, out), Decoded::corrupt) << cut;
  EXPECT_EQ(decode("not compressed at all", kPlenty, out), Decoded::corrupt);
  EXPECT_EQ(decode(good + "garbage", kPlenty, out), Decoded::corrupt);
}

TEST_P(EveryCoding, StopsAtTheLimitWithoutTakingTheMemory) {
  std::string out;
  const std::string bomb = encoded(std::string(50'000'000, '\0'));
  EXPECT_EQ(decode(bomb, 1'000'000, out), Decoded::too_large);
  EXPECT_LE(out.capacity(), 2'000'010U);
  const std::string exact = encoded(std::string(1000, 'x'));
  EXPECT_EQ(decode(exact, 1000, out), Decoded::ok);
  EXPECT_EQ(decode(exact, 999, out), Decoded::too_large);
}

TEST_P(EveryCoding, SurvivesEveryDamagedByte) {
  std::string out;
  const std::string good = encoded("some text that is long enough to be worth it, worth it, worth it");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x5a);
    decode(bad, 10'000, out);
    EXPECT_LE(out.size(), 10'001U);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryCoding,
                         testing::Values(Coding::gzip, Coding::zlib, Coding::zstd, Coding::snappy, Coding::snappy_framed,
                                         Coding::lz4));

TEST(Coding, JoinsTheMembersOfAGzipFile) {
  std::string out;
  const std::string body = encode_body(Coding::gzip, "one ") + encode_body(Coding::gzip, "two");
  ASSERT_EQ(decode_body(Coding::gzip, body, kPlenty, out), Decoded::ok);
  EXPECT_EQ(out, "one two");
}

TEST(Coding, ReadsFramesUnderTheNameOfSnappyAsWell) {
  std::string out;
  ASSERT_EQ(decode_body(Coding::snappy, encode_body(Coding::snappy_framed, "as older collectors send it"), kPlenty, out),
            Decoded::ok);
  EXPECT_EQ(out, "as older collectors send it");
}

// CRC-32C of "a" is 0xc1d04330; turned by 15 bits, plus 0xa282ead8.
TEST(Coding, MasksTheChecksumOfASnappyFrame) {
  const std::string body = encode_body(Coding::snappy_framed, "a");
  ASSERT_EQ(body.size(), 10U + 4 + 4 + 3);
  EXPECT_EQ(body.substr(14, 4), std::string("\x78\x6e\xe4\x28", 4));
}

TEST(Coding, KnowsTheNamesThatCollectorsUse) {
  EXPECT_EQ(coding_of(""), Coding::plain);
  EXPECT_EQ(coding_of("deflate"), Coding::zlib);
  EXPECT_EQ(coding_of("x-snappy-framed"), Coding::snappy_framed);
  EXPECT_EQ(coding_of("br"), std::nullopt);
}

}  // namespace
}  // namespace spillway::real
