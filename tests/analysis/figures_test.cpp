#include "analysis/figures.hpp"

#include <gtest/gtest.h>

#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

using test::at;

Replication rich_replication() {
  Replication r;
  DestinationFates fates = test::fates("aws/grafana-cloud.eu", 100,
                                       {{"aws/gateway exporter otlphttp", "queue full", 10, at(40)},
                                        {"gcp/gateway exporter otlphttp", "queue full", 5, at(30)},
                                        {"aws/gateway exporter otlphttp", "gave up after retries", 20, at(310)}},
                                       3);
  fates.sampled_out = {{"aws/gateway processor tail_sampling", "not sampled", 2, at(11)}};
  fates.stored -= 2;
  fates.duplicates = 4;
  fates.stored_though_given_up = 1;
  fates.span_set = "00000000deadbeef";
  r.destinations = {fates};
  RequestStats render{"web POST /api/render", "aws", 10, 1, {}}, other{"web POST /api/render", "gcp", 30, 0, {}};
  render.latency.add(0.1, 10);
  other.latency.add(0.3, 30);
  r.requests = {render, other};
  r.answers = {{"feeder.1", {{"202", 7}, {"timeout", 2}}}};
  const PostAttempt refused{Time{}, "503"}, taken{Time{}, "202"};
  r.posts = {{"feeder.1", 1, {}, {refused, taken}}, {"other", 1, {}, {taken}}, {"feeder.1", 2, {}, {refused, taken}},
             {"feeder.1", 3, {}, {taken}},          {"feeder.1", 4, {}, {}}};
  r.backends = {{"cloud", 12, 4096, 90, {{"200", 9}, {"503", 3}}}};
  const Labels aws{{"collector", "aws/gateway"}, {"exporter", "otlphttp"}, {"service_name", "x"}};
  const Labels gcp{{"collector", "gcp/gateway"}, {"exporter", "otlphttp"}};
  r.metrics = {{"otelcol_exporter_sent_spans", aws, 60},
               {"otelcol_exporter_sent_spans", gcp, 40},
               {"otelcol_process_memory_rss", aws, 1e8}};
  r.snapshots = {{at(30.2), {{"otelcol_exporter_sent_spans", aws, 11}}}};
  r.series = {{"otelcol_exporter_queue_size", aws, {0, 5, 8, 0, 3, 0}},
              {"otelcol_exporter_queue_size", gcp, {0, 1, 0, 0, 0, 0}}};
  r.events = 123;
  r.fingerprint = "aaaaaaaaaaaaaaaa";
  return r;
}

Observation see(const std::string& name) {
  const ParsedFigure parsed = parse_figure(name);
  EXPECT_TRUE(parsed.figure) << parsed.error;
  if (!parsed.figure) return {};
  return observe(*parsed.figure, rich_replication(), std::chrono::seconds{10});
}

double value(const std::string& name) {
  const Observation seen = see(name);
  EXPECT_EQ(seen.kind, Observation::Kind::number) << name << ": " << seen.text;
  return seen.number;
}

constexpr const char* kCloud = "ledger.aws/grafana-cloud.eu.";

TEST(Figures, CountWhatTheLedgerCounts) {
  const std::string cloud = kCloud;
  EXPECT_EQ(value(cloud + "produced"), 100);
  EXPECT_EQ(value(cloud + "stored"), 60);
  EXPECT_EQ(value(cloud + "lost"), 35);
  EXPECT_EQ(value(cloud + "sampled_out"), 2);
  EXPECT_EQ(value(cloud + "in_flight"), 3);
  EXPECT_EQ(value(cloud + "duplicates"), 4);
  EXPECT_EQ(value(cloud + "stored_though_given_up"), 1);
  EXPECT_EQ(see(cloud + "span_set").text, "00000000deadbeef");
}

TEST(Figures, SumACauseOverComponentsOrTakeOne) {
  const std::string cloud = kCloud;
  EXPECT_EQ(value(cloud + "lost.queue_full"), 15);
  EXPECT_EQ(value(cloud + "lost.gave_up"), 20);
  EXPECT_EQ(value(cloud + "lost.queue_full@aws/gateway"), 10);
  EXPECT_EQ(value(cloud + "lost.@aws/"), 30);
  EXPECT_EQ(value(cloud + "lost.no_such_cause"), 0);
  EXPECT_EQ(value(cloud + "sampled_out.not_sampled"), 2);
}

TEST(Figures, GiveSharesOfWhatWasProduced) {
  const std::string cloud = kCloud;
  EXPECT_DOUBLE_EQ(value(cloud + "stored.share"), 0.60);
  EXPECT_DOUBLE_EQ(value(cloud + "lost.queue_full.share"), 0.15);
}

TEST(Figures, SayWhenALossHappenedFirstAndNeverWhenItDidNot) {
  const std::string cloud = kCloud;
  EXPECT_EQ(value(cloud + "lost.first_at"), 30);
  EXPECT_EQ(value(cloud + "lost.gave_up.first_at"), 310);
  EXPECT_EQ(value(cloud + "lost.queue_full@aws.first_at"), 40);
  EXPECT_EQ(see(cloud + "lost.no_such_cause.first_at").kind, Observation::Kind::never);
}

TEST(Figures, MergeRequestsOfAllPlacesUnlessOneIsNamed) {
  EXPECT_EQ(value("requests.web POST /api/render.count"), 40);
  EXPECT_EQ(value("requests.web_POST_/api/render.errors"), 1);
  EXPECT_DOUBLE_EQ(value("requests.web_POST_/api/render.errors.share"), 1.0 / 40);
  EXPECT_EQ(value("requests.web_POST_/api/render@gcp.count"), 30);
  EXPECT_NEAR(value("requests.web_POST_/api/render.p50"), 0.3, 0.003);
  EXPECT_NEAR(value("requests.web_POST_/api/render@aws.p99"), 0.1, 0.001);
  EXPECT_NEAR(value("requests.web_POST_/api/render.p10"), 0.1, 0.001);
  EXPECT_NEAR(value("requests.web_POST_/api/render.p99.9"), 0.3, 0.003);
  EXPECT_NEAR(value("requests.web_POST_/api/render.mean"), 0.25, 0.0025);
}

TEST(Figures, SumTheSeriesThatHaveTheLabels) {
  EXPECT_EQ(value("metric.otelcol_exporter_sent_spans"), 100);
  EXPECT_EQ(value("metric.otelcol_exporter_sent_spans{collector=aws/gateway}"), 60);
  EXPECT_EQ(value("metric.otelcol_exporter_sent_spans{exporter=otlphttp,collector=\"gcp/gateway\"}"), 40);
  EXPECT_EQ(value("metric.otelcol_exporter_sent_spans@30s"), 11);
}

TEST(Figures, FindMetricsWhoseExporterAddsEndings) {
  EXPECT_EQ(value("metric.otelcol_exporter_sent_spans_total"), 100);
  EXPECT_EQ(value("metric.otelcol_process_memory_rss_bytes"), 1e8);
}

TEST(Figures, TakeAbsentFailureCountersAsZeroWithARemark) {
  const Observation seen = see("metric.otelcol_exporter_enqueue_failed_spans");
  EXPECT_EQ(seen.kind, Observation::Kind::number);
  EXPECT_EQ(seen.number, 0);
  EXPECT_NE(seen.text, "");
  EXPECT_EQ(see("metric.otelcol_exporter_set_spans").kind, Observation::Kind::absent);
  EXPECT_EQ(see("metric.otelcol_exporter_sent_spans@45s").kind, Observation::Kind::absent);
}

TEST(Figures, ReadPeaksAndMomentsFromSeries) {
  EXPECT_EQ(value("series.otelcol_exporter_queue_size.peak"), 8);
  EXPECT_EQ(value("series.otelcol_exporter_queue_size{collector=gcp/gateway}.peak"), 1);
  EXPECT_EQ(value("series.otelcol_exporter_queue_size.first_at_least(6)"), 20);
  EXPECT_EQ(value("series.otelcol_exporter_queue_size.zero_after(20s)"), 40);
  EXPECT_EQ(value("series.otelcol_exporter_queue_size.zero_after(50s)"), 60);
  EXPECT_EQ(see("series.otelcol_exporter_queue_size.first_at_least(9)").kind, Observation::Kind::never);
  EXPECT_EQ(see("series.otelcol_exporter_queue_size.zero_after(61s)").kind, Observation::Kind::never);
  EXPECT_EQ(see("series.otelcol_exporter_send_failed_spans.first_at_least(1)").kind, Observation::Kind::never);
}

TEST(Figures, CountAnswersAndWhatArrivedAtBackends) {
  EXPECT_EQ(value("answers.feeder.1.202"), 7);
  EXPECT_EQ(value("answers.feeder.1.timeout"), 2);
  EXPECT_EQ(value("answers.feeder.1.503"), 0);
  EXPECT_EQ(see("posts.feeder.1.answers").text, "503+202 x2, 202, none");
  EXPECT_EQ(value("backend.cloud.requests"), 12);
  EXPECT_EQ(value("backend.cloud.body_bytes"), 4096);
  EXPECT_EQ(value("backend.cloud.spans"), 90);
  EXPECT_EQ(value("backend.cloud.answers.503"), 3);
  EXPECT_EQ(value("run.events"), 123);
  EXPECT_EQ(see("run.fingerprint").text, "aaaaaaaaaaaaaaaa");
}

TEST(Figures, CarryTheirUnit) {
  const auto unit = [](const char* name) { return parse_figure(name).figure.value().unit; };
  EXPECT_EQ(unit("ledger.a.stored"), Unit::spans);
  EXPECT_EQ(unit("ledger.a.stored.share"), Unit::share);
  EXPECT_EQ(unit("ledger.a.lost.first_at"), Unit::seconds);
  EXPECT_EQ(unit("ledger.a.span_set"), Unit::text);
  EXPECT_EQ(unit("requests.a b.p99"), Unit::seconds);
  EXPECT_EQ(unit("requests.a b.count"), Unit::requests);
  EXPECT_EQ(unit("metric.otelcol_exporter_sent_spans"), Unit::spans);
  EXPECT_EQ(unit("metric.otelcol_process_memory_rss"), Unit::bytes);
  EXPECT_EQ(unit("series.otelcol_exporter_queue_size.first_at_least(5)"), Unit::seconds);
  EXPECT_EQ(unit("backend.a.body_bytes"), Unit::bytes);
}

TEST(Figures, RefuseNamesThatCannotBeRight) {
  for (const char* wrong : {"",
                            "stored",
                            "ledger",
                            "ledger.backend",
                            "ledger.backend.kept",
                            "ledger.backend.stored.first_at",
                            "ledger.backend.produced.queue_full",
                            "ledger.backend.span_set.share",
                            "requests.render",
                            "requests.render.p101",
                            "requests.render.px",
                            "metric.",
                            "metric.a{b",
                            "metric.a{b=c",
                            "metric.a{b=\"c",
                            "metric.a@soon",
                            "metric.a{b=c}tail",
                            "series.a",
                            "series.a.mean",
                            "series.a.first_at_least(x)",
                            "series.a.first_at_least(",
                            "series.a.zero_after(x)",
                            "answers.a",
                            "posts.a",
                            "backend.a",
                            "backend.a.bytes",
                            "run.time"}) {
    const ParsedFigure parsed = parse_figure(wrong);
    EXPECT_FALSE(parsed.figure) << wrong;
    EXPECT_NE(parsed.error, "") << wrong;
  }
}

TEST(Figures, NameTheNearestOnesWhenTheRecordHasNoSuchFigure) {
  const RunRecord record = test::record_of({rich_replication()});
  const Observations seen = observe("ledger.aws/grafana-clod.eu.stored", record);
  EXPECT_NE(seen.error.find("no destination 'aws/grafana-clod.eu'"), std::string::npos) << seen.error;
  EXPECT_NE(seen.error.find("nearest: ledger.aws/grafana-cloud.eu.stored"), std::string::npos) << seen.error;
}

TEST(Figures, AbsentInSomeReplicationsOnlyIsZeroForCountsAndLeftOutForLatencies) {
  const RunRecord record = test::record_of({rich_replication(), {}});
  const Observations sent = observe("metric.otelcol_exporter_sent_spans", record);
  EXPECT_EQ(sent.error, "");
  EXPECT_EQ(sent.each[1].kind, Observation::Kind::number);
  EXPECT_EQ(sent.each[1].number, 0);
  EXPECT_EQ(observe("requests.web_POST_/api/render.p99", record).each[1].kind, Observation::Kind::absent);
}

TEST(Figures, AreAllListedSoThatEachOneCanBeRead) {
  const RunRecord record = test::record_of({rich_replication()});
  const std::vector<std::string> names = figures_of(record);
  EXPECT_GT(names.size(), 30U);
  for (const std::string& name : names) EXPECT_EQ(observe(name, record).error, "") << name;
  EXPECT_EQ(std::count(names.begin(), names.end(),
                       "metric.otelcol_exporter_sent_spans{collector=aws/gateway,exporter=otlphttp}"),
            1);
}

TEST(Figures, OfAnEmptyRecordAreErrors) { EXPECT_NE(observe("ledger.a.stored", RunRecord{}).error, ""); }

}  // namespace
}  // namespace spillway::analysis
