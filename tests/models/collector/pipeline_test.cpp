#include "models/collector/pipeline.hpp"

#include <gtest/gtest.h>

#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

struct FanOutBench : Bench {
  Sink first{*this}, second{*this, true}, third{*this};
};

/// Notes in which order consumers are called.
class Named final : public Consumer {
 public:
  Named(std::string name, bool mutates, std::string& calls)
      : name_{std::move(name)}, mutates_{mutates}, calls_{calls} {}
  void consume(Payload, Done done) override {
    calls_ += name_;
    done({});
  }
  bool mutates_data() const override { return mutates_; }

 private:
  std::string name_;
  bool mutates_;
  std::string& calls_;
};

Result error(bool permanent, Code code) { return {false, permanent, code, Duration{-1}, {}}; }

TEST(FanOut, CallsEverybodyWithEverything) {
  FanOutBench bench;
  FanOut fan_out{{&bench.first, &bench.second, &bench.third}};
  Sender sender{bench, fan_out};
  sender.send_now(10);
  for (const Sink* sink : {&bench.first, &bench.second, &bench.third}) EXPECT_EQ(sink->sent, (SentList{{0, 10}}));
  EXPECT_EQ(sender.told_ok(), 1);
}

TEST(FanOut, CallsTheOthersAfterAnError) {
  FanOutBench bench;
  bench.first.result = error(false, Code::none);
  FanOut fan_out{{&bench.first, &bench.third}};
  Sender sender{bench, fan_out};
  sender.send_now(10);
  EXPECT_EQ(bench.third.sent, (SentList{{0, 10}}));
  EXPECT_EQ(sender.told_ok(), 0);
  EXPECT_EQ(bench.fates().stored, 10);
}

TEST(FanOut, CallsThoseThatMutateFirstEachClassInOrderOfTheFile) {
  Bench bench;
  std::string calls;
  Named a{"a", false, calls}, b{"b", true, calls}, c{"c", false, calls}, d{"d", true, calls};
  FanOut fan_out{{&a, &b, &c, &d}};
  fan_out.reach = 0;
  StopWatch watch{bench};
  fan_out.consume(bench.payload(1), watch.as_done());
  EXPECT_EQ(calls, "bdac");
}

TEST(FanOut, MutatesOnlyWhenAllItsChildrenDo) {
  FanOutBench bench;
  EXPECT_FALSE((FanOut{{&bench.first, &bench.second}}.mutates_data()));
  EXPECT_TRUE((FanOut{{&bench.second, &bench.second}}.mutates_data()));
}

TEST(FanOut, ErrorIsPermanentWhenAnyIsAndKeepsTheFirstCode) {
  FanOutBench bench;
  bench.first.result = error(false, Code::unavailable);
  bench.third.result = error(true, Code::invalid_argument);
  FanOut fan_out{{&bench.first, &bench.third}};
  Sender sender{bench, fan_out};
  sender.send_now(10);
  ASSERT_EQ(sender.told.size(), 1u);
  EXPECT_TRUE(sender.told[0].result.permanent);
  EXPECT_EQ(sender.told[0].result.code, Code::unavailable);
}

TEST(FanOut, ASlowChildDelaysTheOthersAndTheCaller) {
  FanOutBench bench;
  bench.first.waits = true;
  FanOut fan_out{{&bench.first, &bench.third}};
  Sender sender{bench, fan_out};
  sender.send(0, 10);
  bench.script.at(2, [&] { bench.first.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(bench.third.sent, (SentList{{2, 10}}));
  EXPECT_EQ(sender.told.at(0).at, 2);
}

TEST(FanOut, CallsAreIndependentOfEachOther) {
  FanOutBench bench;
  bench.first.waits = true;
  FanOut fan_out{{&bench.first, &bench.third}};
  Sender sender{bench, fan_out};
  sender.send(0, 10);
  sender.send(1, 20);
  bench.script.at(2, [&] { bench.first.let_go(); });
  bench.script.at(3, [&] { bench.first.let_go(); });
  bench.run_until(5);
  EXPECT_EQ(bench.third.sent, (SentList{{2, 10}, {3, 20}}));
}

}  // namespace
}  // namespace spillway::collector
