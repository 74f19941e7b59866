#include "sim/meters.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace spillway {
namespace {

using namespace std::chrono_literals;

TEST(Counter, AppearsWithItsFirstIncrementEvenOfZero) {
  Counter counter;
  EXPECT_FALSE(counter.visible());
  counter.add(0);
  EXPECT_TRUE(counter.visible());
  counter.add(3);
  EXPECT_EQ(counter.value(), 3);
}

TEST(Counter, RestartsAsTheProgramShowsIt) {
  Counter counter;
  counter.add(3);
  counter.reset(true);
  EXPECT_EQ(counter.value(), 0);
  EXPECT_TRUE(counter.visible());
  counter.reset(false);
  EXPECT_FALSE(counter.visible());
  counter.show();
  EXPECT_TRUE(counter.visible());
}

TEST(Level, IsAveragedOverTimeFromTheStartOfTheRun) {
  Level level;
  level.set(Time{2s}, 10);  // 0 for 2 s
  level.set(Time{3s}, 4);   // 10 for 1 s
  EXPECT_DOUBLE_EQ(level.mean(Time{3s}), 10.0 / 3);
  EXPECT_DOUBLE_EQ(level.mean(Time{8s}), 30.0 / 8);  // and 4 for 5 s
  EXPECT_EQ(level.value(), 4);
  EXPECT_EQ(level.peak(), 10);
}

TEST(Level, CountsAPeakOfNoDurationButNoAreaForIt) {
  Level level;
  level.set(Time{1s}, 100);
  level.set(Time{1s}, 0);
  EXPECT_EQ(level.peak(), 100);
  EXPECT_EQ(level.mean(Time{2s}), 0);
}

TEST(Level, IsZeroAtTheStart) {
  Level level;
  level.set(Time{}, 5);
  EXPECT_EQ(level.mean(Time{}), 0);
  EXPECT_DOUBLE_EQ(level.mean(Time{1s}), 5);
}

TEST(Level, DoesNotOverflowOverYearsOfBytes) {
  Level level;
  level.set(Time{}, 1'000'000'000'000);
  EXPECT_DOUBLE_EQ(level.mean(Time{24h * 365 * 10}), 1e12);
}

TEST(MetricsPage, IsSortedByNameThenLabels) {
  MetricsPage page;
  page.add([](std::vector<MetricValue>& out) { out.push_back({"b", {{"x", "2"}}, 1}); });
  page.add([](std::vector<MetricValue>& out) {
    out.push_back({"b", {{"x", "1"}}, 2});
    out.push_back({"a", {}, 3});
  });
  const std::vector<MetricValue> values = page.read();
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].value, 3);
  EXPECT_EQ(values[1].value, 2);
  EXPECT_EQ(values[2].value, 1);
}

TEST(SeriesRecorder, ASeriesThatAppearsLateIsZeroBefore) {
  double value = 0;
  MetricsPage page;
  page.add([&](std::vector<MetricValue>& out) {
    if (value > 1) out.push_back({"late", {}, value});
    out.push_back({"always", {}, value});
  });
  SeriesRecorder recorder;
  for (value = 1; value <= 3; ++value) recorder.take(page);
  const std::vector<Series> series = recorder.series();
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(series[1].name, "late");
  EXPECT_EQ(series[1].values, (std::vector<double>{0, 2, 3}));
}

TEST(SeriesRecorder, ASeriesThatIsNotShownForAWhileKeepsItsLastValue) {
  int step = 0;
  MetricsPage page;
  page.add([&](std::vector<MetricValue>& out) {
    if (step == 0 || step == 3) out.push_back({"gone", {}, 7.0 + step});
  });
  SeriesRecorder recorder;
  for (step = 0; step < 5; ++step) recorder.take(page);
  EXPECT_EQ(recorder.series().at(0).values, (std::vector<double>{7, 7, 7, 10, 10}));
}

}  // namespace
}  // namespace spillway
