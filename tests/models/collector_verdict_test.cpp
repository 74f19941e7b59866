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
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/review/facts.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway::collector {
namespace {

namespace fs = std::filesystem;

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
  bool is_a_race = false;  ///< "# a race: …": the real one mostly refuses it at start, and sometimes gets by
};

Header header_of(const fs::path& file) {
  Header header;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    if (line.find("refuse") != std::string::npos && line.find("at start") != std::string::npos) header.at_start = line;
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string value = line.substr(colon + 2);
    if (line.starts_with("# a race:")) header.is_a_race = true;
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
  for (const char* const folder : {"malformed/collector", "models/data/collector", "models/data/people",
                                   "models/data/traps", "models/data/wrapped"})
    for (const auto& entry : fs::recursive_directory_iterator(kTests / folder))
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  const bool trap = info.param.string().find("/traps/") != std::string::npos;
  std::string name = (trap ? info.param.parent_path().filename().string() + '_' : "") + info.param.stem().string();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

/// What the program prints when asked for its components; asked once.
const std::string& components_of(const std::string& program) {
  static std::map<std::string, std::string> known;
  const auto [found, asked_first] = known.try_emplace(program);
  std::string& text = found->second;
  if (!asked_first) return text;
  FILE* const pipe = popen(("'" + program + "' components").c_str(), "r");
  if (pipe == nullptr) return text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  pclose(pipe);
  return text;
}

/// Those of one kind: "receivers:", then "    - name: otlp" and more below it until the next line without indentation.
std::set<std::string> names_in(const std::string& components, Kind kind) {
  std::set<std::string> names;
  std::istringstream lines(components);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' ')) inside = line == std::string(section_of(kind)) + ':';
    if (const std::size_t at = line.find("- name: "); inside && at != std::string::npos)
      names.insert(line.substr(at + 8));
  }
  return names;
}

/// Whether this build of the program has what the file needs; a type that we do not know is for it to refuse.
bool is_built_with(const std::string& components, const LoadedConfig& config) {
  if (!config.tree) return true;
  const review::Facts facts = review::facts_of(config, {});
  return std::ranges::all_of(facts.parts, [&](const review::Part& part) {
    const auto listed = [&](const std::string& name) { return names_in(components, part.kind).contains(name); };
    const bool known = find_type(part.kind, part.written_type, facts.semantics) != nullptr;
    return !known || listed(part.type) || listed(part.written_type);
  });
}

/// The file as the program can read it: what is wrapped is written out.
class PlainFile {
 public:
  PlainFile(const fs::path& file, const Workspace& folder) : path_(file) {
    const std::string text = plain_config({file}, "");
    if (!text.empty()) path_ = folder.write("plain.yaml", text);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class CollectorVerdict : public testing::TestWithParam<fs::path> {};

void judge(const fs::path& file, const Header& header, const std::string& program, Version version) {
  Problems problems;
  const LoadedConfig loaded = load_config({{file}, header.environment, version, {}}, problems);
  if (!is_built_with(components_of(program), loaded)) return;
  std::map<std::string, std::string> environment = header.environment;
  environment.insert(loaded.workload.environment.begin(), loaded.workload.environment.end());
  const Workspace folder;
  const PlainFile plain(file, folder);
  const bool ours = loaded.config.has_value();
  const int real = validate(program, plain.path(), environment);
  ASSERT_TRUE(real == 0 || real == 1) << "exit code " << real;
  std::string said;
  for (const Problem& problem : problems.all()) said += to_text(problem) + '\n';
  const bool listed =
      header.at_start.starts_with("# 0.111 ") ? version == kPrograms[0].version : !header.at_start.empty();
  if (listed) {
    EXPECT_FALSE(ours) << to_text(version) << " accepts here";
    EXPECT_EQ(real, 0) << to_text(version) << " refuses it before it starts";
    bool fails = fails_to_start(program, plain.path(), environment);
    for (int tries = 1; header.is_a_race && !fails && tries < 4; ++tries)
      fails = fails_to_start(program, plain.path(), environment);
    EXPECT_TRUE(fails) << to_text(version) << " starts";
    return;
  }
  EXPECT_EQ(ours, real == 0) << to_text(version) << ": the real one " << (real == 0 ? "accepts" : "refuses")
                             << ", here:\n"
                             << said;
}

TEST_P(CollectorVerdict, IsTheRealCollectors) {
  const Header header = header_of(GetParam());
  for (const auto& [version, variable] : kPrograms) {
    const char* const program = std::getenv(variable);
    if (program == nullptr) GTEST_SKIP() << variable << " is not set; real/collector/build.sh builds the program";
    judge(GetParam(), header, program, version);
  }
}
INSTANTIATE_TEST_SUITE_P(Files, CollectorVerdict, testing::ValuesIn(all_files()), name_of);

}  // namespace
}  // namespace spillway::collector
