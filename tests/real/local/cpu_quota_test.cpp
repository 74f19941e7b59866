#include "real/local/cpu_quota.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "real/local/process.hpp"

namespace spillway::real {
namespace {

using namespace std::chrono_literals;

TEST(CpuQuota, AProgramGetsItsShareAndNotMore) {
  CpuQuota quota{"spillway-test-quota", 0.2};
  if (!quota.problem().empty()) GTEST_SKIP() << quota.problem();
  Process busy{{.argv = {"sh", "-c", "while :; do :; done"}}};
  quota.add(busy.pid());
  ASSERT_EQ(quota.problem(), "");
  const double before = busy.usage().cpu_user + busy.usage().cpu_system;
  const auto begun = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(1s);
  const double used = busy.usage().cpu_user + busy.usage().cpu_system - before;
  const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  EXPECT_LE(used, 0.2 * passed + 0.06) << "a fifth, one period and two clock ticks";
  if (used > 0.15 * passed) {  // unless the machine was too busy to give it even that
    EXPECT_GT(quota.throttled_seconds(), 0);
  }
  busy.signal(9);
  EXPECT_TRUE(busy.wait(5s));
}

TEST(CpuQuota, WhereThereIsNoneItSaysWhy) {
  CpuQuota quota{"no/such/group", 0.5};
  EXPECT_NE(quota.problem().find("cannot make a control group"), std::string::npos);
  quota.add(1);
  EXPECT_EQ(quota.throttled_seconds(), 0);
}

}  // namespace
}  // namespace spillway::real
