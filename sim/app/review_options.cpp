#include "sim/app/review_options.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "models/collector/version.hpp"
#include "models/scenario/units.hpp"

namespace spillway::app {
namespace {

double seconds_of(const std::string& option, const std::string& text) {
  const auto duration = language::parse_duration(text);
  if (!duration.value) throw CLI::ValidationError(option, duration.why);
  if (*duration.value <= Duration{})
    throw CLI::ValidationError(option, "'" + text + "' is not above 0; give e.g. 5min");
  return std::chrono::duration<double>(*duration.value).count();
}

double share_of(const std::string& option, const std::string& text) {
  const auto share = language::parse_quantity(text, language::Unit::share);
  if (!share.value) throw CLI::ValidationError(option, share.why);
  if (*share.value < 0 || *share.value > 1)
    throw CLI::ValidationError(option, "'" + text + "' is no share; give 0 % to 100 %");
  return *share.value;
}

}  // namespace

void add_review_options(CLI::App& command, ReviewOptions& options) {
  const CLI::Range rate(1e-3, 1e9);
  const CLI::Range count(1.0, 1e6);
  command
      .add_option("--collector-version", options.collector_version,
                  "version to read files as (image tag, else 0.159.0)")
      ->type_name("VERSION");
  command.add_option("--key", options.key, "which configuration, when a manifest holds several")->type_name("KEY");
  command.add_option("--traces-per-second", options.traces_per_second, "new traces of the whole system")
      ->check(rate.description(""))
      ->type_name("N");
  command.add_option("--spans-per-trace", options.spans_per_trace, "(10)")->check(rate.description(""))->type_name("N");
  command.add_option("--span-bytes", options.span_bytes, "OTLP protobuf, uncompressed (500)")
      ->check(count.description(""))
      ->type_name("N");
  command.add_option("--spans-per-request", options.spans_per_request, "that clients send (100)")
      ->check(count.description(""))
      ->type_name("N");
  command.add_option("--replicas", options.replicas, "processes that share the load (what the manifest says, else 1)")
      ->check(count.description(""))
      ->type_name("N");
  command.add_option("--outage", options.outage, "how long a backend may be away (5min)")->type_name("TIME");
  command.add_option("--backend-latency", options.backend_latency, "of one export request (100ms)")->type_name("TIME");
  command.add_option("--kept", options.kept, "share of traces that tail sampling keeps (100 %)")->type_name("SHARE");
}

collector::review::Load load_of(const ReviewOptions& options) {
  collector::review::Load load;
  load.traces_per_second = options.traces_per_second;
  load.spans_per_trace = options.spans_per_trace;
  load.span_bytes = options.span_bytes;
  load.spans_per_request = options.spans_per_request;
  load.replicas = options.replicas;
  load.outage = seconds_of("--outage", options.outage);
  load.backend_latency = seconds_of("--backend-latency", options.backend_latency);
  load.kept = share_of("--kept", options.kept);
  return load;
}

collector::ConfigRequest request_of(const std::vector<std::string>& files, const ReviewOptions& options) {
  collector::ConfigRequest request{{files.begin(), files.end()}, {}, std::nullopt, options.key};
  if (options.collector_version.empty()) return request;
  request.version = collector::parse_version(options.collector_version);
  if (!request.version)
    throw CLI::ValidationError("--collector-version",
                               "'" + options.collector_version + "' is no version; write 0.159.0");
  return request;
}

void check_options(const ReviewOptions& options) {
  load_of(options);
  request_of({}, options);
}

}  // namespace spillway::app
