#include "models/services/application.hpp"

#include <gtest/gtest.h>

#include <map>

#include "models/senders.hpp"
#include "tests/models/bench.hpp"
#include "tests/models/case_folder.hpp"

namespace spillway {
namespace {

const std::filesystem::path kHealthy = std::filesystem::path{SPILLWAY_SOURCE_DIR} / "scenarios/trinity/healthy.yaml";
constexpr double kLink = 0.05;  ///< one way, between any two clouds

/// The render across three clouds with every law replaced by a constant: 3 ms, 1 ms, tiles of 100 ms.
Scenario steady_render() {
  Problems problems;
  Scenario scenario = *load_scenario(kHealthy, {}, problems).scenario;
  for (Link& link : scenario.links) link.latency = Distribution::constant(kLink);
  Service& service = scenario.services.at(0);
  service.instrumentation.work_per_post = Distribution::constant(0);
  for (Operation& operation : service.operations) {
    const double work = operation.name == "POST /api/render" ? 0.003 : operation.name == "render tile" ? 0.1 : 0.001;
    operation.work = {};
    operation.work.fixed = Distribution::constant(work);
  }
  for (Backend& backend : scenario.backends) backend.latency = Distribution::constant(0.01);
  Traffic& traffic = scenario.traffic.at(0);
  traffic.at = {moment(1)};
  traffic.in = {"aws"};
  traffic.rate_per_second = 0;
  traffic.picture.reset();
  scenario.duration = 30s;
  return scenario;
}

Operation& operation(Scenario& scenario, std::string_view name) {
  auto& all = scenario.services.at(0).operations;
  return *std::find_if(all.begin(), all.end(), [&](const Operation& o) { return o.name == name; });
}

/// Keeps finished spans. Takes them ahead of the clock or not, which decides how a request is played.
class SpanList final : public SpanExporter {
 public:
  SpanList(Bench& bench, std::vector<Span>& spans, bool takes_future)
      : bench_{bench}, spans_{spans}, takes_future_{takes_future} {}
  void finished(const Span& span) override {
    bench_.run.ledger.hold(span.item, bench_.reach);
    spans_.push_back(span);
  }
  bool takes_future_spans() const override { return takes_future_; }
  DestinationSet reach() const override { return bench_.reach; }

 private:
  Bench& bench_;
  std::vector<Span>& spans_;
  bool takes_future_;
};

enum class Played { walked, event_by_event };

/// The application of a scenario alone, without network or collectors.
struct Stage : Bench {
  Stage(Scenario s, Played how) : scenario{std::move(s)} {
    std::vector<Process> listed = list_processes(scenario, run.catalog);
    for (const Process& process : listed) {
      RunningProcess running;
      running.process = process;
      running.service = &scenario.services.at(process.service);
      running.cpu = std::make_unique<Cpu>(run.sim, running.service->runtime.kind == Runtime::Kind::unlimited ? 0 : 1);
      running.exporter = std::make_unique<SpanList>(*this, spans, how == Played::walked);
      running.head_sampled = run.ledger.add_sampling(process.name, "not sampled at the head");
      processes.push_back(std::move(running));
    }
    application = std::make_unique<Application>(run, processes, call_latency(scenario));
    const Traffic& traffic = scenario.traffic.at(0);
    const std::uint16_t entry = place_index(scenario, traffic.in.at(0));
    plan = application->add_plan(make_plan(scenario, listed, traffic, entry, run.catalog));
  }
  void render(std::uint64_t requests = 1) {
    for (std::uint64_t i = 0; i < requests; ++i) {
      script.at(static_cast<double>(i), [this, i] { application->begin(plan, i); });
    }
    run_until(static_cast<double>(requests) + 100);
  }
  /// How long the roots took, in seconds.
  std::vector<double> latencies() const {
    std::vector<double> list;
    for (const Span& span : spans) {
      if (span.parent == kNoParent) list.push_back(seconds(span.duration));
    }
    return list;
  }
  RequestStats stats() const { return application->stats().at(0); }
  const std::string& name(const Span& span) const { return run.catalog.shape(span.shape).name; }
  /// "child < parent" for every span, sorted.
  std::vector<std::string> family() const {
    std::map<std::uint32_t, std::string> names;
    for (const Span& span : spans) names[span.ordinal] = name(span);
    std::vector<std::string> lines;
    for (const Span& span : spans) {
      lines.push_back(name(span) + " < " + (span.parent == kNoParent ? "-" : names.at(span.parent)));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::int64_t errors() const {
    return std::count_if(spans.begin(), spans.end(), [](const Span& span) { return span.status == SpanStatus::error; });
  }

  Scenario scenario;
  std::vector<Span> spans;
  std::vector<RunningProcess> processes;
  std::unique_ptr<Application> application;
  std::uint32_t plan = 0;
};

Scenario without_limits(Scenario scenario) {
  scenario.services.at(0).runtime.kind = Runtime::Kind::unlimited;
  return scenario;
}

TEST(Application, ARenderMakesNineSpansWithTheirParents) {
  Stage stage{steady_render(), Played::event_by_event};
  stage.render();
  EXPECT_EQ(stage.family(), (std::vector<std::string>{
                                "POST /api/render < -",
                                "POST /internal/render-stage < render stage azure",
                                "POST /internal/render-stage < render stage gcp",
                                "render stage aws < POST /api/render",
                                "render stage azure < POST /api/render",
                                "render stage gcp < POST /api/render",
                                "render tile < POST /internal/render-stage",
                                "render tile < POST /internal/render-stage",
                                "render tile < render stage aws",
                            }));
}

TEST(Application, WithoutTheShortcutARenderMakesTenSpans) {
  Scenario scenario = steady_render();
  operation(scenario, "POST /api/render").parallel.at(0).own_place_in_process = false;
  Stage stage{std::move(scenario), Played::event_by_event};
  stage.render();
  EXPECT_EQ(stage.spans.size(), 10u);
  const auto family = stage.family();
  EXPECT_EQ(std::count(family.begin(), family.end(), "POST /internal/render-stage < render stage aws"), 1);
}

TEST(Application, LatencyIsWorkPlusTheSlowestCloud) {
  for (const Played how : {Played::walked, Played::event_by_event}) {
    Stage stage{without_limits(steady_render()), how};
    stage.render();
    // 3 ms here, then the far clouds: 50 ms there, 1 ms, tile of 100 ms, 50 ms back.
    EXPECT_EQ(stage.stats().requests, 1);
    EXPECT_EQ(stage.latencies(), std::vector<double>{0.204});
  }
}

TEST(Application, WalkedAndEventByEventAreTheSameForTheSameDraws) {
  const auto play = [](Played how) {
    Scenario scenario = without_limits(steady_render());
    for (Operation& o : scenario.services.at(0).operations) o.work.varies = Distribution::lognormal(1, 0.99, 3);
    for (Link& link : scenario.links) link.latency = Distribution::exponential(kLink);
    operation(scenario, "POST /api/render").error_probability = 0.1;
    operation(scenario, "POST /internal/render-stage").error_probability = 0.05;
    auto stage = std::make_unique<Stage>(std::move(scenario), how);
    stage->render(200);
    return stage;
  };
  const auto walked = play(Played::walked), played = play(Played::event_by_event);
  EXPECT_EQ(walked->stats().errors, played->stats().errors);
  EXPECT_GT(walked->stats().errors, 20);
  EXPECT_NEAR(walked->stats().latency.mean(), played->stats().latency.mean(), 1e-12);
  const auto listed = [](const Stage& stage) {
    std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t, Time, Duration, bool>> list;
    for (const Span& s : stage.spans) {
      list.emplace_back(s.trace, s.ordinal, s.parent, s.start, s.duration, s.status == SpanStatus::error);
    }
    std::sort(list.begin(), list.end());
    return list;
  };
  EXPECT_EQ(listed(*walked), listed(*played));
}

TEST(Application, EventLoopMakesTilesOfTheSameCloudWait) {
  Scenario scenario = steady_render();
  scenario.traffic.at(0).in = {"aws"};
  Stage stage{std::move(scenario), Played::event_by_event};
  stage.script.at(0, [&] { stage.application->begin(stage.plan, 0); });
  stage.script.at(0, [&] { stage.application->begin(stage.plan, 1); });
  stage.run_until(100);
  // The second root runs from 3 to 6 ms; at the far clouds its 1 ms waits for the tile that began at 54 ms.
  EXPECT_EQ(stage.latencies(), (std::vector<double>{0.204, 0.302}));
}

Scenario with_timeout(Duration timeout, FailureMode mode) {
  Scenario scenario = without_limits(steady_render());
  scenario.services.at(0).failure_mode = mode;
  operation(scenario, "POST /api/render").parallel.at(0).timeout = timeout;
  return scenario;
}

TEST(Application, ALateCallFailsAStrictRequestAtTheTimeout) {
  for (const Played how : {Played::walked, Played::event_by_event}) {
    Stage stage{with_timeout(150ms, FailureMode::strict), how};
    stage.render();
    EXPECT_EQ(stage.stats().errors, 1);
    EXPECT_EQ(stage.latencies(), std::vector<double>{0.153});
    EXPECT_EQ(stage.spans.size(), 9u) << "what was called runs to its end";
  }
}

TEST(Application, ALateCallIsLeftOutOfADegradedRequest) {
  for (const Played how : {Played::walked, Played::event_by_event}) {
    Stage stage{with_timeout(150ms, FailureMode::degraded), how};
    stage.render();
    EXPECT_EQ(stage.stats().errors, 0);
    EXPECT_EQ(stage.latencies(), std::vector<double>{0.153});
    EXPECT_EQ(stage.errors(), 2) << "the CLIENT spans of the two far clouds";
  }
}

TEST(Application, AnOperationThatFailsMakesNoCalls) {
  for (const Played how : {Played::walked, Played::event_by_event}) {
    Scenario scenario = without_limits(steady_render());
    operation(scenario, "POST /api/render").error_probability = 1;
    Stage stage{std::move(scenario), how};
    stage.render();
    EXPECT_EQ(stage.family(), std::vector<std::string>{"POST /api/render < -"});
    EXPECT_EQ(stage.errors(), 1);
  }
}

TEST(Application, HeadSamplingCountsItsSpansAsSampledOut) {
  Scenario scenario = without_limits(steady_render());
  scenario.services.at(0).instrumentation.sampling.probability = 0.3;
  Stage stage{std::move(scenario), Played::walked};
  stage.render(1000);
  const DestinationFates fates = stage.fates();
  EXPECT_EQ(fates.produced, 9000);
  std::int64_t sampled_out = 0;
  for (const Fate& fate : fates.sampled_out) sampled_out += fate.items;
  EXPECT_EQ(sampled_out + static_cast<std::int64_t>(stage.spans.size()), 9000);
  EXPECT_EQ(sampled_out % 9, 0) << "whole traces";
  EXPECT_NEAR(static_cast<double>(stage.spans.size()) / 9, 300, 3 * 14.5);
}

Scenario with_drawn_codes(Scenario scenario) {
  operation(scenario, "POST /api/render").attributes = {{"code", {{3, 200}, {1, 500}}}, {"slow", {{1, true}, {1, false}}}};
  return scenario;
}

TEST(Application, DrawnAttributesComeByTheirWeights) {
  Stage stage{with_drawn_codes(without_limits(steady_render())), Played::walked};
  stage.render(2000);
  std::map<std::string, int> seen;
  for (const Span& span : stage.spans) {
    const Attributes& attributes = stage.run.catalog.shape(span.shape).attributes;
    if (stage.name(span) == "POST /api/render") ++seen[to_text(attributes.at(0).second) + " " + to_text(attributes.at(1).second)];
  }
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_NEAR(seen["200 true"], 750, 3 * 21.7);
  EXPECT_NEAR(seen["500 false"], 250, 3 * 14.8);
}

TEST(Application, DrawnAttributesLeaveAllElseAsItWas) {
  for (const Played how : {Played::walked, Played::event_by_event}) {
    Scenario scenario = without_limits(steady_render());
    for (Operation& o : scenario.services.at(0).operations) o.work.varies = Distribution::lognormal(1, 0.99, 3);
    Stage plain{scenario, how}, drawn{with_drawn_codes(scenario), how};
    plain.render(20);
    drawn.render(20);
    EXPECT_EQ(plain.latencies(), drawn.latencies());
  }
}

TEST(Application, ARenderOfThreeCloudsIsNineSpansInEighteenPosts) {
  Problems problems;
  const auto prepared = prepare(steady_render(), problems);
  ASSERT_TRUE(prepared);
  const Case played{simulate(*prepared, 0, {})};
  EXPECT_EQ(played.fates("grafana-cloud").produced, 9);
  EXPECT_EQ(played.fates("grafana-cloud").stored, 9);
  std::int64_t posts = 0;
  for (const AnswerCounts& counts : played.run.answers) {
    for (const auto& [text, count] : counts.answers) posts += count;
  }
  EXPECT_EQ(posts, 18);
  EXPECT_EQ(played.requests_at("aws/jaeger"), 5) << "root, three stages, its own tile";
  EXPECT_EQ(played.requests_at("gcp/jaeger"), 2);
  EXPECT_EQ(played.requests_at("azure/jaeger"), 2);
}

}  // namespace
}  // namespace spillway
