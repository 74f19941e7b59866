#include "real/local/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace spillway::real {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() { fs::create_directories(folder_); }
  ~ProcessTest() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::path{::testing::TempDir()} / ("process_test." + std::to_string(getpid()));
};

TEST_F(ProcessTest, RunsWithExactlyTheGivenEnvironmentAndPath) {
  setenv("SPILLWAY_STRAY", "1", 1);
  const fs::path out = folder_ / "out";
  Process env{{.argv = {"env"}, .environment = {{"COLOUR", "blue"}}, .stdout_file = out}};
  const auto end = env.wait(10s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 0);
  const std::string text = content(out);
  EXPECT_NE(text.find("COLOUR=blue\n"), std::string::npos);
  EXPECT_NE(text.find("PATH="), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
}

TEST_F(ProcessTest, KeepsOutputAndErrorsApartAndAppends) {
  const fs::path out = folder_ / "out";
  const fs::path err = folder_ / "err";
  for (int i = 0; i < 2; ++i) {
    Process shell{{.argv = {"sh", "-c", "pwd; echo oops >&2; exit 7"},
                   .working_directory = folder_,
                   .stdout_file = out,
                   .stderr_file = err}};
    const auto end = shell.wait(10s);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->text(), "exit code 7");
  }
  EXPECT_EQ(content(err), "oops\noops\n");
  EXPECT_EQ(content(out), folder_.string() + "\n" + folder_.string() + "\n");
}

TEST_F(ProcessTest, WaitsNoLongerThanItIsTold) {
  Process sleep{{.argv = {"sleep", "60"}}};
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(sleep.wait(100ms));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_TRUE(sleep.running());
  sleep.signal(SIGTERM);
  const auto end = sleep.wait(10s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->text(), "signal 15");
  sleep.signal(SIGTERM);  // no effect, and no harm to whoever has the id now
}

TEST_F(ProcessTest, IsKilledWhenNobodyHoldsIt) {
  pid_t pid = 0;
  {
    Process sleep{{.argv = {"sleep", "60"}}};
    pid = sleep.pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(ProcessTest, MeasuresCpuAndMemoryWhileItRunsAndAfterwards) {
  Process busy{{.argv = {"sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 60"}}};
  while (busy.running() && busy.usage().cpu_user < 0.05) std::this_thread::sleep_for(10ms);
  EXPECT_GT(busy.usage().rss, 100'000);
  EXPECT_GE(busy.usage().rss_peak, busy.usage().rss);
  busy.signal(SIGKILL);
  ASSERT_TRUE(busy.wait(10s));
  EXPECT_GE(busy.usage().cpu_user, 0.03);
  EXPECT_EQ(busy.usage().rss, 0);
}

TEST_F(ProcessTest, ShowsAProgramAsManyCpusAsItIsGiven) {
  const fs::path out = folder_ / "out";
  Process count{{.argv = {"nproc"}, .stdout_file = out, .cpus = 1}};
  ASSERT_TRUE(count.wait(10s));
  EXPECT_EQ(content(out), "1\n");
  EXPECT_THROW((Process{{.argv = {"nproc"}, .cpus = 100'000}}), std::runtime_error);
}

TEST_F(ProcessTest, SaysWhyAProgramCannotBeStarted) {
  const auto reason = [](const ProgramSpec& spec) -> std::string {
    try {
      Process process{spec};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "started";
  };
  EXPECT_EQ(reason({.argv = {"/no/such/program"}}), "cannot start /no/such/program: No such file or directory");
  EXPECT_EQ(reason({.argv = {"sleep"}, .working_directory = "/no/folder"}), "cannot start sleep: no folder /no/folder");
  EXPECT_EQ(reason({.argv = {"sleep"}, .stdout_file = "/no/folder/out"}),
            "cannot start sleep: cannot write /no/folder/out: No such file or directory");
}

TEST(Tool, ReadsItsInputAndReportsItsOutput) {
  const ToolResult result = run_tool({"sh", "-c", "cat; echo done >&2; exit 3"}, "hello\n");
  EXPECT_EQ(result.output, "hello\ndone\n");
  EXPECT_EQ(result.end.exit_code, 3);
  EXPECT_FALSE(find_program("sh").empty());
  EXPECT_TRUE(find_program("no-such-program-here").empty());
}

}  // namespace
}  // namespace spillway::real
