// Log lines as JSON objects, one a line, with the platform's field names.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "real/mandelbrot/settings.hpp"
#include "real/mandelbrot/trace_context.hpp"

namespace spillway::mandelbrot {

/// Fields beside those that every line has; empty ones are left out.
struct LogFields {
  const SpanContext* span = nullptr;  ///< traceId, spanId
  std::string_view job_id{};          ///< jobId
  std::string_view status{};
  std::string_view detail{};
};

class Log {
 public:
  using Write = std::function<void(const std::string& line)>;
  /// `write` gets whole lines, each with its newline.
  Log(const Settings& settings, Write write);

  void info(std::string_view message, const LogFields& fields = {}) { line("info", message, fields); }
  void warn(std::string_view message, const LogFields& fields = {}) { line("warn", message, fields); }

 private:
  void line(std::string_view level, std::string_view message, const LogFields& fields);

  std::string constant_;  ///< platform, service, cloud, region
  Write write_;
};

/// "2026-05-23T08:15:00.000Z"
std::string utc_text(std::int64_t unix_milliseconds);

}  // namespace spillway::mandelbrot
