// Traps of exporters' addresses, limits and transports.
#include <algorithm>
#include <array>
#include <cmath>

#include "models/collector/review/findings.hpp"

namespace spillway::collector::review {
namespace {

template <class Look>
void each_exporter(const Facts& facts, Look look) {
  for (const Part& part : facts.parts)
    if (part.kind == Kind::exporter && part.used) look(part);
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

/// Path of a URL without a trailing slash; empty when it has none.
std::string path_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return slash == std::string_view::npos ? "" : without_slash(std::string(url.substr(slash)));
}

std::string host_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of(":/")));
}

bool has_port(std::string_view url, std::string_view port) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/')).ends_with(":" + std::string(port));
}

void doubled_path(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const std::string endpoint = without_slash(part.text({"endpoint"}));
    if (part.type != "otlp_http") return;
    for (const std::string_view path : {"/v1/traces", "/v1/metrics", "/v1/logs"})
      if (endpoint.ends_with(path))
        report.at(part, {"endpoint"},
                  "requests go to " + endpoint +
                      "/v1/traces: a 404, which is not retried, so every batch is lost; drop " + std::string(path) +
                      ", or write it as traces_endpoint");
  });
}

void wrong_port(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const std::string endpoint = part.text({"endpoint"});
    if (part.type == "otlp_http" && has_port(endpoint, "4317"))
      report.at(part, {"endpoint"},
                "4317 is the port of OTLP over gRPC, this exporter speaks HTTP; use 4318, or otlp_grpc");
    if (part.type == "otlp_grpc" && has_port(endpoint, "4318"))
      report.at(part, {"endpoint"},
                "4318 is the port of OTLP over HTTP, this exporter speaks gRPC; use 4317, or otlp_http");
  });
}

/// A name without a dot, or one that only a cluster or a machine knows.
bool is_inside(const std::string& host) {
  constexpr std::array endings{".svc", ".cluster.local", ".local", ".internal"};
  const bool ends = std::ranges::any_of(endings, [&](std::string_view end) { return host.ends_with(end); });
  return !host.empty() && (host.find('.') == std::string::npos || ends || host.find(".svc.") != std::string::npos);
}

void tls_by_default(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const std::string endpoint = part.text({"endpoint"});
    if (part.type != "otlp_grpc" || part.has({"tls"}) || endpoint.find("://") != std::string::npos) return;
    if (!is_inside(host_in(endpoint))) return;
    report.at(
        part, {"endpoint"},
        "gRPC exporters use TLS unless told otherwise, and " + host_in(endpoint) +
            " looks like an address inside the cluster: against a plain port every call fails and is retried until " +
            "it is given up; set tls: {insecure: true}");
  });
}

void push_without_path(const Facts& facts, Report& report) {
  using Rule = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Rule, 3> rules{
      {{"zipkin", "/api/v2/spans"}, {"loki", "/loki/api/v1/push"}, {"prometheus_remote_write", "/api/v1/write"}}};
  each_exporter(facts, [&](const Part& part) {
    const std::string endpoint = part.text({"endpoint"});
    for (const auto& [type, path] : rules)
      if (part.type == type && !endpoint.empty() && path_in(endpoint).empty())
        report.at(part, {"endpoint"},
                  "is used as it is, and has no path: the server answers 404; write " + without_slash(endpoint) +
                      std::string(path));
  });
}

void loki_without_path(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const std::string endpoint = part.text({"endpoint"});
    if (part.type != "otlp_http" || host_in(endpoint).find("loki") == std::string::npos) return;
    if (path_in(endpoint).empty())
      report.at(
          part, {"endpoint"},
          "Loki takes OTLP below /otlp only and answers 404 elsewhere; write " + without_slash(endpoint) + "/otlp");
  });
}

/// Spans of the largest request that a pipeline may hand to its exporters; 0 when it is as large as the clients'.
double largest_batch(const Line& line) {
  for (auto one = line.processors.rbegin(); one != line.processors.rend(); ++one) {
    if (!one->is("batch")) continue;
    const double most = one->part->number({"send_batch_max_size"}, 0);
    return most > 0 ? most : one->part->number({"send_batch_size"}, 8192);
  }
  return 0;
}

bool is_capped(const Line& line) {
  for (const Mention& mention : line.processors)
    if (mention.is("batch")) return mention.part->number({"send_batch_max_size"}, 0) > 0;
  return true;
}

/// Largest body that the usual receiver of this protocol takes, or 0.
double body_limit(const Part& exporter) {
  if (exporter.type == "otlp_grpc" || exporter.type == "load_balancing") return 4.0 * (1 << 20);
  return exporter.type == "otlp_http" ? 20.0 * (1 << 20) : 0;
}

void body_too_large(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    for (const Mention& mention : line->exporters) {
      const double limit = mention.part == nullptr ? 0 : body_limit(*mention.part);
      const double spans = largest_batch(*line);
      if (limit == 0 || spans * facts.load.span_bytes <= limit) continue;
      report.at(mention, *line, "exporters",
                "a full batch of " + count_text(spans) + " spans of " + count_text(facts.load.span_bytes) + " B is " +
                    bytes_text(spans * facts.load.span_bytes) + " and the receiver takes " + bytes_text(limit) +
                    ": it is refused for good and lost whole; set send_batch_max_size to " +
                    count_text(std::floor(limit / facts.load.span_bytes * 0.8)) + " or less");
    }
  }
}

void uncapped(const Facts& facts, Report& report) {
  for (const Line* const line : facts.trace_lines()) {
    const bool narrow = std::ranges::any_of(
        line->exporters, [](const Mention& one) { return one.is("otlp_grpc") || one.is("load_balancing"); });
    if (!narrow || is_capped(*line)) continue;
    for (const Mention& mention : line->processors)
      if (mention.is("batch"))
        report.at(*mention.part, {"send_batch_max_size"},
                  "send_batch_max_size is 0 unless given: a batch is as large as its last request makes it, and a gRPC "
                  "server refuses more "
                  "than " +
                      std::string("4 MiB for good; set it to send_batch_size"));
  }
}

void long_timeout(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const double timeout = part.seconds({"timeout"}, 0);
    const Queue queue = queue_of(part);
    if (timeout <= 60 || !queue.known) return;
    report.at(part, {"timeout"},
              "a backend that hangs holds each of " + count_text(queue.consumers) + " consumers for " +
                  time_text(timeout) + ": " + count_text(queue.consumers / timeout * 60) +
                  " requests a minute leave the queue; give 30s or less");
  });
}

void detailed_debug(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    if (part.type != "debug" || part.text({"verbosity"}) != "detailed") return;
    report.at(part, {"verbosity"},
              "writes every attribute of what it samples to the log, in the path of the data: about " +
                  bytes_text(facts.rate_per_process() * facts.load.spans_per_trace * 2048) + "/s " + facts.at_rate() +
                  " if nothing is left out; use basic outside of a test");
  });
}

void one_backend(const Facts& facts, Report& report) {
  each_exporter(facts, [&](const Part& part) {
    const Value* const hosts = part.find({"resolver", "static", "hostnames"});
    if (part.type != "load_balancing" || hosts == nullptr || hosts->items.size() != 1) return;
    report.at(part, {"resolver", "static", "hostnames"},
              "with one name there is nothing to choose from: a Service behind it spreads connections, not traces; use "
              "the dns or k8s resolver with a headless Service");
  });
}

void old_names(const Facts& facts, Report& report) {
  if (!facts.semantics.new_type_names) return;
  const Part* first = nullptr;
  std::string names;
  for (const Part& part : facts.parts) {
    if (!part.used || part.type == part.written_type) continue;
    if (first == nullptr) first = &part;
    const std::string change = part.written_type + " is now " + part.type;
    if (names.find(change) == std::string::npos) names += (names.empty() ? "" : ", ") + change;
  }
  if (first == nullptr) return;
  report.at(*first, {},
            "types were renamed in 0.144: " + names + "; the old names still work and log a deprecation, and " +
                "metrics carry the name as written");
}

constexpr Trap kExporterTraps[] = {
    {"otlp-http-path-twice", Weight::warning, "signal path in the base endpoint of otlp_http", doubled_path},
    {"otlp-port-of-the-other-protocol", Weight::warning, "port of the other OTLP protocol", wrong_port},
    {"grpc-tls-by-default", Weight::warning, "gRPC exporter without tls settings inside a cluster", tls_by_default},
    {"push-url-without-path", Weight::warning, "push URL without a path", push_without_path},
    {"loki-otlp-path", Weight::warning, "OTLP to Loki without /otlp", loki_without_path},
    {"body-larger-than-accepted", Weight::warning, "full batch above the receiver's limit", body_too_large},
    {"batch-without-cap", Weight::warning, "send_batch_max_size 0 before a gRPC exporter", uncapped},
    {"export-timeout-long", Weight::warning, "export timeout above a minute", long_timeout},
    {"debug-detailed", Weight::warning, "debug exporter with verbosity detailed", detailed_debug},
    {"load-balancing-one-name", Weight::warning, "load_balancing with one static name", one_backend},
    {"deprecated-name", Weight::note, "old name of a component type", old_names},
};

}  // namespace

std::span<const Trap> exporter_traps() { return kExporterTraps; }

}  // namespace spillway::collector::review
