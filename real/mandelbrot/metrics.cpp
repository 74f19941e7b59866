#include "real/mandelbrot/metrics.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace spillway::mandelbrot {
namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::string{text.data(), end} : std::string{"NaN"};
}

/// Unix time with milliseconds, without an exponent.
std::string moment(double unix_seconds) {
  const auto ms = static_cast<std::int64_t>(std::llround(unix_seconds * 1000));
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(ms / 1000) + "." + fraction;
}

std::string with_label(const std::string& labels, const std::string& further) {
  if (labels.empty()) return "{" + further + "}";
  return labels.substr(0, labels.size() - 1) + "," + further + "}";
}

void append_head(std::string& out, const std::string& name, const char* type, const std::string& help) {
  out += "# TYPE " + name + " " + type + "\n";
  if (name.ends_with("_seconds")) out += "# UNIT " + name + " seconds\n";
  if (!help.empty()) out += "# HELP " + name + " " + help + "\n";
}

}  // namespace

std::string label_text(const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += (text.empty() ? "{" : ",") + name + "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') text += '\\';
      if (c == '\n') text += "\\n";
      else text += c;
    }
    text += '"';
  }
  return text.empty() ? text : text + "}";
}

void LatencyHistogram::add(double seconds, const std::string& trace_id, double unix_seconds) {
  std::size_t i = 0;
  while (i < kBounds.size() && seconds > kBounds[i]) ++i;
  ++buckets_[i].count;
  sum_ += seconds;
  if (trace_id.empty()) return;
  buckets_[i].exemplar = " # {trace_id=\"" + trace_id + "\"} " + number(seconds) + " " + moment(unix_seconds);
}

void LatencyHistogram::append_to(std::string& out, const std::string& name, const std::string& labels) const {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    std::string bound = i < kBounds.size() ? number(kBounds[i]) : "+Inf";
    if (i < kBounds.size() && bound.find('.') == std::string::npos) bound += ".0";
    total += buckets_[i].count;
    out += name + "_bucket" + with_label(labels, "le=\"" + bound + "\"") + " " + std::to_string(total) + buckets_[i].exemplar + "\n";
  }
  out += name + "_count" + labels + " " + std::to_string(total) + "\n";
  out += name + "_sum" + labels + " " + number(sum_) + "\n";
}

std::string Metrics::text() const {
  std::string out;
  for (const auto& [name, family] : counters_) {
    append_head(out, name, "counter", family.help);
    for (const auto& [labels, value] : family.series) out += name + "_total" + labels + " " + number(value) + "\n";
  }
  for (const auto& [name, family] : gauges_) {
    append_head(out, name, "gauge", family.help);
    for (const auto& [labels, value] : family.series) out += name + labels + " " + number(value) + "\n";
  }
  for (const auto& [name, family] : latencies_) {
    append_head(out, name, "histogram", family.help);
    for (const auto& [labels, histogram] : family.series) histogram.append_to(out, name, labels);
  }
  return out += "# EOF\n";
}

}  // namespace spillway::mandelbrot
