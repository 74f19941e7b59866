#include "models/collector/tail_policies.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/models/collector/tail_bench.hpp"

namespace spillway::collector {
namespace {

/// Which of these traces (numbered from 0, one payload each, sent half a second after a tick) are sampled.
std::set<std::uint64_t> sampled(PolicyConfig one, const std::vector<std::vector<Made>>& traces, int minor = 159) {
  TailBench bench{waiting(1, {std::move(one)}), minor};
  for (std::size_t i = 0; i < traces.size(); ++i) {
    std::vector<Made> spans = traces[i];
    for (Made& span : spans) span.trace = i;
    bench.send(0.5, std::move(spans));
  }
  bench.run_until(4);
  return bench.sink.traces();
}
using Traces = std::set<std::uint64_t>;

Made with(const char* key, Value value) { return {0, {{key, std::move(value)}}}; }
Made lasting(Duration start, Duration length) {
  Made made;
  made.start = start;
  made.length = length;
  return made;
}

// Reference: FNV-1a, 64 bit, as published.
TEST(Hash, IsFnv1aOverSaltAndTraceId) {
  EXPECT_EQ(fnv1a64(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(fnv1a64("a"), 0xaf63dc4c8601ec8cULL);
  const TraceId id{0x0001020304050607, 0x08090a0b0c0d0e0f};
  std::string bytes = "salt";
  for (char c = 0; c < 16; ++c) bytes += c;
  EXPECT_EQ(fnv1a64(id, fnv1a64("salt")), fnv1a64(bytes));
}

// 10 %: 0.1 as a double is 0x1.999999999999ap-4; times 2^64 - 1, rounded to 64 bits, floor.
TEST(Hash, ThresholdIsTheFlooredShareOfAllBits) {
  EXPECT_EQ(hash_threshold(0), 0u);
  EXPECT_EQ(hash_threshold(-1), 0u);
  EXPECT_EQ(hash_threshold(1), ~0ULL);
  EXPECT_EQ(hash_threshold(7), ~0ULL);
  EXPECT_EQ(hash_threshold(0.5), 0x7fffffffffffffffULL);
  EXPECT_EQ(hash_threshold(0.25), 0x3fffffffffffffffULL);
  EXPECT_EQ(hash_threshold(0.1), 0x19999999999999ffULL);
  EXPECT_EQ(hash_threshold(1e-30), 0u);
}

TEST(TraceState, IsTakenApartAsW3CSays) {
  EXPECT_EQ(trace_state_value("a=1,b=2", "b"), "2");
  EXPECT_EQ(trace_state_value(" a=1 ,\tb=2\t", "a"), "1");
  EXPECT_EQ(trace_state_value("t61@system=x", "t61@system"), "x");
  EXPECT_EQ(trace_state_value("a=1,a=2", "a"), "");      // twice
  EXPECT_EQ(trace_state_value("a=1,B=2", "a"), "");      // one bad member spoils all
  EXPECT_EQ(trace_state_value("a=1,b", "a"), "");
  EXPECT_EQ(trace_state_value("", "a"), "");
}

TEST(Policy, LatencyLooksAtWhatAllSpansCover) {
  PolicyConfig slow = policy(PolicyType::latency);
  slow.latency.threshold_ms = 100;
  const std::vector<std::vector<Made>> traces{
      {lasting(0ms, 60ms), lasting(50ms, 60ms)},   // 110 ms together
      {lasting(0ms, 100ms)},                       // exactly the threshold
      {lasting(0ms, 100999us)},                    // 100 whole milliseconds
      {lasting(0ms, 101ms)},
      {lasting(0ms, 60ms), lasting(0ms, 90ms)}};
  EXPECT_EQ(sampled(slow, traces, 157), (Traces{0, 3}));
  EXPECT_EQ(sampled(slow, traces, 156), (Traces{0, 1, 2, 3}));
}

TEST(Policy, LatencyWithAnUpperBoundIsMetByTheFirstSpansAlone) {
  PolicyConfig range = policy(PolicyType::latency);
  range.latency = {50, 100};
  const std::vector<std::vector<Made>> traces{{lasting(0ms, 70ms), lasting(0ms, 500ms)},
                                              {lasting(0ms, 500ms), lasting(0ms, 70ms)},
                                              {lasting(0ms, 50ms)},
                                              {lasting(0ms, 100ms)}};
  EXPECT_EQ(sampled(range, traces), (Traces{0, 3}));
}

TEST(Policy, NumericAttributeTakesZeroForNoBound) {
  PolicyConfig numeric = policy(PolicyType::numeric_attribute);
  numeric.numeric_attribute = {"n", 5, 0, false};
  const std::vector<std::vector<Made>> traces{{with("n", 4)}, {with("n", 5)}, {with("n", 900)}, {with("n", "7")},
                                              {Made{}}, {Made{.resource = {{"n", 6}}}}};
  EXPECT_EQ(sampled(numeric, traces), (Traces{1, 2, 5}));
  EXPECT_EQ(sampled(numeric, traces, 111), Traces{});  // at least 5 and at most 0
  numeric.numeric_attribute = {"n", 0, 5, false};
  EXPECT_EQ(sampled(numeric, traces), (Traces{0, 1, 3}));  // a text reads as 0
}

TEST(Policy, StringAttributeComparesWholeTextsOrSearchesPatterns) {
  PolicyConfig text = policy(PolicyType::string_attribute);
  text.string_attribute = {"route", {"/pay", ""}, false, 0, false};
  const std::vector<std::vector<Made>> traces{{with("route", "/pay")}, {with("route", "/pay/2")}, {with("route", "")},
                                              {with("route", 5)}, {Made{.resource = {{"route", "/pay"}}}},
                                              {Made{.resource = {{"route", ""}}}}};
  EXPECT_EQ(sampled(text, traces), (Traces{0, 4}));
  text.string_attribute = {"route", {"^/pay", "^$"}, true, 0, false};
  EXPECT_EQ(sampled(text, traces), (Traces{0, 1, 4, 5}));  // an empty text counts on a resource only
  text.string_attribute.invert_match = true;
  EXPECT_EQ(sampled(text, traces), (Traces{2, 3}));
}

TEST(Policy, BooleanAttributeReadsOtherTypesAsFalse) {
  PolicyConfig flag = policy(PolicyType::boolean_attribute);
  flag.boolean_attribute = {"b", false, false};
  const std::vector<std::vector<Made>> traces{{with("b", true)}, {with("b", false)}, {with("b", "true")}, {Made{}}};
  EXPECT_EQ(sampled(flag, traces), (Traces{1, 2}));
  flag.boolean_attribute = {"b", true, true};
  EXPECT_EQ(sampled(flag, traces), (Traces{1, 2, 3}));
}

TEST(Policy, StatusFlagsAndTraceStateLookAtAnySpan) {
  PolicyConfig status = policy(PolicyType::status_code);
  status.status_code.status_codes = {"ERROR", "OK"};
  const Made error{.status = SpanStatus::error}, ok{.status = SpanStatus::ok}, unset;
  EXPECT_EQ(sampled(status, {{unset}, {unset, error}, {ok}}), (Traces{1, 2}));
  const Made flagged{.flags = 1}, other{.flags = 2};
  EXPECT_EQ(sampled(policy(PolicyType::trace_flags), {{unset}, {unset, flagged}, {other}}), Traces{1});
  PolicyConfig state = policy(PolicyType::trace_state);
  state.trace_state = {"k", {"v", "w"}};
  EXPECT_EQ(sampled(state, {{unset}, {Made{.trace_state = "a=b,k=w"}}, {Made{.trace_state = "k=x"}}}), Traces{1});
}

TEST(Policy, SpanCountCountsAllSpans) {
  PolicyConfig count = policy(PolicyType::span_count);
  count.span_count = {2, 3};
  const auto of = [](std::size_t n) { return std::vector<Made>(n); };
  EXPECT_EQ(sampled(count, {of(1), of(2), of(3), of(4)}), (Traces{1, 2}));
  count.span_count = {2, 0};
  EXPECT_EQ(sampled(count, {of(1), of(2), of(3), of(4)}), (Traces{1, 2, 3}));
}

TEST(Policy, ProbabilisticKeepsTheShareAndTheSameTracesWithTheSameSalt) {
  PolicyConfig share = policy(PolicyType::probabilistic);
  share.probabilistic.sampling_percentage = 25;
  const std::vector<std::vector<Made>> traces(2000, {Made{}});
  const Traces first = sampled(share, traces);
  EXPECT_NEAR(static_cast<double>(first.size()), 500, 3 * std::sqrt(2000 * 0.25 * 0.75));
  EXPECT_EQ(sampled(share, traces, 111), first);
  share.probabilistic.hash_salt = "other";
  EXPECT_NE(sampled(share, traces), first);
}

TEST(Policy, NotAndDropTurnAround) {
  PolicyConfig error = policy(PolicyType::status_code);
  error.status_code.status_codes = {"ERROR"};
  PolicyConfig turned = policy(PolicyType::not_);
  turned.not_sub_policy = {error};
  const std::vector<std::vector<Made>> traces{{Made{.status = SpanStatus::error}}, {Made{}}};
  EXPECT_EQ(sampled(turned, traces), Traces{1});

  PolicyConfig both = policy(PolicyType::and_);
  PolicyConfig slow = policy(PolicyType::latency);
  slow.latency.threshold_ms = 10;
  both.and_sub_policy = {error, slow};
  Made slow_error = lasting(0ms, 20ms);
  slow_error.status = SpanStatus::error;
  EXPECT_EQ(sampled(both, {{Made{.status = SpanStatus::error}}, {lasting(0ms, 20ms)}, {slow_error}}), Traces{2});
}

TEST(Policy, OttlConditionIsMetOrBrokenByTheFirstSpanThatDoes) {
  PolicyConfig ottl = policy(PolicyType::ottl_condition);
  ottl.ottl_condition.span = {"attributes[\"a\"] == 1", "Int(attributes[\"n\"]) + 1 > 5"};
  const std::vector<std::vector<Made>> traces{{Made{}}, {Made{}, with("a", 1)}, {with("n", 7)}, {with("n", 3)}};
  EXPECT_EQ(sampled(ottl, traces), (Traces{1, 2}));
  EXPECT_EQ(sampled(ottl, traces, 111), (Traces{1, 2}));
}

// ---- several policies ----

struct Mixed {
  std::vector<PolicyConfig> policies;
  int minor = 159;
  bool first_match = false;
};
std::int64_t kept(const Mixed& mixed, const Made& span) {
  TailSamplingConfig config = waiting(1, mixed.policies);
  config.sample_on_first_match = mixed.first_match;
  TailBench bench{config, mixed.minor};
  bench.send(0.5, {span});
  bench.run_until(4);
  return bench.fates().stored;
}
PolicyConfig not_the_text(const char* text) {
  PolicyConfig inverted = policy(PolicyType::string_attribute, "inverted");
  inverted.string_attribute = {"k", {text}, false, 0, true};
  return inverted;
}

// Case T: a matching invert_match was a veto until 0.143, and is a vote from 0.144 on.
TEST(Precedence, AnInvertedMatchWasAVeto) {
  const std::vector<PolicyConfig> policies{always(), not_the_text("v")};
  EXPECT_EQ(kept({policies, 159}, with("k", "v")), 1);
  EXPECT_EQ(kept({policies, 144}, with("k", "v")), 1);
  EXPECT_EQ(kept({policies, 143}, with("k", "v")), 0);
  EXPECT_EQ(kept({policies, 111}, with("k", "v")), 0);
  EXPECT_EQ(kept({policies, 111}, with("k", "w")), 1);
}

TEST(Precedence, AnInvertedMissCountsUnlessAnotherPolicySaysNo) {
  PolicyConfig never = policy(PolicyType::status_code, "never");
  never.status_code.status_codes = {"ERROR"};
  EXPECT_EQ(kept({{not_the_text("v")}, 111}, with("k", "w")), 1);
  EXPECT_EQ(kept({{not_the_text("v"), never}, 111}, with("k", "w")), 0);
  EXPECT_EQ(kept({{not_the_text("v"), never}, 159}, with("k", "w")), 1);
}

TEST(Precedence, AVetoPassesThroughAnd) {
  PolicyConfig both = policy(PolicyType::and_, "both");
  both.and_sub_policy = {not_the_text("v"), always()};
  EXPECT_EQ(kept({{both, always()}, 111}, with("k", "v")), 0);
  EXPECT_EQ(kept({{both, always()}, 159}, with("k", "v")), 1);
  EXPECT_EQ(kept({{both}, 111}, with("k", "w")), 1);
}

TEST(Precedence, DropComesFirstAndWins) {
  PolicyConfig drop = policy(PolicyType::drop, "drop");
  PolicyConfig error = policy(PolicyType::status_code);
  error.status_code.status_codes = {"ERROR"};
  drop.drop_sub_policy = {error};
  EXPECT_EQ(kept({{always(), drop}}, Made{.status = SpanStatus::error}), 0);
  EXPECT_EQ(kept({{always(), drop}, 159, true}, Made{.status = SpanStatus::error}), 0);
  EXPECT_EQ(kept({{always(), drop}}, Made{}), 1);
}

TEST(Precedence, NoPolicyKeepsNothing) { EXPECT_EQ(kept({{}}, Made{}), 0); }

TEST(Precedence, FirstMatchLeavesTheRestUnasked) {
  for (const bool first : {false, true}) {
    TailSamplingConfig config = waiting(1, {always("a"), always("b")});
    config.sample_on_first_match = first;
    TailBench bench{config};
    bench.send(0.5, {Made{}});
    bench.run_until(4);
    EXPECT_EQ(bench.counters().policies[0].executions.value(), 1);
    EXPECT_EQ(bench.counters().policies[1].executions.value(), first ? 0 : 1);
  }
}

// ---- limits: cases P, Q, R and S ----

std::vector<std::int64_t> kept_by_tick(PolicyConfig limit, int minor = 159) {
  TailBench bench{waiting(1, {std::move(limit)}), minor};
  for (unsigned second = 0; second < 4; ++second) bench.send_traces(second + 0.5, 100u * second, 50, 10);
  bench.run_until(7);
  std::vector<std::int64_t> ticks(4);
  for (const auto& [at, trace] : bench.sink.arrived) ++ticks[static_cast<std::size_t>(at) - 2];
  for (std::int64_t& spans : ticks) spans /= 10;
  return ticks;
}

TEST(Limit, TokenBucketStartsFullWithTwiceTheRate) {
  PolicyConfig limit = policy(PolicyType::rate_limiting);
  limit.rate_limiting.per_second = 100;
  EXPECT_EQ(kept_by_tick(limit), (std::vector<std::int64_t>{20, 10, 10, 10}));
  limit.rate_limiting.burst_capacity = 100;
  EXPECT_EQ(kept_by_tick(limit), (std::vector<std::int64_t>{10, 10, 10, 10}));
  limit.rate_limiting.burst_capacity = 9;  // less than a trace
  EXPECT_EQ(kept_by_tick(limit), (std::vector<std::int64_t>{0, 0, 0, 0}));
}

TEST(Limit, BeforeItCountedTheSpansOfASecondAndStayedBelow) {
  PolicyConfig limit = policy(PolicyType::rate_limiting);
  limit.rate_limiting.per_second = 100;
  EXPECT_EQ(kept_by_tick(limit, 152), (std::vector<std::int64_t>{9, 9, 9, 9}));
}

TEST(Limit, OfBytesCountsTheBufferedProtobuf) {
  PolicyConfig limit = policy(PolicyType::bytes_limiting);
  TailBench one{waiting(1)};
  one.send(0.5, std::vector<Made>(10));
  one.run_until(0.9);
  limit.bytes_limiting = {10 * one.held_bytes, 10 * one.held_bytes};
  EXPECT_EQ(kept_by_tick(limit), (std::vector<std::int64_t>{10, 10, 10, 10}));
  limit.bytes_limiting.burst_capacity -= 1;
  EXPECT_EQ(kept_by_tick(limit).front(), 9);
}

TEST(Limit, CompositeAllocatesToItsFirstMatchOnly) {
  PolicyConfig composite = policy(PolicyType::composite);
  composite.composite = {100, {always("one")}, {{"one", 100}}};
  EXPECT_EQ(kept_by_tick(composite), (std::vector<std::int64_t>{10, 10, 10, 10}));
  composite.composite = {100, {always("one"), always("two")}, {{"one", 50}, {"two", 50}}};
  EXPECT_EQ(kept_by_tick(composite), (std::vector<std::int64_t>{5, 5, 5, 5}));
  composite.composite.rate_allocation.clear();
  EXPECT_EQ(kept_by_tick(composite), (std::vector<std::int64_t>{5, 5, 5, 5}));
  EXPECT_EQ(kept_by_tick(composite, 158), (std::vector<std::int64_t>{0, 0, 0, 0}));
}

TEST(Policies, MoreConditionsThanBitsInAWord) {
  std::vector<PolicyConfig> many;
  for (int i = 0; i < 130; ++i) {
    many.push_back(policy(PolicyType::string_attribute, std::to_string(i)));
    many.back().string_attribute = {"k", {std::to_string(i)}, false, 0, false};
  }
  TailBench bench{waiting(1, many)};
  bench.send(0.5, {with("k", "129")});
  bench.send(0.5, {Made{.trace = 1, .attributes = {{"k", "130"}}}});
  bench.run_until(4);
  EXPECT_EQ(bench.sink.traces(), Traces{0});
  EXPECT_EQ(bench.counters().policies[129].traces[0].value(), 1);
  EXPECT_EQ(bench.counters().policies[65].traces[0].value(), 0);
}

}  // namespace
}  // namespace spillway::collector
