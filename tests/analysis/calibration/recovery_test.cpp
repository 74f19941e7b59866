// A known application is simulated, its spans are read as if they had been recorded, and its parameters have to come back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <memory>

#include "analysis/calibration/application_fit.hpp"
#include "analysis/calibration/scenario_text.hpp"
#include "analysis/calibration/validation.hpp"
#include "models/senders.hpp"
#include "real/import/play.hpp"
#include "tests/models/bench.hpp"

namespace spillway::analysis {
namespace {

constexpr double kContention = 0.25;
constexpr double kCold = 0.6;

/// A front end that asks two services at once and then a third, all on one host.
std::string known_application(double rate, double seconds) {
  return "scenario: known\nduration: " + std::to_string(seconds) + "s\ndrain: 5s\nreplications: 1\n"
         "places: {p: {}}\nlinks: [{between: [p, p], latency: 0s}]\n"
         "hosts: {h: {contention: 0.25, cold_slowdown: 0.6, cools_within: 20ms}}\n"
         "services:\n"
         "  front:\n    runtime: {kind: shared, host: h}\n    operations:\n"
         "      GET /:\n        finish: {gamma: {mean: 1ms, cv: 0.5}}\n        parallel:\n"
         "          - {to: left, operation: read, work: {lognormal: {median: 0.5ms, p95: 1ms}}}\n"
         "          - {to: right, operation: read}\n"
         "          - {to: store, operation: write, after: read, work: {exponential: {mean: 0.4ms}}}\n"
         "  left:\n    runtime: {kind: shared, host: h}\n    operations: {read: {work: {lognormal: {median: 4ms, p95: 9ms}}}}\n"
         "  right:\n    runtime: {kind: shared, host: h}\n    operations: {read: {work: {gamma: {mean: 5ms, cv: 0.4}}}}\n"
         "  store:\n    runtime: {kind: shared, host: h}\n    operations: {write: {work: {weibull: {scale: 3ms, shape: 1.5}}}}\n"
         "traffic: {t: {to: front, operation: GET /, rate: " + std::to_string(rate) + "/s}}\n";
}

class SpanList final : public SpanExporter {
 public:
  SpanList(Bench& bench, std::vector<Span>& spans) : bench_{bench}, spans_{spans} {}
  void finished(const Span& span) override {
    bench_.run.ledger.hold(span.item, bench_.reach);
    spans_.push_back(span);
  }
  bool takes_future_spans() const override { return false; }
  DestinationSet reach() const override { return bench_.reach; }

 private:
  Bench& bench_;
  std::vector<Span>& spans_;
};

/// Plays it and returns what a recorder would have kept that looks at every trace with this probability.
Traces recorded(double rate, double seconds, double sampled) {
  const std::filesystem::path file = std::filesystem::path{testing::TempDir()} / ("recovery." + std::to_string(::getpid()) + ".yaml");
  std::ofstream{file} << known_application(rate, seconds);
  Problems problems;
  const Scenario scenario = *load_scenario(file, {}, problems).scenario;
  Bench bench;
  SharedHost host{bench.run.sim, scenario.hosts.at(0)};
  std::vector<Span> spans;
  std::vector<RunningProcess> processes;
  const std::vector<Process> listed = list_processes(scenario, bench.run.catalog);
  for (const Process& process : listed) {
    RunningProcess running;
    running.process = process;
    running.service = &scenario.services.at(process.service);
    running.cpu = std::make_unique<Cpu>(bench.run.sim, host);
    running.exporter = std::make_unique<SpanList>(bench, spans);
    processes.push_back(std::move(running));
  }
  Application application{bench.run, processes, call_latency(scenario)};
  const std::uint32_t plan = application.add_plan(make_plan(scenario, listed, scenario.traffic.at(0), 0, bench.run.catalog));
  const StreamKey key = bench.run.sim.stream("test", "arrivals");
  double at = 0;
  for (std::uint64_t i = 0; at < seconds; ++i) {
    Draws draws{key, i};
    at -= std::log(draws.uniform()) / rate;
    bench.script.at(at, [&application, plan, i] { application.begin(plan, i); });
  }
  bench.run_until(seconds + 5);

  TraceCollection collection;
  const StreamKey sampler = bench.run.sim.stream("test", "sampler");
  for (const Span& span : spans) {
    Draws draws{sampler, span.trace};
    if (draws.uniform() >= sampled) continue;
    TracedSpan traced;
    traced.id = span.ordinal + 1;
    traced.parent = span.parent == kNoParent ? 0 : span.parent + 1;
    traced.start = 1 + (span.start - Time{}).count();
    traced.duration = span.duration.count();
    const std::string& service = bench.run.catalog.resource(span.resource).service;
    traced.operation = collection.operation({service, bench.run.catalog.shape(span.shape).name, SpanRole::server});
    traced.host = collection.host(service);
    collection.add({0, span.trace + 1}, traced);
    if (traced.parent == 0) collection.set_sampled({0, span.trace + 1}, sampled);
  }
  return collection.take();
}

Recordings recording_of(const Traces& traces) {
  Recordings recordings;
  add_recording(recordings, "known", traces);
  return recordings;
}

void expect_known_host(const HostFit& host, double wider) {
  EXPECT_NEAR(host.contention.value, kContention, wider * 0.06);
  EXPECT_NEAR(host.cold.value, kCold, wider * 0.2);
  EXPECT_LE(host.contention.low, host.contention.value);
  EXPECT_GE(host.contention.high, host.contention.value);
  EXPECT_LT(host.contention.high - host.contention.low, wider * 0.15);
  EXPECT_NEAR(host.cools_within, 0.02, 0.011);
}

TEST(Recovery, TheHostComesBackFromOneLoad) {
  const ApplicationFit fit{recording_of(recorded(25, 100, 1))};
  expect_known_host(fit.fit().host, 1);
}

TEST(Recovery, TheHostComesBackFromAThirdOfTheTraces) {
  const ApplicationFit fit{recording_of(recorded(25, 300, 0.33))};
  const FittedApplication application = fit.fit();
  expect_known_host(application.host, 2);
  EXPECT_NEAR(application.loads.at(0).rate, 25, 2) << "all requests, not those recorded";
}

TEST(Recovery, OrderAndWorkComeBack) {
  const ApplicationFit fit{recording_of(recorded(10, 200, 1))};
  const FittedApplication application = fit.fit();
  double read = 0, share = 0;
  for (const RequestClass& kind : application.classes) {
    share += kind.share;
    for (const FittedNode& node : kind.nodes) {
      const TracedOperation& operation = application.operations[node.operation];
      if (operation.service == "right") read += kind.share * node.work.mean;
      if (operation.service == "store") {
        EXPECT_EQ(node.after.size(), 2u) << "after both reads";
      }
    }
  }
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_NEAR(read, 0.005, 0.0005) << "by itself, on a warm host";
}

TEST(Recovery, HigherLoadsAreForetold) {
  const ApplicationFit fit{recording_of(recorded(25, 100, 1))};
  Recordings higher;
  for (const double rate : {50.0, 100.0}) add_recording(higher, std::to_string(rate), recorded(rate, 6000 / rate, 1));
  std::vector<Load> loads;
  for (const Recording& recording : higher.all) loads.push_back(load_of(recording));
  ValidationOptions options;
  options.draws = 8;
  options.run_to_run = 0;  // these runs differ by chance and load alone
  double naive = 0;
  for (const HeldOut& row : validate(fit, loads, real::play_text, options)) {
    EXPECT_LT(std::fabs(row.error()), 0.07) << row.load << " " << row.figure;
    EXPECT_LT(row.predicted.high / row.predicted.low, 1.5) << "an interval that says something";
    naive = std::max(naive, std::fabs(row.naive_error()));
  }
  EXPECT_GT(naive, 0.14) << "there is something to foretell";
}

}  // namespace
}  // namespace spillway::analysis
