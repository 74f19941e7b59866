#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <tuple>

#include "models/collector/config.hpp"

namespace spillway::collector {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path kTests = fs::path(SPILLWAY_SOURCE_DIR) / "tests";
constexpr Version kOld{0, 111, 0};
constexpr Version kNew{0, 159, 0};

/// "# key: value" lines at the top of a test file.
struct Header {
  std::vector<std::string> expect;
  std::map<std::string, std::string> environment;
  std::vector<Version> versions;
};

Header header_of(const fs::path& file) {
  Header header;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(2, colon - 2);
    const std::string value = line.substr(colon + 2);
    if (key == "expect") header.expect.push_back(value);
    if (key == "version") header.versions.push_back(*parse_version(value));
    if (const std::size_t equals = value.find('='); key == "env" && equals != std::string::npos)
      header.environment[value.substr(0, equals)] = value.substr(equals + 1);
  }
  if (header.versions.empty()) header.versions = {kOld, kNew};
  return header;
}

std::string all_text(const Problems& problems) {
  std::string all;
  for (const Problem& problem : problems.all()) all += to_text(problem) + '\n';
  return all;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

/// Loads a file that must be accepted.
CollectorConfig accepted(const fs::path& file, Version version) {
  Problems problems;
  LoadedConfig loaded = load_config({file}, header_of(file).environment, version, problems);
  EXPECT_TRUE(loaded.config) << all_text(problems);
  return loaded.config ? *loaded.config : CollectorConfig{};
}

/// A file of its own with this text; gone at the end.
class Scratch {
 public:
  explicit Scratch(const std::string& text, const std::string& name = "collector.yaml") : folder_(make_folder()) {
    add(text, name);
  }
  ~Scratch() { fs::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path add(const std::string& text, const std::string& name) {
    files_.push_back(folder_ / name);
    std::ofstream(files_.back()) << text;
    return files_.back();
  }
  const std::vector<fs::path>& files() const { return files_; }
  const fs::path& file() const { return files_.front(); }

 private:
  static fs::path make_folder() {
    std::string pattern = (fs::temp_directory_path() / "spillway-XXXXXX").string();
    return mkdtemp(pattern.data());
  }
  fs::path folder_;
  std::vector<fs::path> files_;
};

TEST(CollectorConfig, ReadsAZipkinToGrafanaCloudFile) {
  for (const Version version : {kOld, Version{0, 114, 0}, kNew}) {
    const CollectorConfig config = accepted(kTests / "models/data/collector/zipkin-to-grafana-cloud.yaml", version);
    ASSERT_EQ(config.receivers.size(), 1u);
    EXPECT_EQ(std::get<ZipkinReceiverConfig>(config.receivers[0].config).endpoint, "0.0.0.0:9411");
    EXPECT_EQ(std::get<BatchConfig>(config.processors.at(0).config).send_batch_size, 8192);
    const auto& exporter = std::get<OtlpHttpExporterConfig>(config.exporters.at(0).config);
    EXPECT_EQ(config.exporters[0].id, "otlphttp/grafana_cloud");
    EXPECT_EQ(exporter.traces_url(), "https://tempo.example/otlp/v1/traces");
    EXPECT_EQ(exporter.auth, "basicauth/grafana_cloud");
    const auto& basic = std::get<BasicAuthConfig>(config.extensions.at(1).config);
    EXPECT_TRUE(basic.client);
    EXPECT_EQ(basic.username, "123456");
    EXPECT_EQ(basic.password, "0123");
    EXPECT_EQ(config.service_extensions, (std::vector<std::string>{"health_check", "basicauth/grafana_cloud"}));
    ASSERT_EQ(config.not_modelled.size(), 1u);
    EXPECT_EQ(config.not_modelled[0].what, "extension health_check");
    EXPECT_EQ(config.not_modelled[0].effect, "no effect on the result");
  }
}

const fs::path kData = kTests / "models/data/collector";

/// What a configuration with this processor, exporter and rest loads as.
struct Loaded {
  std::optional<CollectorConfig> config;
  std::string said;
  LoadFailure failure = LoadFailure::none;
};

Loaded load(const std::vector<fs::path>& files, Version version = kNew,
            const std::map<std::string, std::string>& environment = {}) {
  Problems problems;
  LoadedConfig loaded = load_config(files, environment, version, problems);
  return {std::move(loaded.config), all_text(problems), loaded.failure};
}

/// Text that loads: one receiver, one batch processor with these settings, one exporter with those.
std::string text_with(const std::string& batch, const std::string& exporter = "", const std::string& telemetry = "") {
  return "receivers: {otlp: {protocols: {http: }}}\n"
         "processors: {batch: {" +
         batch +
         "}}\n"
         "exporters: {otlphttp: {endpoint: 'http://b:1', " +
         exporter +
         "}}\n"
         "service:\n"
         "  telemetry: {" +
         telemetry +
         "}\n"
         "  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}\n";
}

Loaded load_text(const std::string& text, Version version = kNew,
                 const std::map<std::string, std::string>& environment = {}) {
  const Scratch scratch(text);
  return load(scratch.files(), version, environment);
}

BatchConfig batch_of(const std::string& settings, Version version = kNew,
                     const std::map<std::string, std::string>& environment = {}) {
  const Loaded loaded = load_text(text_with(settings), version, environment);
  EXPECT_TRUE(loaded.config) << settings << '\n' << loaded.said;
  return loaded.config ? std::get<BatchConfig>(loaded.config->processors.at(0).config) : BatchConfig{};
}

OtlpHttpExporterConfig exporter_of(const std::string& settings, Version version = kNew,
                                   const std::map<std::string, std::string>& environment = {}) {
  const Loaded loaded = load_text(text_with("", settings), version, environment);
  EXPECT_TRUE(loaded.config) << settings << '\n' << loaded.said;
  return loaded.config ? std::get<OtlpHttpExporterConfig>(loaded.config->exporters.at(0).config)
                       : OtlpHttpExporterConfig{};
}

TEST(CollectorConfig, ReadsEveryModelledSetting) {
  const CollectorConfig config = accepted(kData / "every-modelled-setting.yaml", kNew);
  const auto& otlp = std::get<OtlpReceiverConfig>(config.receivers.at(0).config);
  EXPECT_EQ(otlp.grpc_endpoint, "localhost:4317");
  EXPECT_EQ(otlp.http_endpoint, "0.0.0.0:4318");
  EXPECT_EQ(otlp.http_max_request_body_size, 1048576);
  EXPECT_EQ(otlp.http_traces_url_path, "/otlp/traces");
  EXPECT_EQ(otlp.http_auth, "basicauth/in");
  EXPECT_TRUE(std::get<ZipkinReceiverConfig>(config.receivers.at(1).config).parse_string_tags);
  const auto& limiter = std::get<MemoryLimiterConfig>(config.processors.at(0).config);
  EXPECT_EQ(limiter.check_interval, 1s);
  EXPECT_EQ(limiter.limit_mib, 400);
  EXPECT_EQ(limiter.spike_limit_mib, 100);
  const auto& batch = std::get<BatchConfig>(config.processors.at(1).config);
  EXPECT_EQ(batch.timeout, 90s);
  EXPECT_EQ(batch.send_batch_max_size, 2000);
  EXPECT_EQ(batch.metadata_keys, (std::vector<std::string>{"tenant", "region"}));
  EXPECT_EQ(config.telemetry.level, "detailed");
  EXPECT_EQ(config.telemetry.host, "0.0.0.0");
  EXPECT_EQ(config.telemetry.port, 9999);
}

TEST(CollectorConfig, ReadsEveryModelledSettingOfTheExporter) {
  const CollectorConfig config = accepted(kData / "every-modelled-setting.yaml", kOld);
  const auto& exporter = std::get<OtlpHttpExporterConfig>(config.exporters.at(0).config);
  EXPECT_EQ(exporter.traces_url(), "https://backend.example/otlp/v1/traces");
  EXPECT_EQ(exporter.timeout, 5s);
  EXPECT_EQ(exporter.compression, "zstd");
  EXPECT_EQ(exporter.encoding, "json");
  EXPECT_EQ(exporter.retry_on_failure.max_elapsed_time, 0s);
  EXPECT_EQ(exporter.retry_on_failure.multiplier, 2);
  EXPECT_EQ(exporter.retry_on_failure.randomization_factor, 0);
  EXPECT_EQ(exporter.sending_queue.num_consumers, 4);
  EXPECT_EQ(exporter.sending_queue.queue_size, 50);
  EXPECT_EQ(std::get<DebugExporterConfig>(config.exporters.at(1).config).verbosity, "detailed");
  const auto& basic = std::get<BasicAuthConfig>(config.extensions.at(0).config);
  EXPECT_EQ(basic.users, (std::map<std::string, std::string>{{"ann", "secret"}, {"bob", "other:secret"}}));
  EXPECT_EQ(config.pipelines.at(1).id, "traces/legacy");
  EXPECT_EQ(config.pipelines.at(1).exporters, (std::vector<std::string>{"otlphttp/cloud", "debug"}));
}

TEST(CollectorConfig, BatchOfAQueueTakesTheQueuesSizerAndIsOnWhenWritten) {
  const CollectorConfig config = accepted(kData / "exporter-batching.yaml", kNew);
  const auto& batching = std::get<OtlpHttpExporterConfig>(config.exporters.at(0).config);
  EXPECT_EQ(batching.traces_url(), "http://backend:4318/custom");
  ASSERT_TRUE(batching.sending_queue.batch);
  EXPECT_EQ(batching.sending_queue.batch->sizer, Sizer::bytes);
  EXPECT_EQ(batching.sending_queue.batch->max_size, 5000);
  EXPECT_TRUE(batching.sending_queue.wait_for_result && batching.sending_queue.block_on_overflow);
  const auto& defaults = std::get<OtlpHttpExporterConfig>(config.exporters.at(1).config);
  ASSERT_TRUE(defaults.sending_queue.batch);
  EXPECT_EQ(defaults.sending_queue.batch->sizer, Sizer::items);
  EXPECT_EQ(defaults.sending_queue.batch->min_size, 8192);
  const auto& direct = std::get<OtlpHttpExporterConfig>(config.exporters.at(2).config);
  EXPECT_FALSE(direct.sending_queue.enabled);
  EXPECT_FALSE(direct.retry_on_failure.enabled);
}

TEST(CollectorConfig, ExpandsExpressions) {
  const fs::path file = kData / "expansions.yaml";
  const CollectorConfig config = accepted(file, kNew);
  EXPECT_EQ(std::get<OtlpReceiverConfig>(config.receivers.at(0).config).http_endpoint, "localhost:4400");
  const auto& batch = std::get<BatchConfig>(config.processors.at(0).config);
  EXPECT_EQ(batch.timeout, 3s);
  EXPECT_EQ(batch.send_batch_size, 16);
  EXPECT_EQ(batch.send_batch_max_size, 0x7fff);
  EXPECT_EQ(batch.metadata_keys, (std::vector<std::string>{"a", "b"}));
  const auto& exporter = std::get<OtlpHttpExporterConfig>(config.exporters.at(0).config);
  EXPECT_EQ(exporter.endpoint, "http://backend:0080/$x");
  EXPECT_EQ(exporter.sending_queue.queue_size, 5);
  const auto& basic = std::get<BasicAuthConfig>(config.extensions.at(0).config);
  EXPECT_EQ(basic.username, "0123") << "the text as it was, not the octal number";
  EXPECT_EQ(basic.password, "\"q\"") << "quotes inside a variable stay";
}

TEST(CollectorConfig, StopsExpandingBehindAnEscapedExpression) {
  const std::map<std::string, std::string> environment{{"A", "x"}};
  EXPECT_EQ(exporter_of("traces_endpoint: 'http://b/$${A}-${A}'", kNew, environment).traces_endpoint,
            "http://b/${A}-${A}");
  EXPECT_EQ(exporter_of("traces_endpoint: 'http://b/$$${A}'", kNew, environment).traces_endpoint, "http://b/$x");
}

TEST(CollectorConfig, KnowsNoEnvironmentButTheOneItIsGiven) {
  ASSERT_EQ(setenv("SPILLWAY_TEST_SIZE", "5", 1), 0);
  const Loaded loaded = load_text(text_with("send_batch_size: '${env:SPILLWAY_TEST_SIZE}'"));
  EXPECT_NE(loaded.said.find("environment variable SPILLWAY_TEST_SIZE is not set"), std::string::npos);
}

TEST(CollectorConfig, AnUnsetVariableIsZeroForANumberAndEmptyForAText) {
  const Loaded loaded = load_text(text_with("send_batch_size: '${env:SIZE}'", "encoding: 'json${env:NOTHING}'"));
  ASSERT_TRUE(loaded.config) << loaded.said;
  EXPECT_EQ(std::get<BatchConfig>(loaded.config->processors[0].config).send_batch_size, 0);
  EXPECT_EQ(std::get<OtlpHttpExporterConfig>(loaded.config->exporters[0].config).encoding, "json");
}

TEST(CollectorConfig, IncludesFilesFromTheFolderOfTheFile) {
  Scratch scratch(text_with("send_batch_size: '${file:size.txt}'"));
  scratch.add("12\n", "size.txt");
  const Loaded loaded = load({scratch.file()});
  ASSERT_TRUE(loaded.config) << loaded.said;
  EXPECT_EQ(std::get<BatchConfig>(loaded.config->processors[0].config).send_batch_size, 12);
}

TEST(CollectorConfig, LaterFilesWin) {
  Scratch scratch(text_with("timeout: 1s, metadata_keys: [a, b]"));
  scratch.add("processors: {batch: {send_batch_size: 7, metadata_keys: [c]}}\n", "two.yaml");
  scratch.add("processors::batch::timeout: 2s\n", "three.yaml");
  const Loaded loaded = load(scratch.files());
  ASSERT_TRUE(loaded.config) << loaded.said;
  const auto& batch = std::get<BatchConfig>(loaded.config->processors[0].config);
  EXPECT_EQ(batch.timeout, 2s);
  EXPECT_EQ(batch.send_batch_size, 7);
  EXPECT_EQ(batch.metadata_keys, std::vector<std::string>{"c"}) << "lists are replaced, not joined";
}

TEST(CollectorConfig, PointsIntoTheFileThatSaidIt) {
  Scratch scratch(text_with(""));
  const fs::path second = scratch.add("\nprocessors:\n  batch:\n    timeout: soon\n", "two.yaml");
  const Loaded loaded = load(scratch.files());
  EXPECT_NE(loaded.said.find(second.string() + ":4:14: error: processors.batch.timeout"), std::string::npos)
      << loaded.said;
}

TEST(CollectorConfig, ANullOverAMapRemovesIt) {
  Scratch scratch(text_with(""));
  scratch.add("exporters:\n", "two.yaml");
  const Loaded loaded = load(scratch.files());
  EXPECT_NE(loaded.said.find("no exporter configuration specified"), std::string::npos) << loaded.said;
}

TEST(CollectorConfig, ANullScalarIsZeroSince0127AndTheDefaultBefore) {
  EXPECT_EQ(batch_of("send_batch_size: null", {0, 127, 0}).send_batch_size, 0);
  EXPECT_EQ(batch_of("send_batch_size: null", {0, 126, 0}).send_batch_size, 8192);
}

struct Scalar {
  std::string text;
  std::int64_t size;
};
class CollectorNumber : public testing::TestWithParam<Scalar> {};
TEST_P(CollectorNumber, IsReadAsGoReadsIt) {
  EXPECT_EQ(batch_of("send_batch_size: " + GetParam().text).send_batch_size, GetParam().size) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Texts, CollectorNumber,
                         testing::Values(Scalar{"0x10", 16}, Scalar{"010", 8}, Scalar{"0o17", 15}, Scalar{"0b11", 3},
                                         Scalar{"1_000", 1000}, Scalar{"08", 8}, Scalar{"+5", 5}, Scalar{"1.9", 1},
                                         Scalar{"1e3", 1000}, Scalar{"4294967297", 1}));

struct GoDuration {
  std::string text;
  Duration value;
};
class CollectorDuration : public testing::TestWithParam<GoDuration> {};
TEST_P(CollectorDuration, IsReadAsGoReadsIt) {
  EXPECT_EQ(batch_of("timeout: " + GetParam().text).timeout, GetParam().value) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Texts, CollectorDuration,
                         testing::Values(GoDuration{"200ms", 200ms}, GoDuration{"1m30s", 90s}, GoDuration{".5s", 500ms},
                                         GoDuration{"1.5h", 90min}, GoDuration{"1h2m3s4ms5us6ns", 3723004005006ns},
                                         GoDuration{"+3s", 3s}, GoDuration{"'0'", 0s}, GoDuration{"1\u00b5s", 1us},
                                         GoDuration{"10", 10ns}, GoDuration{"2.5", 2ns},
                                         GoDuration{"1.0000000019s", 1000000001ns}));

TEST(CollectorConfig, WarnsOfADurationWithoutUnit) {
  const Loaded loaded = load_text(text_with("timeout: 10"));
  EXPECT_TRUE(loaded.config);
  EXPECT_NE(loaded.said.find("warning: processors.batch.timeout: a number without unit counts nanoseconds; write 10s"),
            std::string::npos)
      << loaded.said;
}

TEST(CollectorConfig, WarnsOfAnEndpointWithoutScheme) {
  const Loaded loaded = load_text(text_with("", "traces_endpoint: 'backend:4318'"));
  EXPECT_TRUE(loaded.config);
  EXPECT_NE(loaded.said.find("unsupported protocol scheme"), std::string::npos) << loaded.said;
}

TEST(CollectorConfig, KnowsTypesByOldAndNewNames) {
  for (const char* const id : {"otlphttp", "otlp_http"}) {
    const std::string text =
        "receivers: {otlp: {protocols: {http: }}}\nexporters: {" + std::string(id) +
        ": {endpoint: 'http://b:1'}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [" + id + "]}}}\n";
    const Loaded loaded = load_text(text);
    ASSERT_TRUE(loaded.config) << loaded.said;
    EXPECT_EQ(loaded.config->exporters[0].id, id);
    EXPECT_TRUE(std::holds_alternative<OtlpHttpExporterConfig>(loaded.config->exporters[0].config));
  }
}

TEST(CollectorConfig, ReadsFileStorage) {
  for (const Version version : {kOld, kNew}) {
    const CollectorConfig config = accepted(kData / "file-storage.yaml", version);
    ASSERT_EQ(config.extensions.size(), 1u);
    const auto& storage = std::get<FileStorageConfig>(config.extensions[0].config);
    EXPECT_EQ(storage.directory, "/tmp");
    EXPECT_EQ(storage.compaction_directory, "/tmp");
    EXPECT_TRUE(storage.compacts);
    EXPECT_EQ(std::get<OtlpHttpExporterConfig>(config.exporters[0].config).sending_queue.storage, "file_storage/queue");
    std::vector<std::string> listed;
    for (const NotModelled& one : config.not_modelled) listed.push_back(one.what + ": " + one.effect);
    EXPECT_EQ(listed, (std::vector<std::string>{"extension file_storage/queue compaction.on_rebound: unknown",
                                                "extension file_storage/queue fsync: unknown"}));
  }
}

TEST(CollectorConfig, ListsWhatIsNotModelledAndInUse) {
  const CollectorConfig config = accepted(kData / "types-not-modelled.yaml", kNew);
  std::vector<std::string> listed;
  for (const NotModelled& one : config.not_modelled) listed.push_back(one.what + ": " + one.effect);
  EXPECT_EQ(listed, (std::vector<std::string>{
                        "receiver otlp protocols.http.cors: no effect on the result",
                        "receiver otlp protocols.http.include_metadata: no effect on the result",
                         "exporter otlphttp tls: unknown",
                         "exporter otlphttp headers: size only", "exporter prometheus: unknown",
                        "extension health_check: no effect on the result",
                        "pipeline metrics: processor attributes: unknown"}));
  EXPECT_EQ(config.connectors, std::vector<std::string>{"forward"});
}

TelemetryConfig telemetry_of(const std::string& metrics, Version version) {
  const Loaded loaded = load_text(text_with("", "", "metrics: {" + metrics + "}"), version);
  EXPECT_TRUE(loaded.config) << loaded.said;
  return loaded.config ? loaded.config->telemetry : TelemetryConfig{};
}

const std::string kReader = "readers: [{pull: {exporter: {prometheus: {host: h, port: 9000%}}}}]";
std::string reader_with(const std::string& more) {
  std::string text = kReader;
  return text.replace(text.find('%'), 1, more);
}

TEST(CollectorTelemetry, SuffixesDependOnTheVersionAndTheReader) {
  const std::string off = ", without_type_suffix: true, without_units: true, without_scope_info: true";
  for (const auto& [version, implicit, plain, without, with] :
       {std::tuple{Version{0, 111, 0}, false, false, false, false},
        {Version{0, 119, 0}, false, true, false, true},
        {Version{0, 151, 0}, false, true, false, true},
        {Version{0, 152, 0}, false, false, false, true}}) {
    EXPECT_EQ(telemetry_of("", version).suffixes, implicit) << to_text(version);
    EXPECT_EQ(telemetry_of(reader_with(""), version).suffixes, plain) << to_text(version);
    EXPECT_EQ(telemetry_of(reader_with(off), version).suffixes, without) << to_text(version);
    EXPECT_EQ(telemetry_of(reader_with(", without_type_suffix: false"), version).suffixes, with) << to_text(version);
  }
}

TEST(CollectorTelemetry, PageStandsWhereTheFileSays) {
  EXPECT_EQ(telemetry_of("", kNew).port, 8888);
  EXPECT_EQ(telemetry_of(reader_with(""), kNew).port, 9000);
  EXPECT_EQ(telemetry_of("level: none", kNew).port, 0);
  EXPECT_EQ(telemetry_of("readers: [{periodic: {exporter: {console: {}}}}]", kNew).port, 0);
  EXPECT_EQ(telemetry_of("address: '0.0.0.0:9090'", kOld).port, 9090);
  EXPECT_EQ(telemetry_of("address: '0.0.0.0:9090'", {0, 123, 0}).port, 8888) << "known, but without effect";
}

TEST(CollectorConfig, TellsAMissingFileFromABadOne) {
  EXPECT_EQ(load({kTests / "no-such-file.yaml"}).failure, LoadFailure::environment);
  EXPECT_EQ(load_text(text_with("timeout: soon")).failure, LoadFailure::input);
  EXPECT_EQ(load_text(text_with("timeout: '${file:no-such-file}'")).failure, LoadFailure::environment);
  EXPECT_EQ(load_text(text_with("")).failure, LoadFailure::none);
}

TEST(CollectorConfig, ReportsEveryProblemOfAFileInOneGo) {
  const Loaded loaded = load({kTests / "malformed/collector/several-problems.yaml"});
  std::size_t errors = 0;
  for (std::size_t at = loaded.said.find(": error: "); at != std::string::npos;
       at = loaded.said.find(": error: ", at + 1))
    ++errors;
  EXPECT_EQ(errors, 4u) << loaded.said;
}

TEST(CollectorConfig, BoundsWhatExpressionsExpandTo) {
  const std::string text = text_with("", "traces_endpoint: '${env:A}'");
  const std::string big(100'000, 'x');
  const std::map<std::string, std::string> doubling{
      {"A", "${env:B}${env:B}"}, {"B", "${env:C}${env:C}"}, {"C", "${env:D}${env:D}"}, {"D", "${env:E}${env:E}"},
      {"E", "${env:F}${env:F}"}, {"F", "${env:G}${env:G}"}, {"G", "${env:H}${env:H}"}, {"H", big}};
  EXPECT_NE(load_text(text, kNew, doubling).said.find("expand to more than 8 MiB"), std::string::npos);
  const std::map<std::string, std::string> nesting{{"A", "['${env:A}', '${env:A}']"}};
  EXPECT_NE(load_text(text, kNew, nesting).said.find("error"), std::string::npos);
}

TEST(CollectorConfig, SurvivesKeysOfAThousandParts) {
  std::string key;
  for (int i = 0; i < 100'000; ++i) key += "a::";
  EXPECT_FALSE(load_text('"' + key + "\": 1\n").config);
}

/// One to three changes: a byte, a piece taken out, a piece of another file put in.
std::string mutated(std::string text, const std::vector<std::string>& others, std::mt19937& engine) {
  const auto below = [&engine](std::size_t bound) { return bound == 0 ? 0 : engine() % bound; };
  for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
    const std::size_t at = below(text.size());
    const std::string& other = others[below(others.size())];
    switch (below(3)) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, below(20));
        break;
      case 2:
        text.insert(at, other.substr(below(other.size()), below(40)));
        break;
    }
  }
  return text;
}

TEST(CollectorConfig, EveryMutationIsReadOrRefusedWithAReason) {
  std::vector<std::string> texts;
  for (const fs::path& folder : {kData, kTests / "malformed/collector"})
    for (const fs::path& file : files_in(folder)) {
      std::stringstream text;
      text << std::ifstream(file).rdbuf();
      texts.push_back(text.str());
    }
  std::mt19937 engine(20261121);
  for (int i = 0; i < 1500; ++i) {
    const std::string text = mutated(texts[engine() % texts.size()], texts, engine);
    const Loaded loaded = load_text(text, i % 2 == 0 ? kNew : kOld, {{"SIZE", "${env:SIZE}x"}});
    ASSERT_TRUE(loaded.config || loaded.said.find("error") != std::string::npos) << "mutation " << i << '\n' << text;
  }
}

class Malformed : public testing::TestWithParam<fs::path> {};
TEST_P(Malformed, IsRefusedAtItsPlaceAndSaysWhy) {
  const Header header = header_of(GetParam());
  ASSERT_FALSE(header.expect.empty()) << "no '# expect: …' line";
  for (const Version version : header.versions) {
    Problems problems;
    const LoadedConfig loaded = load_config({GetParam()}, header.environment, version, problems);
    EXPECT_FALSE(loaded.config) << "accepted by " << to_text(version);
    EXPECT_NE(loaded.failure, LoadFailure::none);
    const std::string text = all_text(problems);
    for (const std::string& expect : header.expect)
      EXPECT_NE(text.find(expect), std::string::npos) << to_text(version) << " says:\n" << text << "not: " << expect;
  }
}
INSTANTIATE_TEST_SUITE_P(Files, Malformed, testing::ValuesIn(files_in(kTests / "malformed/collector")), name_of);

class Wellformed : public testing::TestWithParam<fs::path> {};
TEST_P(Wellformed, IsAccepted) {
  for (const Version version : header_of(GetParam()).versions) accepted(GetParam(), version);
}
INSTANTIATE_TEST_SUITE_P(Files, Wellformed, testing::ValuesIn(files_in(kTests / "models/data/collector")), name_of);

}  // namespace
}  // namespace spillway::collector
