#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

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
