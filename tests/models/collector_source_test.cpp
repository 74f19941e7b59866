// Collector configurations as people have them: in manifests, in the operator's resources, in values of the chart.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "models/collector/config.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::collector {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path kWrapped = fs::path(SPILLWAY_SOURCE_DIR) / "tests/models/data/wrapped";

struct Loaded {
  LoadedConfig result;
  std::string said;
  const CollectorConfig& config() const { return *result.config; }
};

Loaded load(const ConfigRequest& request) {
  Problems problems;
  Loaded loaded{load_config(request, problems), {}};
  for (const Problem& problem : problems.all()) loaded.said += to_text(problem) + '\n';
  return loaded;
}

Loaded load_wrapped(const std::string& name) { return load({{kWrapped / name}, {}, std::nullopt, {}}); }

Loaded load_text(const std::string& text, const std::string& key = "") {
  const Workspace files;
  return load({{files.write("some.yaml", text)}, {}, std::nullopt, key});
}

constexpr const char* kPlain =
    "receivers: {otlp: {protocols: {http: }}}\nexporters: {otlphttp: {endpoint: 'http://b:1'}}\n"
    "service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}\n";

std::string indented(std::string text, const std::string& by) {
  text.insert(0, by);
  for (std::size_t at = text.find('\n'); at + 1 < text.size(); at = text.find('\n', at + 1)) text.insert(at + 1, by);
  return text;
}

std::string config_map(const std::string& name, const std::string& key) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata:\n  " + key + ": |\n" +
         indented(kPlain, "    ") + "---\n";
}

TEST(CollectorSource, FindsTheConfigurationInAManifestAndWhatTheDeploymentSaysOfIt) {
  const Loaded loaded = load_wrapped("manifests.yaml");
  ASSERT_TRUE(loaded.result.config) << loaded.said;
  EXPECT_EQ(std::get<BatchConfig>(loaded.config().processors.at(0).config).timeout, 3s) << "env of the container";
  const Workload& workload = loaded.result.workload;
  EXPECT_EQ(workload.form, Workload::Form::config_map);
  EXPECT_EQ(workload.mode, "deployment");
  EXPECT_EQ(workload.replicas, 3);
  EXPECT_EQ(workload.cpu_limit, 0.5);
  EXPECT_EQ(workload.memory_limit, 512 << 20);
  EXPECT_EQ(workload.go_memory_limit, 400 << 20);
  EXPECT_EQ(loaded.result.version, (Version{0, 111, 0}));
  EXPECT_TRUE(loaded.result.version_from_image);
  ASSERT_EQ(workload.left_out.size(), 1u);
  EXPECT_EQ(workload.left_out[0].what, "argument --feature-gates=confmap.enableMergeAppendOption");
}

TEST(CollectorSource, TheVersionThatIsAskedForWinsOverTheImageTag) {
  const Loaded loaded = load({{kWrapped / "manifests.yaml"}, {{"BATCH_TIMEOUT", "9s"}}, Version{0, 159, 0}, {}});
  ASSERT_TRUE(loaded.result.config) << loaded.said;
  EXPECT_EQ(loaded.result.version, (Version{0, 159, 0}));
  EXPECT_FALSE(loaded.result.version_from_image);
  EXPECT_EQ(std::get<BatchConfig>(loaded.config().processors.at(0).config).timeout, 9s);
}

TEST(CollectorSource, PointsIntoTheManifest) {
  const Loaded loaded = load({{kWrapped / "manifests.yaml"}, {{"BATCH_TIMEOUT", "soon"}}, std::nullopt, {}});
  const std::string place = (kWrapped / "manifests.yaml").string() + ":25:18: error: processors.batch.timeout";
  EXPECT_NE(loaded.said.find(place), std::string::npos) << loaded.said;
  EXPECT_NE(loaded.said.find("        timeout: ${env:BATCH_TIMEOUT}\n"), std::string::npos) << loaded.said;
}

TEST(CollectorSource, PointsAtTheKeyOfATextThatIsNoBlock) {
  const Loaded loaded = load_wrapped("folded.yaml");
  EXPECT_NE(loaded.said.find("folded.yaml:5:10: error: processors.batch.timeout"), std::string::npos) << loaded.said;
}

TEST(CollectorSource, TellsWhereATextInAManifestIsNoYaml) {
  const std::string head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  relay: ";
  const Loaded block = load_text(head + "|\n    receivers: {otlp\n    exporters: x\n");
  EXPECT_NE(block.said.find("some.yaml:6:17: error"), std::string::npos) << block.said;
  const Loaded quoted = load_text(head + "\"receivers:\\n  a: [1\\nexporters:\\n\"\n");
  EXPECT_NE(quoted.said.find("some.yaml:5:10: error"), std::string::npos) << quoted.said;
  EXPECT_NE(quoted.said.find("of this text"), std::string::npos) << quoted.said;
}

TEST(CollectorSource, LaysPlainFilesOverAManifestInTheOrderGiven) {
  const Workspace files;
  const fs::path manifest = files.write("map.yaml", config_map("otel", "config.yaml"));
  const fs::path plain = files.write("other.yaml", "exporters: {otlphttp: {endpoint: 'http://other:1'}}\n");
  const auto endpoint = [](const Loaded& loaded) {
    return loaded.result.config ? std::get<OtlpHttpExporterConfig>(loaded.config().exporters.at(0).config).endpoint : loaded.said;
  };
  EXPECT_EQ(endpoint(load({{manifest, plain}, {}, std::nullopt, {}})), "http://other:1");
  EXPECT_EQ(endpoint(load({{plain, manifest}, {}, std::nullopt, {}})), "http://b:1");
}

TEST(CollectorSource, AsksWhichKeyWhenThereAreSeveral) {
  const std::string two = config_map("one", "a.yaml") + config_map("two", "a.yaml");
  EXPECT_NE(load_text(two).said.find("one/a.yaml, two/a.yaml; choose one with 'key'"), std::string::npos);
  EXPECT_TRUE(load_text(two, "two/a.yaml").result.config);
  EXPECT_NE(load_text(two, "b").said.find("there is no key 'b'; there is a.yaml, a.yaml"), std::string::npos);
  EXPECT_TRUE(load_text(config_map("one", "a") + config_map("one", "b"), "b").result.config);
}

TEST(CollectorSource, LooksIntoLists) {
  const std::string list = "apiVersion: v1\nkind: List\nitems:\n- " + indented(config_map("one", "a"), "  ").substr(2);
  const Loaded loaded = load_text(list.substr(0, list.find("  ---")));
  EXPECT_TRUE(loaded.result.config) << loaded.said;
}

TEST(CollectorSource, ReadsTheOperatorsResourceWithTextAndWithAMap) {
  const Loaded text = load_wrapped("operator-v1alpha1.yaml");
  ASSERT_TRUE(text.result.config) << text.said;
  EXPECT_EQ(text.result.workload.mode, "daemonset");
  EXPECT_TRUE(text.result.workload.runs_several());
  EXPECT_EQ(text.result.version, (Version{0, 115, 1}));
  const auto& otlp = std::get<OtlpReceiverConfig>(text.config().receivers.at(0).config);
  EXPECT_EQ(otlp.grpc_endpoint, "0.0.0.0:4317") << "the operator writes that in";
  EXPECT_EQ(otlp.http_endpoint, "0.0.0.0:4318");
  const Loaded map = load_wrapped("operator-v1beta1.yaml");
  ASSERT_TRUE(map.result.config) << map.said;
  EXPECT_EQ(map.result.workload.mode, "deployment") << "unless given";
  EXPECT_EQ(map.result.workload.replicas, 2);
  EXPECT_EQ(map.result.workload.replicas_at_most, 6);
  EXPECT_EQ(std::get<OtlpHttpExporterConfig>(map.config().exporters.at(0).config).sending_queue.queue_size, 50);
}

TEST(CollectorSource, RefusesAResourceThatIsNone) {
  const std::string head = "apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nmetadata: {name: x}\n";
  EXPECT_NE(load_text(head + "spec: {mode: fleet, config: {}}\n").said.find("unknown mode 'fleet'"), std::string::npos);
  EXPECT_NE(load_text(head + "spec: {}\n").said.find("spec.config: is missing"), std::string::npos);
  EXPECT_NE(load_text(head + "spec: {config: [1]}\n").said.find("holds no collector configuration"), std::string::npos);
  EXPECT_NE(load_text("apiVersion: v1\nkind: Pod\n").said.find("'Pod' holds no collector configuration"),
            std::string::npos);
}

TEST(CollectorSource, LaysHelmValuesOverTheChartsOwn) {
  const Loaded loaded = load_wrapped("helm-values.yaml");
  ASSERT_TRUE(loaded.result.config) << loaded.said;
  const CollectorConfig& config = loaded.config();
  ASSERT_EQ(config.pipelines.size(), 1u) << "null takes the chart's pipelines away";
  EXPECT_EQ(config.pipelines[0].receivers, (std::vector<std::string>{"otlp", "zipkin"}));
  EXPECT_EQ(config.pipelines[0].processors, (std::vector<std::string>{"k8sattributes", "memory_limiter", "batch"}))
      << "those of the chart, and the preset's in front";
  EXPECT_EQ(config.pipelines[0].exporters, std::vector<std::string>{"otlphttp"}) << "lists are replaced";
  EXPECT_EQ(std::get<MemoryLimiterConfig>(config.processors.at(1).config).limit_percentage, 80);
  const Workload& workload = loaded.result.workload;
  EXPECT_EQ(workload.mode, "deployment");
  EXPECT_EQ(workload.replicas, 2);
  EXPECT_EQ(workload.go_memory_limit, 800 << 20) << "four fifths of the container's memory";
  EXPECT_EQ(loaded.result.version, (Version{0, 111, 0}));
  ASSERT_EQ(workload.left_out.size(), 1u);
  EXPECT_EQ(workload.left_out[0].what, "preset logsCollection");
}

TEST(CollectorSource, ReadsValuesOfAChartAroundTheChart) {
  const Loaded loaded =
      load_text("opentelemetry-collector:\n  mode: daemonset\n  config: {receivers: {zipkin: null}}\n");
  EXPECT_NE(loaded.said.find("references receiver \"zipkin\" which is not configured"), std::string::npos)
      << loaded.said;
  EXPECT_EQ(loaded.result.workload.mode, "daemonset");
}

TEST(CollectorSource, WarnsOfTemplatesAndOfAMissingMode) {
  const Loaded loaded = load_text("config: {exporters: {debug: {verbosity: '{{ .Values.x }}'}}}\n");
  EXPECT_NE(loaded.said.find("a template of Helm is not evaluated"), std::string::npos) << loaded.said;
  EXPECT_NE(loaded.said.find("mode: is missing: the chart refuses to install"), std::string::npos) << loaded.said;
}

TEST(CollectorSource, ReadsTheFirstDocumentOfACollectorFileOnly) {
  for (const char* const rest : {"---\nreceivers: {nonsense: 1}\n", "---\nbroken: [\n"}) {
    const Loaded loaded = load_text(std::string(kPlain) + rest);
    EXPECT_TRUE(loaded.result.config) << loaded.said;
  }
  EXPECT_NE(load_text(std::string(kPlain) + "---\na: 1\n").said.find("the first YAML document of a file only"),
            std::string::npos);
}

TEST(CollectorSource, JoinsMapsNamedByMergeKeys) {
  const Loaded loaded = load_text(
      "receivers: {otlp: {protocols: {http: }}}\n"
      "processors:\n  batch: &b {timeout: 5s, send_batch_size: 7}\n"
      "  batch/two:\n    send_batch_size: 9\n    <<: [*b, {timeout: 1s, send_batch_max_size: 20}]\n"
      "exporters: {otlphttp: {endpoint: 'http://b:1'}}\n"
      "service: {pipelines: {traces: {receivers: [otlp], processors: [batch/two], exporters: [otlphttp]}}}\n");
  ASSERT_TRUE(loaded.result.config) << loaded.said;
  const auto& batch = std::get<BatchConfig>(loaded.config().processors.at(1).config);
  EXPECT_EQ(batch.send_batch_size, 9) << "the map's own keys win";
  EXPECT_EQ(batch.timeout, 5s) << "then those named first";
  EXPECT_EQ(batch.send_batch_max_size, 20);
}

TEST(CollectorSource, WritesWhatIsWrappedAsAPlainFileThatReadsTheSame) {
  for (const char* const name :
       {"manifests.yaml", "operator-v1alpha1.yaml", "operator-v1beta1.yaml", "helm-values.yaml"}) {
    const Loaded wrapped = load_wrapped(name);
    const std::string plain = plain_config({kWrapped / name}, "");
    const Workspace files;
    const Loaded again =
        load({{files.write("plain.yaml", plain)}, wrapped.result.workload.environment, wrapped.result.version, {}});
    ASSERT_TRUE(again.result.config) << name << '\n' << plain << again.said;
    EXPECT_EQ(again.config().pipelines.size(), wrapped.config().pipelines.size());
    EXPECT_EQ(again.config().exporters.size(), wrapped.config().exporters.size());
    EXPECT_EQ(plain_config({files.path("plain.yaml")}, ""), "") << "what is plain is taken as it is";
  }
}

struct Quantity {
  const char* text;
  std::optional<double> number;
};
class WorkloadQuantity : public testing::TestWithParam<Quantity> {};
TEST_P(WorkloadQuantity, IsReadAsKubernetesReadsIt) {
  EXPECT_EQ(parse_quantity(GetParam().text), GetParam().number) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Texts, WorkloadQuantity,
                         testing::Values(Quantity{"512Mi", 536870912.0}, Quantity{"1.5Gi", 1610612736.0},
                                         Quantity{"500m", 0.5}, Quantity{"2", 2.0}, Quantity{"1G", 1e9},
                                         Quantity{"128974848000m", 128974848.0}, Quantity{"", std::nullopt},
                                         Quantity{"Mi", std::nullopt}, Quantity{"5 Mi", std::nullopt},
                                         Quantity{"-1", std::nullopt}, Quantity{"nan", std::nullopt}));

struct Image {
  const char* text;
  std::optional<Version> version;
};
class WorkloadImage : public testing::TestWithParam<Image> {};
TEST_P(WorkloadImage, NamesAVersionWhenItIsTheProjectsOwn) {
  EXPECT_EQ(version_of_image(GetParam().text), GetParam().version) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Texts, WorkloadImage,
                         testing::Values(Image{"otel/opentelemetry-collector:0.114.0", Version{0, 114, 0}},
                                         Image{"otel/opentelemetry-collector-contrib:0.111.0-amd64",
                                               Version{0, 111, 0}},
                                         Image{"r:5000/otelcol:v0.99.0@sha256:1", Version{0, 99, 0}},
                                         Image{"otel/opentelemetry-collector:latest", std::nullopt},
                                         Image{"r:5000/otel/opentelemetry-collector", std::nullopt},
                                         Image{"grafana/alloy:v1.4.0", std::nullopt},
                                         Image{"acme/otelcol:1.2.3", std::nullopt}, Image{"", std::nullopt}));

TEST(WorkloadMemory, IsReadAsGoReadsIt) {
  EXPECT_EQ(parse_go_memory_limit("800MiB"), 800 << 20);
  EXPECT_EQ(parse_go_memory_limit("1000000"), 1000000);
  EXPECT_EQ(parse_go_memory_limit("off"), std::nullopt);
  EXPECT_EQ(parse_go_memory_limit("800Mi"), std::nullopt);
}

}  // namespace
}  // namespace spillway::collector
