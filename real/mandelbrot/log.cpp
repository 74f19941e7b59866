#include "real/mandelbrot/log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "real/mandelbrot/json_text.hpp"

namespace spillway::mandelbrot {

Log::Log(const Settings& settings, Write write) : write_{std::move(write)} {
  constant_ = R"(,"platform":)" + json_quoted(settings.platform) + R"(,"service":)" + json_quoted(settings.service) +
              R"(,"cloud":)" + json_quoted(settings.cloud) + R"(,"region":)" + json_quoted(settings.region);
}

void Log::line(std::string_view level, std::string_view message, const LogFields& fields) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text = R"({"time":")" + utc_text(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  text += R"(","level":")" + std::string{level} + R"(","message":)" + json_quoted(message) + constant_;
  if (fields.span != nullptr)
    text += R"(,"traceId":")" + hex(fields.span->trace) + R"(","spanId":")" + hex(fields.span->span) + '"';
  const auto add = [&](const char* key, std::string_view value) {
    if (!value.empty()) text += std::string{",\""} + key + "\":" + json_quoted(value);
  };
  add("jobId", fields.job_id);
  add("status", fields.status);
  add("detail", fields.detail);
  write_(text += "}\n");
}

std::string utc_text(std::int64_t unix_milliseconds) {
  const auto whole = static_cast<std::time_t>(unix_milliseconds / 1000);
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(unix_milliseconds % 1000));
  return text.data();
}

}  // namespace spillway::mandelbrot
