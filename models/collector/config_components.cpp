// The modelled components. Sources: otlpreceiver, zipkinreceiver, batchprocessor, memorylimiter, otlphttpexporter,
// debugexporter, nopexporter and basicauthextension of v0.111 and v0.159 (zipkin and basicauth: v0.155).
#include "models/collector/config_components.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace spillway::collector {
namespace {

// Receivers

void url_path(Fields& fields, std::string_view key, std::string& path) {
  fields.text(key, path);
  if (!is_url(path))
    fields.refuse(key, "invalid HTTP URL path set for signal: \"" + path + "\"; write a path such as /v1/traces");
  path = path_of_url(path);
}

void otlp_http(Fields& fields, OtlpReceiverConfig& config) {
  fields.text("endpoint", *config.http_endpoint);
  fields.integer("max_request_body_size", config.http_max_request_body_size);
  if (config.http_max_request_body_size <= 0) config.http_max_request_body_size = 20 << 20;
  url_path(fields, "traces_url_path", config.http_traces_url_path);
  url_path(fields, "metrics_url_path", config.http_metrics_url_path);
  url_path(fields, "logs_url_path", config.http_logs_url_path);
  http_server(fields, config.http_auth);
}

OtlpReceiverConfig otlp_receiver(Fields& fields) {
  OtlpReceiverConfig config;
  fields.section("protocols", [&config](Fields& inner) {
    config.grpc_endpoint = "localhost:4317";
    config.http_endpoint = "localhost:4318";
    const Presence grpc = inner.optional("grpc", [&config](Fields& protocol) {
      protocol.text("endpoint", *config.grpc_endpoint);
      grpc_server(protocol, config.grpc_max_recv_msg_size, config.grpc_auth);
    });
    if (grpc == Presence::null && inner.value().find("grpc")->original)
      inner.refuse("grpc", "invalid transport type \"\": an empty ${…} clears the defaults; write grpc: {}");
    if (grpc == Presence::absent || grpc == Presence::disabled) config.grpc_endpoint.reset();
    const Presence http = inner.optional("http", [&config](Fields& protocol) { otlp_http(protocol, config); });
    if (http == Presence::absent || http == Presence::disabled) config.http_endpoint.reset();
    if (!inner.value().original || inner.reading().semantics.optional_protocols) return;
    config.grpc_endpoint.reset();
    config.http_endpoint.reset();
  });
  if (!config.grpc_endpoint && !config.http_endpoint && fields.reading().errors == 0)
    fields.refuse("protocols",
                  "must specify at least one protocol when using the OTLP receiver; add grpc: or http: "
                  "below protocols:");
  return config;
}

ZipkinReceiverConfig zipkin_receiver(Fields& fields) {
  ZipkinReceiverConfig config;
  fields.text("endpoint", config.endpoint);
  fields.boolean("parse_string_tags", config.parse_string_tags);
  fields.integer("max_request_body_size", config.max_request_body_size);
  if (config.max_request_body_size <= 0) config.max_request_body_size = 20 << 20;
  http_server(fields, config.auth);
  return config;
}

// Processors

BatchConfig batch_processor(Fields& fields) {
  BatchConfig config;
  fields.duration("timeout", config.timeout);
  fields.unsigned32("send_batch_size", config.send_batch_size);
  fields.unsigned32("send_batch_max_size", config.send_batch_max_size);
  fields.texts("metadata_keys", config.metadata_keys);
  if (!config.metadata_keys.empty()) fields.leave_out("metadata_keys", kUnknownEffect);
  fields.unsigned32("metadata_cardinality_limit", config.metadata_cardinality_limit);
  if (fields.reading().errors > 0) return config;
  if (config.send_batch_max_size > 0 && config.send_batch_max_size < config.send_batch_size)
    fields.refuse("send_batch_max_size", "send_batch_max_size must be greater or equal to send_batch_size; " +
                                             std::to_string(config.send_batch_max_size) + " is below " +
                                             std::to_string(config.send_batch_size) +
                                             ", raise it, or set 0 for no cap");
  unique_metadata_keys(fields, config.metadata_keys);
  if (config.timeout < Duration{}) fields.refuse("timeout", "timeout must be greater or equal to 0; 0 sends at once");
  return config;
}

void check_limits(const MemoryLimiterConfig& config, Fields& fields) {
  if (config.limit_mib == 0 && config.limit_percentage == 0)
    fields.refuse("limit_mib", "'limit_mib' or 'limit_percentage' must be greater than zero; give one of them");
  if (config.limit_percentage > 100 || config.spike_limit_percentage > 100)
    fields.refuse(config.limit_percentage > 100 ? "limit_percentage" : "spike_limit_percentage",
                  "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than or equal to "
                  "hundred; give at most 100");
  if (config.limit_mib > 0 && config.limit_mib <= config.spike_limit_mib)
    fields.refuse("spike_limit_mib", "'spike_limit_mib' must be smaller than 'limit_mib'; " +
                                         std::to_string(config.spike_limit_mib) + " is not below " +
                                         std::to_string(config.limit_mib));
  if (config.limit_percentage > 0 && config.limit_percentage <= config.spike_limit_percentage)
    fields.refuse("spike_limit_percentage", "'spike_limit_percentage' must be smaller than 'limit_percentage'; " +
                                                std::to_string(config.spike_limit_percentage) + " is not below " +
                                                std::to_string(config.limit_percentage));
}

void check_gc_backoff(const MemoryLimiterConfig& config, Fields& fields) {
  const Duration soft = config.max_gc_interval_when_soft_limited;
  const Duration hard = config.max_gc_interval_when_hard_limited;
  if (soft < Duration{})
    fields.refuse("max_gc_interval_when_soft_limited", "'max_gc_interval_when_soft_limited' must be non-negative");
  if (hard < Duration{})
    fields.refuse("max_gc_interval_when_hard_limited", "'max_gc_interval_when_hard_limited' must be non-negative");
  if (soft > Duration{} && soft < config.min_gc_interval_when_soft_limited)
    fields.refuse("max_gc_interval_when_soft_limited",
                  "'max_gc_interval_when_soft_limited' must be greater than or equal to "
                  "'min_gc_interval_when_soft_limited' (or 0 to disable)");
  if (hard > Duration{} && hard < config.min_gc_interval_when_hard_limited)
    fields.refuse("max_gc_interval_when_hard_limited",
                  "'max_gc_interval_when_hard_limited' must be greater than or equal to "
                  "'min_gc_interval_when_hard_limited' (or 0 to disable)");
  if (soft > Duration{} && hard > Duration{} && soft < hard)
    fields.refuse("max_gc_interval_when_soft_limited",
                  "'max_gc_interval_when_soft_limited' should be larger than or equal to "
                  "'max_gc_interval_when_hard_limited' (when both are set); raise it");
}

void check_limiter(const MemoryLimiterConfig& config, Fields& fields) {
  const Semantics& semantics = fields.reading().semantics;
  if (config.check_interval <= Duration{})
    fields.refuse("check_interval", "'check_interval' must be greater than zero; give e.g. check_interval: 1s");
  if (semantics.limiter_gc_intervals &&
      config.min_gc_interval_when_soft_limited < config.min_gc_interval_when_hard_limited)
    fields.refuse("min_gc_interval_when_soft_limited",
                  "'min_gc_interval_when_soft_limited' should be larger than 'min_gc_interval_when_hard_limited'; "
                  "raise it");
  if (semantics.limiter_gc_backoff) check_gc_backoff(config, fields);
  check_limits(config, fields);
}

MemoryLimiterConfig memory_limiter(Fields& fields) {
  MemoryLimiterConfig config;
  fields.duration("check_interval", config.check_interval);
  fields.unsigned32("limit_mib", config.limit_mib);
  fields.unsigned32("spike_limit_mib", config.spike_limit_mib);
  fields.unsigned32("limit_percentage", config.limit_percentage);
  fields.unsigned32("spike_limit_percentage", config.spike_limit_percentage);
  const Semantics& semantics = fields.reading().semantics;
  if (semantics.limiter_gc_intervals) {
    fields.duration("min_gc_interval_when_soft_limited", config.min_gc_interval_when_soft_limited);
    fields.duration("min_gc_interval_when_hard_limited", config.min_gc_interval_when_hard_limited);
  }
  if (semantics.limiter_gc_backoff) {
    fields.duration("max_gc_interval_when_soft_limited", config.max_gc_interval_when_soft_limited);
    fields.duration("max_gc_interval_when_hard_limited", config.max_gc_interval_when_hard_limited);
  }
  if (fields.reading().errors == 0) check_limiter(config, fields);
  return config;
}

// Exporters

constexpr std::array kOtherEndpoints{
    Setting{"profiles_endpoint", Shape::text, kNoEffect, {}, &Semantics::profiles_endpoint},
};

bool names_an_endpoint(const Value& map, const Semantics& semantics) {
  constexpr std::array keys{"endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint"};
  return std::ranges::any_of(keys, [&map](std::string_view key) { return has_text(map, key); }) ||
         (semantics.profiles_endpoint && has_text(map, "profiles_endpoint"));
}

OtlpHttpExporterConfig otlp_http_exporter(Fields& fields) {
  OtlpHttpExporterConfig config;
  fields.text("endpoint", config.endpoint);
  fields.text("traces_endpoint", config.traces_endpoint);
  fields.text("metrics_endpoint", config.metrics_endpoint);
  fields.text("logs_endpoint", config.logs_endpoint);
  fields.unmodelled(kOtherEndpoints);
  fields.duration("timeout", config.timeout);
  fields.text("encoding", config.encoding);
  if (config.encoding != "proto" && config.encoding != "json")
    fields.refuse("encoding", "invalid encoding type: " + config.encoding + "; use proto or json");
  http_client(fields, config.auth, config.compression);
  retry(fields, config.retry_on_failure);
  sending_queue(fields, config.sending_queue);
  if (fields.reading().errors == 0 && !names_an_endpoint(fields.value(), fields.reading().semantics))
    fields.refuse("endpoint", "at least one endpoint must be specified; give endpoint: http://host:4318");
  return config;
}

constexpr std::array kDebugSettings{
    Setting{"sampling_initial", Shape::integer, kNoEffect},
    Setting{"sampling_thereafter", Shape::integer, kNoEffect},
    Setting{"use_internal_logger", Shape::boolean, kNoEffect},
    Setting{"output_paths", Shape::texts, kNoEffect, {}, &Semantics::debug_output_paths},
};

void check_output_paths(Fields& fields) {
  const Value* const paths = fields.value().find("output_paths");
  if (paths == nullptr || paths->kind == Value::Kind::null) return;
  const Value* const internal = fields.value().find("use_internal_logger");
  const bool uses_internal = internal == nullptr || internal->truth;
  if (uses_internal)
    fields.refuse("output_paths", "output_paths is not supported when use_internal_logger is true; set it to false");
  else if (paths->kind == Value::Kind::list && paths->items.empty())
    fields.refuse("output_paths", "output_paths must not be empty when use_internal_logger is false; give stdout");
}

DebugExporterConfig debug_exporter(Fields& fields) {
  DebugExporterConfig config;
  std::int32_t verbosity = 0;
  fields.named("verbosity", kLevels, "unknown metrics level", verbosity);
  if (verbosity < 0 || verbosity > 2)
    fields.refuse("verbosity",
                  "verbosity level " + std::to_string(verbosity) + " is not supported; use basic, normal or detailed");
  else
    config.verbosity = kLevels[verbosity + 1].text;
  fields.unmodelled(kDebugSettings);
  if (fields.reading().semantics.debug_output_paths) check_output_paths(fields);
  if (!fields.reading().semantics.debug_queue) return config;
  QueueConfig queue;
  sending_queue(fields, queue);
  if (fields.value().find("sending_queue") != nullptr && queue.enabled)
    fields.leave_out("sending_queue", kUnknownEffect);
  return config;
}

// Extensions

bool looks_hashed(std::string_view password) {
  constexpr std::array marks{"$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "{SHA}", "{SSHA}"};
  return std::ranges::any_of(marks, [password](std::string_view mark) { return password.starts_with(mark); });
}

/// "user:password" lines; empty lines and comments are skipped, a later line wins.
void inline_users(std::string_view text, BasicAuthConfig& config, Fields& fields) {
  bool hashed = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    config.users.insert_or_assign(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    hashed = hashed || looks_hashed(line.substr(colon + 1));
  }
  if (hashed) fields.leave_out("inline", kUnknownEffect);
}

constexpr std::array kCredentialFiles{
    Setting{"username_file", Shape::text, kUnknownEffect, {}, &Semantics::credential_files},
    Setting{"password_file", Shape::text, kUnknownEffect, {}, &Semantics::credential_files},
};
constexpr std::array kPasswordFile{Setting{"file", Shape::text, kUnknownEffect}};

void server_credentials(Fields& fields, BasicAuthConfig& config) {
  std::string text;
  fields.unmodelled(kPasswordFile);
  fields.text("inline", text);
  inline_users(text, config, fields);
}

BasicAuthConfig basic_auth(Fields& fields) {
  BasicAuthConfig config;
  const auto given = [&fields](Presence presence) {
    return presence == Presence::given || (presence == Presence::disabled && !fields.reading().semantics.null_clears);
  };
  const Presence htpasswd = fields.section("htpasswd", [&](Fields& inner) { server_credentials(inner, config); });
  const Presence client = fields.section("client_auth", [&config](Fields& inner) {
    inner.text("username", config.username);
    inner.text("password", config.password);
    inner.unmodelled(kCredentialFiles);
  });
  const bool server = given(htpasswd);
  config.client = given(client);
  if (fields.reading().errors > 0) return config;
  if (server && config.client)
    fields.refuse("htpasswd", "only one of `htpasswd` or `client_auth` can be specified; make two extensions of it");
  if (!server && !config.client)
    fields.refuse("", "no credential source provided; give client_auth (for exporters) or htpasswd (for receivers)");
  return config;
}

}  // namespace

ReceiverConfig decode_receiver(const Type& type, Fields& fields) {
  if (type.name == "otlp") return otlp_receiver(fields);
  if (type.name == "zipkin") return zipkin_receiver(fields);
  return UnmodelledConfig{std::string(type.effect)};
}

ProcessorConfig decode_processor(const Type& type, Fields& fields) {
  if (type.name == "batch") return batch_processor(fields);
  if (type.name == "memory_limiter") return memory_limiter(fields);
  if (type.name == "filter") return filter_processor(fields);
  if (type.name == "attributes") return attributes_processor(fields);
  if (type.name == "resource") return resource_processor(fields);
  if (type.name == "transform") return transform_processor(fields);
  if (type.name == "tail_sampling") return tail_sampling(fields);
  if (type.name == "probabilistic_sampler") return probabilistic_sampler(fields);
  if (type.name == "groupbytrace") return group_by_trace(fields);
  if (type.name == "groupbyattrs") return group_by_attrs(fields);
  if (type.name == "k8s_attributes") return k8s_attributes(fields);
  if (type.name == "span") return span_processor(fields);
  if (type.name == "redaction") return redaction_processor(fields);
  return UnmodelledConfig{std::string(type.effect)};
}

ExporterConfig decode_exporter(const Type& type, Fields& fields) {
  if (type.name == "otlp_http") return otlp_http_exporter(fields);
  if (type.name == "otlp_grpc") return otlp_grpc_exporter(fields);
  if (type.name == "load_balancing") return load_balancing_exporter(fields);
  if (type.name == "debug") return debug_exporter(fields);
  if (type.name == "nop") return NopExporterConfig{};
  return UnmodelledConfig{std::string(type.effect)};
}

ExtensionConfig decode_extension(const Type& type, Fields& fields) {
  if (type.name == "basicauth") return basic_auth(fields);
  if (type.name == "file_storage") return file_storage(fields);
  return UnmodelledConfig{std::string(type.effect)};
}

}  // namespace spillway::collector
