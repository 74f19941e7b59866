#include "real/local/prometheus_text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "models/scenario/ascii.hpp"

namespace spillway::real {
namespace {

bool is_letter(char c) { return is_lower(c) || is_upper(c) || c == '_' || c == ':'; }

/// What is left of a line.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_{rest} {}

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
  bool done() const { return rest_.empty(); }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char next() {
    if (rest_.empty()) return '\0';
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  /// A metric or label name; empty when there is none.
  std::string_view name() {
    std::size_t length = 0;
    while (length < rest_.size() && (is_letter(rest_[length]) || (length > 0 && is_digit(rest_[length])))) ++length;
    return cut(length);
  }
  std::string_view word() { return cut(std::min(rest_.find_first_of(" \t"), rest_.size())); }

 private:
  std::string_view cut(std::size_t length) {
    const std::string_view part = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return part;
  }
  std::string_view rest_;
};

/// The text between quotes, the first of which has been taken.
std::optional<std::string> quoted(Cursor& line) {
  std::string text;
  while (!line.done()) {
    const char c = line.next();
    if (c == '"') return text;
    if (c != '\\') {
      text += c;
      continue;
    }
    if (line.done()) return std::nullopt;
    const char escaped = line.next();
    if (escaped == 'n')
      text += '\n';
    else if (escaped == '"' || escaped == '\\')
      text += escaped;
    else
      text.append({'\\', escaped});
  }
  return std::nullopt;
}

/// `name="value",…}`, the opening brace has been taken.
bool read_labels(Cursor& line, Labels& labels) {
  for (;;) {
    line.skip_blanks();
    if (line.take('}')) return true;
    const std::string_view name = line.name();
    line.skip_blanks();
    if (name.empty() || !line.take('=')) return false;
    line.skip_blanks();
    if (!line.take('"')) return false;
    std::optional<std::string> value = quoted(line);
    if (!value || !labels.emplace(name, std::move(*value)).second) return false;
    line.skip_blanks();
    if (line.take('}')) return true;
    if (!line.take(',')) return false;
  }
}

std::optional<double> number(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if (text.empty() || (plus && text.front() == '-')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc{}) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  if (text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos) return 0;
  return text.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

std::optional<MetricValue> sample(std::string_view text) {
  Cursor line{text};
  line.skip_blanks();
  MetricValue metric;
  metric.name = line.name();
  if (metric.name.empty()) return std::nullopt;
  line.skip_blanks();
  if (line.take('{') && !read_labels(line, metric.labels)) return std::nullopt;
  line.skip_blanks();
  const std::optional<double> value = number(line.word());
  if (!value) return std::nullopt;
  metric.value = *value;
  line.skip_blanks();
  if (line.done() || line.take('#')) return metric;
  if (!number(line.word())) return std::nullopt;  // time stamp
  line.skip_blanks();
  return line.done() || line.take('#') ? std::optional{std::move(metric)} : std::nullopt;
}

bool is_comment_or_blank(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos || line[first] == '#';
}

}  // namespace

PrometheusText parse_prometheus_text(std::string_view text) {
  PrometheusText result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_comment_or_blank(line)) continue;
    std::optional<MetricValue> metric = sample(line);
    if (metric)
      result.values.push_back(std::move(*metric));
    else
      ++result.skipped_lines;
  }
  std::stable_sort(result.values.begin(), result.values.end(), [](const MetricValue& a, const MetricValue& b) {
    return std::tie(a.name, a.labels) < std::tie(b.name, b.labels);
  });
  return result;
}

// Labels that say which process it was, not what was counted.
void label_as(MetricValue& value, const std::string& collector) {
  std::erase_if(value.labels, [](const auto& label) {
    return label.first.starts_with("service_") || label.first.starts_with("otel_scope_");
  });
  value.labels["collector"] = collector;
}

}  // namespace spillway::real
