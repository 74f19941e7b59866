// Collector files as people have them, and what a review says of each, as text beside the file. When that changes: look
// at the difference, and if it is meant, SPILLWAY_UPDATE_GOLDEN=1 collector_people_test writes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "models/collector/review/capacity.hpp"
#include "models/collector/review/findings.hpp"
#include "sim/stream.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::collector::review {
namespace {

namespace fs = std::filesystem;

const fs::path kPeople = fs::path(SPILLWAY_SOURCE_DIR) / "tests/models/data/people";

/// "# key: number" lines at the top of a file.
Load load_in(const fs::path& file) {
  Load load;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(2, colon == std::string::npos ? 0 : colon - 2);
    if (key == "traces-per-second") load.traces_per_second = std::stod(line.substr(colon + 2));
    if (key == "spans-per-trace") load.spans_per_trace = std::stod(line.substr(colon + 2));
    if (key == "span-bytes") load.span_bytes = std::stod(line.substr(colon + 2));
  }
  return load;
}

/// The file by its name alone, so that the text is the same everywhere.
Problem here(Problem problem) {
  if (problem.file != kChartFile) problem.file = fs::path(problem.file).filename().string();
  return problem;
}

std::string reviewed(const fs::path& file) {
  Problems problems;
  const LoadedConfig config = load_config({{file}, {}, std::nullopt, {}}, problems);
  std::string out = config.config ? "accepted" : "refused";
  out += " as " + to_text(config.version) + ", " + std::string(to_text(config.workload.form)) + '\n';
  for (const Problem& problem : problems.all()) out += spillway::to_text(here(problem)) + '\n';
  if (!config.tree) return out;
  const Facts facts = facts_of(config, load_in(file));
  for (Finding finding : find_traps(facts)) {
    finding.problem = here(finding.problem);
    finding.problem.source_line.clear();
    out += to_text(finding) + '\n';
  }
  if (!config.config) return out;
  for (const NotModelled& item : config.config->not_modelled)
    out += "not modelled (" + item.effect + "): " + item.what + '\n';
  for (const Capacity& one : capacities_of(facts)) {
    const bool high = one.spans_per_second > 50'000 || one.bottleneck.starts_with("cpu");  // calibrated elsewhere
    out +=
        "capacity to " + one.exporter + ": " +
        (high ? "cpu, or more than 50 000 spans/s" : count_text(one.spans_per_second) + " spans/s, " + one.bottleneck);
    out += '\n';
  }
  return out;
}

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kPeople))
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}

class PeoplesCollector : public testing::TestWithParam<fs::path> {};

TEST_P(PeoplesCollector, IsReviewedAsWrittenBesideIt) {
  fs::path golden = GetParam();
  golden.replace_extension(".txt");
  const std::string result = reviewed(GetParam());
  if (std::getenv("SPILLWAY_UPDATE_GOLDEN") != nullptr) std::ofstream{golden, std::ios::binary} << result;
  EXPECT_EQ(content_of(golden), result) << "if this is meant: SPILLWAY_UPDATE_GOLDEN=1 collector_people_test";
}
INSTANTIATE_TEST_SUITE_P(Files, PeoplesCollector, testing::ValuesIn(files()), name_of);

// Hostile input

const std::vector<std::string> kTokens{
    "",         "null",     "~",      "[]",    "{}",        "[",    "]",
    "{",        "}",        ":",      "- ",    "-1",        "0",    "nan",
    "1e999",    "true",     "\"",     "'",     "\"\\x00\"", "\t",   "*a",
    "&a ",      "<<:",      "|",      "---\n", "${",        "${a}", "$$",
    "kind: ",   "::",       "10s",    "%",     "\n",        " ",    "9223372036854775807",
    "config: ", "items: [", "data:\n"};

/// The text with a few places struck: a token put in, a piece taken out or doubled.
std::string damaged(std::string text, std::uint64_t number) {
  Draws draws{StreamKey{20261121}, number};
  const auto below = [&draws](std::size_t n) { return n == 0 ? 0 : draws.bits() % n; };
  for (std::size_t i = 0; i <= below(4); ++i) {
    const std::size_t at = below(text.size());
    const std::size_t length = below(std::min<std::size_t>(40, text.size() - at) + 1);
    switch (below(3)) {
      case 0:
        text.insert(at, kTokens[below(kTokens.size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
    }
  }
  return text;
}

TEST_P(PeoplesCollector, NeverCrashesAReviewWhenDamaged) {
  const std::string text = content_of(GetParam());
  const Workspace folder;
  for (std::uint64_t number = 0; number < 60; ++number) {
    const fs::path file = folder.write("damaged.yaml", damaged(text, number));
    const std::string result = reviewed(file);
    const bool refused = result.starts_with("refused");
    EXPECT_EQ(refused, result.find(": error: ") != std::string::npos) << number << ": " << result;
  }
}

/// Six lines an exporter, each in a pipeline of its own.
std::string long_file(int count) {
  std::string exporters = "exporters:\n";
  std::string pipelines = "service:\n  pipelines:\n";
  for (int i = 0; i < count; ++i) {
    const std::string id = std::to_string(i);
    exporters +=
        "  otlphttp/" + id + ":\n    endpoint: http://b" + id + ":1\n    sending_queue:\n      queue_size: 100\n";
    pipelines +=
        "    traces/" + id + ":\n      {receivers: [otlp], processors: [batch], exporters: [otlphttp/" + id + "]}\n";
  }
  return "receivers: {otlp: {protocols: {http: }}}\nprocessors: {batch: {}}\n" + exporters + pipelines;
}

TEST(CollectorReview, OfAThousandLinesIsWhole) {
  const Workspace folder;
  const std::string text = long_file(166);
  EXPECT_GE(std::ranges::count(text, '\n'), 998);
  const std::string result = reviewed(folder.write("long.yaml", text));
  EXPECT_TRUE(result.starts_with("accepted")) << result.substr(0, 400);
  EXPECT_NE(result.find("capacity to otlphttp/165: "), std::string::npos);
}

TEST(CollectorReview, LeavesAFileThatNobodyWroteUnreviewed) {
  const Workspace folder;
  Problems problems;
  const LoadedConfig config =
      load_config({{folder.write("long.yaml", long_file(1100))}, {}, std::nullopt, {}}, problems);
  ASSERT_TRUE(config.config);
  const Facts facts = facts_of(config, {});
  EXPECT_TRUE(facts.too_large);
  EXPECT_TRUE(find_traps(facts).empty());
  EXPECT_TRUE(capacities_of(facts).empty());
}

}  // namespace
}  // namespace spillway::collector::review
