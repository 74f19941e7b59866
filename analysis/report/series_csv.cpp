#include "analysis/report/series_csv.hpp"

#include <array>
#include <charconv>

namespace spillway::analysis {
namespace {

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) text += (text.empty() ? "{" : ",") + key + "=" + value;
  return text.empty() ? text : text + "}";
}

}  // namespace

std::string series_csv(const RunRecord& record) {
  std::string csv = "replication,at_s,name,labels,value\r\n";
  for (const Replication& replication : record.replications) {
    const std::string number = std::to_string(replication.number) + ",";
    for (const Series& series : replication.series) {
      const std::string what = "," + quoted(series.name) + "," + quoted(labels_text(series.labels)) + ",";
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        const Duration at = record.manifest.step * static_cast<std::int64_t>(i + 1);
        csv += number + shortest(seconds(at)) + what + shortest(series.values[i]) + "\r\n";
      }
    }
  }
  return csv;
}

}  // namespace spillway::analysis
