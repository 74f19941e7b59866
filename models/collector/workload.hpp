// What the file around a collector configuration says about the process that will read it: a manifest, an operator's
// resource, values of a chart. A plain collector file says nothing of this.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/version.hpp"
#include "sim/record.hpp"

namespace spillway::collector {

struct Workload {
  /// How the configuration is wrapped.
  enum class Form : std::uint8_t { collector_file, config_map, operator_resource, helm_values };
  Form form = Form::collector_file;
  std::string mode;                                ///< deployment | daemonset | statefulset | sidecar; empty: not said
  std::optional<std::int64_t> replicas;            ///< of a deployment or stateful set
  std::optional<std::int64_t> replicas_at_most;    ///< of an autoscaler
  std::string image;                               ///< as written
  std::optional<Version> version;                  ///< from the tag of the image
  std::optional<double> cpu_limit;                 ///< cores
  std::optional<std::int64_t> memory_limit;        ///< bytes
  std::optional<std::int64_t> go_memory_limit;     ///< GOMEMLIMIT, bytes
  std::map<std::string, std::string> environment;  ///< variables of the container that have a plain value
  std::vector<NotModelled> left_out;               ///< presets, arguments and the like that are not applied

  bool in_a_pod() const { return form != Form::collector_file; }
  /// Whether more than one process may receive spans of one trace; false when nothing is said.
  bool runs_several() const {
    return mode == "daemonset" || mode == "sidecar" || replicas.value_or(1) > 1 || replicas_at_most.value_or(1) > 1;
  }
};

std::string_view to_text(Workload::Form form);

/// What stands for a file in messages about the configuration that comes with the Helm chart.
inline constexpr std::string_view kChartFile = "chart opentelemetry-collector";

/// "512Mi", "1.5G", "500m", "2": a quantity of Kubernetes as a plain number; nothing when it is none.
std::optional<double> parse_quantity(std::string_view text);
/// "800MiB", "1GiB", "1000000": what Go takes for GOMEMLIMIT, in bytes.
std::optional<std::int64_t> parse_go_memory_limit(std::string_view text);
/// The collector's version in "otel/opentelemetry-collector-contrib:0.114.0@sha256:…"; nothing when the tag is no
/// version, or when the image is a distribution with versions of its own.
std::optional<Version> version_of_image(std::string_view image);

}  // namespace spillway::collector
