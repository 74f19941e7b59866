// Every trap has a file that has it and one, as near as can be, that has not.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "models/collector/review/capacity.hpp"
#include "models/collector/review/findings.hpp"
#include "models/collector/review/sizing.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::collector::review {
namespace {

namespace fs = std::filesystem;

const fs::path kTraps = fs::path(SPILLWAY_SOURCE_DIR) / "tests/models/data/traps";

/// A file, read with what its first lines ask for: "# version: 0.111.0", "# traces-per-second: 1000".
struct Reviewed {
  std::string problems;
  std::vector<Finding> findings;
};

Reviewed review(const fs::path& file) {
  ConfigRequest request{{file}, {}, std::nullopt, {}};
  Load load;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    const std::string value = line.substr(std::min(line.size(), line.find(": ") + 2));
    if (line.starts_with("# version")) request.version = parse_version(value);
    if (line.starts_with("# traces-per-second")) load.traces_per_second = std::stod(value);
  }
  Problems problems;
  const LoadedConfig config = load_config(request, problems);
  Reviewed reviewed;
  for (const Problem& problem : problems.all()) reviewed.problems += spillway::to_text(problem) + '\n';
  if (config.config) reviewed.findings = find_traps(facts_of(config, load));
  return reviewed;
}

std::string names_in(const Reviewed& reviewed) {
  std::string names = reviewed.problems;
  for (const Finding& one : reviewed.findings) names += to_text(one) + '\n';
  return names;
}

bool has(const Reviewed& reviewed, const std::string& trap) {
  return std::ranges::any_of(reviewed.findings, [&](const Finding& one) { return one.trap == trap; });
}

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kTraps)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

class CollectorTrap : public testing::TestWithParam<std::string> {};

TEST_P(CollectorTrap, IsFoundWhereItIsAndNowhereElse) {
  const Reviewed bad = review(kTraps / GetParam() / "has.yaml");
  EXPECT_TRUE(has(bad, GetParam())) << names_in(bad);
  const Reviewed good = review(kTraps / GetParam() / "has-not.yaml");
  EXPECT_EQ(good.problems.find("error:"), std::string::npos) << good.problems;
  EXPECT_FALSE(has(good, GetParam())) << names_in(good);
}

TEST_P(CollectorTrap, SaysAPlaceAReasonAndAWayOut) {
  for (const Finding& one : review(kTraps / GetParam() / "has.yaml").findings) {
    if (one.trap != GetParam()) continue;
    const std::string& message = one.problem.message;
    EXPECT_NE(message.find("; "), std::string::npos) << message;
    EXPECT_FALSE(message.ends_with('.')) << message;
    EXPECT_TRUE(one.problem.mark.line > 0 || one.trap.find("gomemlimit") == 0 || one.trap == "own-metrics-on-localhost")
        << message;
  }
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Files, CollectorTrap, testing::ValuesIn(folders()), name_of);

TEST(CollectorTraps, HaveAFolderEachAndAreManyEnough) {
  const std::vector<std::string> known = folders();
  std::set<std::string_view> names;
  for (const Trap& trap : all_traps()) {
    EXPECT_TRUE(names.insert(trap.name).second) << trap.name << " is there twice";
    EXPECT_TRUE(std::ranges::find(known, trap.name) != known.end()) << trap.name << " has no files";
  }
  EXPECT_EQ(names.size(), known.size());
}

TEST(CollectorTraps, CountTheSlotsOfTailSamplingFromTheRate) {
  const Reviewed bad = review(kTraps / "tail-sampling-too-few-traces" / "has.yaml");
  const std::string said = names_in(bad);
  EXPECT_NE(
      said.find("holds 10 000 traces, enough for 909 a second: at 1 000 traces/s a trace is evicted after 10 s of "
                "its 11 s"),
      std::string::npos)
      << said;
  EXPECT_NE(said.find("give num_traces 11 315 or more"), std::string::npos) << said;
}

TEST(CollectorTraps, PointAtTheSettingAndShowItsLine) {
  const std::string said = names_in(review(kTraps / "otlp-http-path-twice" / "has.yaml"));
  EXPECT_NE(said.find("has.yaml:6:24: warning: exporters.otlphttp.endpoint: requests go to "
                      "http://backend:4318/v1/traces/v1/traces"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("[otlp-http-path-twice]"), std::string::npos) << said;
}

// Capacity and sizes, against numbers worked out by hand

LoadedConfig loaded(const std::string& text) {
  const Workspace files;
  Problems problems;
  LoadedConfig config = load_config({{files.write("collector.yaml", text)}, {}, std::nullopt, {}}, problems);
  EXPECT_TRUE(config.tree) << spillway::to_text(problems);
  return config;
}

/// Two entries, one of them through a forward connector, to one exporter and a second one of the first.
const std::string kFork =
    "receivers: {otlp: {protocols: {http: }}, zipkin: {}}\n"
    "processors:\n"
    "  batch: {send_batch_size: 1000}\n"
    "  tail_sampling: {decision_wait: 9s, num_traces: 5000, policies: [{name: all, type: always_sample}]}\n"
    "exporters: {otlphttp/a: {endpoint: 'http://a:1', sending_queue: {num_consumers: 2}}, otlphttp/b: {endpoint: "
    "'http://b:1'}}\n"
    "connectors: {forward: {}}\n"
    "service:\n  pipelines:\n"
    "    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [forward]}\n"
    "    traces/raw: {receivers: [zipkin], processors: [batch], exporters: [otlphttp/b]}\n"
    "    traces/out: {receivers: [forward], processors: [batch], exporters: [otlphttp/a]}\n";

TEST(CollectorCapacity, IsTheSmallestCutAndNamesIt) {
  const LoadedConfig config = loaded(kFork);
  Load load;
  load.backend_latency = 1;
  const std::vector<Capacity> found = capacities_of(facts_of(config, load));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].exporter, "otlphttp/a");
  EXPECT_DOUBLE_EQ(found[0].spans_per_second, 2000) << "2 consumers of 1 000 spans a second";
  EXPECT_EQ(found[0].bottleneck, "otlphttp/a: 2 consumers / 1 s x 1 000 spans");
  EXPECT_DOUBLE_EQ(found[1].spans_per_second, 10'000);
  load.backend_latency = 0.01;
  const std::vector<Capacity> faster = capacities_of(facts_of(config, load));
  EXPECT_DOUBLE_EQ(faster[0].spans_per_second, 5000) << "5 000 traces / 10 s x 10 spans";
  EXPECT_EQ(faster[0].bottleneck, "tail_sampling: 5 000 traces / 10 s x 10 spans");
  EXPECT_TRUE(faster[1].bottleneck.starts_with("cpu: 1 core")) << faster[1].bottleneck;
}

TEST(CollectorCapacity, OfAPipelineInACircleOrWithoutEndsIsFound) {
  const LoadedConfig circle = loaded(
      "receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: {}}\nconnectors: {forward: {}}\n"
      "service: {pipelines: {traces: {receivers: [otlp, forward], exporters: [forward, debug]}}}\n");
  EXPECT_EQ(capacities_of(facts_of(circle, {})).size(), 1u);
  const LoadedConfig nothing = loaded("service: {pipelines: {traces: }}\n");
  EXPECT_TRUE(capacities_of(facts_of(nothing, {})).empty());
}

double value_of(const std::vector<Size>& sizes, const std::string& about, const std::string& what) {
  for (const Size& size : sizes)
    if (size.about == about && size.what == what) return size.value;
  ADD_FAILURE() << about << ", " << what << " is not there";
  return 0;
}

TEST(CollectorSizes, AreThoseWorkedOutByHand) {
  const LoadedConfig config = loaded(kFork);
  Load load;
  load.traces_per_second = 400;
  load.spans_per_trace = 5;
  load.kept = 0.25;
  const std::vector<Size> sizes = sizes_of(facts_of(config, load));
  EXPECT_DOUBLE_EQ(value_of(sizes, "tail_sampling", "num_traces needed"), 4190) << "4 000 + 3 sqrt(4 000)";
  EXPECT_DOUBLE_EQ(value_of(sizes, "tail_sampling", "burst it takes"), 1.25);
  EXPECT_NEAR(value_of(sizes, "otlphttp/b", "outage until the first loss"), 203.73, 0.01)
      << "20 requests a second come in 5 (1 - exp(-20/5)) = 4.908 of the 5 periods a second; 1 000 slots";
  EXPECT_DOUBLE_EQ(value_of(sizes, "otlphttp/b", "queue_size for 5 min"), 1473) << "4.908 x 300 s";
  EXPECT_DOUBLE_EQ(value_of(sizes, "process", "spans in"), 2000);
}

TEST(CollectorSizes, AnOutageIsLostAtOnceWithoutRetriesAndByGivingUp) {
  const auto lasts = [](const std::string& settings) {
    const LoadedConfig config =
        loaded("receivers: {otlp: {protocols: {http: }}}\nexporters: {otlphttp: {endpoint: 'http://b:1', " + settings +
               "}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}\n");
    Load load;
    load.traces_per_second = 10;  // one request of 100 spans a second
    return value_of(sizes_of(facts_of(config, load)), "otlphttp", "outage until the first loss");
  };
  EXPECT_DOUBLE_EQ(lasts("sending_queue: {queue_size: 40}"), 40);
  EXPECT_DOUBLE_EQ(lasts("sending_queue: {sizer: items, queue_size: 5000}"), 50);
  EXPECT_DOUBLE_EQ(lasts("sending_queue: {sizer: bytes, queue_size: 5000000}"), 100);
  EXPECT_DOUBLE_EQ(lasts("sending_queue: {queue_size: 4000}"), 300) << "retries give up first";
  EXPECT_DOUBLE_EQ(lasts("retry_on_failure: {enabled: false}"), 0);
  EXPECT_DOUBLE_EQ(lasts("sending_queue: {enabled: false}"), 0);
}

}  // namespace
}  // namespace spillway::collector::review
