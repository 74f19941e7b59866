#include "models/collector/version.hpp"

#include <charconv>

namespace spillway::collector {
namespace {

std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto major = take_number(text);
  if (!major || !take_dot(text)) return std::nullopt;
  const auto minor = take_number(text);
  if (!minor) return std::nullopt;
  int patch = 0;
  if (take_dot(text)) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    patch = *number;
  }
  if (!text.empty()) return std::nullopt;
  return Version{*major, *minor, patch};
}

std::string to_text(Version v) {
  return std::to_string(v.major) + '.' + std::to_string(v.minor) + '.' + std::to_string(v.patch);
}

// Where only "different in 0.111, new in 0.159" is known, the switch stands at the release that the
// change is attributed to most plausibly; the two ends are checked against running programs.
namespace {

void set_file_semantics(Semantics& s, Version v) {
  const auto since = [v](int minor) { return v >= Version{0, minor, 0}; };
  s.null_clears = since(127);
  s.empty_default_is_text = since(156);
  s.optional_enabled_key = since(140);
  s.optional_protocols = since(128);
  s.optional_queue = since(142);
  s.headers_as_list = since(140);
  s.lz4_compression = since(112);
  s.framed_snappy = since(126);
  s.compression_params = since(118);
  s.http_middlewares = since(132);
  s.keep_alives_enabled = since(138);
  s.http_server_transport = since(144);
  s.cors_exposed_headers = since(154);
  s.tls_newer_keys = since(126);
  s.tls_needs_certificate = since(136);
  s.profiles_endpoint = since(133);
  s.debug_queue = since(140);
  s.debug_output_paths = since(146);
  s.retry_always_checked = since(156);
  s.limiter_gc_intervals = since(121);
  s.limiter_gc_backoff = since(156);
  s.grpc_user_agent = since(150);
  s.grpc_batcher = !since(123);
  s.grpc_resolver_schemes = since(128);
  s.storage_newer_keys = since(128);
  s.credential_files = since(150);
  s.listens_on_localhost = since(104);
  s.metrics_on_localhost = since(111);
  s.telemetry_checked = since(124);
  s.telemetry_resource_form = since(151);
  s.log_level_warning = since(150);
  s.telemetry_views = since(123);
  s.telemetry_address_works = !since(123);
  s.telemetry_address_known = !since(128);
  s.reader_can_add_suffixes = since(119);
  s.reader_adds_suffixes = since(119) && !since(152);
}

}  // namespace

Semantics semantics_of(Version v) {
  const auto since = [v](int minor) { return v >= Version{0, minor, 0}; };
  Semantics s;
  set_file_semantics(s, v);
  s.sampling = sampling_semantics_of(v.major > 0 ? 1000 : v.minor);
  s.ring = since(157)   ? RingSemantics{}
           : since(145) ? RingSemantics{36000, 100, true, false}
                        : RingSemantics{36000, 100, false, false};
  s.load_balancer_is_helped = since(117);
  s.load_balancer_hides_backends = since(145);
  s.load_balancer_attributes = since(145);
  s.load_balancer_keys_named = since(155);
  s.load_balancer_needs_service = !since(145);
  s.load_balancer_copies_runs = since(155);
  s.load_balancer_stops_exporters = since(117);
  s.load_balancer_awaits_removed = since(155);
  s.load_balancer_keeps_failed_calls = !since(155);
  s.queue_counts_in_flight = since(120);
  s.replay_needs_room = !since(120);
  s.retry_budget_uses_throttle = since(120);
  s.retry_after_date_honoured = since(120);
  s.receiver_tells_retry_after = since(120);
  s.undecodable_200_is_permanent = since(120);
  s.in_flight_requests_metric = since(152);
  s.receiver_failed_metric = since(140);
  s.send_failed_appears_late = since(150);
  s.server_address_labels = since(150);
  s.capacity_has_data_type = since(120);
  s.service_labels = !since(119);
  s.limiter_own_metric_names = since(155);
  s.limiter_gc_gate_at_start = since(121);
  s.limiter_refusals_are_incoming = since(120);
  s.new_type_names = since(144);
  s.queue_sizers = since(123);
  s.zipkin_semconv_new = since(150);
  s.basic_level_drops_batch_metrics = since(120);
  s.helper_counts_what_vanishes = since(130);
  s.filter_ignores_errors = since(156);
  s.transform_ignores_errors = since(157);
  s.filter_resources = since(140);
  s.hashes_empty_text = since(140);
  s.attribute_default_values = since(140);
  s.k8s_attributes_is_newer = since(130);
  s.count_is_newer = since(140);
  s.span_keeps_name = since(119);
  s.redaction_is_newer = since(130);
  s.span_metrics_is_newer = since(140);
  s.routing_takes_turns = since(120);
  s.routing_copies = since(140);
  s.routing_ignores_errors = since(157);
  s.ottl_contexts = since(120);
  s.ottl_unary_signs = since(140);
  s.ottl_literals_checked = since(140);
  s.ottl_compares_collections = since(124);
  s.ottl_checks_set_types = since(140);
  s.ottl_newer_functions = since(130);
  return s;
}

}  // namespace spillway::collector
