#include "analysis/calibration/scenario_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

namespace spillway::analysis {
namespace {

constexpr double kLeastRate = 1e-4, kMostRate = 1e6;  ///< requests per second; beyond is no recording of requests
constexpr double kLeastShare = 1e-6;                  ///< of a rate, that a scenario accepts
constexpr double kHardly = 1e-4;  ///< a probability of errors below which there are none

std::string number(const char* format, double value) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

bool is_nothing(const FittedLaw& law) { return law_text(law) == "0s"; }

const char* kind_name(SpanRole role) {
  constexpr std::array names{"internal", "server", "client", "producer", "consumer"};
  return names[static_cast<std::size_t>(role)];
}

double rate_of(const FittedApplication& application, const ScenarioSettings& settings) {
  if (settings.rate > 0) return settings.rate;
  double rate = 0;
  for (const Load& load : application.loads) rate = std::max(rate, load.rate);
  return rate > 0 ? std::clamp(rate, kLeastRate, kMostRate) : 1;
}

/// Lines of the operations, by service.
class Operations {
 public:
  explicit Operations(const FittedApplication& application) : application_{application} {}

  /// Returns the name of the root's operation.
  std::string add(const RequestClass& kind) {
    std::vector<std::string> names;
    for (const FittedNode& node : kind.nodes) names.push_back(unused_name(application_.operations[node.operation]));
    for (std::size_t n = 0; n < kind.nodes.size(); ++n) write(kind, n, names);
    return names.empty() ? std::string{} : names[0];
  }
  const std::map<std::string, std::string>& lines() const { return lines_; }
  bool endures(const std::string& service) const { return endures_.contains(service) && !strict_.contains(service); }

 private:
  /// Operations of one name that differ (in another class, at another place) get a number.
  std::string unused_name(const TracedOperation& operation) {
    const std::string base = operation.name.empty() ? "(no name)" : operation.name;
    std::string name = base;
    for (int i = 2; !taken_.insert({operation.service, name}).second; ++i) name = base + " #" + std::to_string(i);
    return name;
  }

  void write(const RequestClass& kind, std::size_t n, const std::vector<std::string>& names) {
    const FittedNode& node = kind.nodes[n];
    const TracedOperation& operation = application_.operations[node.operation];
    std::string& out = lines_[operation.service];
    out += "      " + quoted(names[n]) + ":\n";
    if (names[n] != operation.name) out += "        span_name: " + quoted(operation.name) + "\n";
    out += std::string{"        span_kind: "} + kind_name(operation.role) + "\n";
    if (node.error > kHardly) out += "        error_probability: " + number("%.6g", node.error) + "\n";
    if (!is_nothing(node.work))
      out += std::string{"        "} + (node.calls.empty() ? "work: " : "finish: ") + law_text(node.work) + "\n";
    (node.endures ? endures_ : strict_).insert(operation.service);
    if (node.calls.empty()) return;
    out += "        parallel:\n";
    for (const std::uint32_t called : node.calls) out += call_line(kind, called, names);
  }

  std::string call_line(const RequestClass& kind, std::uint32_t called, const std::vector<std::string>& names) const {
    const FittedNode& node = kind.nodes[called];
    std::string line = "          - {to: " + quoted(application_.operations[node.operation].service) +
                       ", operation: " + quoted(names[called]);
    if (!node.after.empty()) {
      line += ", after: [";
      for (const std::uint32_t before : node.after)
        line += (before == node.after.front() ? "" : ", ") + quoted(names[before]);
      line += "]";
    }
    if (node.asynchronous) line += ", asynchronous: true";
    if (!is_nothing(node.before)) line += ", work: " + law_text(node.before);
    return line + "}\n";
  }

  const FittedApplication& application_;
  std::map<std::string, std::string> lines_;
  std::set<std::pair<std::string, std::string>> taken_;
  std::set<std::string> endures_, strict_;
};

std::string header(const FittedApplication& application, double rate) {
  std::string out = "# Derived from recorded traces; `spillway import` or `spillway calibrate` writes such files anew.\n";
  for (const Load& load : application.loads) {
    out += "# " + load.name + ": " + std::to_string(load.requests) + " whole traces in " + number("%.1f", load.seconds) +
           " s, " + number("%.4g", load.rate) + " requests/s (" + number("%.3g", 100 * load.sampled) +
           " % of them recorded), p50 " + duration_in_yaml(load.p50) + ", p95 " + duration_in_yaml(load.p95) + "\n";
  }
  out += "# Here " + number("%.6g", rate) + " requests/s. Work excludes what requests slow each other down: that is the host's.\n";
  if (application.left_out > 0)
    out += "# Left out: " + number("%.2g", 100 * application.left_out) + " % of the requests, whose calls are of rare shapes.\n";
  return out;
}

std::string law_line(const char* key, const FittedLaw& law, const char* origin) {
  return std::string{"      "} + key + ": {law: " + law_text(law) + ", family: " + family_name(law.family) +
         ", mean: " + duration_in_yaml(law.mean) + ", low: " + duration_in_yaml(law.low) +
         ", high: " + duration_in_yaml(law.high) + ", values: " + std::to_string(law.values) + ", origin: " + origin + "}\n";
}

/// Bytes of the UTF-8 character there; 0 when there is none.
std::size_t character_at(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  const bool control = first == 0xc2 && second < 0xa0;
  return overlong || beyond || control ? 0 : length;
}

std::string effect_line(const char* key, const Effect& effect, std::size_t requests, const char* origin) {
  return std::string{key} + ": {value: " + number("%.6g", effect.value) + ", low: " + number("%.6g", effect.low) +
         ", high: " + number("%.6g", effect.high) + ", error: " + number("%.3g", effect.error) + ", requests: " + std::to_string(requests) + ", origin: " + origin + "}\n";
}

}  // namespace

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_at(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) out += '?';  // no file of ours may hold it
    else if (byte == '"' || byte == '\\') out += {'\\', text[i]};
    else out += text.substr(i, length);
    i += std::max<std::size_t>(1, length);
  }
  return out + "\"";
}

std::string scenario_text(const FittedApplication& application, const ScenarioSettings& settings) {
  const double rate = rate_of(application, settings);
  Operations operations{application};
  std::string traffic;
  for (std::size_t c = 0; c < application.classes.size(); ++c) {
    const RequestClass& kind = application.classes[c];
    const std::string root = operations.add(kind);
    if (root.empty()) continue;
    traffic += "  kind-" + std::to_string(c + 1) + ": {to: " +
               quoted(application.operations[kind.nodes[0].operation].service) + ", operation: " + quoted(root) +
               ", rate: " + number("%.9g", std::max(kLeastShare, rate * kind.share)) + "/s}   # " + number("%.3g", 100 * kind.share) + " % of the requests\n";
  }
  std::string out = header(application, rate);
  out += "scenario: " + quoted(settings.name) + "\n";
  out += "seed: " + std::to_string(settings.seed) + "\nreplications: " + std::to_string(settings.replications) + "\n";
  out += "duration: " + number("%.6f", settings.requests / rate) + "s\ndrain: 10s\n";
  out += "places: {recorded: {}}\n";
  out += "links: [{between: [recorded, recorded], latency: 0s}]   # the way there and back is work before a call\n";
  const HostFit& host = application.host;
  out += "hosts:\n  application: {contention: " + number("%.6g", host.contention.value) + ", cold_slowdown: " +
         number("%.6g", host.cold.value) + ", cools_within: " + duration_in_yaml(host.cools_within) + "}\n";
  out += "services:\n";
  for (const auto& [service, lines] : operations.lines()) {
    out += "  " + quoted(service) + ":\n    runtime: {kind: shared, host: application}\n";
    if (operations.endures(service)) out += "    failure_mode: degraded\n";
    out += "    operations:\n" + lines;
  }
  return out + "traffic:\n" + traffic;
}

std::string parameters_text(const FittedApplication& application) {
  std::string out = header(application, rate_of(application, {}));
  const HostFit& host = application.host;
  out += effect_line("contention", host.contention, host.requests,
                     "log of durations over the work of other requests that ran beside them");
  out += effect_line("cold_slowdown", host.cold, host.requests,
                     "log of durations over how long the host had been idle when their work began");
  out += "cools_within: {value: " + duration_in_yaml(host.cools_within) + ", origin: smallest residuals among nine}\n";
  out += "cores: {value: not identified, origin: no load came near a limit that the data could show}\n";
  out += "classes:\n";
  for (const RequestClass& kind : application.classes) {
    out += "  - share: " + number("%.6g", kind.share) + "\n    requests: " + std::to_string(kind.requests) + "\n    nodes:\n";
    for (std::size_t n = 0; n < kind.nodes.size(); ++n) {
      const FittedNode& node = kind.nodes[n];
      const TracedOperation& operation = application.operations[node.operation];
      out += "    - node: " + std::to_string(n) + "\n      service: " + quoted(operation.service) +
             "\n      operation: " + quoted(operation.name) + "\n      replicas: " +
             std::to_string(application.replicas[node.operation]) + "\n";
      if (n > 0) out += "      caller: " + std::to_string(node.parent) + "\n";
      if (node.before.values > 0)
        out += law_line(node.network ? "network" : "before", node.before,
                        node.network ? "client span less server span" : "since the call could have been made");
      if (node.work.values > 0) out += law_line(node.calls.empty() ? "work" : "finish", node.work, "span less its calls");
    }
  }
  return out;
}

}  // namespace spillway::analysis
