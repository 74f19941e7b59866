#include "models/collector/version.hpp"

#include <gtest/gtest.h>

namespace spillway::collector {
namespace {

TEST(ParseVersion, TakesWhatPeopleWrite) {
  EXPECT_EQ(parse_version("0.114.0"), (Version{0, 114, 0}));
  EXPECT_EQ(parse_version("v0.159.1"), (Version{0, 159, 1}));
  EXPECT_EQ(parse_version("0.111"), (Version{0, 111, 0}));
}

TEST(ParseVersion, RefusesEverythingElse) {
  for (const char* text : {"", "v", "0", "0.", "0.1.", "0.1.2.3", "0.1.2-rc1", "latest", "0..1", "-1.2", " 0.1",
                           "0.99999999999"}) {
    EXPECT_EQ(parse_version(text), std::nullopt) << text;
  }
}

TEST(ParseVersion, IsTheInverseOfToText) {
  for (const Version version : {Version{0, 111, 0}, Version{0, 159, 3}}) {
    EXPECT_EQ(parse_version(to_text(version)), version);
  }
}

TEST(Semantics, OfTheOldEnd) {
  const Semantics s = semantics_of({0, 111, 0});
  EXPECT_FALSE(s.queue_counts_in_flight);
  EXPECT_FALSE(s.retry_budget_uses_throttle);
  EXPECT_FALSE(s.retry_after_date_honoured);
  EXPECT_FALSE(s.undecodable_200_is_permanent);
  EXPECT_FALSE(s.in_flight_requests_metric);
  EXPECT_FALSE(s.receiver_failed_metric);
  EXPECT_FALSE(s.server_address_labels);
  EXPECT_FALSE(s.capacity_has_data_type);
  EXPECT_TRUE(s.service_labels);
  EXPECT_FALSE(s.limiter_own_metric_names);
  EXPECT_FALSE(s.limiter_gc_gate_at_start);
  EXPECT_FALSE(s.limiter_refusals_are_incoming);
  EXPECT_FALSE(s.new_type_names);
  EXPECT_FALSE(s.queue_sizers);
  EXPECT_FALSE(s.zipkin_semconv_new);
  EXPECT_FALSE(s.basic_level_drops_batch_metrics);
}

TEST(Semantics, OfTheNewEndAreTheDefaults) {
  const Semantics s = semantics_of({0, 159, 0});
  const Semantics defaults;
  EXPECT_TRUE(s.queue_counts_in_flight && s.retry_budget_uses_throttle && s.retry_after_date_honoured);
  EXPECT_TRUE(s.limiter_own_metric_names && s.limiter_gc_gate_at_start && s.limiter_refusals_are_incoming);
  EXPECT_EQ(s.queue_counts_in_flight, defaults.queue_counts_in_flight);
  EXPECT_EQ(s.service_labels, defaults.service_labels);
  EXPECT_EQ(s.new_type_names, defaults.new_type_names);
  EXPECT_EQ(s.basic_level_drops_batch_metrics, defaults.basic_level_drops_batch_metrics);
}

TEST(Semantics, SwitchWithTheReleaseThatChangedThem) {
  EXPECT_FALSE(semantics_of({0, 119, 9}).queue_counts_in_flight);
  EXPECT_TRUE(semantics_of({0, 120, 0}).queue_counts_in_flight);
  EXPECT_FALSE(semantics_of({0, 154, 0}).limiter_own_metric_names);
  EXPECT_TRUE(semantics_of({0, 155, 0}).limiter_own_metric_names);
}

}  // namespace
}  // namespace spillway::collector
