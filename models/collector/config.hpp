// The user's collector file, read as the collector of that version reads it. Keys and defaults are the
// collector's own; the structs below are spelled like the keys. Sources of the defaults: OpenTelemetry
// Collector v0.111 and v0.159, read from source and checked against running binaries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/collector/attribute_actions.hpp"
#include "models/collector/ottl/ottl.hpp"
#include "models/collector/span_match.hpp"
#include "models/collector/config_sampling.hpp"
#include "models/collector/version.hpp"
#include "models/collector/workload.hpp"
#include "models/scenario/document.hpp"
#include "sim/record.hpp"
#include "sim/time.hpp"

namespace spillway::collector {

struct OtlpReceiverConfig {
  std::optional<std::string> grpc_endpoint;  ///< protocols.grpc; absent: off. Default when present: localhost:4317
  std::int64_t grpc_max_recv_msg_size = 4 << 20;  ///< bytes of a message, decompressed
  std::string grpc_auth;                          ///< authenticator id of protocols.grpc.auth, empty: none
  std::optional<std::string> http_endpoint;  ///< protocols.http; absent: off. Default when present: localhost:4318
  std::int64_t http_max_request_body_size = 20 << 20;  ///< bytes, raw and again decompressed
  std::string http_traces_url_path = "/v1/traces", http_metrics_url_path = "/v1/metrics", http_logs_url_path = "/v1/logs";
  const std::string& url_path(Signal signal) const;
  std::string http_auth;  ///< authenticator id of protocols.http.auth, empty: none
};

struct ZipkinReceiverConfig {
  std::string endpoint = "localhost:9411";
  bool parse_string_tags = false;
  std::int64_t max_request_body_size = 20 << 20;
  std::string auth;
};

struct BatchConfig {
  Duration timeout = std::chrono::milliseconds{200};  ///< free-running timer; 0: no timer, forward at once
  std::int64_t send_batch_size = 8192;                ///< items that trigger a send; 0: forward at once
  std::int64_t send_batch_max_size = 0;               ///< cap of one send; 0: none
  std::vector<std::string> metadata_keys;
  std::int64_t metadata_cardinality_limit = 1000;
};

struct MemoryLimiterConfig {
  Duration check_interval{};
  std::int64_t limit_mib = 0, spike_limit_mib = 0;
  std::int64_t limit_percentage = 0, spike_limit_percentage = 0;
  Duration min_gc_interval_when_soft_limited = std::chrono::seconds{10};
  Duration min_gc_interval_when_hard_limited{};
  Duration max_gc_interval_when_soft_limited = std::chrono::seconds{30};
  Duration max_gc_interval_when_hard_limited = std::chrono::seconds{30};
};

struct RetryConfig {
  bool enabled = true;
  Duration initial_interval = std::chrono::seconds{5};
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = std::chrono::seconds{30};
  Duration max_elapsed_time = std::chrono::minutes{5};  ///< 0: for ever
};

struct AttributesConfig {
  MatchConfig match;
  std::vector<AttributeAction> actions;
};

struct ResourceConfig {
  std::vector<AttributeAction> actions;
};

/// groupbyattrs.
struct GroupByAttrsConfig {
  std::vector<std::string> keys;
};

/// k8s_attributes.
struct K8sAttributesConfig {
  /// What makes up an association: `from` connection or resource_attribute, `name` the attribute.
  struct Source {
    std::string from, name;
  };
  bool passthrough = false;
  std::vector<std::string> metadata{"container.image.name", "container.image.tag", "k8s.deployment.name", "k8s.namespace.name",
                                    "k8s.node.name",        "k8s.pod.name",        "k8s.pod.start_time",  "k8s.pod.uid"};
  std::vector<std::string> labels;                ///< attributes for labels and annotations of a known key
  std::vector<std::vector<Source>> associations;  ///< pod_association; empty: the address of the sender
};

/// The span processor.
struct SpanNamingConfig {
  MatchConfig match;
  std::vector<std::string> from_attributes;
  std::string separator;
  std::vector<Regex> rules;  ///< name.to_attributes
  bool break_after_match = false, keep_original_name = false;
  std::optional<SpanStatus> status;
  std::string description;
};

struct RedactionConfig {
  enum class Summary : std::uint8_t { silent, info, debug };
  enum class Hash : std::uint8_t { none, sha1, md5, of_64, of_128 };  ///< none: asterisks; of_…: so many characters
  bool allow_all_keys = false, redact_all_types = false;
  std::vector<std::string> allowed_keys, ignored_keys;
  std::vector<Regex> ignored_key_patterns, blocked_key_patterns, blocked_values, allowed_values;
  Summary summary = Summary::silent;
  Hash hash = Hash::none;
};

/// Conditions of the filter processor that are asked in one pass over a payload.
struct FilterPass {
  std::vector<ottl::Condition> resource, scope, span, spanevent;
  ottl::ErrorMode mode = ottl::ErrorMode::ignore;
};
struct FilterConfig {
  std::vector<FilterPass> passes;  ///< traces, or trace_conditions
  MatchConfig spans;               ///< the older form
};

/// Statements of the transform processor that are run over a payload before the next group.
struct TransformGroup {
  ottl::Context context = ottl::Context::span;
  std::vector<ottl::Condition> conditions;  ///< one must hold; none: all is taken
  std::vector<ottl::Statement> statements;
  ottl::ErrorMode mode = ottl::ErrorMode::ignore;
};
struct TransformConfig {
  std::vector<TransformGroup> groups;
};

enum class Sizer : std::uint8_t { requests, items, bytes };

/// sending_queue.batch; in v0.111 the `batcher` section of the otlp exporter only.
struct ExporterBatchConfig {
  Duration flush_timeout = std::chrono::milliseconds{200};
  std::int64_t min_size = 8192;
  std::int64_t max_size = 0;  ///< 0: none
  Sizer sizer = Sizer::items;
};

struct QueueConfig {
  bool enabled = true;
  std::int64_t num_consumers = 10;
  std::int64_t queue_size = 1000;  ///< in units of `sizer`
  Sizer sizer = Sizer::requests;
  bool block_on_overflow = false;
  bool wait_for_result = false;
  std::string storage;  ///< id of a storage extension, which keeps the queue in a file; empty: memory
  std::optional<ExporterBatchConfig> batch;
};

/// What exporters have in common.
struct SenderConfig {
  Duration timeout = std::chrono::seconds{30};  ///< of one attempt; 0: none
  std::string compression = "gzip";             ///< gzip | none | zstd | snappy | zlib | deflate | lz4
  std::string auth;                             ///< authenticator id, empty: none
  RetryConfig retry_on_failure;
  QueueConfig sending_queue;
};

struct OtlpHttpExporterConfig : SenderConfig {
  std::string endpoint;         ///< base; /v1/traces is appended
  std::string traces_endpoint, metrics_endpoint, logs_endpoint;  ///< full URLs, win over endpoint
  std::string encoding = "proto";    ///< proto | json
  /// Where a trace request goes: traces_endpoint, or endpoint without a trailing slash + /v1/traces.
  std::string traces_url() const { return url(Signal::traces); }
  std::string url(Signal signal) const;
};

/// otlp_grpc, formerly otlp.
struct OtlpGrpcExporterConfig : SenderConfig {
  OtlpGrpcExporterConfig() { timeout = std::chrono::seconds{5}; }
  std::string endpoint;   ///< as written
  bool insecure = false;  ///< tls.insecure: no TLS
  /// host:port as it is called: without a scheme or what stands for one.
  std::string target() const;
};

/// load_balancing. Of what SenderConfig has, timeout, queue and retry are off unless given.
struct LoadBalancingConfig : SenderConfig {
  LoadBalancingConfig() {
    timeout = {};
    retry_on_failure = {false, {}, 0, 0, {}, {}};
    sending_queue.enabled = false;
  }
  enum class Resolver : std::uint8_t { none, fixed, dns, kubernetes, cloud_map };  ///< fixed: `static`
  enum class Key : std::uint8_t { trace_id, service, attributes };
  OtlpGrpcExporterConfig otlp;  ///< protocol.otlp, for every endpoint; its own endpoint is not used
  Resolver resolver = Resolver::none;
  std::vector<std::string> hostnames;  ///< static
  std::string hostname;                ///< dns, k8s: the service
  std::string port;                    ///< dns; empty: 4317 is called, and not hashed
  std::vector<std::string> ports;      ///< k8s
  Duration interval = std::chrono::seconds{5};  ///< dns
  Key routing_key = Key::trace_id;
  std::vector<std::string> routing_attributes;
};
/// host:port that is called for an endpoint as resolved.
std::string endpoint_with_port(const std::string& endpoint);

struct DebugExporterConfig {
  std::string verbosity = "basic";
};
struct NopExporterConfig {};

/// The count connector: the metrics it makes, by what they count.
struct CountConfig {
  struct Metric {
    std::string name, description;
    std::vector<ottl::Condition> conditions;
    std::vector<std::pair<std::string, std::optional<spillway::Value>>> attributes;  ///< key, default_value
  };
  std::vector<Metric> spans, span_events, metrics, logs;
};

/// The span_metrics connector.
struct SpanMetricsConfig {
  struct Dimension {
    std::string name;
    std::optional<std::string> standard;  ///< default
  };
  enum class Shape : std::uint8_t { none, fixed, exponential };  ///< of the histogram; fixed: `explicit`
  std::vector<Dimension> dimensions, calls_dimensions, duration_dimensions, event_dimensions;
  std::vector<std::string> exclude_dimensions, resource_metrics_key_attributes, include_instrumentation_scope;
  std::string metric_namespace = "traces.span.metrics";
  bool delta = false;  ///< aggregation_temporality
  Duration metrics_flush_interval = std::chrono::seconds{60};
  Duration metrics_expiration{}, series_expiration{};  ///< 0: never
  std::int64_t resource_metrics_cache_size = 1000;
  std::int64_t aggregation_cardinality_limit = 0;  ///< series of a metric and resource; 0: no limit
  Shape histogram = Shape::fixed;
  bool seconds = false;           ///< unit of durations; else milliseconds
  std::int64_t bounds = 16;       ///< of a fixed histogram
  std::int64_t max_size = 0;      ///< of an exponential one, buckets; 0: the standard
  bool exemplars = false, events = false, enable_metrics_sampling_method = false;
  std::optional<std::int64_t> max_per_data_point;  ///< exemplars
};

/// The routing connector.
struct RoutingConfig {
  struct Route {
    std::vector<ottl::Condition> condition;  ///< one; none: never holds, for it asks what is not modelled
    bool by_span = false;                    ///< asked of every span; else of the resource
    bool copies = false;                     ///< what matches stays for the routes behind
    std::vector<std::string> pipelines;
  };
  std::vector<Route> table;
  std::vector<std::string> default_pipelines;
  ottl::ErrorMode mode = ottl::ErrorMode::ignore;
  bool match_once = false;  ///< where every route is asked of every resource: the first that holds ends it
};

struct BasicAuthConfig {
  bool client = false;  ///< client_auth given: adds the header to outgoing requests
  std::string username, password;
  std::map<std::string, std::string> users;  ///< htpasswd.inline with plain passwords: user -> password
};

/// file_storage: where queues keep their requests over the end of a process.
struct FileStorageConfig {
  std::string directory = "/var/lib/otelcol/file_storage";
  std::string compaction_directory = "/var/lib/otelcol/file_storage";
  bool compacts = false;  ///< on_start or on_rebound: then the collector looks for that folder, too
};

/// Known to the collector, but not modelled here (yet): the run says so.
struct UnmodelledConfig {
  std::string effect;  ///< "no effect on the result" | "size only" | "unknown"
};

using ReceiverConfig = std::variant<OtlpReceiverConfig, ZipkinReceiverConfig, UnmodelledConfig>;
using ProcessorConfig =
    std::variant<BatchConfig, MemoryLimiterConfig, FilterConfig, AttributesConfig, ResourceConfig, TransformConfig,
                 TailSamplingConfig, ProbabilisticSamplerConfig, GroupByTraceConfig, GroupByAttrsConfig, K8sAttributesConfig,
                 SpanNamingConfig, RedactionConfig, UnmodelledConfig>;
using ExporterConfig = std::variant<OtlpHttpExporterConfig, OtlpGrpcExporterConfig, LoadBalancingConfig,
                                    DebugExporterConfig, NopExporterConfig, UnmodelledConfig>;
using ExtensionConfig = std::variant<BasicAuthConfig, FileStorageConfig, UnmodelledConfig>;

template <class Config>
struct Defined {
  std::string id;  ///< as written, e.g. "otlphttp/grafana_cloud": shows up in metric labels
  Config config;
  Mark mark;
};

struct PipelineConfig {
  std::string id;      ///< "traces", "traces/two"
  std::string signal;  ///< traces | metrics | logs
  bool carries(Signal one) const { return signal == names_of(one).text; }
  std::vector<std::string> receivers, processors, exporters;
  Mark mark;
};

struct TelemetryConfig {
  std::string level = "normal";  ///< none | basic | normal | detailed
  std::string host = "localhost";
  int port = 8888;        ///< 0: no page
  bool suffixes = false;  ///< counter names end in _total
};

struct CollectorConfig {
  std::vector<Defined<ReceiverConfig>> receivers;
  std::vector<Defined<ProcessorConfig>> processors;
  std::vector<Defined<ExporterConfig>> exporters;
  std::vector<Defined<ExtensionConfig>> extensions;
  std::vector<std::string> connectors;  ///< ids; what enters one that is not modelled ends there
  std::vector<Defined<CountConfig>> counts;
  std::vector<Defined<RoutingConfig>> routings;
  std::vector<Defined<SpanMetricsConfig>> span_metrics;
  std::vector<std::string> service_extensions;
  std::vector<PipelineConfig> pipelines;
  TelemetryConfig telemetry;
  std::vector<NotModelled> not_modelled;  ///< `what` without the collector's name in front
};

/// The whole file, merged and expanded, with the places of everything (config_value.hpp); for those who look at more
/// than what is decoded.
struct ConfigTree;

struct LoadedConfig {
  std::optional<CollectorConfig> config;
  LoadFailure failure = LoadFailure::none;
  Workload workload;  ///< what the file around the configuration says
  Version version;    ///< as which it was read
  bool version_from_image = false;
  std::shared_ptr<const ConfigTree> tree;  ///< null when nothing could be read; there even when `config` is not
};

/// What to load. Files may be plain collector files, manifests with a ConfigMap or an OpenTelemetryCollector resource,
/// or values of the Helm chart.
struct ConfigRequest {
  std::vector<std::filesystem::path> files;
  std::map<std::string, std::string> environment;  ///< wins over what the workload's container is given
  std::optional<Version> version;                  ///< wins over the image tag; without both: 0.159.0
  std::string key;                                 ///< chooses among several configurations in manifests
};

/// Reads, merges (later files win: maps deep, lists and scalars replaced), expands ${env:…}, ${file:…} and
/// ${yaml:…}, decodes and validates as the collector of this version does. Every problem at once.
/// `environment` is all the environment there is: the process's own is never read. Paths of ${file:…} count from
/// the folder of the file they stand in. What the collector refuses only when it starts is refused, too, as far as
/// the file alone shows it. Settings of components that are not modelled are not looked at.
LoadedConfig load_config(const ConfigRequest& request, Problems& problems);
LoadedConfig load_config(const std::vector<std::filesystem::path>& files,
                         const std::map<std::string, std::string>& environment, Version version, Problems& problems);

/// Whether the root of a file's first document is one of the forms that load_config takes.
bool is_collector_input(const Node& root);

/// The configuration as one plain collector file (YAML, not expanded) that the real program takes; empty when the
/// files are plain already or cannot be read.
std::string plain_config(const std::vector<std::filesystem::path>& files, const std::string& key);

}  // namespace spillway::collector
