// Decoding and checking of the modelled components. Private to the reading of collector files.
#pragma once

#include <functional>
#include <string>

#include "models/collector/config.hpp"
#include "models/collector/config_fields.hpp"
#include "models/collector/config_types.hpp"

namespace spillway::collector {

struct Component;
struct Service;

// Each reads the keys, then, when they could be read, applies the collector's Validate of that component.
// Types that are not modelled come back as UnmodelledConfig; their settings are not looked at.
ReceiverConfig decode_receiver(const Type& type, Fields& fields);
ProcessorConfig decode_processor(const Type& type, Fields& fields);
ExporterConfig decode_exporter(const Type& type, Fields& fields);
ExtensionConfig decode_extension(const Type& type, Fields& fields);

// Processors with files of their own (config_attributes.cpp, config_filter.cpp).
FilterConfig filter_processor(Fields& fields);
AttributesConfig attributes_processor(Fields& fields);
ResourceConfig resource_processor(Fields& fields);
TransformConfig transform_processor(Fields& fields);
// config_redaction.cpp
RedactionConfig redaction_processor(Fields& fields);
SpanNamingConfig span_processor(Fields& fields);
GroupByAttrsConfig group_by_attrs(Fields& fields);
K8sAttributesConfig k8s_attributes(Fields& fields);
/// include and exclude.
MatchConfig match_config(Fields& fields);
// Components with files of their own: config_sampling.cpp.
TailSamplingConfig tail_sampling(Fields& fields);
ProbabilisticSamplerConfig probabilistic_sampler(Fields& fields);
GroupByTraceConfig group_by_trace(Fields& fields);
/// What tail_sampling refuses when it starts: its policies.
void check_tail_sampling(const Component& component, const TailSamplingConfig& config, Reading& reading);

// Settings that several components share (config_transport.cpp, config_queue.cpp).

/// confighttp.ServerConfig without its endpoint and body limit.
void http_server(Fields& fields, std::string& auth);
/// confighttp.ClientConfig without what the exporter itself models.
void http_client(Fields& fields, std::string& auth, std::string& compression);
/// configgrpc.ServerConfig without its endpoint.
void grpc_server(Fields& fields, std::int64_t& max_message, std::string& auth);
/// configgrpc.ClientConfig without its endpoint.
void grpc_client(Fields& fields, OtlpGrpcExporterConfig& config);
/// The count connector.
CountConfig count_connector(Fields& fields);
/// The span_metrics connector (config_span_metrics.cpp).
SpanMetricsConfig span_metrics_connector(Fields& fields);
/// The routing connector (config_routing.cpp).
RoutingConfig routing_connector(Fields& fields);
/// Refuses pipelines of its table that do not begin with it.
void check_routing(const Component& component, const RoutingConfig& config, const Service& service,
                   Reading& reading);
/// error_mode, where there is one.
std::optional<ottl::ErrorMode> ottl_error_mode(Fields& fields);
/// A list of OTTL conditions.
std::vector<ottl::Condition> ottl_conditions(Fields& fields, std::string_view key, ottl::Context context);
/// The otlp_grpc exporter.
OtlpGrpcExporterConfig otlp_grpc_exporter(Fields& fields);
void otlp_grpc_exporter(Fields& fields, OtlpGrpcExporterConfig& config);
/// The load_balancing exporter (config_load_balancing.cpp).
LoadBalancingConfig load_balancing_exporter(Fields& fields);
void retry(Fields& fields, RetryConfig& config);
void sending_queue(Fields& fields, QueueConfig& config);
/// The file_storage extension.
FileStorageConfig file_storage(Fields& fields);
/// Refuses names that differ in case only.
void unique_metadata_keys(Fields& fields, const std::vector<std::string>& keys);

/// configtelemetry.Level.
inline constexpr Named kLevels[] = {{"none", -1}, {"basic", 0}, {"normal", 1}, {"detailed", 2}};

/// "host:port" as Go's net.SplitHostPort takes it apart; nothing and its words when it cannot.
struct HostPort {
  std::string host, port;
};
std::optional<HostPort> split_host_port(std::string_view address, std::string& error);
/// Whether Go's url.Parse takes the text (its checks of scheme, host and escapes).
bool is_url(std::string_view text);
/// Its path, with a leading slash.
std::string path_of_url(std::string_view text);

}  // namespace spillway::collector
