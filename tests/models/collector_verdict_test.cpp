// Our verdict on a collector file against the real collector's. Skipped unless SPILLWAY_OTELCOL_0_111 and
// SPILLWAY_OTELCOL_0_159 name the programs (real/collector/build.sh makes them).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "models/collector/config.hpp"

namespace spillway::collector {
namespace {

namespace fs = std::filesystem;

const fs::path kTests = fs::path(SPILLWAY_SOURCE_DIR) / "tests";

struct Program {
  Version version;
  const char* variable;
};
constexpr Program kPrograms[] = {{{0, 111, 0}, "SPILLWAY_OTELCOL_0_111"}, {{0, 159, 0}, "SPILLWAY_OTELCOL_0_159"}};

/// "# key: value" lines at the top of a test file.
struct Header {
  std::map<std::string, std::string> environment;
  std::vector<Version> versions;
  std::string at_start;  ///< the line that says who refuses the file only at start: "# refused at start",
                         ///< "# 0.111 refuses it at start"; empty: nobody
};

Header header_of(const fs::path& file) {
  Header header;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    if (line.find("refuse") != std::string::npos && line.find("at start") != std::string::npos) header.at_start = line;
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string value = line.substr(colon + 2);
    if (line.starts_with("# version")) header.versions.push_back(*parse_version(value));
    if (const std::size_t equals = value.find('='); line.starts_with("# env") && equals != std::string::npos)
      header.environment[value.substr(0, equals)] = value.substr(equals + 1);
  }
  return header;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Starts `program … --config=file` in the file's folder with this environment and nothing else; -1: it cannot.
pid_t launch(const std::string& program, std::vector<std::string> words, const fs::path& file,
             const std::map<std::string, std::string>& environment) {
  words.insert(words.begin(), program);
  words.push_back("--config=" + file.string());
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(name + '=' + value);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, file.parent_path().c_str());
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = -1;
  const int error =
      posix_spawn(&child, program.c_str(), &actions, nullptr, pointers(words).data(), pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? child : -1;
}

/// Exit code of `program validate`.
int validate(const std::string& program, const fs::path& file, const std::map<std::string, std::string>& environment) {
  const pid_t child = launch(program, {"validate"}, file, environment);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Whether the program ends by itself, with an error, within ten seconds of its start.
bool fails_to_start(const std::string& program, const fs::path& file,
                    const std::map<std::string, std::string>& environment) {
  const pid_t child = launch(program, {}, file, environment);
  if (child < 0) return false;
  int status = 0;
  for (int i = 0; i < 200; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) && WEXITSTATUS(status) == 1;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return false;
}

std::vector<fs::path> all_files() {
  std::vector<fs::path> files;
  for (const char* const folder : {"malformed/collector", "models/data/collector"})
    for (const auto& entry : fs::directory_iterator(kTests / folder))
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

class CollectorVerdict : public testing::TestWithParam<fs::path> {};

TEST_P(CollectorVerdict, IsTheRealCollectors) {
  const fs::path& file = GetParam();
  const Header header = header_of(file);
  for (const auto& [version, variable] : kPrograms) {
    const char* const program = std::getenv(variable);
    if (program == nullptr) GTEST_SKIP() << variable << " is not set; real/collector/build.sh builds the program";
    Problems problems;
    const bool ours = load_config({file}, header.environment, version, problems).config.has_value();
    const int real = validate(program, file, header.environment);
    ASSERT_TRUE(real == 0 || real == 1) << "exit code " << real;
    std::string said;
    for (const Problem& problem : problems.all()) said += to_text(problem) + '\n';
    const bool listed =
        header.at_start.starts_with("# 0.111 ") ? version == kPrograms[0].version : !header.at_start.empty();
    if (listed) {
      EXPECT_FALSE(ours) << to_text(version) << " accepts here";
      EXPECT_EQ(real, 0) << to_text(version) << " refuses it before it starts";
      EXPECT_TRUE(fails_to_start(program, file, header.environment)) << to_text(version) << " starts";
      continue;
    }
    EXPECT_EQ(ours, real == 0) << to_text(version) << ": the real one " << (real == 0 ? "accepts" : "refuses")
                               << ", here:\n"
                               << said;
  }
}
INSTANTIATE_TEST_SUITE_P(Files, CollectorVerdict, testing::ValuesIn(all_files()), name_of);

}  // namespace
}  // namespace spillway::collector
