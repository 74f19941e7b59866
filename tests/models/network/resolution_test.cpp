// Names that resolve to other addresses: what a scenario may say, and two tiers of which the second one changes.
#include <gtest/gtest.h>

#include "tests/models/case_folder.hpp"

namespace spillway {
namespace {

constexpr const char* kScenario = R"(scenario: tiers
duration: 20s
replications: 1
places: {edge: {}, one: {}, two: {}}
clients:
  client: {in: edge, url: "http://lb.example:4318/v1/traces", spans: 20, spans_per_trace: 1, every: 500ms, first: 250ms, count: 39}
collectors:
  balancer: {in: [edge], config: collector.yaml, addresses: [lb.example]}
backends:
  tier: {in: [one, two], accepts: otlp_grpc, addresses: ["tier.example:4317"]}
  late: {accepts: otlp_grpc, addresses: ["late.example:4317"]}
faults:
)";
constexpr const char* kCollector = R"(receivers: {otlp: {protocols: {http: {endpoint: "0.0.0.0:4318"}}}}
exporters:
  load_balancing:
    protocol: {otlp: {tls: {insecure: true}}}
    resolver: {dns: {hostname: tier.example}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [load_balancing]}}}
)";

std::string problem_of(const std::string& faults, std::string scenario = kScenario) {
  const CaseFolder folder;
  folder.write("collector.yaml", kCollector);
  Problems problems;
  LoadedScenario loaded = load_scenario(folder.write("scenario.yaml", scenario + faults), {}, problems);
  if (loaded.scenario && !problems.has_errors()) prepare(std::move(*loaded.scenario), problems);
  return problems.has_errors() ? to_text(problems.all().front()) : "";
}

TEST(Resolution, BeginsAndEndsAtTheNextQuestion) {
  const Case played = play_case(std::string{kScenario} + "  - {at: 3s, for: 5s, resolve: tier.example, to: [one/tier, late]}\n", kCollector, "");
  const auto stored = [&](const char* name) { return played.fates(name).stored; };
  EXPECT_EQ(stored("one/tier") + stored("two/tier") + stored("late"), 39 * 20);
  // From 5 s to 10 s one half of the traces each: 10 posts of 39.
  EXPECT_NEAR(static_cast<double>(stored("late")), 100, 30);
  EXPECT_EQ(played.requests_at("late"), 10);
  EXPECT_EQ(played.requests_at("two/tier"), 29);
  EXPECT_EQ(played.requests_at("one/tier"), 39);
}

TEST(Resolution, OfANameThatNobodyAsksForIsRefused) {
  EXPECT_EQ(problem_of("  - {at: 3s, resolve: tier.example, to: [late]}\n"), "");
  const std::string text = problem_of("  - {at: 3s, resolve: tiers.example, to: [late]}\n");
  EXPECT_NE(text.find("no dns resolver of a load_balancing exporter asks for 'tiers.example'; they ask for tier.example"), std::string::npos) << text;
}

TEST(Resolution, AReloadThatLeavesExportersBehindIsTold) {
  const auto told = [](const std::string& version) {
    std::string scenario = kScenario;
    scenario.replace(scenario.find("config: collector.yaml"), 0, "version: " + version + ", ");
    std::string collector = kCollector;
    if (version == "0.111.0") collector.replace(collector.find("load_balancing:"), 15, "loadbalancing: ").replace(collector.rfind("load_balancing"), 14, "loadbalancing");
    const CaseFolder folder;
    folder.write("collector.yaml", collector);
    Problems problems;
    LoadedScenario loaded = load_scenario(folder.write("scenario.yaml", scenario + "  - {at: 3s, collector: balancer, signal: HUP}\n"), {}, problems);
    const auto prepared = loaded.scenario ? prepare(std::move(*loaded.scenario), problems) : nullptr;
    if (!prepared) return problems.all().empty() ? std::string{"nothing"} : to_text(problems.all().front());
    std::string all;
    for (const NotModelled& item : not_modelled(*prepared)) all += item.what + ";";
    return all;
  };
  EXPECT_EQ(told("0.111.0"), "balancer HUP with load_balancing: the exporters of before live on beside the new ones;");
  EXPECT_EQ(told("0.159.0"), "");
}

TEST(Resolution, OfANameThatOthersCallIsRefused) {
  std::string scenario = kScenario;
  scenario.replace(scenario.find("faults:"), 0, "  other: {accepts: otlp_http, addresses: [\"tier.example:4318\"]}\n");
  scenario.replace(scenario.find("collectors:"), 0, "  second: {in: edge, url: \"http://tier.example:4318/v1/traces\"}\n");
  const std::string text = problem_of("  - {at: 3s, resolve: tier.example, to: [late]}\n", scenario);
  EXPECT_NE(text.find("'tier.example' is called at http://tier.example:4318/v1/traces, too"), std::string::npos) << text;
}

TEST(Resolution, OneOfTheReplicasOfACollectorHasAName) {
  std::string scenario = kScenario;
  scenario.replace(scenario.find("backends:"), 0, "  next: {in: [two], replicas: 2, config: collector.yaml, addresses: [next.example]}\n");
  EXPECT_EQ(problem_of("  - {at: 3s, resolve: tier.example, to: [tier, two/next-1]}\n", scenario).find("unknown"), std::string::npos);
  EXPECT_NE(problem_of("  - {at: 3s, resolve: tier.example, to: [two/next-2]}\n", scenario).find("unknown backend, collector or instance"),
            std::string::npos);
}

}  // namespace
}  // namespace spillway
