#include "models/collector/workload.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace spillway::collector {
namespace {

/// A decimal number at the front of the text, which loses it.
std::optional<double> take_decimal(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

using Factor = std::pair<std::string_view, double>;
constexpr std::array<Factor, 14> kQuantities{{{"", 1},
                                              {"m", 1e-3},
                                              {"k", 1e3},
                                              {"M", 1e6},
                                              {"G", 1e9},
                                              {"T", 1e12},
                                              {"P", 1e15},
                                              {"Ki", 0x1p10},
                                              {"Mi", 0x1p20},
                                              {"Gi", 0x1p30},
                                              {"Ti", 0x1p40},
                                              {"Pi", 0x1p50},
                                              {"e3", 1e3},
                                              {"e9", 1e9}}};
constexpr std::array<Factor, 6> kGoSizes{
    {{"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}}};

template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Factor, N>& factors) {
  const auto number = take_decimal(text);
  if (!number || *number < 0) return std::nullopt;
  for (const auto& [suffix, factor] : factors)
    if (text == suffix) return *number * factor;
  return std::nullopt;
}

}  // namespace

std::string_view to_text(Workload::Form form) {
  switch (form) {
    case Workload::Form::collector_file:
      return "collector file";
    case Workload::Form::config_map:
      return "ConfigMap";
    case Workload::Form::operator_resource:
      return "OpenTelemetryCollector";
    case Workload::Form::helm_values:
      return "Helm values";
  }
  return "";
}

std::optional<double> parse_quantity(std::string_view text) { return scaled(text, kQuantities); }

std::optional<std::int64_t> parse_go_memory_limit(std::string_view text) {
  const auto bytes = scaled(text, kGoSizes);
  if (!bytes || *bytes > 0x1p62) return std::nullopt;
  return static_cast<std::int64_t>(*bytes);
}

std::optional<Version> version_of_image(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':');
  const std::size_t slash = image.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return std::nullopt;
  const std::string_view name = image.substr(0, colon);
  if (name.find("opentelemetry-collector") == std::string_view::npos && name.find("otelcol") == std::string_view::npos)
    return std::nullopt;
  const std::string_view tag = image.substr(colon + 1);
  const auto version = parse_version(tag.substr(0, tag.find_first_of("-+_")));
  return version && version->major == 0 ? version : std::nullopt;
}

}  // namespace spillway::collector
