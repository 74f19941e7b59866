#include "real/stores/cri_log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace spillway::real {
namespace {

namespace fs = std::filesystem;

class CriLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "spillway-cri-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream in{folder_ / "pod/app/0.log"};
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  fs::path folder_;
};

TEST_F(CriLogTest, WritesEveryLineWithTimeAndStream) {
  CriLog log{folder_ / "pipe", folder_ / "pod/app/0.log"};
  std::ofstream{log.pipe()} << "{\"message\":\"one\"}\n" << "two\nthr" << std::flush << "ee\n";
  log.stop();
  ASSERT_EQ(log.lines(), 3);
  const std::vector<std::string> written = lines();
  ASSERT_EQ(written.size(), 3U);
  const std::regex form{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout F (.*))"};
  std::smatch match;
  ASSERT_TRUE(std::regex_match(written[0], match, form)) << written[0];
  EXPECT_EQ(match[1], "{\"message\":\"one\"}");
  ASSERT_TRUE(std::regex_match(written[2], match, form)) << written[2];
  EXPECT_EQ(match[1], "three");
}

TEST_F(CriLogTest, SurvivesWritersThatComeAndGo) {
  CriLog log{folder_ / "pipe", folder_ / "pod/app/0.log"};
  for (int i = 0; i < 3; ++i) std::ofstream{log.pipe()} << "line\n";
  log.stop();
  EXPECT_EQ(log.lines(), 3);
}

TEST_F(CriLogTest, CutsLongLinesInPartsAsRuntimesDo) {
  CriLog log{folder_ / "pipe", folder_ / "pod/app/0.log"};
  std::ofstream{log.pipe()} << std::string(40'000, 'x') << "\nshort\n";
  log.stop();
  EXPECT_EQ(log.lines(), 2);
  const std::vector<std::string> written = lines();
  ASSERT_EQ(written.size(), 4U);
  EXPECT_NE(written[0].find(" stdout P "), std::string::npos);
  EXPECT_NE(written[1].find(" stdout P "), std::string::npos);
  EXPECT_NE(written[2].find(" stdout F "), std::string::npos);
  EXPECT_TRUE(written[3].ends_with(" stdout F short"));
}

}  // namespace
}  // namespace spillway::real
