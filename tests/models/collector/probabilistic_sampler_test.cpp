#include "models/collector/probabilistic_sampler.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/models/bench.hpp"

namespace spillway::collector {
namespace {

struct SamplerBench : Bench {
  explicit SamplerBench(ProbabilisticSamplerConfig settings)
      : config{std::move(settings)}, sampler{run, "sampler", config, true, sink} {
    sampler.start();
  }
  /// Sends one span; its trace state behind the sampler, or "dropped".
  std::string through(const std::string& trace_state, Value priority = {}) {
    SpanShape made{"made", SpanKind::internal, {}};
    made.trace_state = trace_state;
    if (priority != Value{}) made.attributes.emplace_back("sampling.priority", priority);
    Span one = span();
    one.shape = run.catalog.add_shape(made);
    one.bytes = run.catalog.otlp_bytes(one);
    return through(one);
  }
  std::string through(const Span& one) {
    after.clear();
    run.ledger.hold(one.item, reach);
    bool ok = false;
    struct Told final : Caller {
      bool* ok = nullptr;
      void done(std::uint32_t, const Result& result) override { *ok = result.ok; }
    } told;
    told.ok = &ok;
    sampler.consume(run.pool.of(&one, 1), {&told, 0});
    EXPECT_TRUE(ok);
    run.ledger.release(one.item, reach, Ledger::handed_over(), run.sim.now());
    return after.empty() ? "dropped" : run.catalog.shape(after.front().shape).trace_state;
  }
  std::int64_t count(const std::string& policy, bool kept) const {
    const auto found = sampler.counters().by_policy.find(policy);
    return found == sampler.counters().by_policy.end() ? 0 : found->second[kept ? 0 : 1].value();
  }
  struct Noting final : Consumer {
    explicit Noting(SamplerBench& b) : bench{b} { reach = b.reach; }
    void consume(Payload payload, Done done) override {
      payload.for_each([this](const Span& s) { bench.after.push_back(s); });
      bench.store(payload);
      done({});
    }
    SamplerBench& bench;
  };
  ProbabilisticSamplerConfig config;
  std::vector<Span> after;
  Noting sink{*this};
  ProbabilisticSampler sampler;
};

ProbabilisticSamplerConfig sampling(double percentage, std::string mode) {
  ProbabilisticSamplerConfig config;
  config.sampling_percentage = percentage;
  config.mode = std::move(mode);
  return config;
}

TEST(SamplingState, IsReadAndWrittenAsTheCollectorDoes) {
  const SamplingState state = parse_sampling_state("a=b, ot=th:c;rv:0123456789abcd;x:Y.z ,c=d");
  EXPECT_TRUE(state.valid);
  EXPECT_EQ(state.threshold, 0xc0000000000000u);
  EXPECT_EQ(state.randomness, 0x0123456789abcdu);
  EXPECT_EQ(to_text(state), "ot=rv:0123456789abcd;th:c;x:Y.z,a=b,c=d");
  for (const char* bad : {"ot=", "ot=th:", "ot=th:g", "ot=rv:12", "ot=th:123456789abcdef", "ot=th:1;", "ot=;th:1", "A=1",
                          "a", "ot=x:=", "ot=rv:seed=zz", "ot=rv:seed=00000001x"})
    EXPECT_FALSE(parse_sampling_state(bad).valid) << bad;
  for (const char* good : {"", "a=1,,b=2", "ot=th:0", "ot=rv:00000000000000", "ot=abc:"})
    EXPECT_TRUE(parse_sampling_state(good).valid) << good;
}

// 25 % is c of 16; 1 % to four digits fd71, and two digits more for every factor of 16 that the share is smaller.
TEST(SamplingState, ThresholdsHaveTheirDigitsBehindTheLeadingOnes) {
  EXPECT_EQ(sampling_threshold(0.25, 4), 0xc0000000000000u);
  EXPECT_EQ(sampling_threshold(0.01, 4), 0xfd70a000000000u);
  EXPECT_EQ(sampling_threshold(1, 4), 0u);
  EXPECT_FALSE(sampling_threshold(0, 4));
  EXPECT_FALSE(sampling_threshold(1.5, 4));
  EXPECT_DOUBLE_EQ(share_of(0xc0000000000000u), 0.25);
}

// The hash of 16384 buckets: kept when the low 14 bits of FNV-1a are below the share.
TEST(ProbabilisticSampler, HashSeedKeepsBucketsBelowTheShare) {
  SamplerBench bench{sampling(10, "hash_seed")};
  int kept = 0;
  for (int i = 0; i < 5000; ++i) {
    const Span one = bench.span();
    const TraceId id = bench.run.catalog.trace_id(one.trace);
    std::uint32_t hash = 0x811c9dc5;
    for (int octet = 0; octet < 4; ++octet) hash *= 0x01000193u;
    for (int octet = 0; octet < 16; ++octet) {
      const std::uint64_t half = octet < 8 ? id.high : id.low;
      hash = (hash ^ static_cast<std::uint32_t>(half >> (56 - octet % 8 * 8) & 0xff)) * 0x01000193u;
    }
    const bool expected = (hash & 0x3fff) < 1638;
    EXPECT_EQ(bench.through(one) != "dropped", expected);
    kept += expected;
  }
  EXPECT_EQ(bench.count("trace_id_hash", true), kept);
  EXPECT_EQ(bench.count("trace_id_hash", false), 5000 - kept);
  EXPECT_EQ(bench.fates().sampled_out.front().items, 5000 - kept);
}

// The trace state is as long as the real one, whose randomness differs from trace to trace.
TEST(ProbabilisticSampler, HashSeedLeavesItsThresholdInTheTraceState) {
  SamplerBench bench{sampling(100, "hash_seed")};
  EXPECT_EQ(bench.through("").size(), std::string{"ot=rv:00000000000000;th:0"}.size());
  EXPECT_EQ(bench.through("vendor=x").substr(21), "th:0,vendor=x");
}

TEST(SamplingState, OnTheWireTheRandomnessOfTheTraceStandsInIt) {
  const TraceId id{1, 2};
  EXPECT_EQ(on_the_wire("vendor=x", id), "vendor=x");
  EXPECT_EQ(on_the_wire("ot=rv:seed=0000002a.;th:c,v=x", id),
            to_text({true, hashed_randomness(id, 42), {}, 0xc0000000000000u, "", ",v=x"}));
}

TEST(ProbabilisticSampler, TwoHashingSamplersInSeriesLoseEverything) {
  SamplerBench first{sampling(100, "hash_seed")};
  const std::string state = first.through("");
  SamplerBench closed{sampling(100, "hash_seed")};
  EXPECT_EQ(closed.through(state), "dropped");
  EXPECT_EQ(closed.through(state, 1), state);
  EXPECT_EQ(closed.count("sampling_priority", true), 1);
  ProbabilisticSamplerConfig config = sampling(50, "hash_seed");
  config.fail_closed = false;
  SamplerBench open{config};
  EXPECT_EQ(open.through(state), state);
  EXPECT_EQ(open.through("ot=th:8"), "ot=th:8");
  EXPECT_EQ(open.through("not a state"), "not a state");
  EXPECT_EQ(open.count("trace_id_hash", true), 3);
}

TEST(ProbabilisticSampler, ConsistentModesCompareTheLowerHalfOfTheId) {
  for (const char* mode : {"proportional", "equalizing"}) {
    SamplerBench bench{sampling(25, mode)};
    for (int i = 0; i < 500; ++i) {
      const Span one = bench.span();
      const bool expected = (bench.run.catalog.trace_id(one.trace).low & kMostRandomness) >= 0xc0000000000000u;
      EXPECT_EQ(bench.through(one), expected ? "ot=th:c" : "dropped");
    }
    EXPECT_EQ(bench.count("trace_id_w3c", true) + bench.count("trace_id_w3c", false), 500);
  }
}

// Half of what arrives at one in four is one in eight; at least half of it is still one in four.
TEST(ProbabilisticSampler, ProportionalMultipliesEqualizingTakesTheSmaller) {
  SamplerBench proportional{sampling(50, "proportional")}, equalizing{sampling(50, "equalizing")};
  EXPECT_EQ(proportional.through("ot=rv:f0000000000000;th:c"), "ot=rv:f0000000000000;th:e");
  EXPECT_EQ(proportional.through("ot=rv:d0000000000000;th:c"), "dropped");
  EXPECT_EQ(equalizing.through("ot=rv:d0000000000000;th:c"), "ot=rv:d0000000000000;th:c");
  EXPECT_EQ(equalizing.through("ot=rv:90000000000000;th:4"), "ot=rv:90000000000000;th:8");
  EXPECT_EQ(proportional.count("sampling_randomness", true), 1);
}

TEST(ProbabilisticSampler, AThresholdAboveTheRandomnessIsAnError) {
  for (const bool closed : {true, false}) {
    ProbabilisticSamplerConfig config = sampling(100, "proportional");
    config.fail_closed = closed;
    SamplerBench bench{config};
    EXPECT_EQ(bench.through("ot=rv:10000000000000;th:8"), closed ? "dropped" : "ot=rv:10000000000000;th:0");
    EXPECT_EQ(bench.through("no state"), closed ? "dropped" : "no state");
    EXPECT_EQ(bench.count("missing_randomness", !closed), 1);
  }
}

TEST(ProbabilisticSampler, PriorityOverridesTheHash) {
  SamplerBench none{sampling(0, "hash_seed")};
  EXPECT_EQ(none.through(""), "dropped");
  EXPECT_EQ(none.through("", 1), "ot=th:0");
  EXPECT_EQ(none.through("", 0.5), "ot=th:0");
  EXPECT_EQ(none.through("", "2"), "ot=th:0");
  EXPECT_EQ(none.through("", "high"), "dropped");
  EXPECT_EQ(none.through("", true), "dropped");
  EXPECT_EQ(none.count("sampling_priority", false), 3);
  SamplerBench all{sampling(100, "equalizing")};
  EXPECT_EQ(all.through("", 0), "dropped");
  EXPECT_EQ(all.through("", -1), "ot=th:0");
}

}  // namespace
}  // namespace spillway::collector
