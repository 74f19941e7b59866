#include "analysis/calibration/law_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "analysis/calibration/contention.hpp"
#include "analysis/calibration/request_classes.hpp"
#include "sim/distribution.hpp"
#include "sim/stream.hpp"

namespace spillway::analysis {
namespace {

std::vector<double> drawn(const Distribution& law, std::size_t count) {
  const StreamKey key = stream_key(1, 0, "law fit", law.describe());
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    Draws draws{key, i};
    values.push_back(law.sample(draws));
  }
  return values;
}

TEST(LawFit, FindsTheFamilyThatTheValuesCameFrom) {
  using Family = FittedLaw::Family;
  const std::vector<std::pair<Distribution, Family>> cases{
      {Distribution::exponential(0.01), Family::exponential},
      {Distribution::gamma(0.01, 0.4), Family::gamma},
      {Distribution::weibull(0.01, 3), Family::weibull},
      {Distribution::lognormal(0.01, 0.95, 0.04), Family::lognormal},
      {Distribution::mixture({1, 1}, {Distribution::lognormal(0.001, 0.95, 0.0015), Distribution::lognormal(0.02, 0.95, 0.04)}),
       Family::lognormal_mixture}};
  for (const auto& [law, family] : cases) {
    const FittedLaw fitted = fit_law(drawn(law, 4000));
    EXPECT_STREQ(family_name(fitted.family), family_name(family)) << law.describe();
    const double room = fitted.high - fitted.low;  // four standard errors at either side
    EXPECT_LE(fitted.low - room, law.mean()) << law.describe();
    EXPECT_GE(fitted.high + room, law.mean()) << law.describe();
  }
}

TEST(LawFit, GetsTheParametersBack) {
  const FittedLaw gamma = fit_law(drawn(Distribution::gamma(0.01, 0.4), 20'000));
  EXPECT_NEAR(gamma.a, 0.01, 0.0001);
  EXPECT_NEAR(gamma.b, 0.4, 0.01);
  const FittedLaw two = fit_law(drawn(Distribution::mixture({3, 1}, {Distribution::lognormal(0.001, 0.95, 0.0015),
                                                                     Distribution::lognormal(0.02, 0.95, 0.04)}), 20'000));
  ASSERT_EQ(two.parts.size(), 2u);
  EXPECT_NEAR(two.parts[0].weight, 0.75, 0.01);
  EXPECT_NEAR(two.parts[0].median, 0.001, 0.00002);
  EXPECT_NEAR(two.parts[1].median, 0.02, 0.0005);
}

TEST(LawFit, NothingAndNoughtAreLawsToo) {
  EXPECT_EQ(law_text(fit_law({})), "0s");
  EXPECT_EQ(law_text(fit_law({0, 0, 0})), "0s");
  EXPECT_EQ(law_text(fit_law({0.002, 0.002, 0.002})), "2ms");
  const FittedLaw half = fit_law({0, 0, 0.002, 0.002});
  EXPECT_EQ(law_text(half), "{mixture: [{weight: 0.500000, of: 0s}, {weight: 0.500000, of: 2ms}]}");
  EXPECT_DOUBLE_EQ(half.mean, 0.001);
}

TEST(LawFit, DurationsAreWrittenAsAScenarioReadsThem) {
  EXPECT_EQ(duration_in_yaml(0.0000125), "12.5us");
  EXPECT_EQ(duration_in_yaml(0.0125), "12.5ms");
  EXPECT_EQ(duration_in_yaml(12.5), "12.5s");
  EXPECT_EQ(duration_in_yaml(0), "0s");
}

TEST(RequestClasses, TwoKindsAreTwoAndOneIsOne) {
  const std::vector<double> noise = drawn(Distribution::lognormal(1, 0.95, 1.5), 1200);
  std::vector<std::vector<double>> one, two;
  for (std::size_t i = 0; i + 1 < noise.size(); i += 2) {
    const double kind = i % 4 == 0 ? 0 : 3;
    one.push_back({std::log(noise[i]), std::log(noise[i + 1])});
    two.push_back({kind + std::log(noise[i]), kind + std::log(noise[i + 1])});
  }
  EXPECT_EQ(alike(one, 30, 8).size(), 1u);
  const auto kinds = alike(two, 30, 8);
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].size() + kinds[1].size(), 600u);
  for (const std::size_t i : kinds[0]) EXPECT_EQ(i % 2, kinds[0][0] % 2);
  EXPECT_TRUE(alike({}, 30, 8).at(0).empty());
}

TEST(BusyTime, CountsWhatRunsAndHowColdItGets) {
  BusyTime busy;
  busy.add(0, 100);
  busy.add(50, 100);
  busy.add(300, 400);
  busy.ready();
  EXPECT_DOUBLE_EQ(busy.mean(0, 100), 1.5);
  EXPECT_DOUBLE_EQ(busy.mean(100, 300), 0);
  EXPECT_DOUBLE_EQ(busy.mean(50, 350), (100.0 + 50) / 300);
  EXPECT_DOUBLE_EQ(busy.idle_share(), 0.5);
  const auto cold = busy.coldness({300, 0, 100, 350}, 100);
  EXPECT_DOUBLE_EQ(cold[1], 1);
  EXPECT_DOUBLE_EQ(cold[2], std::exp(-1.0));
  const double idle = 1 - (1 - std::exp(-1.0)) * std::exp(-2.0);
  EXPECT_DOUBLE_EQ(cold[0], idle);
  EXPECT_DOUBLE_EQ(cold[3], idle * std::exp(-0.5));
}

TEST(HostFit, SolvesTheSlopesForWhatTheHostDoes) {
  const StreamKey key = stream_key(1, 0, "host fit", "requests");
  std::vector<Surroundings> requests;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    Draws draws{key, i};
    Surroundings r;
    r.group = i % 2;
    r.others = -0.5 * std::log(draws.uniform());
    r.cold = draws.uniform();
    r.own = 1;
    r.log_duration = static_cast<double>(r.group) + std::log((1 + 0.2 * r.others) * (1 + 0.5 * r.cold)) + 0.2 * (draws.uniform() - 0.5);
    requests.push_back(r);
  }
  const HostFit host = fit_host(requests);
  EXPECT_NEAR(host.contention.value, 0.2, 0.015);
  EXPECT_NEAR(host.cold.value, 0.5, 0.03);
  EXPECT_LT(host.contention.high - host.contention.low, 0.03);
  for (Surroundings& r : requests) r.log_duration = 0.3 * r.others;
  EXPECT_EQ(fit_host(requests).cold.value, 0) << "what says nothing is left out";
  EXPECT_EQ(fit_host({}).contention.value, 0);
}

}  // namespace
}  // namespace spillway::analysis
