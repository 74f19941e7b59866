#include "sim/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "sim/stream.hpp"

namespace spillway {
namespace {

/// Values over twelve orders of magnitude, log-uniform.
std::vector<double> wide_values(std::uint64_t number, std::size_t count) {
  Draws draws{stream_key(1, 0, "histogram", "test"), number};
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(std::pow(10.0, -6 + 12 * draws.uniform()));
  return values;
}

Histogram histogram_of(const std::vector<double>& values) {
  Histogram h;
  for (const double v : values) h.add(v);
  return h;
}

Histogram merged(Histogram a, const Histogram& b) {
  a.merge(b);
  return a;
}

constexpr double kOnePercent = 0.01 * (1 + 1e-9);  // the edge itself, and the rounding of log and exp

TEST(Histogram, AnswersWithZeroWhenEmpty) {
  const Histogram h;
  EXPECT_EQ(h.count(), 0);
  EXPECT_EQ(h.sum(), 0);
  EXPECT_EQ(h.mean(), 0);
  EXPECT_EQ(h.quantile(0.5), 0);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_TRUE(h.buckets().empty());
}

TEST(Histogram, KeepsEveryValueWithinOnePercent) {
  for (const double v : wide_values(0, 20'000)) {
    EXPECT_NEAR(histogram_of({v}).quantile(0.5), v, kOnePercent * v);
  }
}

TEST(Histogram, KeepsTheExtremesOfDoubleWithinOnePercent) {
  constexpr double largest = std::numeric_limits<double>::max();
  constexpr double smallest = std::numeric_limits<double>::min();
  for (const double v : {smallest, 1e-300, 1.0, 1e300, largest}) {
    EXPECT_NEAR(histogram_of({v}).max() / v, 1, kOnePercent) << v;
  }
  EXPECT_EQ(histogram_of({std::numeric_limits<double>::infinity()}).buckets(), histogram_of({largest}).buckets());
}

TEST(Histogram, GivesQuantilesByNearestRankWithinOnePercent) {
  auto values = wide_values(1, 9'999);
  const Histogram h = histogram_of(values);
  std::sort(values.begin(), values.end());
  for (const double p : {0.0, 0.001, 0.07, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double rank = std::max(1.0, std::ceil(p * 9'999));
    const double exact = values[static_cast<std::size_t>(rank) - 1];
    EXPECT_NEAR(h.quantile(p), exact, kOnePercent * exact) << p;
  }
  EXPECT_EQ(h.min(), h.quantile(0));
  EXPECT_EQ(h.max(), h.quantile(1));
}

TEST(Histogram, AsksForTheSeventhOfAHundredAtSevenPercent) {
  Histogram h;  // 0.07 * 100 is a little above 7
  for (int i = 1; i <= 100; ++i) h.add(i);
  EXPECT_NEAR(h.quantile(0.07), 7, 0.07);
}

TEST(Histogram, SumsWithinOnePercent) {
  const auto values = wide_values(2, 5'000);
  double exact = 0;
  for (const double v : values) exact += v;
  const Histogram h = histogram_of(values);
  EXPECT_NEAR(h.sum(), exact, kOnePercent * exact);
  EXPECT_DOUBLE_EQ(h.mean(), h.sum() / 5'000);
}

TEST(Histogram, MergesAssociativelyToTheLastBit) {
  const Histogram a = histogram_of(wide_values(3, 1'000));
  const Histogram b = histogram_of({0.5, 0.5, -1, 1e9});
  const Histogram c = histogram_of(wide_values(4, 2'000));
  const Histogram left = merged(merged(a, b), c);
  const Histogram right = merged(a, merged(b, c));
  const Histogram turned = merged(c, merged(b, a));
  EXPECT_EQ(left.count(), 3'004);
  for (const Histogram* other : {&right, &turned}) {
    EXPECT_EQ(left.buckets(), other->buckets());
    EXPECT_EQ(left.sum(), other->sum());
    EXPECT_EQ(left.quantile(0.9), other->quantile(0.9));
  }
}

TEST(Histogram, MergingEqualsAddingEverythingToOne) {
  auto values = wide_values(5, 1'000);
  const auto more = wide_values(6, 1'000);
  const Histogram apart = merged(histogram_of(values), histogram_of(more));
  values.insert(values.end(), more.begin(), more.end());
  EXPECT_EQ(apart.buckets(), histogram_of(values).buckets());
}

TEST(Histogram, MergingWithItselfDoublesEveryCount) {
  Histogram h = histogram_of({0, 1, 2, 2});
  h.merge(h);
  EXPECT_EQ(h.count(), 8);
  EXPECT_EQ(h.buckets(), histogram_of({0, 0, 1, 1, 2, 2, 2, 2}).buckets());
}

TEST(Histogram, CountsZeroNegativeAndNotANumberApart) {
  const Histogram h = histogram_of({0, -3, std::numeric_limits<double>::quiet_NaN(), 10});
  EXPECT_EQ(h.count(), 4);
  EXPECT_EQ(h.buckets().at(INT_MIN), 3);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.quantile(0.75), 0);
  EXPECT_NEAR(h.quantile(0.76), 10, 0.1);
  EXPECT_NEAR(h.mean(), 2.5, 0.025);
}

TEST(Histogram, AddsAValueManyTimesAtOnce) {
  Histogram h;
  h.add(3, 1'000'000'000'000);
  h.add(5, 0);
  EXPECT_EQ(h.count(), 1'000'000'000'000);
  EXPECT_EQ(h.buckets().size(), 1u);
}

TEST(Histogram, ComesBackFromItsBuckets) {
  const Histogram h = histogram_of({0, 1e-9, 1, 1, 2.5, 1e12});
  const Histogram back = Histogram::from_buckets(h.buckets());
  EXPECT_EQ(back.buckets(), h.buckets());
  EXPECT_EQ(back.count(), h.count());
  EXPECT_EQ(back.sum(), h.sum());
  EXPECT_EQ(back.quantile(0.3), h.quantile(0.3));
}

TEST(Histogram, RefusesBucketsThatNoValueCouldHaveMade) {
  EXPECT_THROW(Histogram::from_buckets({{INT_MIN + 1, 1}}), std::invalid_argument);
  EXPECT_THROW(Histogram::from_buckets({{INT_MAX, 1}}), std::invalid_argument);
  EXPECT_THROW(Histogram::from_buckets({{-40'000, 1}}), std::invalid_argument);
  EXPECT_THROW(Histogram::from_buckets({{40'000, 1}}), std::invalid_argument);
  EXPECT_THROW(Histogram::from_buckets({{3, -1}}), std::invalid_argument);
  EXPECT_THROW(Histogram::from_buckets({{3, LLONG_MAX}, {4, 1}}), std::invalid_argument);
  EXPECT_EQ(Histogram::from_buckets({{3, 0}}).count(), 0);
}

}  // namespace
}  // namespace spillway
