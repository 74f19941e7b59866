// What kind of telemetry something carries, and how each kind is named on the wire and on metrics pages.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spillway {

enum class Signal : std::uint8_t { traces, metrics, logs };
inline constexpr std::array kSignals{Signal::traces, Signal::metrics, Signal::logs};

struct SignalNames {
  std::string_view text;   ///< "traces"
  std::string_view items;  ///< ends names of counters: "spans"
  std::string_view path;   ///< of OTLP over HTTP
  std::string_view method; ///< of OTLP over gRPC
};

constexpr SignalNames names_of(Signal signal) {
  constexpr std::array<SignalNames, 3> names{{
      {"traces", "spans", "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
      {"metrics", "metric_points", "/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"},
      {"logs", "log_records", "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
  }};
  return names[static_cast<std::size_t>(signal)];
}

/// The signal that is sent to this path or method; any other is taken for traces.
constexpr Signal signal_of(std::string_view path) {
  for (const Signal signal : {Signal::metrics, Signal::logs}) {
    if (path.ends_with(names_of(signal).path) || path == names_of(signal).method) return signal;
  }
  return Signal::traces;
}

}  // namespace spillway
