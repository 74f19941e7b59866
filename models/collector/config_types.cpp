#include "models/collector/config_types.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "models/scenario/document.hpp"

namespace spillway::collector {
namespace {

constexpr std::string_view kModelled = "modelled";
constexpr std::string_view kNone = "no effect on the result";
constexpr std::string_view kSize = "size only";
constexpr std::string_view kUnknown = "unknown";

constexpr std::string_view kAdds = "adds attributes to resources in the real program: requests, queues and memory are smaller here";

// The one table. Signals are given where they are known to be restricted.
constexpr std::array kTypes{
    Type{Kind::receiver, "otlp", {}, kModelled},
    Type{Kind::receiver, "zipkin", {}, kModelled, kTraces},
    Type{Kind::receiver, "nop", {}, kNone},
    Type{Kind::receiver, "jaeger", {}, kUnknown, kTraces},
    Type{Kind::receiver, "kafka"},
    Type{Kind::receiver, "file_log", "filelog", kUnknown, kLogs},
    Type{Kind::receiver, "prometheus", {}, kUnknown, kMetrics},
    Type{Kind::receiver, "host_metrics", "hostmetrics", kUnknown, kMetrics | kLogs},

    Type{Kind::processor, "batch", {}, kModelled},
    Type{Kind::processor, "memory_limiter", {}, kModelled},
    Type{Kind::processor, "attributes", {}, kModelled},
    Type{Kind::processor, "resource", {}, kModelled},
    Type{Kind::processor, "span", {}, kModelled, kTraces},
    Type{Kind::processor, "transform", {}, kModelled},
    Type{Kind::processor, "redaction", {}, kModelled},
    Type{Kind::processor, "k8s_attributes", "k8sattributes", kModelled},
    Type{Kind::processor, "resource_detection", "resourcedetection", kSize, kAllSignals, kAdds},
    Type{Kind::processor, "geo_ip", "geoip", kSize, kAllSignals, kAdds},
    Type{Kind::processor, "tail_sampling", {}, kModelled, kTraces},
    Type{Kind::processor, "probabilistic_sampler", {}, kModelled, kTraces | kLogs},
    Type{Kind::processor, "groupbytrace", {}, kModelled, kTraces},
    Type{Kind::processor, "groupbyattrs", {}, kModelled},
    Type{Kind::processor, "filter", {}, kModelled},
    Type{Kind::processor, "queuebatch"},
    Type{Kind::processor, "metrics_transform", "metricstransform", kUnknown, kMetrics},
    Type{Kind::processor, "cumulativetodelta", {}, kUnknown, kMetrics},
    Type{Kind::processor, "deltatocumulative", {}, kUnknown, kMetrics},
    Type{Kind::processor, "interval", {}, kUnknown, kMetrics},

    Type{Kind::exporter, "otlp_http", "otlphttp", kModelled},
    Type{Kind::exporter, "debug", {}, kModelled},
    Type{Kind::exporter, "nop", {}, kModelled},
    Type{Kind::exporter, "otlp_grpc", "otlp", kModelled},
    Type{Kind::exporter, "load_balancing", "loadbalancing", kModelled},
    Type{Kind::exporter, "prometheus", {}, kUnknown, kMetrics},
    Type{Kind::exporter, "prometheus_remote_write", "prometheusremotewrite", kUnknown, kMetrics},
    Type{Kind::exporter, "file"},
    Type{Kind::exporter, "kafka"},
    Type{Kind::exporter, "zipkin", {}, kUnknown, kTraces},

    Type{Kind::connector, "forward", {}, kModelled},
    Type{Kind::connector, "span_metrics", "spanmetrics", kModelled},
    Type{Kind::connector, "service_graph", "servicegraph"},
    Type{Kind::connector, "routing", {}, kModelled},
    Type{Kind::connector, "count", {}, kModelled},
    Type{Kind::connector, "failover"},

    Type{Kind::extension, "basicauth", {}, kModelled},
    Type{Kind::extension, "health_check", {}, kNone},
    Type{Kind::extension, "pprof", {}, kNone},
    Type{Kind::extension, "zpages", {}, kNone},
    Type{Kind::extension, "file_storage", {}, kModelled},
    Type{Kind::extension, "memory_limiter"},
    Type{Kind::extension, "bearertokenauth"},
    Type{Kind::extension, "headers_setter"},
    Type{Kind::extension, "oauth2client"},
};

/// Further types of the contrib distribution, of which nothing more is known here than that they exist. Some were
/// renamed in 2026 by setting underscores; in versions with new names underscores do not matter here.
constexpr std::array<std::string_view, 97> kReceivers{"active_directory_ds",
                                                      "aerospike",
                                                      "apache",
                                                      "apachespark",
                                                      "awscloudwatch",
                                                      "awscontainerinsightreceiver",
                                                      "awsecscontainermetrics",
                                                      "awsfirehose",
                                                      "awss3",
                                                      "awsxray",
                                                      "azureblob",
                                                      "azureeventhub",
                                                      "azuremonitor",
                                                      "bigip",
                                                      "carbon",
                                                      "chrony",
                                                      "cloudflare",
                                                      "cloudfoundry",
                                                      "collectd",
                                                      "couchdb",
                                                      "datadog",
                                                      "docker_stats",
                                                      "elasticsearch",
                                                      "envoyals",
                                                      "expvar",
                                                      "faro",
                                                      "filestats",
                                                      "flinkmetrics",
                                                      "fluentforward",
                                                      "github",
                                                      "googlecloudmonitoring",
                                                      "googlecloudpubsub",
                                                      "googlecloudspanner",
                                                      "haproxy",
                                                      "httpcheck",
                                                      "iis",
                                                      "influxdb",
                                                      "jmx",
                                                      "journald",
                                                      "k8s_cluster",
                                                      "k8s_events",
                                                      "k8sobjects",
                                                      "kafkametrics",
                                                      "kubeletstats",
                                                      "libhoney",
                                                      "loki",
                                                      "memcached",
                                                      "mongodb",
                                                      "mongodbatlas",
                                                      "mysql",
                                                      "namedpipe",
                                                      "netflow",
                                                      "nginx",
                                                      "nsxt",
                                                      "ntp",
                                                      "opencensus",
                                                      "oracledb",
                                                      "otelarrow",
                                                      "otlpjsonfile",
                                                      "podman_stats",
                                                      "postgresql",
                                                      "prometheus_simple",
                                                      "prometheusremotewrite",
                                                      "pulsar",
                                                      "purefa",
                                                      "purefb",
                                                      "rabbitmq",
                                                      "receiver_creator",
                                                      "redis",
                                                      "riak",
                                                      "sapm",
                                                      "saphana",
                                                      "signalfx",
                                                      "skywalking",
                                                      "snmp",
                                                      "snowflake",
                                                      "solace",
                                                      "splunk_hec",
                                                      "splunkenterprise",
                                                      "sqlquery",
                                                      "sqlserver",
                                                      "sshcheck",
                                                      "statsd",
                                                      "stef",
                                                      "syslog",
                                                      "systemd",
                                                      "tcpcheck",
                                                      "tcplog",
                                                      "tlscheck",
                                                      "udplog",
                                                      "vcenter",
                                                      "wavefront",
                                                      "webhookevent",
                                                      "windowseventlog",
                                                      "windowsperfcounters",
                                                      "windowsservice",
                                                      "zookeeper"};
constexpr std::array<std::string_view, 12> kProcessors{
    "coralogix",       "deltatorate", "experimental_metricsgeneration",
    "isolationforest", "logdedup",    "logstransform",
    "metricstarttime", "remotetap",   "routing",
    "schema",          "sumologic",   "unroll"};
constexpr std::array<std::string_view, 45> kExporters{"alertmanager",
                                                      "alibabacloud_logservice",
                                                      "awscloudwatchlogs",
                                                      "awsemf",
                                                      "awskinesis",
                                                      "awss3",
                                                      "awsxray",
                                                      "azureblob",
                                                      "azuredataexplorer",
                                                      "azuremonitor",
                                                      "bmchelix",
                                                      "carbon",
                                                      "cassandra",
                                                      "clickhouse",
                                                      "coralogix",
                                                      "datadog",
                                                      "dataset",
                                                      "doris",
                                                      "elasticsearch",
                                                      "faro",
                                                      "googlecloud",
                                                      "googlecloudpubsub",
                                                      "googlemanagedprometheus",
                                                      "honeycombmarker",
                                                      "influxdb",
                                                      "instana",
                                                      "logicmonitor",
                                                      "logzio",
                                                      "loki",
                                                      "mezmo",
                                                      "opencensus",
                                                      "opensearch",
                                                      "otelarrow",
                                                      "pulsar",
                                                      "rabbitmq",
                                                      "sapm",
                                                      "sentry",
                                                      "signalfx",
                                                      "skywalking",
                                                      "splunk_hec",
                                                      "stef",
                                                      "sumologic",
                                                      "syslog",
                                                      "tencentcloud_logservice",
                                                      "tinybird"};
constexpr std::array<std::string_view, 7> kConnectors{"datadog",    "exceptions",      "grafanacloud", "otlpjson",
                                                      "roundrobin", "signaltometrics", "sum"};
constexpr std::array<std::string_view, 36> kExtensions{"ack",
                                                       "asapclient",
                                                       "avro_log_encoding",
                                                       "aws_logs_encoding",
                                                       "awscloudwatchmetricstreams_encoding",
                                                       "awsproxy",
                                                       "azure_auth",
                                                       "azure_encoding",
                                                       "cfgarden_observer",
                                                       "cgroupruntime",
                                                       "datadog",
                                                       "db_storage",
                                                       "docker_observer",
                                                       "ecs_observer",
                                                       "ecs_task_observer",
                                                       "googleclientauth",
                                                       "googlecloudlogentry_encoding",
                                                       "healthcheckv2",
                                                       "host_observer",
                                                       "http_forwarder",
                                                       "jaeger_encoding",
                                                       "jaegerremotesampling",
                                                       "json_log_encoding",
                                                       "k8s_leader_elector",
                                                       "k8s_observer",
                                                       "kafkatopics_observer",
                                                       "oidc",
                                                       "opamp",
                                                       "otlp_encoding",
                                                       "redis_storage",
                                                       "sigv4auth",
                                                       "skywalking_encoding",
                                                       "solarwindsapmsettings",
                                                       "sumologic",
                                                       "text_encoding",
                                                       "zipkin_encoding"};

std::span<const std::string_view> long_tail(Kind kind) {
  switch (kind) {
    case Kind::receiver:
      return kReceivers;
    case Kind::processor:
      return kProcessors;
    case Kind::exporter:
      return kExporters;
    case Kind::connector:
      return kConnectors;
    case Kind::extension:
      return kExtensions;
  }
  return {};
}

constexpr std::array kTail{Type{Kind::receiver, {}}, Type{Kind::processor, {}}, Type{Kind::exporter, {}},
                           Type{Kind::connector, {}}, Type{Kind::extension, {}}};

std::string without_underscores(std::string_view text) {
  std::string result(text);
  std::erase(result, '_');
  return result;
}

/// The names under which this version knows the type, newest first.
std::vector<std::string> names_of(const Type& type, const Semantics& semantics) {
  std::vector<std::string> names;
  if (type.old_name.empty() || semantics.new_type_names) names.emplace_back(type.name);
  if (!type.old_name.empty()) names.emplace_back(type.old_name);
  return names;
}

}  // namespace

std::string_view to_text(Kind kind) {
  constexpr std::array<std::string_view, 5> names{"receiver", "processor", "exporter", "connector", "extension"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view section_of(Kind kind) {
  constexpr std::array<std::string_view, 5> names{"receivers", "processors", "exporters", "connectors", "extensions"};
  return names[static_cast<std::size_t>(kind)];
}

const Type* find_type(Kind kind, std::string_view name, const Semantics& semantics) {
  for (const Type& type : kTypes) {
    if (type.kind != kind) continue;
    if (name == type.old_name && !name.empty()) return &type;
    if (name == type.name && (type.old_name.empty() || semantics.new_type_names)) return &type;
  }
  const bool loose = semantics.new_type_names;
  const bool found = std::ranges::any_of(long_tail(kind), [name, loose](std::string_view one) {
    return one == name || (loose && without_underscores(one) == without_underscores(name));
  });
  return found ? &kTail[static_cast<std::size_t>(kind)] : nullptr;
}

std::string common_types(Kind kind, const Semantics& semantics) {
  std::string all;
  for (const Type& type : kTypes)
    if (type.kind == kind) all += (all.empty() ? "" : " ") + names_of(type, semantics).front();
  return all;
}

std::string nearest_type(Kind kind, std::string_view name, const Semantics& semantics) {
  std::vector<std::string> known;
  for (const Type& type : kTypes)
    if (type.kind == kind)
      for (std::string& one : names_of(type, semantics)) known.push_back(std::move(one));
  for (const std::string_view one : long_tail(kind)) known.emplace_back(one);
  return nearest(name, known);
}

}  // namespace spillway::collector
