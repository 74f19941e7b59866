#include "real/mandelbrot/trace_context.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace spillway::mandelbrot {
namespace {

const std::string kTrace = "463ac35c9f6413ad48485a3953bb6124", kSpan = "a2fb4a1d1a96d312";
const TraceId kTraceId{0x463ac35c9f6413adU, 0x48485a3953bb6124U};
constexpr std::uint64_t kSpanId = 0xa2fb4a1d1a96d312U;

Incoming read(const std::map<std::string, std::string>& headers, Propagation propagation) {
  return read_context(
      [&](std::string_view name) {
        const auto found = headers.find(std::string{name});
        return found == headers.end() ? std::string_view{} : std::string_view{found->second};
      },
      propagation);
}

/// What our own headers look like to the next service.
Incoming after_the_wire(const SpanContext& context, Propagation propagation) {
  std::map<std::string, std::string> headers;
  for (auto [name, value] : context_headers(context, propagation)) {
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    headers[name] = value;
  }
  return read(headers, propagation);
}

TEST(TraceContext, EveryFormArrivesAsItWasSent) {
  for (const auto propagation : {Propagation::b3multi, Propagation::b3, Propagation::tracecontext}) {
    for (const bool sampled : {true, false}) {
      const Incoming in = after_the_wire({kTraceId, kSpanId, 7, sampled, ""}, propagation);
      EXPECT_EQ(in.trace, kTraceId);
      EXPECT_EQ(in.span, kSpanId);
      EXPECT_EQ(in.sampled, sampled);
    }
  }
}

TEST(TraceContext, B3HeadersCarryTheFieldsOfTheirSpecification) {
  const Headers headers = context_headers({kTraceId, kSpanId, 0x10, true, ""}, Propagation::b3multi);
  EXPECT_EQ(headers, (Headers{{"X-B3-TraceId", kTrace},
                              {"X-B3-SpanId", kSpan},
                              {"X-B3-Sampled", "1"},
                              {"X-B3-ParentSpanId", "0000000000000010"}}));
  EXPECT_EQ(context_headers({kTraceId, kSpanId, 0, false, ""}, Propagation::b3)[0].second, kTrace + "-" + kSpan + "-0");
}

TEST(TraceContext, B3KnowsShortTracesDebugAndDecisionsWithoutIds) {
  const Incoming shorter = read({{"x-b3-traceid", "48485A3953BB6124"}, {"x-b3-spanid", kSpan}}, Propagation::b3multi);
  EXPECT_EQ(shorter.trace, (TraceId{0, 0x48485a3953bb6124U}));
  EXPECT_FALSE(shorter.sampled) << "left to whoever comes next";
  EXPECT_EQ(read({{"x-b3-flags", "1"}, {"x-b3-sampled", "0"}}, Propagation::b3multi).sampled, true);
  EXPECT_EQ(read({{"b3", "d"}}, Propagation::b3).sampled, true);
  const Incoming denied = read({{"b3", "0"}}, Propagation::b3);
  EXPECT_EQ(denied.sampled, false);
  EXPECT_FALSE(denied.trace);
  EXPECT_EQ(read({{"b3", kTrace + "-" + kSpan + "-1-" + kSpan}}, Propagation::b3multi).span, kSpanId);
}

TEST(TraceContext, W3CTakesLaterVersionsAndPassesItsStateOn) {
  const Incoming later =
      read({{"traceparent", "cc-" + kTrace + "-" + kSpan + "-01-what-the-future-brings"}, {"tracestate", "a=1,b=2"}}, Propagation::tracecontext);
  EXPECT_EQ(later.trace, kTraceId);
  EXPECT_EQ(later.trace_state, "a=1,b=2");
  const Headers out = context_headers({kTraceId, kSpanId, 0, true, "a=1,b=2"}, Propagation::tracecontext);
  EXPECT_EQ(out.at(0).second, "00-" + kTrace + "-" + kSpan + "-01");
  EXPECT_EQ(out.at(1), (std::pair<std::string, std::string>{"tracestate", "a=1,b=2"}));
}

TEST(TraceContext, WhatIsMalformedIsAsIfItWereNotThere) {
  const std::string zeros(32, '0');
  for (const std::string& text :
       {std::string{"x"}, "00-" + kTrace + "-" + kSpan, "00-" + zeros + "-" + kSpan + "-01", "ff-" + kTrace + "-" + kSpan + "-01",
        "00-" + kTrace + "-" + kSpan + "-01-more", "00-" + kTrace + "-" + zeros.substr(0, 16) + "-01",
        "00-463AC35C9F6413AD48485A3953BB6124-" + kSpan + "-01", "00-" + kTrace + "-" + kSpan + "-0g", std::string(60, '-'),
        std::string(10'000, '0')}) {
    EXPECT_FALSE(read({{"traceparent", text}}, Propagation::tracecontext).trace) << text;
  }
  for (const std::string& text : {std::string{"-"}, std::string{"---"}, kTrace + "-", kTrace + "-" + kSpan + "-x",
                                  kTrace + "-" + kSpan + "-1-" + kSpan + "-1", zeros + "-" + kSpan, kTrace.substr(1) + "-" + kSpan}) {
    EXPECT_FALSE(read({{"b3", text}}, Propagation::b3).trace) << text;
  }
  EXPECT_FALSE(read({{"x-b3-traceid", kTrace}}, Propagation::b3multi).trace) << "no span id";
  EXPECT_FALSE(read({{"x-b3-traceid", kTrace}, {"x-b3-spanid", "12345"}}, Propagation::b3multi).trace);
  EXPECT_FALSE(read({{"x-b3-sampled", "yes"}}, Propagation::b3multi).sampled);
}

TEST(Sampling, TheHeadKeepsTheShareThatWasAskedFor) {
  IdSource ids;
  int kept = 0;
  const int n = 40'000;
  for (int i = 0; i < n; ++i) kept += head_sampled(ids.trace(), 0.2);
  EXPECT_NEAR(kept, 0.2 * n, 5 * std::sqrt(n * 0.2 * 0.8));
  EXPECT_FALSE(head_sampled({1, 0}, 0));
  EXPECT_TRUE(head_sampled({1, ~std::uint64_t{0}}, 1));
}

TEST(Sampling, ServicesWithTheSameRateDecideAlikeAndAHigherRateKeepsMore) {
  IdSource ids;
  for (int i = 0; i < 1000; ++i) {
    const TraceId trace = ids.trace();
    EXPECT_EQ(head_sampled(trace, 0.5), head_sampled(trace, 0.5));
    if (head_sampled(trace, 0.1)) {
      EXPECT_TRUE(head_sampled(trace, 0.3));
    }
  }
}

TEST(Ids, AreNeverZeroAndDoNotRepeat) {
  IdSource ids;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t id = ids.number();
    EXPECT_NE(id, 0U);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

}  // namespace
}  // namespace spillway::mandelbrot
