// Every file of tests/malformed/scenario is refused with the messages that it promises in its first lines
// (`# expect: line:column: error: …`), or in a file beside it when it cannot hold comments.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

const std::filesystem::path kFolder = kTests / "malformed/scenario";

std::vector<std::string> faults() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{kFolder}) {
    const bool is_case = entry.path().extension() == ".yaml" && entry.path().stem() != "collector";
    if (is_case) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> expectations(const std::string& fault) {
  const std::filesystem::path sidecar = kFolder / (fault + ".expected");
  std::istringstream lines{content_of(std::filesystem::exists(sidecar) ? sidecar : kFolder / (fault + ".yaml"))};
  std::vector<std::string> expected;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view prefix = "# expect: ";
    if (line.starts_with(prefix)) expected.push_back(line.substr(prefix.size()));
  }
  return expected;
}

class MalformedScenario : public testing::TestWithParam<std::string> {};

TEST_P(MalformedScenario, IsRefusedWithThePromisedMessages) {
  const Stopwatch stopwatch;
  const Reading reading = read_file(kFolder / (GetParam() + ".yaml"));
  const double took = stopwatch.seconds();

  EXPECT_FALSE(reading.scenario);
  EXPECT_EQ(reading.failure, LoadFailure::input);
  EXPECT_LT(took, 1 * kPatience);
  const std::vector<std::string> expected = expectations(GetParam());
  ASSERT_FALSE(expected.empty());
  for (const std::string& text : expected)
    EXPECT_NE(reading.text.find(text), std::string::npos) << text << "\n" << reading.text;
  const auto errors = std::count_if(reading.problems.all().begin(), reading.problems.all().end(),
                                    [](const Problem& p) { return p.severity == Problem::Severity::error; });
  EXPECT_EQ(errors, static_cast<std::ptrdiff_t>(expected.size())) << reading.text;
}

TEST(MalformedScenarios, AreMany) { EXPECT_GE(faults().size(), 170u); }

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Fault, MalformedScenario, testing::ValuesIn(faults()), test_name);

}  // namespace
}  // namespace spillway
