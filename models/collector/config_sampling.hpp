// Settings of the sampling components, spelled like their keys. Sources of the defaults: tailsamplingprocessor v0.111
// and v0.159.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.hpp"

namespace spillway::collector {

enum class PolicyType : std::uint8_t {
  unknown, always_sample, latency, numeric_attribute, probabilistic, status_code, string_attribute, rate_limiting,
  bytes_limiting, span_count, trace_state, boolean_attribute, ottl_condition, trace_flags, and_, not_, drop, composite
};

/// One entry of `policies`, or of a policy that is made of others. Each type looks at its own section only.
struct PolicyConfig {
  struct Latency {
    std::int64_t threshold_ms = 0, upper_threshold_ms = 0;  ///< upper 0: none
  } latency;
  struct NumericAttribute {
    std::string key;
    std::int64_t min_value = 0, max_value = 0;
    bool invert_match = false;
  } numeric_attribute;
  struct Probabilistic {
    std::string hash_salt;
    double sampling_percentage = 0;
  } probabilistic;
  struct StatusCode {
    std::vector<std::string> status_codes;
  } status_code;
  struct StringAttribute {
    std::string key;
    std::vector<std::string> values;
    bool enabled_regex_matching = false;
    std::int64_t cache_max_size = 0;
    bool invert_match = false;
  } string_attribute;
  struct RateLimiting {
    std::int64_t per_second = 0;      ///< spans_per_second or bytes_per_second
    std::int64_t burst_capacity = 0;  ///< 0: twice the rate
  } rate_limiting, bytes_limiting;
  struct SpanCount {
    std::int64_t min_spans = 0, max_spans = 0;  ///< max 0: none
  } span_count;
  struct TraceState {
    std::string key;
    std::vector<std::string> values;
  } trace_state;
  struct BooleanAttribute {
    std::string key;
    bool value = false, invert_match = false;
  } boolean_attribute;
  struct OttlCondition {
    std::string error_mode;
    std::vector<std::string> span, spanevent;
  } ottl_condition;
  struct RateAllocation {
    std::string policy;
    std::int64_t percent = 0;
  };
  struct Composite {
    std::int64_t max_total_spans_per_second = 0;
    std::vector<PolicyConfig> composite_sub_policy;
    std::vector<RateAllocation> rate_allocation;
  } composite;

  std::string name;
  std::string type_name;  ///< as written
  PolicyType type = PolicyType::unknown;
  std::vector<PolicyConfig> and_sub_policy, drop_sub_policy;
  std::vector<PolicyConfig> not_sub_policy;  ///< one
};

struct TailSamplingConfig {
  Duration decision_wait = std::chrono::seconds{30};  ///< whole seconds count, at least one
  Duration decision_wait_after_root_received{};       ///< 0: off
  std::int64_t num_traces = 50'000;
  bool block_on_overflow = false;
  std::int64_t expected_new_traces_per_sec = 0;  ///< how much room is made beforehand; no effect on the result
  std::int64_t sampled_cache_size = 0, non_sampled_cache_size = 0;  ///< decision_cache; 0: none
  bool sample_on_first_match = false;
  bool span_ingest = false;  ///< sampling_strategy: span-ingest instead of trace-complete
  bool drop_pending_traces_on_shutdown = false;
  std::int64_t maximum_trace_size_bytes = 0;  ///< 0: none
  std::int64_t num_shards = 1;
  std::vector<PolicyConfig> policies;
};

struct ProbabilisticSamplerConfig {
  double sampling_percentage = 0;  ///< kept as a 32-bit float
  std::int64_t hash_seed = 0;
  std::string mode = "hash_seed";  ///< hash_seed | proportional | equalizing
  bool fail_closed = true;         ///< drop what cannot be decided
  std::int64_t sampling_precision = 4;  ///< hex digits
};

struct GroupByTraceConfig {
  Duration wait_duration = std::chrono::seconds{1};  ///< from the first span of a trace to its release
  std::int64_t num_traces = 1'000'000;
  std::int64_t num_workers = 1;
};

}  // namespace spillway::collector
