#include "sim/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace spillway {
namespace {

using Block = std::array<std::uint32_t, 4>;

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - 0.5) * (b[i] - 0.5);
  return sum * 12 / static_cast<double>(a.size());  // 1/12 is the variance of a uniform
}

std::vector<double> first_draws(StreamKey key, std::uint64_t from, std::uint32_t ordinal, std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(Draws{key, from + i, ordinal}.uniform());
  return values;
}

// Random123 1.09, tests/kat_vectors, "philox4x32 10".
TEST(Philox, GivesThePublishedAnswerForZeros) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(Philox, GivesThePublishedAnswerForOnes) {
  constexpr std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox4x32({f, f, f, f}, {f, f}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Philox, GivesThePublishedAnswerForDigitsOfPi) {
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(UnitInterval, NeverReachesEitherEnd) {
  EXPECT_EQ(unit_interval(0), 0x1.0p-53);
  EXPECT_EQ(unit_interval(~std::uint64_t{0}), 1 - 0x1.0p-53);
  EXPECT_LT(unit_interval(~std::uint64_t{0}), 1.0);
  EXPECT_TRUE(std::isfinite(std::log(1 - unit_interval(~std::uint64_t{0}))));
}

TEST(Draws, AreABlockOfTheCipherAtTheirAddress) {
  Draws draws{StreamKey{0xa4093822'299f31d0}, 0x243f6a88'85a308d3, 7};
  const Block first = philox4x32({0x85a308d3, 0x243f6a88, 7, 0}, {0x299f31d0, 0xa4093822});
  const Block second = philox4x32({0x85a308d3, 0x243f6a88, 7, 1}, {0x299f31d0, 0xa4093822});
  EXPECT_EQ(draws.bits(), first[0] | std::uint64_t{first[1]} << 32);
  EXPECT_EQ(draws.bits(), first[2] | std::uint64_t{first[3]} << 32);
  EXPECT_EQ(draws.bits(), second[0] | std::uint64_t{second[1]} << 32);
}

TEST(Draws, DoNotDependOnWhatElseWasDrawn) {
  const StreamKey work = stream_key(1, 0, "gateway", "work");
  const StreamKey gap = stream_key(1, 0, "gateway", "gap");
  Draws alone{work, 4};
  std::vector<std::uint64_t> expected;
  for (int i = 0; i < 5; ++i) expected.push_back(alone.bits());

  Draws interleaved{work, 4};
  Draws other{gap, 4};
  std::vector<std::uint64_t> seen;
  for (int i = 0; i < 5; ++i) {
    for (int extra = 0; extra <= i; ++extra) other.bits();
    seen.push_back(interleaved.bits());
  }
  EXPECT_EQ(seen, expected);
}

TEST(Draws, AreUncorrelatedBetweenNeighbouringAddresses) {
  constexpr std::size_t n = 100'000;
  const double limit = 4 / std::sqrt(static_cast<double>(n));
  const StreamKey key = stream_key(1, 0, "gateway", "work");
  const auto base = first_draws(key, 0, 0, n);
  EXPECT_LT(std::fabs(correlation(base, first_draws(key, 1, 0, n))), limit) << "next number";
  EXPECT_LT(std::fabs(correlation(base, first_draws(key, 0, 1, n))), limit) << "next ordinal";
  EXPECT_LT(std::fabs(correlation(base, first_draws(stream_key(2, 0, "gateway", "work"), 0, 0, n))), limit) << "seed";
  EXPECT_LT(std::fabs(correlation(base, first_draws(stream_key(1, 1, "gateway", "work"), 0, 0, n))), limit)
      << "replication";
  EXPECT_LT(std::fabs(correlation(base, first_draws(stream_key(1, 0, "gateway", "gap"), 0, 0, n))), limit) << "purpose";
}

TEST(Draws, AreUniform) {
  constexpr int cells = 100;
  constexpr int n = 100'000;
  std::array<int, cells> seen{};
  Draws draws{stream_key(1, 0, "gateway", "work"), 0};
  for (int i = 0; i < n; ++i) ++seen[static_cast<std::size_t>(draws.uniform() * cells)];
  double chi_squared = 0;
  constexpr double expected = static_cast<double>(n) / cells;
  for (const int count : seen) chi_squared += (count - expected) * (count - expected) / expected;
  EXPECT_GT(chi_squared, 56);   // 99 degrees of freedom: 0.0002 …
  EXPECT_LT(chi_squared, 155);  // … and 0.9997 quantiles
}

TEST(StreamKey, SwappingSeedAndReplicationGivesAnotherKey) {
  EXPECT_NE(stream_key(1, 2, "a", "b").value, stream_key(2, 1, "a", "b").value);
  EXPECT_NE(stream_key(1, 1, "a", "b").value, stream_key(2, 2, "a", "b").value);
}

TEST(Hash, CombiningDependsOnTheOrder) {
  EXPECT_NE(hash_combine(1, 2), hash_combine(2, 1));
  EXPECT_NE(hash_combine(1, 1), hash_combine(2, 2));
}

// Vigna, splitmix64.c: the first outputs for seed 1234567.
TEST(Hash, MixesAsSplitmix64Does) {
  EXPECT_EQ(mix64(1234567), 6457827717110365317u);
  EXPECT_EQ(mix64(1234567 + 0x9e3779b97f4a7c15), 3203168211198807973u);
}

TEST(StreamKey, DiffersInEveryPart) {
  std::set<std::uint64_t> keys;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint32_t replication = 0; replication < 10; ++replication) {
      for (int component = 0; component < 10; ++component) {
        for (const char* purpose : {"", "work", "gap"}) {
          keys.insert(stream_key(seed, replication, "part" + std::to_string(component), purpose).value);
        }
      }
    }
  }
  EXPECT_EQ(keys.size(), 10u * 10 * 10 * 3);
  EXPECT_NE(stream_key(1, 0, "ab", "c").value, stream_key(1, 0, "a", "bc").value);
  EXPECT_NE(stream_key(1, 0, "a", "b").value, stream_key(1, 0, "b", "a").value);
}

/// The first draws of each component of a little pipeline, as a run would make them: in turns.
std::vector<double> draws_of(const std::string& watched, const std::vector<std::string>& components) {
  std::vector<Sequence> sequences;
  for (const auto& name : components) sequences.emplace_back(stream_key(7, 3, name, "jitter"));
  std::vector<double> seen;
  for (int turn = 0; turn < 20; ++turn) {
    for (std::size_t i = 0; i < components.size(); ++i) {
      const double value = sequences[i].next().uniform();
      if (components[i] == watched) seen.push_back(value);
    }
  }
  return seen;
}

TEST(Sequence, AddingAComponentChangesNobodyElsesDraws) {
  const auto before = draws_of("batch", {"otlp", "batch"});
  EXPECT_EQ(before.size(), 20u);
  EXPECT_EQ(draws_of("batch", {"memory_limiter", "otlp", "batch", "debug"}), before);
  EXPECT_EQ(draws_of("batch", {"batch"}), before);
}

TEST(Sequence, NeverGivesTheSameAddressTwice) {
  Sequence sequence{stream_key(1, 0, "otlp", "jitter")};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(sequence.next().bits());
  EXPECT_EQ(seen.size(), 10'000u);
}

}  // namespace
}  // namespace spillway
