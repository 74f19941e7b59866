// What the service is told by its environment, under the names that the platform's manifests use. Everything is checked
// here, once; all problems are reported together.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/network/url.hpp"
#include "real/mandelbrot/trace_context.hpp"

namespace spillway::mandelbrot {

/// Who renders one of the tiles. The tile's number is the position in the list.
struct Stage {
  std::string cloud;
  std::optional<Url> url;  ///< absent: rendered in place
};

/// Everything has the default that is used when the variable is absent or empty.
struct Settings {
  std::string address = "0.0.0.0";  ///< BIND_ADDRESS
  int port = 8080;                  ///< PORT; 0: any free one, the log says which
  std::string platform = "trinity", service = "mandelbrot";  ///< PLATFORM, OTEL_SERVICE_NAME
  std::string cloud = "local", region = "local";             ///< CLOUD, REGION

  /// STAGE_ROUTE: "aws=local,gcp=http://…,azure=http://…"; `local` renders in place, without a server span. A cloud that
  /// is routed to this service's own URL renders its tile over HTTP as well: ten spans instead of nine. Empty: one tile.
  std::vector<Stage> stages;
  bool strict = true;                             ///< FAILURE_MODE: strict | degraded
  std::chrono::milliseconds stage_timeout{20'000};  ///< STAGE_TIMEOUT_MS

  Propagation propagation = Propagation::b3multi;  ///< OTEL_PROPAGATORS: b3multi | b3 | tracecontext
  double sample_rate = 1;                          ///< TRACE_SAMPLE_RATE, decided at the root
  double error_rate = 0;                           ///< ERROR_RATE: renders that fail with 500 before any stage
  bool fail_ready = false;                         ///< FAIL_READY

  enum class Exporter { none, zipkin, otlp };
  Exporter exporter = Exporter::none;  ///< OTEL_TRACES_EXPORTER; absent: zipkin when it has endpoints
  std::vector<Url> endpoints;          ///< ZIPKIN_ENDPOINTS, or OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT
  std::vector<std::pair<std::string, std::string>> resource;  ///< OTEL_RESOURCE_ATTRIBUTES, in their order
  std::chrono::milliseconds export_timeout{30'000};           ///< OTEL_BSP_EXPORT_TIMEOUT; holds for Zipkin too
  std::chrono::milliseconds schedule_delay{5'000};            ///< OTEL_BSP_SCHEDULE_DELAY
  std::size_t max_queue_size = 2048;                          ///< OTEL_BSP_MAX_QUEUE_SIZE
  std::size_t max_export_batch_size = 512;                    ///< OTEL_BSP_MAX_EXPORT_BATCH_SIZE

  std::size_t max_connections = 2048;         ///< MAX_CONNECTIONS; those beyond are closed at once
  std::size_t max_pixels = 200'000'000;       ///< MAX_PIXELS under way, 1 to 3 bytes each; beyond: 503
  std::size_t max_open_exports = 4096;        ///< MAX_OPEN_EXPORTS under way; beyond: the span is lost, and counted
};

/// `problems` gets one line for each variable that cannot be taken as it is.
Settings read_settings(const std::map<std::string, std::string>& environment, std::vector<std::string>& problems);

}  // namespace spillway::mandelbrot
