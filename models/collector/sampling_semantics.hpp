// What a collector version changes about sampling, as named switches. Part of Semantics.
#pragma once

namespace spillway::collector {

/// The values are those of v0.159. Sources: both versions' source, release notes, and runs of v0.111 and v0.159.
struct SamplingSemantics {
  // tail_sampling: how it works
  bool single_loop = true;          ///< since 0.140: one goroutine takes in and decides, behind a channel; before,
                                    ///< callers take in themselves and what is slow behind delays decisions only
  bool decides_at_shutdown = true;  ///< what waits is decided at SIGTERM; 0.111: lost
  bool cache_frees_trace = true;    ///< a cached decision removes the trace at once; 0.111: it stays until evicted
  bool tick_is_a_set = true;        ///< a trace is once in a tick and decided once; 0.111: as often as it was new
  bool late_age_of_sampled = true;  ///< late_span_age also for late spans of sampled traces; not in 0.111
  bool composite_equal_share = true;  ///< since 0.159: a sub-policy without allocation gets an equal share; before 0

  // tail_sampling: policies
  bool inverts_veto = false;        ///< until 0.143 a matching invert_match is a veto
  bool numeric_zero_is_unset = true;  ///< 0.111: 0 is a bound
  bool latency_is_strict = true;    ///< since 0.157: longer than the threshold; before: not shorter
  bool token_bucket = true;         ///< since 0.153; before: spans in this second, and less than the limit

  // tail_sampling: metrics
  bool counts_by_tick = true;       ///< 0.111 adds what was missed so far again with every trace it decides
  bool decision_label = true;       ///< `decision` beside `sampled`
  bool cache_label = true;          ///< early_releases_from_cache_decision says which cache
  bool execution_metrics = true;    ///< sampling_policy_execution_*, since 0.140; before: sampling_decision_latency

  // tail_sampling: what the file may say
  bool non_sampled_cache = true;
  bool sample_on_first_match = true;
  bool drop_policy = true;
  bool drop_pending_traces = true;
  bool block_on_overflow = true;
  bool not_policy = true;
  bool bytes_limiting = true;
  bool wait_after_root = true;  ///< since 0.144
  bool maximum_trace_size = true;
  bool burst_capacity = true;
  bool sampling_strategy = true;
  bool tail_storage = true;  ///< since 0.150
  bool trace_flags = true;
  bool num_shards = true;  ///< since 0.159
  bool extension_policies = true;  ///< maps under unknown keys of a policy are settings of extensions
  bool policy_needs_name = true;
};
/// Of the release 0.MINOR.
SamplingSemantics sampling_semantics_of(int minor);

}  // namespace spillway::collector
