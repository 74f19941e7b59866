#include "sim/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/distribution.hpp"

namespace spillway {
namespace {

/// Independent standard normal observations, those of one experiment.
std::vector<double> normals(std::uint64_t experiment, std::size_t count) {
  Draws draws{stream_key(1, 0, "statistics", "test"), experiment};
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(normal_quantile(draws.uniform()));
  return values;
}

struct TableEntry {
  double degrees, p, t;
};

TEST(StudentT, AgreesWithPublishedTables) {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
  constexpr std::array table{TableEntry{1, 0.95, 6.314},  TableEntry{1, 0.975, 12.706}, TableEntry{2, 0.975, 4.303},
                             TableEntry{3, 0.99, 4.541},  TableEntry{5, 0.975, 2.571},  TableEntry{7, 0.975, 2.365},
                             TableEntry{9, 0.995, 3.250}, TableEntry{10, 0.90, 1.372},  TableEntry{19, 0.975, 2.093},
                             TableEntry{30, 0.95, 1.697}, TableEntry{60, 0.995, 2.660}, TableEntry{100, 0.999, 3.174}};
  for (const auto& [degrees, p, t] : table) {
    EXPECT_NEAR(student_t_quantile(p, degrees), t, 0.0005) << degrees << ' ' << p;
  }
}

TEST(StudentT, AgreesWithTheClosedFormsForOneAndTwoDegrees) {
  for (const double p : {0.6, 0.9, 0.975, 0.9995}) {
    EXPECT_NEAR(student_t_quantile(p, 1), std::tan(std::acos(-1.0) * (p - 0.5)), 1e-9);
    EXPECT_NEAR(student_t_quantile(p, 2), (2 * p - 1) / std::sqrt(2 * p * (1 - p)), 1e-10);
  }
}

TEST(StudentT, IsSymmetricAndTendsToTheNormal) {
  EXPECT_NEAR(student_t_quantile(0.025, 7), -student_t_quantile(0.975, 7), 1e-14);
  EXPECT_NEAR(student_t_quantile(0.975, 1e7), normal_quantile(0.975), 1e-6);
}

TEST(MeanInterval, MatchesAWorkedExample) {
  // 2 4 4 4 5 5 7 9: mean 5, squares 32, standard error sqrt(32/7/8), t(7, 0.975) = 2.364624.
  const Interval i = mean_interval(std::vector<double>{2, 4, 4, 4, 5, 5, 7, 9}, 0.95);
  EXPECT_EQ(i.n, 8);
  EXPECT_DOUBLE_EQ(i.mean, 5);
  EXPECT_NEAR(i.half_width(), 2.364624252 * std::sqrt(32.0 / 7 / 8), 1e-8);
  EXPECT_NEAR(i.low + i.high, 10, 1e-12);
}

TEST(MeanInterval, CoversTheTruthAsOftenAsItSays) {
  int covered = 0;
  constexpr int experiments = 4'000;
  for (std::uint64_t e = 0; e < experiments; ++e) {
    const Interval i = mean_interval(normals(e, 6), 0.9);
    covered += i.low <= 0 && 0 <= i.high ? 1 : 0;
  }
  EXPECT_NEAR(covered, 0.9 * experiments, 4 * std::sqrt(0.9 * 0.1 * experiments));
}

TEST(MeanInterval, OfOneObservationIsInfinite) {
  const Interval i = mean_interval(std::vector<double>{3}, 0.95);
  EXPECT_EQ(i.n, 1);
  EXPECT_EQ(i.mean, 3);
  EXPECT_EQ(i.low, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(i.high, std::numeric_limits<double>::infinity());
}

TEST(MeanInterval, OfNothingKnowsNothing) {
  const Interval i = mean_interval({}, 0.95);
  EXPECT_EQ(i.n, 0);
  EXPECT_TRUE(std::isnan(i.mean));
  EXPECT_TRUE(std::isinf(i.low) && std::isinf(i.high));
}

TEST(MeanInterval, OfEqualObservationsHasNoWidth) {
  const Interval i = mean_interval(std::vector<double>(10, 0.5), 0.99);
  EXPECT_EQ(i.low, 0.5);
  EXPECT_EQ(i.high, 0.5);
}

TEST(PairedDifference, SeesASmallEffectThatTwoIntervalsCannotTellApart) {
  std::vector<double> a = normals(1, 20);
  std::vector<double> b = a;
  const auto noise = normals(2, 20);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] += 0.1 + 0.01 * noise[i];
  const Interval difference = paired_difference_interval(b, a, 0.95);
  EXPECT_GT(difference.low, 0.08);
  EXPECT_LT(difference.high, 0.12);
  EXPECT_EQ(difference.n, 20);
  EXPECT_LT(mean_interval(b, 0.95).low, mean_interval(a, 0.95).high) << "alone, the intervals overlap";
}

/// A start-up transient that decays from `height`, then noise around 10.
std::vector<double> with_warm_up(std::size_t length, double height, double decay) {
  std::vector<double> series = normals(3, length);
  for (std::size_t i = 0; i < length; ++i) {
    series[i] = 10 + 0.5 * series[i] + height * std::exp(-static_cast<double>(i) / decay);
  }
  return series;
}

/// White's definition, literally: for each cut the squared standard error of the rest, quadratic in time.
std::size_t mser5_by_definition(const std::vector<double>& series) {
  std::vector<double> y;
  for (std::size_t i = 0; i + 5 <= series.size(); i += 5) {
    y.push_back((series[i] + series[i + 1] + series[i + 2] + series[i + 3] + series[i + 4]) / 5);
  }
  std::size_t best = 0;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t d = 0; d + 5 <= y.size(); ++d) {
    const auto n = static_cast<double>(y.size() - d);
    double mean = 0, squares = 0;
    for (std::size_t i = d; i < y.size(); ++i) mean += y[i] / n;
    for (std::size_t i = d; i < y.size(); ++i) squares += (y[i] - mean) * (y[i] - mean);
    if (squares / (n * n) < smallest) {
      smallest = squares / (n * n);
      best = d;
    }
  }
  return best * 5;
}

TEST(Mser5, CutsTheTransientAndLittleMore) {
  const auto series = with_warm_up(2'000, 20, 50);
  const auto cut = mser5_truncation(series);
  ASSERT_TRUE(cut.has_value());
  EXPECT_GE(*cut, 100u);  // after two decay times 2.7 are left, against noise of 0.5
  EXPECT_LE(*cut, 400u);
  EXPECT_EQ(*cut % 5, 0u);
}

TEST(Mser5, AgreesWithItsDefinition) {
  for (const double height : {0.0, 1.0, 5.0, -20.0}) {
    const auto series = with_warm_up(503, height, 20);
    EXPECT_EQ(mser5_truncation(series), mser5_by_definition(series)) << height;
  }
}

TEST(Mser5, CutsNothingFromAConstantSeries) {
  EXPECT_EQ(mser5_truncation(std::vector<double>(100, 4.2)), 0u);
}

TEST(Mser5, CutsExactlyAStep) {
  std::vector<double> series(1'000, 1.0);
  for (std::size_t i = 0; i < 40; ++i) series[i] = 9;
  EXPECT_EQ(mser5_truncation(series), 40u);
}

TEST(Mser5, SaysThatASeriesThatNeverSettlesIsTooShort) {
  std::vector<double> late(1'000, 1.0);
  for (std::size_t i = 0; i < 600; ++i) late[i] = 9;
  EXPECT_EQ(mser5_truncation(late), std::nullopt);
  EXPECT_EQ(mser5_truncation(with_warm_up(200, 100, 150)), std::nullopt);
}

TEST(Mser5, SaysThatFewerThanFiftyObservationsAreTooFew) {
  EXPECT_EQ(mser5_truncation(std::vector<double>(49, 1.0)), std::nullopt);
  EXPECT_EQ(mser5_truncation(std::vector<double>(50, 1.0)), 0u);
  EXPECT_EQ(mser5_truncation({}), std::nullopt);
}

}  // namespace
}  // namespace spillway
