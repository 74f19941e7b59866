#include "analysis/report/summary.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

using test::at;

/// Two clouds, one queue that fills, in two replications that differ by `more` spans.
Replication outage(std::int64_t more) {
  DestinationFates fates =
      test::fates("grafana-cloud", 10'000,
                  {{"aws/otel-collector exporter otlphttp/grafana_cloud", "gave up after retries", 500, at(62)},
                   {"aws/otel-collector exporter otlphttp/grafana_cloud", "queue full", 1000 + more, at(41)}},
                  120);
  fates.duplicates = 7;
  Replication r = test::replication_of(fates);
  RequestStats render{"mandelbrot render", "", 2000, 0, {}};
  render.latency.add(0.2, 1900);
  render.latency.add(0.4, 100);
  r.requests = {render};
  const Labels exporter{{"collector", "aws/otel-collector"}, {"exporter", "otlphttp/grafana_cloud"}};
  const Labels aws{{"collector", "aws/otel-collector"}};
  r.metrics = {
      {"otelcol_exporter_enqueue_failed_spans", exporter, 1000.0 + static_cast<double>(more)},
      {"otelcol_exporter_queue_capacity", exporter, 1000},
      {"otelcol_exporter_queue_size", exporter, 12},
      {"otelcol_exporter_send_failed_spans", exporter, 500},
      {"otelcol_exporter_sent_spans", exporter, 8380.0 - static_cast<double>(more)},
      {"otelcol_process_cpu_seconds", aws, 4.2},
      {"otelcol_process_memory_rss", aws, 128 << 20},
      {"otelcol_receiver_accepted_spans", {{"collector", "aws/otel-collector"}, {"receiver", "zipkin"}}, 10'000}};
  r.series = {{"otelcol_exporter_enqueue_failed_spans", exporter, {0, 0, 0, 0, 100, 500, 1000, 1000, 1000, 1000}},
              {"otelcol_exporter_queue_size", exporter, {1, 2, 300, 700, 1000, 1000, 600, 100, 12, 12}},
              {"otelcol_exporter_send_failed_spans", exporter, {0, 0, 0, 0, 0, 0, 500, 500, 500, 500}}};
  return r;
}

RunRecord outage_record() {
  RunRecord record = test::record_of({outage(0), outage(10)});
  record.manifest.scenario = "trinity";
  record.manifest.drain = std::chrono::seconds{20};
  record.manifest.parts = {{"otel-collector", "0.114.0"}};
  record.not_modelled = {{"aws/otel-collector extension health_check", "no effect on the result"},
                         {"aws/otel-collector processor transform", "unknown"}};
  return record;
}

std::string summary_text(const RunRecord& record, const std::vector<Threshold>& thresholds = {}) {
  return to_text(summary_of({record, judge_thresholds(thresholds, record), "Grafana Cloud down"}));
}

TEST(Summary, SaysWhatTheWarmUpLeavesOutAndTakesTheRateOfTheRest) {
  RunRecord record = outage_record();
  EXPECT_NE(summary_text(record).find("20/s"), std::string::npos);
  EXPECT_EQ(summary_text(record).find("warm_up"), std::string::npos);
  record.manifest.warm_up = std::chrono::seconds{20};
  EXPECT_NE(summary_text(record).find("25/s"), std::string::npos) << "2 000 requests in the 80 s after the warm-up";
  EXPECT_NE(summary_text(record).find("warm_up 20 s: requests that arrived in it are left out"), std::string::npos);
  record.manifest.warm_up_found = "auto: MSER-5";
  EXPECT_NE(summary_text(record).find("warm_up 20 s, auto: MSER-5: requests"), std::string::npos);
  record.manifest.warm_up = Duration{0};
  record.manifest.warm_up_found = "auto: too few requests";
  EXPECT_NE(summary_text(record).find("warm_up none, auto: too few requests"), std::string::npos);
}

TEST(Summary, FitsOneScreenAndSaysWhereTheSpansWent) {
  EXPECT_EQ(
      summary_text(outage_record(),
                   {{"ledger.grafana-cloud.stored.share", 0.7, {}}, {"ledger.grafana-cloud.lost.first_at", 600, {}}}),
      R"(trinity, Grafana Cloud down                          100 s + 20 s drain x 2 replications, seed 1, otel-collector 0.114.0

requests           rate  errors     p50     p95     p99
mandelbrot render  20/s     0 %  200 ms  200 ms  402 ms  no request fails, yet spans are lost

where the spans went, grafana-cloud                 spans   share  95 % interval
  stored                                            8 375  83.7 %  83.1 - 84.4 %
  lost  aws/otel-collector: queue full              1 005  10.1 %   9.4 - 10.7 %  first at 41 s
  lost  aws/otel-collector: gave up after retries     500     5 %          exact  first at 62 s
  in flight at the end                                120   1.2 %          exact
  produced = stored + lost + in flight             10 000                         the ledger closes
  stored again (duplicates, not part of the sum)        7  0.07 %          exact

collector, spans      cpu  peak memory   queue peak  accepted  refused   sent  send_failed  enqueue_failed
aws/otel-collector  3.5 %      128 MiB  1 000/1 000    10 000        0  8 375          500           1 005

first sign of a full queue  queue_size rises  enqueue_failed  send_failed  empty again
aws/otel-collector                      30 s            50 s         70 s            -  send_failed blind for 40 s

thresholds                                          limit    mean  95 % interval
ok          ledger.grafana-cloud.stored.share     >= 70 %  83.7 %  83.1 - 84.4 %
FAILED      ledger.grafana-cloud.lost.first_at  >= 10 min    41 s   exactly 41 s

not modelled (effect unknown): aws/otel-collector processor transform
not modelled (no effect on the result): aws/otel-collector extension health_check
)");
}

TEST(Summary, KeepsToTheWidthOfTheScreen) {
  RunRecord record = outage_record();
  for (Replication& r : record.replications) {
    r.destinations[0].lost[0].component = std::string(150, 'x');
    r.metrics[0].labels["collector"] = std::string(150, 'y');
  }
  record.not_modelled.push_back({std::string(300, 'z'), "unknown"});
  std::istringstream lines{summary_text(record)};
  for (std::string line; std::getline(lines, line);) EXPECT_LE(width_of(line), kWidth) << line;
}

TEST(Summary, ShortensLongLists) {
  RunRecord record = outage_record();
  for (int i = 0; i < 20; ++i) {
    record.not_modelled.push_back({"setting " + std::to_string(i), "unknown"});
    record.replications[0].destinations[0].lost.push_back({"component " + std::to_string(i), "cause", 0, {}});
  }
  const std::string text = summary_text(record);
  EXPECT_NE(text.find("… and 15 more"), std::string::npos) << text;
  EXPECT_NE(text.find("lost  … and 14 more"), std::string::npos) << text;
}

TEST(Summary, NamesThePartOfAnInstanceWhereTheInstanceAloneIsAmbiguous) {
  RunRecord record = outage_record();
  for (Replication& r : record.replications) {
    r.destinations[0].lost.push_back({"aws/otel-collector exporter debug", "queue full", 0, {}});
  }
  const std::string text = summary_text(record);
  EXPECT_NE(text.find("aws/otel-collector exporter otlphttp/grafana_cloud: queue full"), std::string::npos) << text;
  EXPECT_NE(text.find("aws/otel-collector: gave up after retries"), std::string::npos) << text;
}

TEST(Summary, GivesDestinationsWithoutLossOneTable) {
  RunRecord record = outage_record();
  for (Replication& r : record.replications) {
    r.destinations.push_back(test::fates("aws/jaeger", 300, {}, 2));
    r.destinations.push_back(test::fates("gcp/jaeger", 1400, {}));
  }
  EXPECT_NE(summary_text(record).find("where nothing was lost, spans  produced  stored  in flight at the end\n"
                                      "aws/jaeger                          300     298                     2"
                                      "  the ledger closes\n"
                                      "gcp/jaeger                        1 400   1 400                     0"
                                      "  the ledger closes\n"),
            std::string::npos)
      << summary_text(record);
}

TEST(Summary, SaysWhenTheLedgerDoesNotClose) {
  RunRecord record = outage_record();
  record.replications[1].destinations[0].stored -= 3;
  EXPECT_NE(summary_text(record).find("THE LEDGER DOES NOT CLOSE: off by 3 spans"), std::string::npos);
}

TEST(Summary, DoesNotSpeakOfBlindnessWhenFailuresShowInTime) {
  RunRecord record = outage_record();
  EXPECT_NE(summary_text(record).find("send_failed blind for 40 s"), std::string::npos);
  for (Replication& r : record.replications) r.series[2].values = {0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(summary_text(record).find("blind"), std::string::npos);
}

TEST(Summary, OfOneRunHasNoIntervals) {
  RunRecord record = outage_record();
  record.replications.resize(1);
  record.manifest.world = "measured";
  record.manifest.notes = {{"idle share", "45 %"}};
  const std::string text = summary_text(record);
  EXPECT_NE(text.find("1 replication, measured"), std::string::npos) << text;
  EXPECT_NE(text.find("one run"), std::string::npos) << text;
  EXPECT_NE(text.find("idle share: 45 %"), std::string::npos) << text;
}

TEST(Summary, OfAnEmptyRecordIsItsHeader) {
  const RunRecord empty;
  EXPECT_NE(to_text(summary_of({empty, {}, ""})).find("0 s x 0 replications"), std::string::npos);
}

TEST(Summary, AsJsonHoldsTheRecordUnchanged) {
  const RunRecord record = outage_record();
  const std::string json = summary_json({record, judge_thresholds({{"ledger.grafana-cloud.lost", {}, 1}}, record), ""});
  EXPECT_NE(json.find(to_json(record)), std::string::npos);
  EXPECT_NE(json.find("\"ledger.grafana-cloud.stored\""), std::string::npos);
  EXPECT_NE(json.find("\"FAILED\""), std::string::npos);
}

}  // namespace
}  // namespace spillway::analysis
