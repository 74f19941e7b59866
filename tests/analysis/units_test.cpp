#include "analysis/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace spillway::analysis {
namespace {

using namespace std::chrono_literals;

TEST(Units, GroupsDigitsByThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1 000");
  EXPECT_EQ(grouped(-1234567), "-1 234 567");
  EXPECT_EQ(grouped(-123), "-123");
}

TEST(Units, KeepsThreeSignificantDigitsOfFractions) {
  EXPECT_EQ(grouped(0.012345), "0.0123");
  EXPECT_EQ(grouped(2.5), "2.5");
  EXPECT_EQ(grouped(99.96), "100");
  EXPECT_EQ(grouped(123.456), "123");
  EXPECT_EQ(grouped(1234.56), "1 235");
  EXPECT_EQ(grouped(999.7), "1 000");
}

TEST(Units, NeverRoundsAShareToNothingOrToEverything) {
  EXPECT_EQ(percent(0), "0 %");
  EXPECT_EQ(percent(1), "100 %");
  EXPECT_EQ(percent(0.00001), "<0.01 %");
  EXPECT_EQ(percent(0.99999), ">99.99 %");
  EXPECT_EQ(percent(0.0042), "0.42 %");
  EXPECT_EQ(percent(0.9987), "99.87 %");
  EXPECT_EQ(percent(0.7134), "71.3 %");
  EXPECT_EQ(percent(0.9999), "99.99 %");
  EXPECT_EQ(percent(-0.25), "-25 %");
}

TEST(Units, WritesLengthsOfTimeInTheirTwoLargestUnits) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(0.000012), "12 us");
  EXPECT_EQ(duration_text(0.204), "204 ms");
  EXPECT_EQ(duration_text(12.345), "12.3 s");
  EXPECT_EQ(duration_text(201.2), "3 min 21 s");
  EXPECT_EQ(duration_text(900), "15 min");
  EXPECT_EQ(duration_text(179.9), "3 min");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
  EXPECT_EQ(duration_text(-0.05), "-50 ms");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), "never");
}

TEST(Units, SaysTheUnitWithTheNumber) {
  EXPECT_EQ(with_unit(12345, Unit::spans), "12 345 spans");
  EXPECT_EQ(with_unit(1536, Unit::bytes), "1.5 KiB");
  EXPECT_EQ(with_unit(0.5, Unit::share), "50 %");
  EXPECT_EQ(with_unit(0.5, Unit::seconds), "500 ms");
  EXPECT_EQ(bare(7, Unit::requests), "7");
}

TEST(Units, ReadsTimesAsTheScenarioSpellsThem) {
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  for (const char* wrong : {"", "30", "s", "-1s", "1 s", "1e3s", "400000000d", "nans"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace spillway::analysis
