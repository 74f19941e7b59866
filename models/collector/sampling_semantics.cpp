#include "models/collector/sampling_semantics.hpp"

namespace spillway::collector {

// Where only "not in 0.111, in 0.159" is known, the switch stands at the release that the change is attributed to most
// plausibly.
SamplingSemantics sampling_semantics_of(int minor) {
  const auto since = [minor](int release) { return minor >= release; };
  SamplingSemantics s;
  s.single_loop = since(140);
  s.decides_at_shutdown = since(133);
  s.cache_frees_trace = since(113);
  s.tick_is_a_set = since(122);
  s.late_age_of_sampled = since(140);
  s.composite_equal_share = since(159);
  s.inverts_veto = !since(144);
  s.numeric_zero_is_unset = since(139);
  s.latency_is_strict = since(157);
  s.token_bucket = since(153);
  s.counts_by_tick = since(121);
  s.decision_label = since(127);
  s.cache_label = since(113);
  s.execution_metrics = since(140);
  s.non_sampled_cache = since(113);
  s.sample_on_first_match = since(124);
  s.drop_policy = since(127);
  s.drop_pending_traces = since(133);
  s.block_on_overflow = since(135);
  s.not_policy = since(137);
  s.bytes_limiting = since(138);
  s.wait_after_root = since(144);
  s.maximum_trace_size = since(145);
  s.burst_capacity = since(138);
  s.sampling_strategy = since(150);
  s.tail_storage = since(150);
  s.trace_flags = since(150);
  s.num_shards = since(159);
  s.extension_policies = since(133);
  s.policy_needs_name = since(120);
  return s;
}

}  // namespace spillway::collector
