#include "analysis/least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/stream.hpp"

namespace spillway::analysis {
namespace {

/// Rows and values between -1 and 1.
Equations random_equations(std::uint64_t number, std::size_t rows, std::size_t columns) {
  Equations made;
  made.columns = columns;
  Draws draws{stream_key(7, 0, "least squares test", "rows"), number};
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> row(columns);
    for (double& a : row) a = 2 * draws.uniform() - 1;
    made.add(row, 2 * draws.uniform() - 1);
  }
  return made;
}

std::vector<double> residuals(const Equations& e, const std::vector<double>& x) {
  std::vector<double> left = e.values;
  for (std::size_t i = 0; i < left.size(); ++i) {
    for (std::size_t j = 0; j < e.columns; ++j) left[i] -= e.matrix[i * e.columns + j] * x[j];
  }
  return left;
}

/// The conditions of Karush, Kuhn and Tucker, which only the optimum of this convex problem fulfils: no coefficient is
/// negative; the sum of squares falls in no direction that is allowed, and in no direction at all for positive ones.
void expect_optimal(const Equations& e, const std::vector<double>& x) {
  const std::vector<double> left = residuals(e, x);
  for (std::size_t j = 0; j < e.columns; ++j) {
    double gain = 0;
    for (std::size_t i = 0; i < left.size(); ++i) gain += e.matrix[i * e.columns + j] * left[i];
    EXPECT_GE(x[j], 0);
    EXPECT_LE(gain, 1e-8) << "column " << j << " would lower the sum of squares";
    if (x[j] > 0) {
      EXPECT_NEAR(gain, 0, 1e-8) << "column " << j;
    }
  }
}

TEST(NonNegativeLeastSquares, FulfilsTheConditionsOfTheOptimumOnRandomProblems) {
  for (std::uint64_t number = 0; number < 300; ++number) {
    const Equations e = random_equations(number, 4 + number % 37, 1 + number % 19);
    expect_optimal(e, non_negative_least_squares(e));
  }
}

TEST(NonNegativeLeastSquares, FindsWhatTheValuesWereMadeOf) {
  const std::vector<double> truth{105, 0, 7.25, 0.002, 0, 40};
  Equations e = random_equations(1, 30, 6);
  for (double& a : e.matrix) a = std::fabs(a);
  const std::vector<double> zero(6, 0.0);
  for (std::size_t i = 0; i < e.values.size(); ++i) {
    e.values[i] = 0;
    for (std::size_t j = 0; j < 6; ++j) e.values[i] += e.matrix[i * 6 + j] * truth[j];
  }
  const std::vector<double> x = non_negative_least_squares(e);
  for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(x[j], truth[j], 1e-9 * 105);
}

TEST(NonNegativeLeastSquares, WorksAcrossScalesAndWithUselessColumns) {
  Equations e;
  e.columns = 4;  // seconds, bytes, nothing, and bytes once more
  for (double i = 1; i <= 8; ++i) e.add({i, 1e9 * i * i, 0, 1e9 * i * i}, 2 * i + 3e-9 * 1e9 * i * i);
  const std::vector<double> x = non_negative_least_squares(e);
  EXPECT_NEAR(x[0], 2, 1e-6);
  EXPECT_NEAR(x[1] + x[3], 3e-9, 1e-14);
  EXPECT_EQ(x[2], 0);
}

TEST(NonNegativeLeastSquares, GivesZeroWhereEveryColumnPointsAway) {
  Equations e;
  e.columns = 2;
  e.add({1, 2}, -1);
  e.add({3, 1}, -5);
  EXPECT_EQ(non_negative_least_squares(e), (std::vector<double>{0, 0}));
  EXPECT_EQ(non_negative_least_squares(Equations{3, {}, {}}), (std::vector<double>{0, 0, 0}));
}

TEST(NonNegativeFit, ItsIntervalsHoldTheTruthAndAreTheSameEveryTime) {
  Equations e = random_equations(5, 200, 2);
  Draws noise{stream_key(7, 0, "least squares test", "noise"), 0};
  for (std::size_t i = 0; i < e.values.size(); ++i) {
    e.values[i] = 4 * e.matrix[2 * i] + 1 * e.matrix[2 * i + 1] + 0.2 * (noise.uniform() - 0.5);
  }
  const std::vector<Coefficient> fit = non_negative_fit(e);
  EXPECT_LT(fit[0].low, 4);
  EXPECT_GT(fit[0].high, 4);
  EXPECT_LT(fit[0].high - fit[0].low, 0.1);
  EXPECT_LT(fit[1].low, 1);
  EXPECT_GT(fit[1].high, 1);
  const std::vector<Coefficient> again = non_negative_fit(e);
  EXPECT_EQ(again[0].low, fit[0].low);
  EXPECT_EQ(again[1].high, fit[1].high);
}

}  // namespace
}  // namespace spillway::analysis
