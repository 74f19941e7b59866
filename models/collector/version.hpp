// What a collector version changes, as named switches. Filled once from the version; no component compares
// versions anywhere else.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "models/collector/sampling_semantics.hpp"

namespace spillway::collector {

/// A release of the collector, 0.MINOR.PATCH.
struct Version {
  int major = 0, minor = 159, patch = 0;
  auto operator<=>(const Version&) const = default;
};
std::optional<Version> parse_version(std::string_view text);  ///< "0.114.0", "v0.159.0", "0.111"
std::string to_text(Version version);

/// Where the load_balancing exporter's endpoints stand on its ring.
struct RingSemantics {
  std::uint32_t positions = 131071;  ///< since 0.157; before: 36000
  std::uint32_t points = 200;        ///< of one endpoint, since 0.157; before: 100
  bool probes = true;     ///< a taken position is passed on, and the number of a point has four bytes: by 0.145
  bool by_position = true;  ///< points are placed in order of position, since 0.157; before: endpoint by endpoint
};

/// Semantics of one release. Each field says since when; sources: release notes and runs of v0.111 and v0.159.
struct Semantics {
  bool queue_counts_in_flight = true;        ///< since 0.120: queue_size includes requests being sent or backing off
  bool replay_needs_room = false;  ///< 0.111: what a queue's file lists as under way is put back only where it fits
  bool retry_budget_uses_throttle = true;    ///< give up when now + max(back-off, Retry-After) passes the deadline;
                                             ///< 0.111: the plain back-off decides, so an attempt may start after it
  bool retry_after_date_honoured = true;     ///< 0.111 ignores an HTTP date
  bool receiver_tells_retry_after = true;    ///< RetryInfo inside an error becomes Retry-After over HTTP: not in 0.111
  bool undecodable_200_is_permanent = true;  ///< 0.111 retries it
  bool in_flight_requests_metric = true;     ///< since 0.152
  bool receiver_failed_metric = true;        ///< otelcol_receiver_failed_*: not in 0.111
  bool send_failed_appears_late = true;     ///< with the first failure; 0.111: 0 beside the first success
  bool server_address_labels = true;         ///< on sent and send_failed, since about 0.150
  bool capacity_has_data_type = true;        ///< queue_capacity's data_type label: not in 0.111
  bool service_labels = false;               ///< every series carries service_name, …: 0.111 (until about 0.118)
  bool limiter_own_metric_names = true;      ///< otelcol_processor_memory_limiter_*: since 0.155
  bool limiter_gc_gate_at_start =
      true;  ///< since 0.121: no soft-limit GC for 10 s after start; before: at the crossing
  bool limiter_refusals_are_incoming = true;  ///< refused items count in incoming_items: not in 0.111
  bool new_type_names = true;                 ///< otlp_http, otlp_grpc, …: since 0.144
  bool queue_sizers = true;        ///< sending_queue.sizer, block_on_overflow, wait_for_result, batch: since 0.123
  bool zipkin_semconv_new = true;  ///< network.local.address …; 0.111: net.host.ip, peer.service
  bool basic_level_drops_batch_metrics = true;  ///< 0.111 keeps them

  bool helper_counts_what_vanishes = true;  ///< a payload filtered away, or failed, counts as incoming; not in 0.111
  bool filter_ignores_errors = true;     ///< error_mode's default is ignore: since 0.156; before: propagate
  bool transform_ignores_errors = true;  ///< the same, since 0.157
  bool filter_resources = true;          ///< traces.resource: not in 0.111
  bool hashes_empty_text = true;         ///< action hash; 0.111 leaves an empty text empty
  /// k8s_attributes knows more metadata and replaces empty values, and the only container of a pod needs no name: not in 0.111
  bool k8s_attributes_is_newer = true;
  bool attribute_default_values = true;  ///< default_value of an action: not in 0.111

  bool count_is_newer = true;  ///< count: points have a start time, attributes of scope and resource count: not in 0.111

  bool span_keeps_name = true;     ///< span: keep_original_name; not in 0.111
  bool redaction_is_newer = true;  ///< redaction: patterns of keys, allowed values, hashes; events and scopes are looked at, and
                                   ///< what a mask leaves as it was is not masked: not in 0.111
  bool span_metrics_is_newer = true;  ///< span_metrics: series are told apart by names of dimensions, too, and carry the
                                      ///< collector's instance id; limits of series, dimensions by metric: not in 0.111
  bool routing_takes_turns = true;  ///< routing: each route takes what it matches away from the next ones; before 0.120
                                    ///< every resource asks every route, unless match_once; there are no contexts
  bool routing_copies = true;       ///< action, since about 0.140
  bool routing_ignores_errors = true;  ///< error_mode's default is ignore, and contexts are inferred: by 0.157, not in 0.152

  // OTTL, the language of filter, transform and others.
  bool ottl_contexts = true;           ///< paths may name their context, flat statements exist: since 0.120
  bool ottl_unary_signs = true;        ///< signs are operators; before, -1 is one word, and 1-2 two: since about 0.140
  bool ottl_literals_checked = true;   ///< a literal of the wrong type is refused at the start: since about 0.140
  bool ottl_compares_collections = true;  ///< maps and lists by content; not in 0.111, where none equals another
  bool ottl_checks_set_types = true;   ///< setting a value of the wrong type is an error; 0.111 passes over it
  bool ottl_newer_functions = true;    ///< the functions of today and their parameters, not those of 0.111
  SamplingSemantics sampling{};  ///< of the sampling components

  // The load_balancing exporter. Releases between 0.111 and 0.159 that were looked at: 0.117, 0.145, 0.150.
  RingSemantics ring{};
  bool load_balancer_is_helped = true;  ///< timeout, queue and retry of its own, since 0.117
  bool load_balancer_hides_backends = true;  ///< the series of its backends' exporters are not shown, by 0.145
  bool load_balancer_attributes = true;      ///< routing_attributes, by 0.145
  bool load_balancer_keys_named = true;      ///< a key is "name=value|"; before: the value, by 0.159
  bool load_balancer_needs_service = false;  ///< routing_key service: without a name the call fails; 0.111
  bool load_balancer_copies_runs = true;  ///< spans next to each other stay under one resource; before: one a trace
  bool load_balancer_stops_exporters = true;  ///< with itself, since 0.117; before, what their queues hold is lost
  bool load_balancer_awaits_removed = true;   ///< its shutdown waits for those of endpoints that left before, by 0.159
  bool load_balancer_keeps_failed_calls = false;  ///< a call without a key holds up shutdowns for ever; until 0.150

  // What the configuration file may say.
  bool null_clears = true;            ///< since 0.127: "key: null" sets a scalar to zero instead of its default
  bool empty_default_is_text = true;  ///< since 0.156: ${env:X:-} is an empty text, before: null
  bool optional_enabled_key = true;   ///< since 0.140: any optional section knows `enabled`
  bool optional_protocols = true;   ///< since 0.128 grpc and http are such sections; before, their keys are looked for
                                    ///< in the plain file and so not found in protocols: ${…}
  bool optional_queue = true;       ///< since 0.142 the sending queue is such a section; before: a plain `enabled`
  bool headers_as_list = true;      ///< headers also as a list of name and value: since about 0.140
  bool lz4_compression = true;      ///< since 0.112
  bool framed_snappy = true;        ///< x-snappy-framed, since 0.126
  bool compression_params = true;   ///< since 0.118
  bool http_middlewares = true;     ///< middlewares and a client's force_attempt_http2: since 0.132
  bool keep_alives_enabled = true;  ///< of an HTTP server, since 0.138
  bool http_server_transport = true;  ///< transport and dialer of an HTTP server, since 0.144
  bool cors_exposed_headers = true;   ///< since 0.154
  bool tls_newer_keys = true;  ///< curve_preferences (0.119), tpm (0.126), include_insecure_cipher_suites (0.154)
  bool tls_needs_certificate = true;     ///< since 0.136: a server's tls section without certificate and key is refused
  bool profiles_endpoint = true;         ///< since 0.133
  bool debug_queue = true;               ///< the debug exporter knows sending_queue: since about 0.140
  bool debug_output_paths = true;        ///< since 0.146
  bool retry_always_checked = true;      ///< since 0.156: retry_on_failure is checked even when not enabled
  bool limiter_gc_intervals = true;      ///< min_gc_interval_when_*: since 0.121
  bool limiter_gc_backoff = true;        ///< max_gc_interval_when_*: since 0.156
  bool grpc_user_agent = true;           ///< of a gRPC client: not in 0.111
  bool grpc_batcher = false;  ///< otlp exporter's batcher section: 0.111, until sending_queue.batch (0.123)
  bool grpc_resolver_schemes = true;     ///< passthrough:/// and others before host:port: not in 0.111
  bool storage_newer_keys = true;        ///< file_storage max_size and recreate: not in 0.111
  bool credential_files = true;          ///< basicauth username_file, password_file; not in 0.111
  bool listens_on_localhost = true;      ///< receivers and health_check without an endpoint: since 0.104
  bool metrics_on_localhost = true;      ///< the collector's own page: since 0.111
  bool telemetry_checked = true;         ///< 0.111 only prints what is wrong with service.telemetry
  bool telemetry_resource_form = true;   ///< service.telemetry.resource also as attributes, schema_url …: since 0.151
  bool log_level_warning = true;         ///< "warning" beside "warn"; not in 0.111
  bool telemetry_views = true;           ///< service.telemetry.metrics.views, since 0.123
  bool telemetry_address_works = false;  ///< service.telemetry.metrics.address: until 0.122
  bool telemetry_address_known = false;  ///< … and may be written until 0.127
  bool reader_can_add_suffixes = true;   ///< without_type_suffix: false has an effect, since 0.119
  bool reader_adds_suffixes = false;     ///< a reader of its own adds _total unless told not to: 0.119 to 0.151
};
Semantics semantics_of(Version version);

}  // namespace spillway::collector
