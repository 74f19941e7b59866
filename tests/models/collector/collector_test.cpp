#include "models/collector/collector.hpp"

#include <gtest/gtest.h>

#include "tests/models/case_folder.hpp"

namespace spillway::collector {
namespace {

constexpr const char* kCollector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors: {batch: {send_batch_size: 10}}
exporters:
  otlphttp:
    endpoint: http://b.example:4318
    timeout: 3s
    sending_queue: {num_consumers: 1, queue_size: 2}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}}
)";

/// Posts of 10 spans at these moments to a collector that gets a signal; its backend behaves as said.
Case signalled(const std::string& posts, const std::string& behaviour, const std::string& signal) {
  const std::string scenario = R"(
scenario: signalled
duration: 30s
sample_at: [900ms, 29s]
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 10, at: [)" + posts + R"(]}
backends:
  b: {addresses: ["b.example:4318"], behaviour: {)" + behaviour + R"(}}
faults:
  - {collector: c, )" + signal + "}\n";
  return play_case(scenario, kCollector, "0.159.0");
}

TEST(ListenAddressOf, CutsAtTheLastColon) {
  EXPECT_EQ(listen_address("0.0.0.0:4318").port, 4318);
  EXPECT_EQ(listen_address("[::]:4318").host, "[::]");
  EXPECT_EQ(listen_address("nothing").port, 0);
}

TEST(Collector, ItsOwnPlaceReachesItAsLocalhost) {
  const std::string to_localhost = R"(
scenario: local
duration: 3s
collectors: {c: {config: [collector.yaml], addresses: [c.example], version: VERSION}}
clients: {client: {url: "http://localhost:4318/v1/traces", spans: 10}}
backends: {b: {addresses: ["b.example:4318"]}}
)";
  EXPECT_EQ(play_case(to_localhost, kCollector, "0.159.0").fates("b").stored, 10);
}

TEST(Collector, ABackendAskedForAnotherPathSaysNotFound) {
  const std::string scenario = R"(
scenario: stray
duration: 3s
collectors: {c: {config: [collector.yaml], addresses: [c.example], version: VERSION}}
clients: {client: {url: "http://c.example:4318/v1/traces", spans: 10}}
backends: {b: {addresses: ["b.example:4318"]}}
)";
  std::string collector = kCollector;
  collector.replace(collector.find("endpoint: http://b"), 8, "traces_endpoint");
  const Case played = play_case(scenario, collector, "0.159.0");
  EXPECT_EQ(played.metric("otelcol_exporter_send_failed_spans"), 10);
  EXPECT_EQ(played.lost("b", "status 404, not retried"), 10);
  EXPECT_EQ(played.requests_at("b"), 0) << "as the real backend, which counts it as a stray";
}

TEST(Collector, ARestartBeginsWithEmptyCountersAndEmptyMemory) {
  const Case idle = signalled("29.5s", "answer: 200", "at: 5s, signal: KILL, restart_after: 1s");
  const Case played = signalled("500ms, 600ms", "hang: true", "at: 700ms, signal: KILL, restart_after: 1s");
  EXPECT_EQ(played.lost("b", "killed"), 20);
  EXPECT_FALSE(played.shows_at(0.9, "otelcol_process_uptime")) << "the process is down";
  EXPECT_FALSE(played.shows_at(29, "otelcol_receiver_accepted_spans"));
  EXPECT_EQ(played.metric_at(29, "otelcol_exporter_queue_size"), 0);
  EXPECT_EQ(played.metric_at(29, "otelcol_process_memory_rss"), idle.metric_at(29, "otelcol_process_memory_rss"));
}

TEST(Collector, RefusesConnectionsWhileItIsDownAndServesAgainAfterwards) {
  const Case played = signalled("500ms, 2s, 6s", "answer: 200", "at: 1s, signal: TERM, restart_after: 4s");
  EXPECT_EQ(played.answers("client", "200"), 2);
  EXPECT_EQ(played.answers("client", "refused"), 1);
  EXPECT_EQ(played.fates("b").stored, 20);
}

TEST(Collector, TermFlushesTheBatchBeforeItExits) {
  constexpr const char* scenario = R"(
scenario: flush
duration: 10s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:4318/v1/traces", spans: 7, at: [500ms]}
backends:
  b: {addresses: ["b.example:4318"]}
faults:
  - {at: 1s, collector: c, signal: TERM}
)";
  constexpr const char* collector = R"(
receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
processors: {batch: {timeout: 1h}}
exporters: {otlphttp: {endpoint: "http://b.example:4318"}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}}
)";
  const Case played = play_case(scenario, collector, "0.159.0");
  EXPECT_EQ(played.fates("b").stored, 7);
}

TEST(Collector, IsKilledWhenTheGracePeriodIsOver) {
  const Case played = signalled("500ms, 600ms", "hang: true", "at: 1s, signal: TERM, grace: 4s");
  // The attempt at 0.5 s ends at 3.5 s as the last one of its request, the other would end at 6.5 s.
  EXPECT_EQ(played.lost("b", "shut down while retrying"), 10);
  EXPECT_EQ(played.lost("b", "killed"), 10);
}

TEST(Collector, HangUpDeliversWhatItHasAndStartsAgain) {
  const Case played = signalled("500ms, 2s", "answer: 200", "at: 1s, signal: HUP");
  EXPECT_EQ(played.answers("client", "200"), 2);
  EXPECT_EQ(played.fates("b").stored, 20);
  EXPECT_EQ(played.metric_at(29, "otelcol_exporter_sent_spans"), 10) << "the counters begin again";
}

constexpr const char* kOnePost = R"(
scenario: one-post
duration: 5s
collectors:
  c: {config: [collector.yaml], addresses: [c.example], version: VERSION}
clients:
  client: {url: "http://c.example:PORT", spans: 10, at: [1s]}
backends:
  b: {addresses: ["b.example:4318"]}
)";

Case post_to(const std::string& port_and_path, const std::string& endpoint) {
  std::string scenario = kOnePost;
  scenario.replace(scenario.find("PORT"), 4, port_and_path);
  return play_case(scenario,
                   "receivers: {otlp: {protocols: {http: {endpoint: \"" + endpoint + R"("}}}}
exporters: {otlphttp: {endpoint: "http://b.example:4318"}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}
)", "0.159.0");
}

TEST(Collector, IsReachedByNameUnlessItListensOnTheLoopbackAddressOnly) {
  EXPECT_EQ(post_to("4318/v1/traces", "0.0.0.0:4318").answers("client", "200"), 1);
  EXPECT_EQ(post_to("4318/v1/traces", "localhost:4318").answers("client", "refused"), 1);
  EXPECT_EQ(post_to("4319/v1/traces", "0.0.0.0:4318").answers("client", "refused"), 1);
}

TEST(Collector, AnswersAnotherPathWith404) {
  EXPECT_EQ(post_to("4318/v1/spans", "0.0.0.0:4318").answers("client", "404"), 1);
}

}  // namespace
}  // namespace spillway::collector
