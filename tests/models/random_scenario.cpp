#include "tests/models/random_scenario.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace spillway {
namespace {

using Texts = std::vector<std::string>;

class Dice {
 public:
  explicit Dice(std::uint64_t number) : random_{number} {}
  int between(int low, int high) { return low + static_cast<int>(random_() % static_cast<std::uint64_t>(high - low + 1)); }
  bool chance(int percent) { return between(1, 100) <= percent; }
  const std::string& pick(const Texts& list) { return list[static_cast<std::size_t>(between(0, static_cast<int>(list.size()) - 1))]; }
  Texts some(const Texts& list) {  ///< at least one
    Texts chosen;
    for (const std::string& text : list) {
      if (chance(60)) chosen.push_back(text);
    }
    return chosen.empty() ? Texts{pick(list)} : chosen;
  }

 private:
  std::mt19937_64 random_;
};

std::string flow(const Texts& list) {
  std::string text = "[";
  for (const std::string& item : list) (text += text.size() > 1 ? ", " : "") += item;
  return text + "]";
}

std::string number(int n) { return std::to_string(n); }

constexpr const char* kAsks = "{dns: {hostname: tier.example";  ///< a resolver, up to its interval

/// One collector's file.
class CollectorFile {
 public:
  /// `settles`: nothing may wait for ever.
  CollectorFile(Dice& dice, Dice& names, bool newer, bool settles, Texts endpoints)
      : dice_{dice}, names_{names}, newer_{newer}, settles_{settles}, endpoints_{std::move(endpoints)} {}

  std::string text() {
    std::string out = "receivers:\n  otlp:\n    protocols:\n      http: {endpoint: 0.0.0.0:4318" + body_limit() + "}\n" +
                      "      grpc: {endpoint: 0.0.0.0:4317}\n  zipkin: {endpoint: 0.0.0.0:9411}\nprocessors:\n" + processors() +
                      samplers() + "exporters:\n  debug: {}\n";
    Texts exporters;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
      const bool grpc = endpoints_[i].ends_with(":4317");
      exporters.push_back((grpc ? "otlp/" : "otlphttp/") + std::to_string(i));
      out += exporter(exporters.back(), endpoints_[i]);
    }
    out += balancer() + connectors() + "extensions:\n  basicauth: {client_auth: {username: me, password: secret}}\n";
    out += "  file_storage: {directory: /var/lib/otelcol/storage, create_directory: true}\n";
    return out + "service:\n  extensions: [basicauth, file_storage]\n  pipelines:\n" + pipelines(exporters);
  }

 private:
  std::string body_limit() { return dice_.chance(10) ? ", max_request_body_size: 5000" : ""; }

  std::string processors() {
    const int size = dice_.between(0, 2) == 0 ? 0 : dice_.between(1, 200);
    const int cap = dice_.chance(50) || size == 0 ? 0 : size + dice_.between(0, 100);
    return "  memory_limiter: {check_interval: " + dice_.pick({"200ms", "1s"}) + ", limit_mib: " +
           (settles_ ? dice_.pick({"60", "4000"}) : dice_.pick({"6", "13", "30"})) + "}\n  batch: {timeout: " + dice_.pick({"0s", "50ms", "200ms", "2s"}) +
           ", send_batch_size: " + number(size) + ", send_batch_max_size: " + number(cap) + "}\n" +
           "  filter: {error_mode: " + error_mode() + ", traces: {span: ['name == \"" +
           dice_.pick({"child", "no such name", "call place0"}) + "\"'" +
           (dice_.chance(30) ? ", 'attributes[\"attribute.1\"][\"deep\"] == 1'" : "") + "]}}\n" +
           "  attributes: {actions: [{key: attribute.1, action: delete}, {key: team, value: a, action: insert}]}\n" +
           "  resource: {attributes: [{key: zone, value: b, action: upsert}]}\n" +
           "  transform: {error_mode: " + error_mode() + ", trace_statements: [{context: span, statements: [" +
           dice_.pick({"'set(attributes[\"x\"], name)'", "'set(name, \"renamed\") where kind == 2'",
                       "'set(attributes[\"x\"], attributes[\"attribute.2\"][\"deep\"])'"}) +
           "]}]}\n" +
           "  span/names: {name: {" +
           dice_.pick({"from_attributes: [color]", "to_attributes: {rules: ['^(?P<first>[a-z]+)']}"}) + "}}\n" +
           "  redaction: {allow_all_keys: " + dice_.pick({"true", "false"}) +
           ", allowed_keys: [service.name, color], blocked_values: ['[0-9]+'], summary: debug}\n" +
           "  groupbyattrs: {keys: [color, attribute.2]}\n";
  }

  std::string balancer() {
    Texts names{"grpc-cloud:4317"};
    for (const std::string& endpoint : endpoints_) {
      if (endpoint == "http://gateway:4317") names.push_back("gateway:4317");
    }
    return "  loadbalancing:\n    routing_key: " + dice_.pick({"traceID", "service"}) + "\n    protocol: {otlp: {tls: {insecure: true}, " +
           "sending_queue: {queue_size: " + dice_.pick({"2", "1000"}) + "}, retry_on_failure: {initial_interval: 100ms, max_interval: 1s, max_elapsed_time: 3s}}}\n" +
           "    resolver: " + (names_.chance(40) ? "{static: {hostnames: " + flow(names) + "}}\n" : std::string{kAsks} + ", interval: " + names_.pick({"300ms", "5s"}) + "}}\n");
  }

  /// Cumulative metrics never come to rest.
  std::string connectors() {
    const std::string delta = "aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA";
    std::string out = "connectors:\n  forward:\n  count: {spans: {counted: {attributes: [{key: color, default_value: none}]}}}\n";
    out += "  spanmetrics: {metrics_flush_interval: " + dice_.pick({"300ms", "2s"}) + ", dimensions: [{name: color}], " +
           (settles_ ? delta : dice_.pick({delta, "metrics_expiration: 3s", "exemplars: {enabled: true}"})) + "}\n";
    const std::string matches = dice_.pick({"IsMatch(attributes[\"service.name\"], \"0\")",
                                            "IsMatch(attributes[\"service.name\"], \"[a-z]\")",
                                            "IsMatch(attributes[\"service.name\"], \"[a-z]\")", "attributes[\"no\"] == \"where\"",
                                            "attributes[\"service.name\"][\"deep\"] == 1"});
    out += "  routing:\n    error_mode: " + error_mode() + "\n    table:\n";
    out += "      - {statement: 'route() where " + matches + "', pipelines: [traces/a]" +
           (newer_ ? ", action: " + dice_.pick({"move", "copy"}) : "") + "}\n";
    if (newer_) out += "      - {context: span, condition: 'name == \"child\"', pipelines: [traces/a, traces/b]}\n";
    if (dice_.chance(70)) out += "    default_pipelines: [traces/b]\n";
    return out;
  }

  /// A refused payload may be sent again for ever.
  std::string error_mode() { return settles_ ? "ignore" : dice_.pick({"ignore", "propagate"}); }

  std::string samplers() {
    std::string tail = "  tail_sampling: {decision_wait: " + dice_.pick({"1s", "3s"}) + ", num_traces: " +
                       dice_.pick({"3", "50", "5000"}) + ", policies: [" + flow_of(dice_.some(policies())) + "]";
    if (newer_ && dice_.chance(30)) tail += ", maximum_trace_size_bytes: 2500";
    if (dice_.chance(40)) tail += ", decision_cache: {sampled_cache_size: 100}";
    if (newer_ && !settles_ && dice_.chance(20)) tail += ", block_on_overflow: true";
    if (newer_ && dice_.chance(30)) tail += ", drop_pending_traces_on_shutdown: true";
    return tail + "}\n  probabilistic_sampler: {sampling_percentage: " + dice_.pick({"10", "60"}) + ", mode: " +
           dice_.pick({"hash_seed", "proportional", "equalizing"}) + "}\n  groupbytrace: {wait_duration: " +
           dice_.pick({"100ms", "2s"}) + ", num_traces: " + dice_.pick({"2", "20", "10000"}) + "}\n";
  }

  Texts policies() const {
    Texts all{"{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}",
              "{name: slow, type: latency, latency: {threshold_ms: 5}}",
              "{name: some, type: probabilistic, probabilistic: {sampling_percentage: 40}}",
              "{name: few, type: rate_limiting, rate_limiting: {spans_per_second: 30}}",
              "{name: chosen, type: string_attribute, string_attribute: {key: color, values: [red]}}"};
    if (newer_) {
      all.push_back("{name: no-blue, type: drop, drop: {drop_sub_policy: [{name: blue, type: string_attribute, "
                    "string_attribute: {key: color, values: [blue]}}]}}");
    }
    return all;
  }

  static std::string flow_of(const Texts& list) {
    const std::string text = flow(list);
    return text.substr(1, text.size() - 2);
  }

  std::string exporter(const std::string& id, const std::string& endpoint) {
    std::string out = "  " + id + ":\n    endpoint: " + endpoint + "\n    timeout: " + dice_.pick({"500ms", "5s", "30s"}) +
                      "\n    compression: " + dice_.pick({"none", "gzip"}) + "\n";
    if (id.starts_with("otlp/")) out += "    tls: {insecure: true}\n";
    else if (dice_.chance(70)) out += "    auth: {authenticator: basicauth}\n";
    out += "    retry_on_failure: {enabled: " + dice_.pick({"true", "true", "false"}) +
           ", initial_interval: " + dice_.pick({"10ms", "1s"}) + ", " +
           dice_.pick({"max_interval: 1s, max_elapsed_time: 3s", "max_interval: 5s, max_elapsed_time: 0s",
                       "max_interval: 30s, max_elapsed_time: 60s", "max_interval: 30s, max_elapsed_time: 300s"}) +
           ", randomization_factor: " + dice_.pick({"0", "0.5"}) + "}\n";
    return out + "    sending_queue: {" + queue() + "}\n";
  }

  std::string queue() {
    if (dice_.chance(20)) return "enabled: false";
    const bool kept = !settles_ && dice_.chance(newer_ ? 40 : 95);  // what a file keeps may wait for ever
    const std::string size = kept && !newer_ ? dice_.pick({"1", "1", "2"}) : dice_.pick({"1", "5", "100", "1000"});
    std::string out = "num_consumers: " + dice_.pick({"1", "2", "10"}) + ", queue_size: " + size;
    if (kept) out += ", storage: file_storage";
    if (!newer_) return out;
    out += ", block_on_overflow: " + dice_.pick({"true", "false"}) + ", wait_for_result: " + (kept ? "false" : dice_.pick({"false", "false", "true"}));
    if (dice_.chance(40)) out += ", sizer: " + dice_.pick({"requests", "items"});
    if (!dice_.chance(40)) return out;
    const int least = std::stoi(size) == 1 ? 1 : dice_.between(1, std::min(50, std::stoi(size)));
    const int most = dice_.chance(50) ? 0 : least + dice_.between(0, 50);
    // Somebody who sends span by span and waits for each result takes an hour at 3 s.
    return out + ", batch: {flush_timeout: " + dice_.pick({"20ms", "200ms", settles_ ? "500ms" : "3s"}) + ", min_size: " + number(least) +
           ", max_size: " + number(most) + ", sizer: " + dice_.pick({"items", "items", "bytes"}) + "}";
  }

  std::string pipeline(const std::string& id, const Texts& exporters, const std::string& receivers = "[otlp, zipkin]") {
    Texts processors;
    if (dice_.chance(30)) processors.push_back("memory_limiter");
    for (const char* one : {"filter", "attributes", "resource", "transform", "probabilistic_sampler", "groupbytrace", "span/names",
                            "redaction", "groupbyattrs"}) {
      if (dice_.chance(12)) processors.push_back(one);
    }
    if (dice_.chance(25)) processors.push_back("tail_sampling");
    if (dice_.chance(70)) processors.push_back("batch");
    return "    " + id + ": {receivers: " + receivers + ", processors: " + flow(processors) + ", exporters: " + flow(exporters) + "}\n";
  }

  std::string pipelines(Texts exporters) {
    if (dice_.chance(10)) exporters.push_back("debug");
    Texts made;
    if (dice_.chance(20)) made.push_back("count");
    if (dice_.chance(20)) made.push_back("spanmetrics");
    std::string out = others(exporters, made);
    if (dice_.chance(15)) exporters.push_back("loadbalancing");
    Texts ends = exporters;
    ends.insert(ends.end(), made.begin(), made.end());
    if (dice_.chance(20)) return out + pipeline("traces/in", {"forward"}) + pipeline("traces", ends, "[forward]");
    if (dice_.chance(20)) {
      const Texts elsewhere = dice_.chance(70) ? Texts{"debug"} : dice_.some(exporters);
      return out + pipeline("traces/a", elsewhere, "[routing]") + pipeline("traces/b", ends, "[routing]") +
             pipeline("traces", {"routing"});
    }
    out += pipeline("traces", ends);
    if (dice_.chance(20)) out += pipeline("traces/two", dice_.some(exporters));
    return out;
  }

  /// Pipelines of metrics, where some are made, and of logs.
  std::string others(const Texts& exporters, Texts made) {
    std::string out;
    const Texts processors{"memory_limiter", "batch"};
    const bool counts = !made.empty() && made.front() == "count";
    if (!made.empty() || dice_.chance(20)) {
      made.push_back("otlp");
      out += "    metrics: {receivers: " + flow(made) + ", processors: " + flow(dice_.some(processors)) + ", exporters: " +
             flow(dice_.some(exporters)) + "}\n";
    }
    if (!dice_.chance(30)) return out;
    Texts ends = dice_.some(exporters);
    if (counts) ends.push_back("count");
    return out + "    logs: {receivers: [otlp], processors: " + flow(dice_.some(processors)) + ", exporters: " + flow(ends) + "}\n";
  }

  Dice& dice_;
  Dice& names_;
  bool newer_, settles_;
  Texts endpoints_;
};

class Maker {
 public:
  explicit Maker(std::uint64_t number) : dice_{number}, names_{~number} {
    for (int i = dice_.between(1, 3); i > 0; --i) places_.push_back("place" + std::to_string(places_.size()));
    for (int i = dice_.between(1, 3); i > 0; --i) clouds_.push_back("cloud" + std::to_string(clouds_.size()));
    settles_ = dice_.chance(50);
    seconds_ = dice_.between(2, 20);
    newer_ = dice_.chance(60);
    gateway_ = dice_.chance(40);
    out_.scenario = "scenario: random " + std::to_string(number) + "\nseed: " + std::to_string(number) + "\n";
  }

  RandomScenario make() {
    write_head();
    write_links();
    write_services();
    write_clients();
    write_collectors();
    write_backends();
    write_faults();
    out_.settles = settles_;
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { (out_.scenario += text) += '\n'; }
  std::string law(const std::string& milliseconds) {
    switch (milliseconds == "0" ? 0 : dice_.between(0, 2)) {
      case 0: return milliseconds + "ms";
      case 1: return "{exponential: {mean: " + milliseconds + "ms}}";
      default: return "{uniform: {min: 0s, max: " + milliseconds + "ms}}";
    }
  }
  std::string moment() { return number(dice_.between(0, seconds_ * 1000)) + "ms"; }

  void write_head() {
    line("replications: 1");
    line("duration: " + number(seconds_) + "s");
    line("drain: " + std::string{settles_ ? "30min" : dice_.pick({"0s", "5s", "40s"})});
    line("record: {step: 10min, span_ids: " + dice_.pick({"true", "false"}) + "}");
    line("sample_at: [" + moment() + "]");
    line("places:");
    for (const std::string& place : places_) line("  " + place + ": {}");
  }

  void write_links() {
    line("links:");
    line("  - {latency: " + law(dice_.pick({"0", "1", "40"})) + "}");
    if (places_.size() > 1) line("  - {between: [place0, place1], latency: " + law("15") + ", bandwidth: 2MB/s}");
    if (dice_.chance(50)) line("  - {between: [place0, cloud0], latency: " + law("5") + "}");
  }

  std::string instrumentation() {
    const std::string sampling = dice_.chance(20) ? ", sampling: {probability: 0.5}" : "";
    const std::string timeout = ", timeout: " + dice_.pick({"300ms", "30s"});
    switch (dice_.between(0, 4)) {
      case 0: return "{kind: none}";
      case 1:
      case 2:
        return "{kind: zipkin_post, endpoints: " +
               flow(dice_.some({"\"http://edge:9411/api/v2/spans\"", "\"http://jaeger:9411/api/v2/spans\""})) +
               ", work_per_post: " + law("1") + sampling + timeout + "}";
      default:
        return "{kind: otlp_batch, endpoints: " + flow(dice_.some({"\"http://edge:4318/v1/traces\"", "\"http://cloud0:4318/v1/traces\""})) +
               ", max_queue_size: " + dice_.pick({"64", "2048"}) + ", max_export_batch_size: " + dice_.pick({"1", "17", "64"}) +
               ", schedule_delay: " + dice_.pick({"100ms", "5s"}) + sampling + timeout + "}";
    }
  }

  std::string call(std::size_t callee) {
    std::string text = "{to: service" + std::to_string(callee) + ", operation: handle, in: ";
    text += dice_.chance(30) ? "each" : dice_.pick(homes_[callee]);
    if (dice_.chance(60)) text += ", client_span: \"call {place}\"";
    if (dice_.chance(30)) text += ", timeout: " + dice_.pick({"5ms", "50ms", "1s"});
    if (dice_.chance(30)) text += ", probability: 0.6";
    return text + "}";
  }

  void write_service(std::size_t index) {
    line("  service" + std::to_string(index) + ":");
    line("    in: " + flow(homes_[index]));
    line("    runtime: " + dice_.pick({"unlimited", "unlimited", "event_loop", "{kind: workers, workers: 3}"}));
    line("    failure_mode: " + dice_.pick({"strict", "degraded"}));
    line("    instrumentation: " + instrumentation());
    line("    operations:");
    line("      handle:");
    line("        work: " + law(dice_.pick({"0", "2", "20"})));
    if (dice_.chance(30)) line("        error_probability: 0.1");
    for (const std::string list : {"parallel", "sequence"}) {
      Texts calls;
      for (std::size_t callee = index + 1; callee < homes_.size(); ++callee) {
        if (dice_.chance(35)) calls.push_back(call(callee));
      }
      if (dice_.chance(20)) {
        calls.push_back("{to: service" + std::to_string(index) + ", operation: stage, in: each, client_span: \"stage {place}\", " +
                        "own_place_in_process: " + dice_.pick({"true", "true", "false"}) + "}");
      }
      if (!calls.empty()) line("        " + list + ": " + flow(calls));
    }
    if (dice_.chance(30)) line("        then: [inside]");
    line("      stage: {work: " + law("1") + ", then: [inside]}");
    line("      inside: {span_kind: internal, span: " + dice_.pick({"true", "true", "false"}) + ", work: " + law("1") + "}");
  }

  void write_services() {
    const int count = dice_.between(0, 4);
    if (count == 0) return;
    line("services:");
    for (int i = 0; i < count; ++i) homes_.push_back(dice_.some(places_));
    for (std::size_t i = 0; i < homes_.size(); ++i) write_service(i);
    line("traffic:");
    for (int i = 0; i < std::min(count, 2); ++i) {
      const std::string when = dice_.chance(80) ? "rate: " + dice_.pick({"1", "10", "40"}) + "/s, arrivals: " + dice_.pick({"poisson", "constant"})
                                                : "at: [1ms, 1ms, 500ms, 1s]";
      line("  users" + number(i) + ": {to: service" + number(i) + ", operation: handle, " + when + "}");
    }
  }

  std::string chosen_post(const std::string& at) {
    return "{at: " + at + ", copies: " + dice_.pick({"1", "20"}) + ", spans: [{trace: a, id: root, name: root, status: " +
           dice_.pick({"ok", "error"}) + ", attributes: {color: " + dice_.pick({"red", "blue"}) +
           "}}, {trace: a, parent: root, name: child, duration: " + dice_.pick({"1ms", "20ms"}) + "}]}";
  }

  void write_clients() {
    line("clients:");
    line("  chooser: {in: " + dice_.pick(places_) + ", url: \"http://edge:" +
         dice_.pick({"4317\", format: otlp_grpc", "4318/v1/traces\""}) + ", posts: [" + chosen_post("100ms") + ", " +
         chosen_post(dice_.pick({"900ms", "3500ms"})) + "]}");
    if (dice_.chance(30)) write_writer();
    for (int i = dice_.between(1, 3); i > 0; --i) {
      const bool zipkin = dice_.chance(50);
      const std::string target = zipkin ? dice_.pick({"edge", "edge", "jaeger"}) + ":9411/api/v2/spans" : dice_.pick({"edge", "edge", "cloud0"}) + ":4318/v1/traces";
      std::string text = "  client" + number(i) + ": {in: " + dice_.pick(places_) + ", url: \"http://" + target + "\", format: " +
                         (zipkin ? "zipkin_json" : dice_.pick({"otlp_proto", "otlp_json"})) +
                         ", spans: " + dice_.pick({"1", "10, spans_per_trace: 3", "100"}) + ", every: " + dice_.pick({"20ms", "100ms", "1s"}) +
                         ", count: " + dice_.pick({"5", "50"}) + ", timeout: " + dice_.pick({"200ms", "30s"});
      if (dice_.chance(50)) text += ", retry: {attempts: 3, after: " + dice_.pick({"0s", "100ms", "5s"}) + "}";
      if (dice_.chance(50)) text += ", concurrent: true";
      if (dice_.chance(50)) text += ", user: me, password: secret";
      line(text + "}");
    }
  }

  /// Log records, in posts that were recorded.
  void write_writer() {
    line("  writer: {in: " + dice_.pick(places_) + ", url: \"http://edge:4318/v1/logs\", recording: logs.jsonl, first: 100ms, every: 300ms}");
    std::string& posts = out_.files["logs.jsonl"];
    for (const char* service : {"shop", "stock", "shop", "till"}) {
      posts += "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"";
      posts += std::string{service} + "\"}}]},\"scopeLogs\":[{\"logRecords\":[";
      posts += "{\"timeUnixNano\":\"1700000000000000000\",\"body\":{\"stringValue\":\"one\"}},{\"body\":{\"stringValue\":\"two\"}}]}]}]}\n";
    }
  }

  void write_collector(const std::string& name, const Texts& places, Texts endpoints) {
    line("  " + name + ": {config: " + name + ".yaml, version: " + (newer_ ? "0.159.0" : dice_.pick({"0.111.0", "0.114.0"})) +
         ", in: " + flow(places) + ", addresses: [" + name + "], cpus: " + dice_.pick({"1", "2", "8"}) +
         (!settles_ && dice_.chance(15) ? ", memory_limit: 60MiB" : "") + "}");
    out_.files[name + ".yaml"] = CollectorFile{dice_, names_, newer_, settles_, std::move(endpoints)}.text();
  }

  Texts gateway_urls(const std::string& cloud) {
    const std::string gateway = dice_.pick({"http://gateway:4318", "http://gateway:4317"});
    return dice_.chance(70) ? Texts{gateway} : Texts{gateway, cloud};
  }

  void write_collectors() {
    Texts urls;
    for (const std::string& cloud : clouds_) urls.push_back("http://" + cloud + ":4318");
    if (dice_.chance(40)) urls.push_back("http://grpc-cloud:4317");
    line("collectors:");
    write_collector("edge", dice_.chance(50) ? places_ : dice_.some(places_),
                    gateway_ ? gateway_urls(urls[0]) : dice_.some(urls));
    if (gateway_) write_collector("gateway", {places_[0]}, dice_.some(urls));
  }

  std::string trouble() {
    switch (dice_.between(0, 7)) {
      case 7: return "answer: 200, store: false";
      case 6: return "answer: 200, rejects: " + dice_.pick({"1", "7"});
      case 0: return "hang: true";
      case 1: return "hang: true, store: true";
      case 2: return "reset: true, store: " + dice_.pick({"true", "false"});
      case 3: return "refuse: true";
      case 4: return "answer: " + dice_.pick({"400", "401", "404", "500"}) + ", store: " + dice_.pick({"true", "false"});
      default: return "answer: " + dice_.pick({"429", "503"}) + ", retry_after: 2s, latency: " + law("100");
    }
  }

  void write_backend(const std::string& name, const Texts& head) {
    line("  " + name + ":");
    for (const std::string& text : head) line("    " + text);
    line("    latency: " + law(dice_.pick({"1", "30"})));
    const bool grpc = name == "grpc-cloud";
    if (!grpc && dice_.chance(25)) line("    user: me\n    password: secret");
    if (settles_ || dice_.chance(60)) return;
    if (grpc) return write_grpc_script();
    line("    script:");
    line("      - {from_request: " + number(dice_.between(1, 10)) + ", " + trouble() + "}");
    line("      - {from_request: " + number(dice_.between(11, 30)) + ", " + trouble() + "}");
    if (dice_.chance(60)) line("      - {from_request: " + number(dice_.between(31, 60)) + ", answer: 200}");
  }

  void write_grpc_script() {
    line("    script:");
    line("      - {from_request: " + number(dice_.between(1, 10)) + ", code: " +
         dice_.pick({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "INTERNAL", "CANCELLED"}) + "}");
    line("      - {from_request: " + number(dice_.between(11, 30)) + ", code: OK, rejects: 3}");
    if (dice_.chance(60)) line("      - {from_request: " + number(dice_.between(31, 60)) + ", code: OK}");
  }

  void write_backends() {
    line("backends:");
    for (const std::string& cloud : clouds_) write_backend(cloud, {"addresses: [\"" + cloud + ":4318\"]"});
    write_backend("jaeger", {"in: " + flow(places_), "accepts: zipkin", "addresses: [\"jaeger:9411\"]"});
    write_backend("grpc-cloud", {"accepts: otlp_grpc", "addresses: [\"grpc-cloud:4317\"]"});
    line("  tier: {in: " + flow(places_) + ", accepts: otlp_grpc, addresses: [\"tier.example:4317\"], latency: " + names_.pick({"2ms", "900ms"}) + "}");
  }

  void write_faults() {
    line("faults:");
    line("  - {at: " + number(seconds_) + "s, for: 1ms, backend: jaeger, refuse: true}");
    const std::string lasts = ", for: " + number(dice_.between(1, 6000)) + "ms";
    for (int i = dice_.between(0, 5); i > 0; --i) {
      std::string text = "  - {at: " + moment();
      switch (dice_.between(0, 4)) {
        case 0: text += lasts + ", backend: " + dice_.pick(clouds_) + ", " + trouble(); break;
        case 1: text += lasts + ", backend: jaeger, " + trouble(); break;
        case 2: text += lasts + ", link: [" + dice_.pick(places_) + ", " + dice_.pick(clouds_) + "]"; break;
        default: text += collector_fault(); break;
      }
      line(text + "}");
    }
    write_resolutions();
  }

  void write_resolutions() {
    const bool asked = std::any_of(out_.files.begin(), out_.files.end(),
                                   [](const auto& file) { return file.second.find(kAsks) != std::string::npos; });
    if (!asked) return;
    Texts to{"grpc-cloud"};
    for (const std::string& place : places_) to.push_back(place + "/tier");
    for (int i = names_.between(0, 4); i > 0; --i) {
      const std::string at = number(names_.between(0, seconds_ * 1000)) + "ms";
      const std::string lasts = names_.chance(50) ? ", for: 700ms" : "";
      line("  - {at: " + at + lasts + ", resolve: tier.example, to: " + (names_.chance(15) ? "[]" : flow(names_.some(to))) + "}");
    }
  }

  std::string collector_fault() {
    std::string text = ", collector: " + (gateway_ ? dice_.pick({"edge", "gateway"}) : "edge") + ", signal: ";
    if (dice_.chance(25)) return text + "HUP";
    text += dice_.pick({"TERM", "TERM", "KILL"});
    if (dice_.chance(80) || settles_) text += ", restart_after: " + dice_.pick({"0s", "100ms", "4s"});
    if (dice_.chance(50)) text += ", grace: " + dice_.pick({"0s", "500ms", "10s"});
    return text;
  }

  Dice dice_, names_;  ///< the latter for what resolves to what
  RandomScenario out_;
  Texts places_, clouds_;
  std::vector<Texts> homes_;  ///< of the services: their places
  bool settles_ = false, newer_ = true, gateway_ = false;
  int seconds_ = 0;
};

}  // namespace

RandomScenario make_random_scenario(std::uint64_t number) { return Maker{number}.make(); }

}  // namespace spillway
