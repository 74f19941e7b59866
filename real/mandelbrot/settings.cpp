#include "real/mandelbrot/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace spillway::mandelbrot {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Views into the text; none for null.
std::vector<std::string_view> split(const std::string* whole) {
  std::string_view text = whole == nullptr ? std::string_view{} : std::string_view{*whole};
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto part = trimmed(text.substr(0, comma)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

/// Reads variables, collecting what is wrong with them.
class Reader {
 public:
  Reader(const std::map<std::string, std::string>& environment, std::vector<std::string>& problems)
      : environment_{environment}, problems_{problems} {}

  const std::string* find(const char* name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() || found->second.empty() ? nullptr : &found->second;
  }
  void problem(const char* name, const std::string& text) { problems_.push_back(std::string{name} + ": " + text); }

  void text(const char* name, std::string& out) {
    if (const std::string* value = find(name)) out = *value;
  }
  template <class Number>
  void whole(const char* name, Number& out, long long low, long long high) {
    const std::string* value = find(name);
    if (value == nullptr) return;
    long long number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc{} || end != value->data() + value->size() || number < low || number > high)
      return problem(name, "'" + *value + "' is no whole number from " + std::to_string(low) + " to " + std::to_string(high));
    out = Number(number);
  }
  void share(const char* name, double& out) {
    const std::string* value = find(name);
    if (value == nullptr) return;
    double number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc{} || end != value->data() + value->size() || !(number >= 0 && number <= 1))
      return problem(name, "'" + *value + "' is no number from 0 to 1");
    out = number;
  }
  void truth(const char* name, bool& out) {
    const std::string* value = find(name);
    if (value == nullptr) return;
    if (*value == "true" || *value == "1") out = true;
    else if (*value == "false" || *value == "0") out = false;
    else problem(name, "'" + *value + "' is neither true nor false");
  }
  template <class Choice>
  void choice(const char* name, Choice& out, const std::vector<std::pair<std::string_view, Choice>>& choices) {
    const std::string* value = find(name);
    if (value == nullptr) return;
    std::string known;
    for (const auto& [word, meaning] : choices) {
      if (*value == word) {
        out = meaning;
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string{word};
    }
    problem(name, "'" + *value + "' is none of " + known);
  }
  std::optional<Url> url(const char* name, std::string_view text) {
    auto parsed = parse_url(text);
    if (!parsed) problem(name, "'" + std::string{text} + "' is no URL; write http://host:port/path");
    else if (parsed->scheme != "http") {
      problem(name, "'" + std::string{text} + "' asks for TLS, which is not spoken here; use http and a proxy");
      return std::nullopt;
    }
    return parsed;
  }

 private:
  const std::map<std::string, std::string>& environment_;
  std::vector<std::string>& problems_;
};

void read_stages(Reader& reader, Settings& out) {
  constexpr auto name = "STAGE_ROUTE";
  const std::string* value = reader.find(name);
  for (const std::string_view entry : split(value)) {
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      reader.problem(name, "'" + std::string{entry} + "' is no CLOUD=URL or CLOUD=local");
      continue;
    }
    Stage stage{std::string{entry.substr(0, equals)}, std::nullopt};
    const std::string_view target = entry.substr(equals + 1);
    const auto same = [&](const Stage& other) { return other.cloud == stage.cloud; };
    if (std::any_of(out.stages.begin(), out.stages.end(), same)) reader.problem(name, stage.cloud + " is routed twice");
    if (target != "local") {
      stage.url = reader.url(name, target);
      if (!stage.url) continue;
    }
    out.stages.push_back(std::move(stage));
  }
  if (out.stages.size() > 16) reader.problem(name, "more than 16 stages");
  if (out.stages.empty()) out.stages.push_back({out.cloud, std::nullopt});
}

void read_resource(Reader& reader, Settings& out) {
  constexpr auto name = "OTEL_RESOURCE_ATTRIBUTES";
  const std::string* value = reader.find(name);
  for (const std::string_view entry : split(value)) {
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) reader.problem(name, "'" + std::string{entry} + "' is no key=value");
    else out.resource.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
}

void read_endpoints(Reader& reader, Settings& out) {
  const std::string* zipkin = reader.find("ZIPKIN_ENDPOINTS");
  if (zipkin != nullptr) out.exporter = Settings::Exporter::zipkin;
  reader.choice<Settings::Exporter>("OTEL_TRACES_EXPORTER", out.exporter,
                                    {{"none", Settings::Exporter::none},
                                     {"zipkin", Settings::Exporter::zipkin},
                                     {"otlp", Settings::Exporter::otlp}});
  const auto add = [&](const char* name, std::string_view text) {
    if (auto url = reader.url(name, text)) out.endpoints.push_back(std::move(*url));
  };
  if (out.exporter == Settings::Exporter::zipkin) {
    for (const std::string_view text : split(zipkin)) add("ZIPKIN_ENDPOINTS", text);
    if (out.endpoints.size() > 8) reader.problem("ZIPKIN_ENDPOINTS", "more than 8 endpoints");
  }
  if (out.exporter != Settings::Exporter::otlp) return;
  const std::string* traces = reader.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string* base = reader.find("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (traces != nullptr) return add("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", *traces);
  const std::string standard = "http://localhost:4318";
  const std::string& chosen = base == nullptr ? standard : *base;
  add("OTEL_EXPORTER_OTLP_ENDPOINT", chosen + (chosen.ends_with('/') ? "v1/traces" : "/v1/traces"));
}

}  // namespace

Settings read_settings(const std::map<std::string, std::string>& environment, std::vector<std::string>& problems) {
  Settings out;
  Reader reader{environment, problems};
  reader.text("BIND_ADDRESS", out.address);
  reader.whole("PORT", out.port, 0, 65'535);
  reader.text("PLATFORM", out.platform);
  reader.text("OTEL_SERVICE_NAME", out.service);
  reader.text("CLOUD", out.cloud);
  reader.text("REGION", out.region);
  read_stages(reader, out);
  reader.choice<bool>("FAILURE_MODE", out.strict, {{"strict", true}, {"degraded", false}});
  reader.whole("STAGE_TIMEOUT_MS", out.stage_timeout, 1, 600'000);
  reader.choice<Propagation>("OTEL_PROPAGATORS", out.propagation,
                             {{"b3multi", Propagation::b3multi},
                              {"b3", Propagation::b3},
                              {"tracecontext", Propagation::tracecontext}});
  reader.share("TRACE_SAMPLE_RATE", out.sample_rate);
  reader.share("ERROR_RATE", out.error_rate);
  reader.truth("FAIL_READY", out.fail_ready);
  read_endpoints(reader, out);
  read_resource(reader, out);
  reader.whole("OTEL_BSP_EXPORT_TIMEOUT", out.export_timeout, 1, 600'000);
  reader.whole("OTEL_BSP_SCHEDULE_DELAY", out.schedule_delay, 1, 600'000);
  reader.whole("OTEL_BSP_MAX_QUEUE_SIZE", out.max_queue_size, 1, 1'000'000);
  reader.whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", out.max_export_batch_size, 1, 1'000'000);
  if (out.max_export_batch_size > out.max_queue_size)
    reader.problem("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", std::to_string(out.max_export_batch_size) + " is above OTEL_BSP_MAX_QUEUE_SIZE " +
                                                         std::to_string(out.max_queue_size) + "; lower it");
  reader.whole("MAX_CONNECTIONS", out.max_connections, 1, 1'000'000);
  reader.whole("MAX_PIXELS", out.max_pixels, 630'000, 10'000'000'000);
  reader.whole("MAX_OPEN_EXPORTS", out.max_open_exports, 1, 1'000'000);
  return out;
}

}  // namespace spillway::mandelbrot
