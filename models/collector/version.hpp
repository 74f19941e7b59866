// What a collector version changes, as named switches. Filled once from the version; no component compares
// versions anywhere else.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::collector {

/// A release of the collector, 0.MINOR.PATCH.
struct Version {
  int major = 0, minor = 159, patch = 0;
  auto operator<=>(const Version&) const = default;
};
std::optional<Version> parse_version(std::string_view text);  ///< "0.114.0", "v0.159.0", "0.111"
std::string to_text(Version version);

/// Semantics of one release. Each field says since when; sources: release notes and runs of v0.111 and v0.159.
struct Semantics {
  bool queue_counts_in_flight = true;       ///< since 0.120: queue_size includes requests being sent or backing off
  bool retry_budget_uses_throttle = true;   ///< give up when now + max(back-off, Retry-After) passes the deadline;
                                            ///< 0.111: the plain back-off decides, so an attempt may start after it
  bool retry_after_date_honoured = true;    ///< 0.111 ignores an HTTP date
  bool undecodable_200_is_permanent = true; ///< 0.111 retries it
  bool in_flight_requests_metric = true;    ///< since 0.152
  bool receiver_failed_metric = true;       ///< otelcol_receiver_failed_*: not in 0.111
  bool server_address_labels = true;        ///< on sent and send_failed, since about 0.150
  bool capacity_has_data_type = true;       ///< queue_capacity's data_type label: not in 0.111
  bool service_labels = false;              ///< every series carries service_name, …: 0.111 (until about 0.118)
  bool limiter_own_metric_names = true;     ///< otelcol_processor_memory_limiter_*: since 0.155
  bool limiter_gc_gate_at_start = true;     ///< no soft-limit GC for 10 s after start; 0.111 collects at the crossing
  bool limiter_refusals_are_incoming = true;///< refused items count in incoming_items: not in 0.111
  bool new_type_names = true;               ///< otlp_http, otlp_grpc, …: since about 0.150
  bool queue_sizers = true;                 ///< sending_queue.sizer, block_on_overflow, wait_for_result, batch
  bool zipkin_semconv_new = true;           ///< network.local.address …; 0.111: net.host.ip, peer.service
  bool basic_level_drops_batch_metrics = true;  ///< 0.111 keeps them
};
Semantics semantics_of(Version version);

}  // namespace spillway::collector
