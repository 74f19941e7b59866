#include "models/hosts/restart_back_off.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

using namespace std::chrono_literals;

TEST(RestartBackOff, StartsAtOnceThenWaitsTwiceAsLongEachTime) {
  RestartBackOff back_off;
  std::vector<Duration> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(back_off.next(3s));
  EXPECT_EQ(waits, (std::vector<Duration>{0s, 10s, 20s, 40s, 80s, 160s, 5min, 5min}));
}

TEST(RestartBackOff, ForgetsAfterTenMinutes) {
  RestartBackOff back_off;
  back_off.next(3s);
  back_off.next(3s);
  EXPECT_EQ(back_off.next(599s), 20s);
  EXPECT_EQ(back_off.next(600s), 0s);
  EXPECT_EQ(back_off.next(3s), 10s);
}

}  // namespace
}  // namespace spillway
