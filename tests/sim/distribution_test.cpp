#include "sim/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace spillway {
namespace {

/// One law with what is known about it from elsewhere.
struct Case {
  std::string name;
  Distribution law;
  std::array<double, 3> first;           ///< pinned: the first values at address (key(), 0)
  double mean, variance;                 ///< by textbook formula or by hand
  std::function<double(double)> cdf;     ///< distribution function; none where the law is not continuous

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.law.describe(); }
};

StreamKey key() { return stream_key(1, 0, "distribution", "test"); }

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }
double exponential_cdf(double x, double mean) { return -std::expm1(-x / mean); }

/// Median 0.04, 99th percentile 0.2: the logarithm's deviation is log(5)/2.3263478740408408.
constexpr double kSigma = 1.6094379124341003 / 2.3263478740408408;
double lognormal_cdf(double x) { return normal_cdf(std::log(x / 0.04) / kSigma); }

/// Mean 2, cv 3: probability (1 + sqrt(8/10))/2 of the frequent phase, each phase gives half of the mean.
double hyperexponential_cdf(double x) {
  const double p = (1 + std::sqrt(0.8)) / 2;
  return p * exponential_cdf(x, 1 / p) + (1 - p) * exponential_cdf(x, 1 / (1 - p));
}

double pareto_cdf(double x) { return (1 - std::pow(x, -1.5)) / (1 - std::pow(1000, -1.5)); }

std::vector<Case> cases() {
  const double lognormal_mean = 0.04 * std::exp(kSigma * kSigma / 2);
  const double pi = std::acos(-1.0);
  // Pareto 1 … 1000, alpha 1.5: c * integral of x^(k - 2.5), c = 1.5/(1 - 1000^-1.5).
  const double c = 1.5 / (1 - std::pow(1000, -1.5));
  const double pareto_mean = c * 2 * (1 - std::pow(1000, -0.5));
  const double pareto_square = c * 2 * (std::pow(1000, 0.5) - 1);
  const auto exponential = Distribution::exponential(2);
  const auto uniform = Distribution::uniform(10, 16);
  return {
      {"constant", Distribution::constant(3), {3, 3, 3}, 3, 0, nullptr},
      {"uniform", uniform, {11.612460079666537, 12.629786657931241, 15.494125948075572}, 13, 3,
       [](double x) { return (x - 10) / 6; }},
      {"exponential", exponential, {0.62598156365192337, 1.1535668412313671, 4.9464540382920674}, 2, 4,
       [](double x) { return exponential_cdf(x, 2); }},
      {"lognormal", Distribution::lognormal(0.04, 0.99, 0.2),
       {0.02610911326001765, 0.035925510200226309, 0.10367678496022568},
       lognormal_mean, lognormal_mean * lognormal_mean * (std::exp(kSigma * kSigma) - 1), lognormal_cdf},
      {"gamma_steady", Distribution::gamma(6, 0.5),
       {3.9122063657121133, 10.477342932074261, 7.2913365332201163}, 6, 9,
       [](double x) { return boost::math::gamma_p(4.0, x / 1.5); }},
      {"gamma_bursty", Distribution::gamma(6, 2),
       {0.097131284635825918, 1.4598478993894279, 9.1913863143800238}, 6, 144,
       [](double x) { return boost::math::gamma_p(0.25, x / 24); }},
      {"weibull", Distribution::weibull(3, 2),
       {1.6783673723096664, 2.278387760136793, 4.7179490429967874},
       3 * std::sqrt(pi) / 2, 9 * (1 - pi / 4), [](double x) { return -std::expm1(-x * x / 9); }},
      {"bounded_pareto", Distribution::bounded_pareto(1, 1000, 1.5),
       {1.2320171352464959, 1.4688882621144748, 5.1996384236790387},
       pareto_mean, pareto_square - pareto_mean * pareto_mean, pareto_cdf},
      {"hyperexponential", Distribution::hyperexponential(2, 3),
       {0.60892645899074738, 0.61872387835725329, 1.4878973698584166}, 2, 36, hyperexponential_cdf},
      {"mixture", Distribution::mixture({3, 1}, {exponential, uniform}),
       {1.1535668412313671, 12.660918397762575, 2.818713234877043},
       4.75, 0.75 * (4 + 2.75 * 2.75) + 0.25 * (3 + 8.25 * 8.25),
       [](double x) { return 0.75 * exponential_cdf(x, 2) + 0.25 * std::clamp((x - 10) / 6, 0.0, 1.0); }},
      {"empirical", Distribution::empirical({5, 1, 2, 2}), {2, 2, 5}, 2.5, 2.25, nullptr},
  };
}

std::vector<double> samples_of(const Distribution& law, std::size_t count) {
  Draws draws{key(), 1};
  std::vector<double> values(count);
  for (double& v : values) v = law.sample(draws);
  return values;
}

class Law : public ::testing::TestWithParam<Case> {};

TEST_P(Law, GivesItsPinnedFirstValues) {
  Draws draws{key(), 0};
  for (const double expected : GetParam().first) EXPECT_NEAR(GetParam().law.sample(draws), expected, 1e-13 * expected);
}

TEST_P(Law, KnowsItsMeanAndVariance) {
  EXPECT_NEAR(GetParam().law.mean(), GetParam().mean, 1e-12 * GetParam().mean);
  EXPECT_NEAR(GetParam().law.variance(), GetParam().variance, 1e-11 * GetParam().variance);
}

TEST_P(Law, SamplesHaveItsMeanAndVariance) {
  constexpr std::size_t n = 200'000;
  const Distribution& law = GetParam().law;
  const auto values = samples_of(law, n);
  double mean = 0, square = 0, fourth = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) {
    const double d = (v - law.mean()) * (v - law.mean());
    square += d / n;
    fourth += d * d / n;
  }
  EXPECT_NEAR(mean, law.mean(), 4 * std::sqrt(law.variance() / n) + 1e-11);
  EXPECT_NEAR(square, law.variance(), 4 * std::sqrt((fourth - square * square) / n) + 1e-12);
}

TEST_P(Law, SamplesFollowItsDistributionFunction) {
  if (!GetParam().cdf) GTEST_SKIP() << "not continuous";
  constexpr std::size_t n = 200'000;
  auto values = samples_of(GetParam().law, n);
  std::sort(values.begin(), values.end());
  double distance = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double f = GetParam().cdf(values[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(n));  // Kolmogorov and Smirnov: exceeded once in a thousand
}

TEST_P(Law, TakesTheSameNumberOfDrawsForEverySample) {
  const auto kind = GetParam().law.kind();
  if (kind == Distribution::Kind::gamma) GTEST_SKIP() << "rejection";
  const bool two = kind == Distribution::Kind::hyperexponential || kind == Distribution::Kind::mixture;
  const std::size_t each = kind == Distribution::Kind::constant ? 0 : two ? 2 : 1;
  Draws used{key(), 2};
  Draws counted{key(), 2};
  for (int i = 0; i < 1'000; ++i) GetParam().law.sample(used);
  for (std::size_t i = 0; i < 1'000 * each; ++i) counted.bits();
  EXPECT_EQ(used.bits(), counted.bits());
}

TEST_P(Law, SurvivesBeingCopied) {
  const Distribution copy = GetParam().law;
  Draws a{key(), 3}, b{key(), 3};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(copy.sample(a), GetParam().law.sample(b));
}

INSTANTIATE_TEST_SUITE_P(All, Law, ::testing::ValuesIn(cases()), [](const auto& tested) { return tested.param.name; });

TEST(NormalQuantile, AgreesWithPublishedValues) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.25), -0.6744897501960817, 1e-15);   // Wichura's own check values
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167814, 4e-15);
  EXPECT_NEAR(normal_quantile(1e-20), -9.262340089798408, 1e-14);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
}

TEST(NormalQuantile, AgreesWithAnotherImplementationFromTailToTail) {
  const boost::math::normal_distribution<double> normal;
  for (double p = 1e-300; p < 1e-3; p *= 7) EXPECT_NEAR(normal_quantile(p) / quantile(normal, p), 1, 4e-15) << p;
  for (double p = 0.0005; p < 1; p += 0.0005) EXPECT_NEAR(normal_quantile(p), quantile(normal, p), 4e-15) << p;
  EXPECT_TRUE(std::isfinite(normal_quantile(1 - 0x1.0p-53)));
}

TEST(Exponential, IsTheInverseOfItsDistributionFunction) {
  Draws u{key(), 0}, draws{key(), 0};
  const auto law = Distribution::exponential(3);
  for (int i = 0; i < 100; ++i) EXPECT_NEAR(exponential_cdf(law.sample(draws), 3), u.uniform(), 1e-14);
}

TEST(Lognormal, HasTheMedianAndThePercentileItWasGivenBy) {
  constexpr std::size_t n = 200'000;
  for (const double p : {0.9, 0.95, 0.99}) {
    const auto values = samples_of(Distribution::lognormal(0.04, p, 0.2), n);
    const auto below = [&](double limit) {
      return static_cast<double>(std::count_if(values.begin(), values.end(), [&](double v) { return v <= limit; }));
    };
    EXPECT_NEAR(below(0.04), 0.5 * n, 4 * std::sqrt(0.25 * n));
    EXPECT_NEAR(below(0.2), p * n, 4 * std::sqrt(p * (1 - p) * n)) << p;
  }
}

TEST(BoundedPareto, StaysWithinItsBounds) {
  const auto law = Distribution::bounded_pareto(2, 5, 0.1);
  for (const double v : samples_of(law, 10'000)) {
    EXPECT_GE(v, 2);
    EXPECT_LE(v, 5);
  }
}

TEST(BoundedPareto, HasFiniteMomentsWhereTheFormulaHasAGap) {
  // alpha 1 and 2 divide zero by zero in the usual form; the neighbours show the limit.
  for (const double alpha : {1.0, 2.0}) {
    const auto at = Distribution::bounded_pareto(1, 100, alpha);
    const auto near = Distribution::bounded_pareto(1, 100, alpha + 1e-7);
    EXPECT_NEAR(at.mean(), near.mean(), 1e-5 * at.mean());
    EXPECT_NEAR(at.variance(), near.variance(), 1e-5 * at.variance());
  }
  EXPECT_NEAR(Distribution::bounded_pareto(1, 100, 1).mean(), 100.0 / 99 * std::log(100), 1e-12);
}

TEST(BoundedPareto, WithoutRoomIsConstant) {
  EXPECT_TRUE(Distribution::bounded_pareto(7, 7, 1.5).is_constant());
  EXPECT_EQ(Distribution::bounded_pareto(7, 7, 1.5).mean(), 7);
}

TEST(Hyperexponential, WithVariationOneIsExponential) {
  auto values = samples_of(Distribution::hyperexponential(2, 1), 50'000);
  EXPECT_DOUBLE_EQ(Distribution::hyperexponential(2, 1).variance(), 4);
  const auto below_mean = std::count_if(values.begin(), values.end(), [](double v) { return v < 2; });
  EXPECT_NEAR(static_cast<double>(below_mean), 50'000 * (1 - std::exp(-1)), 4 * std::sqrt(50'000 * 0.632 * 0.368));
}

TEST(Hyperexponential, KeepsItsMeanAtExtremeVariation) {
  EXPECT_NEAR(Distribution::hyperexponential(2, 1e6).mean(), 2, 1e-12);
}

TEST(Mixture, NeverTakesAPartWithoutWeight) {
  const auto law = Distribution::mixture({0, 1, 0}, {Distribution::constant(1), Distribution::constant(2),
                                                     Distribution::constant(3)});
  for (const double v : samples_of(law, 10'000)) EXPECT_EQ(v, 2);
}

TEST(Empirical, DrawsEveryValueEquallyOften) {
  const auto values = samples_of(Distribution::empirical({30, 10, 20}), 30'000);
  for (const double v : {10.0, 20.0, 30.0}) {
    EXPECT_NEAR(static_cast<double>(std::count(values.begin(), values.end(), v)), 10'000,
                4 * std::sqrt(30'000 * 2.0 / 9));
  }
}

TEST(Distribution, DescribesItselfInTheWordsItWasGiven) {
  EXPECT_EQ(Distribution::constant(3).describe(), "constant(3)");
  EXPECT_EQ(Distribution::uniform(1, 2.5).describe(), "uniform(min 1, max 2.5)");
  EXPECT_EQ(Distribution::lognormal(0.04, 0.99, 0.2).describe(), "lognormal(median 0.04, p99 0.2)");
  EXPECT_EQ(Distribution::gamma(6, 0.5).describe(), "gamma(mean 6, cv 0.5)");
  EXPECT_EQ(Distribution::weibull(3, 2).describe(), "weibull(scale 3, shape 2)");
  EXPECT_EQ(Distribution::bounded_pareto(1, 1000, 1.5).describe(), "bounded_pareto(min 1, max 1000, alpha 1.5)");
  EXPECT_EQ(Distribution::hyperexponential(2, 3).describe(), "hyperexponential(mean 2, cv 3)");
  EXPECT_EQ(Distribution::empirical({1, 3}).describe(), "empirical(values 2, mean 2)");
  EXPECT_EQ(Distribution::mixture({3, 1}, {Distribution::constant(1), Distribution::exponential(2)}).describe(),
            "mixture(0.75 constant(1), 0.25 exponential(mean 2))");
}

}  // namespace
}  // namespace spillway
