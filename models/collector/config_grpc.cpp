// The otlp_grpc exporter. Sources: otlpexporter, configgrpc and exporterbatcher of v0.111 and v0.159.
#include <algorithm>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

/// Without http://, https:// and dns://, as the exporter looks at it.
std::string_view without_scheme(std::string_view endpoint) {
  for (const std::string_view scheme : {"http://", "https://", "dns:///", "dns://"})
    if (endpoint.starts_with(scheme)) return endpoint.substr(scheme.size());
  return endpoint;
}

/// … and the newer check of the port: without scheme and authority of any resolver.
std::string_view without_resolver(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  if (scheme == std::string_view::npos) return endpoint;
  const bool http = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  const std::string_view rest = endpoint.substr(scheme + 3);
  const std::size_t slash = rest.find('/');
  return http || slash == std::string_view::npos ? rest : rest.substr(slash + 1);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_endpoint(Fields& fields, const std::string& endpoint) {
  if (without_scheme(endpoint).empty())
    return fields.refuse("endpoint", "requires a non-empty \"endpoint\"; give host:4317");
  if (endpoint.starts_with("unix:")) return;
  const bool newer = fields.reading().semantics.grpc_resolver_schemes;
  std::string error;
  const auto parts = split_host_port(newer ? without_resolver(endpoint) : without_scheme(endpoint), error);
  if (!parts) return fields.refuse("endpoint", error + "; write host:port");
  if (!is_number(parts->port)) fields.refuse("endpoint", "invalid port \"" + parts->port + "\"; give a number");
}

/// The exporter batching of before sending_queue.batch.
void batcher(Fields& fields) {
  bool enabled = false;
  Duration flush_timeout = std::chrono::milliseconds{200};
  std::int64_t min_items = 8192, max_items = 0;
  fields.section("batcher", [&](Fields& inner) {
    const int errors = inner.reading().errors;
    inner.boolean("enabled", enabled);
    inner.duration("flush_timeout", flush_timeout);
    inner.integer("min_size_items", min_items);
    inner.integer("max_size_items", max_items);
    if (inner.reading().errors > errors) return;
    if (min_items < 0) inner.refuse("min_size_items", "min_size_items must be greater than or equal to zero");
    if (max_items < 0) inner.refuse("max_size_items", "max_size_items must be greater than or equal to zero");
    if (max_items > 0 && max_items < min_items)
      inner.refuse("max_size_items", "max_size_items must be greater than or equal to min_size_items");
    if (flush_timeout <= Duration{}) inner.refuse("flush_timeout", "timeout must be greater than zero");
  });
  if (enabled) fields.leave_out("batcher", kUnknownEffect);
}

}  // namespace

std::string OtlpGrpcExporterConfig::target() const {
  const std::string_view rest = without_scheme(endpoint);
  const std::size_t authority = rest.find("://");
  return std::string(authority == std::string_view::npos ? rest : without_resolver(rest));
}

OtlpGrpcExporterConfig otlp_grpc_exporter(Fields& fields) {
  OtlpGrpcExporterConfig config;
  otlp_grpc_exporter(fields, config);
  return config;
}

void otlp_grpc_exporter(Fields& fields, OtlpGrpcExporterConfig& config) {
  fields.text("endpoint", config.endpoint);
  fields.duration("timeout", config.timeout);
  if (config.timeout < Duration{}) fields.refuse("timeout", "'timeout' must be non-negative; 0 waits for ever");
  grpc_client(fields, config);
  retry(fields, config.retry_on_failure);
  sending_queue(fields, config.sending_queue);
  if (fields.reading().semantics.grpc_batcher) batcher(fields);
  if (fields.reading().errors == 0) check_endpoint(fields, config.endpoint);
}

}  // namespace spillway::collector
