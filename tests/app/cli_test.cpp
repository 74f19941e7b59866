// The program as its users meet it: exit codes, what goes to which stream, results in a folder.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const fs::path& file, const std::string& content) { std::ofstream{file, std::ios::binary} << content; }

struct Result {
  int code = -1;
  std::string out, err;
};

/// Runs the built program in a folder of its own, which goes away afterwards.
class Cli : public testing::Test {
 protected:
  Cli() {
    std::string name = (fs::temp_directory_path() / "spillway-cli-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Cli() override { fs::remove_all(folder_); }

  Result run(const std::string& arguments, const std::string& redirect = "> out") const {
    const std::string command =
        "cd '" + folder_.string() + "' && '" SPILLWAY_BINARY "' " + arguments + " 2> err " + redirect;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(folder_ / "out"), content_of(folder_ / "err")};
  }

  /// Ten posts of ten spans to a collector whose backend stores them, or answers `status`.
  fs::path scenario(const std::string& name, const std::string& more = "", int status = 200) const {
    write(folder_ / "collector.yaml", R"(receivers:
  otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}
exporters:
  otlphttp: {endpoint: http://backend:4318}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlphttp]}
)");
    write(folder_ / name,
          "scenario: small\ndescription: ten posts\nduration: 20s\ndrain: 10s\nreplications: 3\n"
          "places: {here: {}}\n"
          "clients:\n  feeder: {in: here, url: 'http://gateway:4318/v1/traces', spans: 10, count: 10, first: 1s}\n"
          "collectors:\n  gateway: {config: collector.yaml, addresses: [gateway]}\n"
          "backends:\n  backend: {addresses: ['backend:4318'], behaviour: {answer: " +
              std::to_string(status) + "}}\n" + more);
    return folder_ / name;
  }

  fs::path folder_;
};

std::string expecting(const std::string& limits) {
  return "expect:\n  - {figure: ledger.backend.stored, " + limits + "}\n";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Cli, PrintsTheSummaryToStandardOutputAndNothingElse) {
  scenario("small.yaml");
  const Result result = run("run small.yaml");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(result.out.starts_with("small, ten posts")) << result.out;
  EXPECT_TRUE(contains(result.out, "the ledger closes")) << result.out;
}

TEST_F(Cli, GivesTheSameBytesForTheSameInputsAtAnyNumberOfThreads) {
  scenario("small.yaml");
  const Result one = run("run small.yaml --threads 1 --format json");
  const Result four = run("run small.yaml --threads 4 --format json");
  const Result reference = run("run small.yaml --queue reference --format json");
  EXPECT_EQ(one.code, 0);
  EXPECT_EQ(one.out, four.out);
  EXPECT_EQ(one.out, reference.out);
}

TEST_F(Cli, ExitCodeTellsWhatBecameOfTheThresholds) {
  scenario("ok.yaml", expecting("at_least: 100"));
  scenario("failed.yaml", expecting("at_least: 101"));
  scenario("unknown.yaml", "expect:\n  - {figure: ledger.bakcend.stored, at_least: 1}\n");
  EXPECT_EQ(run("run ok.yaml").code, 0);
  EXPECT_EQ(run("run failed.yaml").code, 99);
  EXPECT_EQ(run("run ok.yaml --replications 1").code, 98);
  EXPECT_EQ(run("run ok.yaml failed.yaml").code, 99);
  const Result unknown = run("run unknown.yaml");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_TRUE(contains(unknown.err, "nearest: ledger.backend.stored")) << unknown.err;
}

TEST_F(Cli, ExitCodeTellsTheUsersMistakesFromTheEnvironments) {
  scenario("small.yaml");
  write(folder_ / "bad.yaml", "scenario: x\ndurration: 5s\n");
  for (const char* wrong :
       {"run bad.yaml", "check bad.yaml", "run small.yaml --seed x", "run small.yaml --replications 0",
        "run small.yaml --format xml", "run small.yaml --set nothing", "run small.yaml --set durration=5s",
        "run small.yaml --duration 5", "run small.yaml --threads 0", "run", "", "rnu small.yaml",
        "run small.yaml --nonsense", "schema all", "compare one"}) {
    const Result result = run(wrong);
    EXPECT_EQ(result.code, 2) << wrong;
    EXPECT_EQ(result.out, "") << wrong;
    EXPECT_TRUE(contains(result.err, "error: ")) << wrong << ": " << result.err;
  }
  for (const char* absent : {"run absent.yaml", "check absent.yaml", "check .", "compare absent absent"}) {
    EXPECT_EQ(run(absent).code, 3) << absent;
  }
}

TEST_F(Cli, ReportsEveryProblemOfEveryFileBeforeItRunsAny) {
  scenario("small.yaml");
  write(folder_ / "bad.yaml", "scenario: x\ndurration: 5s\nreplicatoins: 2\n");
  const Result result = run("run small.yaml bad.yaml");
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(contains(result.err, "bad.yaml:2:1: error:")) << result.err;
  EXPECT_TRUE(contains(result.err, "did you mean 'replications'")) << result.err;
}

TEST_F(Cli, RefusesFiguresThatCannotExistBeforeTheRun) {
  scenario("small.yaml", "expect:\n  - {figure: ledger.backend.kept, at_least: 1}\n");
  const Result result = run("check small.yaml");
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "'ledger.backend.kept' is no figure")) << result.err;
}

TEST_F(Cli, RefusesPricesThatCannotBeHadWhereTheyStand) {
  scenario("small.yaml", "links:\n  - {between: [here, backend], latency: 1ms, prices: [gcp-trace, gpc-egress-interregion-us]}\n");
  const Result result = run("run small.yaml");
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "small.yaml:14:5: error: links.0.prices: 'gcp-trace' is a price per million spans")) << result.err;
  EXPECT_TRUE(contains(result.err, "did you mean gcp-egress-interregion-us?")) << result.err;
}

TEST_F(Cli, TheBillIsPartOfTheSummaryAndAFigure) {
  scenario("small.yaml", "expect:\n  - {figure: bill.total, at_most: 3}\n");
  const std::string fee = " --set 'backends.backend.prices=[grafana-platform-fee]'";
  EXPECT_EQ(run("run small.yaml" + fee).code, 99) << "nineteen dollars";
  EXPECT_TRUE(contains(run("run small.yaml" + fee).out, "19 USD per month")) << run("run small.yaml" + fee).out;
  EXPECT_EQ(run("run small.yaml --set 'backends.backend.prices=[gcp-trace]'").code, 0) << "13.1 million spans, 2.5 of them free, at 20 cents";
  const Result none = run("run small.yaml");
  EXPECT_EQ(none.code, 2);
  EXPECT_TRUE(contains(none.err, "give backends, collectors or links `prices`")) << none.err;
}

TEST_F(Cli, SweepsOverAllCombinations) {
  scenario("small.yaml");
  const Result result = run("sweep small.yaml --vary backends.backend.behaviour.answer=200,400 --vary 'clients.feeder.first=1s,2s'");
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char* row : {"200     1s", "200     2s", "400     1s", "400     2s"}) EXPECT_TRUE(contains(result.out, row)) << row << "\n" << result.out;
  EXPECT_TRUE(contains(result.out, "+100 points")) << "all is lost under 400\n" << result.out;
  const Result json = run("sweep small.yaml --vary clients.feeder.count=10,20 --figure ledger.backend.stored --format json");
  EXPECT_TRUE(contains(json.out, "\"mean\": 200.0")) << json.out;
}

TEST_F(Cli, RefusesASweepThatCannotBe) {
  scenario("small.yaml");
  EXPECT_EQ(run("sweep small.yaml").code, 2);
  EXPECT_EQ(run("sweep small.yaml --vary duration").code, 2);
  const Result figure = run("sweep small.yaml --vary duration=10s,20s --figure ledger.backedn.stored");
  EXPECT_EQ(figure.code, 2);
  EXPECT_TRUE(contains(figure.err, "ledger.backend.stored")) << figure.err;
  const Result value = run("sweep small.yaml --vary duration=10s,soon");
  EXPECT_EQ(value.code, 2);
  EXPECT_TRUE(contains(value.err, "duration")) << value.err;
  std::string many = "--vary seed=1";
  for (int i = 2; i <= 1001; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(run("sweep small.yaml " + many).code, 2);
}

TEST_F(Cli, ListsPrices) {
  const Result result = run("prices grafana");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "grafana-traces-write")) << result.out;
  EXPECT_FALSE(contains(result.out, "aws-")) << result.out;
  EXPECT_EQ(run("prices nobody-sells-this").code, 2);
}

TEST_F(Cli, ChecksACollectorFileForTrapsAndItsCapacity) {
  scenario("small.yaml");
  const Result result = run("check collector.yaml");
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.out.starts_with("collector.yaml: 2 traps, 3 notes\n")) << result.out;
  EXPECT_TRUE(contains(result.out, "read as 0.159.0")) << result.out;
  EXPECT_TRUE(contains(result.out, "otlphttp  10 000 spans/s  otlphttp: 10 consumers / 100 ms x 100 spans")) << result.out;
  EXPECT_TRUE(contains(result.err, "[memory-limiter-missing]")) << result.err;
  EXPECT_EQ(run("check collector.yaml --strict").code, 2);
  EXPECT_EQ(run("check collector.yaml --collector-version x").code, 2);
  EXPECT_EQ(run("check collector.yaml --outage 5").code, 2);
}

TEST_F(Cli, WritesWhatItFoundForPrograms) {
  write(folder_ / "collector.yaml",
        "receivers: {otlp: {protocols: {http: }}}\nexporters: {otlphttp: {endpoint: 'http://b:1/v1/traces', x: 1}}\n"
        "service: {pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}}\n");
  const Result json = run("check collector.yaml --format json");
  EXPECT_EQ(json.code, 2);
  EXPECT_TRUE(contains(json.out, "\"verdict\": \"refused\"")) << json.out;
  EXPECT_TRUE(contains(json.out, "\"trap\": \"otlp-http-path-twice\"")) << json.out;
  const Result github = run("check collector.yaml --format github");
  EXPECT_TRUE(contains(github.out, "::error file=collector.yaml,line=2,col=58,title=the collector refuses this::"))
      << github.out;
  EXPECT_TRUE(contains(github.out, "::warning file=collector.yaml,line=2,col=34,title=signal path in the base endpoint"))
      << github.out;
}

TEST_F(Cli, SizesACollectorFileForAStatedLoad) {
  scenario("small.yaml");
  EXPECT_EQ(run("size collector.yaml").code, 2) << "the load has to be stated";
  const Result text = run("size collector.yaml --traces-per-second 1000 --spans-per-trace 12");
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(contains(text.out, "outage until the first loss")) << text.out;
  EXPECT_TRUE(contains(text.out, "8.33 s  1 000 requests / 120 a second (requests of 100 spans)")) << text.out;
  const Result json = run("size collector.yaml --traces-per-second 1000 --format json");
  EXPECT_TRUE(contains(json.out, "\"unit\": \"cores\"")) << json.out;
}

TEST_F(Cli, NamesTheNearestCommand) {
  const Result result = run("rnu small.yaml");
  EXPECT_EQ(result.err, "spillway: error: unknown command 'rnu'; did you mean 'run'?\n");
}

TEST_F(Cli, FailsWhenItsResultCannotBeWritten) {
  scenario("small.yaml");
  EXPECT_EQ(run("run small.yaml", "> /dev/full").code, 3);
  EXPECT_EQ(run("run small.yaml --out /proc/nowhere").code, 3);
}

TEST_F(Cli, TakesValuesFromTheCommandLine) {
  scenario("small.yaml");
  const Result result = run("run small.yaml --set clients.feeder.count=4 --seed 9 --duration 30s --replications 2");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "30 s + 10 s drain x 2 replications, seed 9")) << result.out;
  EXPECT_TRUE(std::regex_search(result.out, std::regex{"stored +40 "})) << result.out;
}

TEST_F(Cli, WritesAFolderWithRecordSeriesAndSummary) {
  scenario("small.yaml");
  const Result result = run("run small.yaml --out results/small");
  EXPECT_EQ(result.code, 0) << result.err;
  const fs::path folder = folder_ / "results/small";
  EXPECT_EQ(content_of(folder / "summary.txt"), result.out);
  EXPECT_TRUE(contains(content_of(folder / "record.json"), "\"small\""));
  EXPECT_TRUE(content_of(folder / "series.csv").starts_with("replication,at_s,name,labels,value"));
  EXPECT_EQ(std::distance(fs::directory_iterator{folder_ / "results"}, {}), 1) << "something temporary was left behind";
}

TEST_F(Cli, ReplacesEarlierResultsAsAWholeAndNothingElse) {
  scenario("small.yaml");
  ASSERT_EQ(run("run small.yaml --out results").code, 0);
  const std::string first = content_of(folder_ / "results/record.json");
  ASSERT_EQ(run("run small.yaml --seed 2 --out results/").code, 0);
  EXPECT_NE(content_of(folder_ / "results/record.json"), first);

  write(folder_ / "results/notes.txt", "mine");
  const Result refused = run("run small.yaml --out results");
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "") << "refused before the run";
  EXPECT_TRUE(contains(refused.err, "holds notes.txt")) << refused.err;
  EXPECT_EQ(content_of(folder_ / "results/notes.txt"), "mine");
  EXPECT_EQ(run("run small.yaml --out small.yaml").code, 2);
  EXPECT_TRUE(fs::is_regular_file(folder_ / "small.yaml"));
}

TEST_F(Cli, KeepsEarlierResultsWhenItFails) {
  scenario("small.yaml");
  write(folder_ / "bad.yaml", "scenario: x\ndurration: 5s\n");
  ASSERT_EQ(run("run small.yaml --out results").code, 0);
  const std::string before = content_of(folder_ / "results/record.json");
  EXPECT_EQ(run("run bad.yaml --out results").code, 2);
  EXPECT_EQ(content_of(folder_ / "results/record.json"), before);
}

TEST_F(Cli, GivesEachOfSeveralScenariosAFolder) {
  scenario("a.yaml");
  scenario("b.yaml");
  ASSERT_EQ(run("run a.yaml b.yaml --out results").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "results/a/record.json"));
  EXPECT_TRUE(fs::exists(folder_ / "results/b/record.json"));
}

TEST_F(Cli, ComparesRecordsAndJudgesFigures) {
  scenario("small.yaml");
  ASSERT_EQ(run("run small.yaml --out a").code, 0);
  ASSERT_EQ(run("run small.yaml --out b --set clients.feeder.count=9").code, 0);
  const Result table = run("compare a b");
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(contains(table.out, "ledger.backend.stored")) << table.out;
  EXPECT_TRUE(contains(table.out, "same seed")) << table.out;
  EXPECT_EQ(run("compare a/record.json b --judge exact:ledger.backend.lost").code, 0);
  EXPECT_EQ(run("compare a b --judge exact:ledger.backend.stored --judge exact:ledger.backend.lost").code, 99);
  EXPECT_EQ(run("compare a b --judge exact:ledger.nowhere.stored").code, 98);
  EXPECT_EQ(run("compare a b --judge sort-of:ledger.backend.stored").code, 2);
  EXPECT_EQ(run("compare a b --judge exact:ledger.backend.kept").code, 2);
}

TEST_F(Cli, JudgesWhatTheScenarioNames) {
  scenario("small.yaml", "judge:\n  - {figure: ledger.backend.stored, as: exact}\n");
  ASSERT_EQ(run("run small.yaml --out a").code, 0);
  const Result agree = run("compare a a --scenario small.yaml");
  EXPECT_EQ(agree.code, 0) << agree.err;
  EXPECT_TRUE(contains(agree.out, "1 of 1 figures agree")) << agree.out;
}

TEST_F(Cli, SaysWhatIsNotModelledAndRefusesItWhenStrict) {
  const fs::path file = scenario("small.yaml");
  EXPECT_EQ(run("run small.yaml --strict").code, 0);
  std::string collector = content_of(folder_ / "collector.yaml");
  collector.insert(collector.find("exporters:"), "processors:\n  geoip: {}\n");
  collector.insert(collector.find("exporters: [otlphttp]"), "processors: [geoip], ");
  write(folder_ / "collector.yaml", collector);
  const Result result = run("run small.yaml --strict");
  EXPECT_EQ(result.code, 2) << result.out;
  EXPECT_EQ(result.out, "");
}

TEST_F(Cli, ChecksCollectorFilesOnTheirOwn) {
  scenario("small.yaml");
  const Result good = run("check collector.yaml small.yaml");
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(contains(good.out, "collector.yaml: 2 traps, 3 notes")) << good.out;
  write(folder_ / "wrong.yaml",
        "receivers: {}\nexporters: {}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: []}}}\n");
  EXPECT_EQ(run("check wrong.yaml").code, 2);
  EXPECT_EQ(run("check collector.yaml --collector-version new").code, 2);
}

// 20 renders/s leave three spans at each of the three clouds: batches of every 200 ms fill a queue of 1 010 in 202 s, which is
// when the simulation of the same scenario loses the first span, 203 s into the outage.
TEST_F(Cli, LooksAtAScenariosCollectorsUnderItsTraffic) {
  const std::string file = SPILLWAY_SOURCE_DIR "/scenarios/trinity/backend-down-busy.yaml";
  const Result result = run("check " + file);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "backend-down-busy.yaml: no problem found")) << result.out;
  EXPECT_TRUE(contains(result.err, "the queue is full after 3 min 22 s of an outage at 20 traces/s of 3 spans")) << result.err;
  EXPECT_EQ(run("check " + file + " --strict").code, 2);
}

TEST_F(Cli, PrintsVersionAndSchemas) {
  EXPECT_TRUE(std::regex_match(run("--version").out, std::regex{"spillway \\d+\\.\\d+\\.\\d+ \\(commit \\S+\\)\n"}));
  for (const char* what : {"schema scenario", "schema record"}) {
    const Result result = run(what);
    EXPECT_EQ(result.code, 0);
    EXPECT_TRUE(result.out.starts_with("{")) << what;
  }
}

/// The examples of a help text, each without "spillway" and without a redirection.
std::vector<std::string> examples_of(const std::string& help) {
  std::vector<std::string> examples;
  std::istringstream lines{help};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  spillway ")) examples.push_back(line.substr(11, line.find(" >") - 11));
  }
  return examples;
}

TEST_F(Cli, HelpShowsExamplesOfEveryCommand) {
  const Result help = run("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* command : {"run", "check", "compare", "schema"}) {
    EXPECT_TRUE(contains(help.out, std::string{"  "} + command + " ")) << command;
    EXPECT_FALSE(examples_of(run(std::string{command} + " --help").out).empty()) << command;
  }
}

/// Examples of `run` are checked, not run: what takes seconds is tested where the scenarios are.
TEST_F(Cli, ExamplesOfTheHelpAreAccepted) {
  fs::create_directory_symlink(fs::path{SPILLWAY_SOURCE_DIR} / "scenarios", folder_ / "scenarios");
  for (const char* page : {"--help", "run --help", "check --help"}) {
    for (std::string example : examples_of(run(page).out)) {
      if (!contains(example, "scenarios/") || contains(example, "compare ")) continue;
      if (contains(example, "*")) continue;  // the folder also has files that are no scenarios
      example = std::regex_replace(example, std::regex{"^run | --(out|format) \\S+"}, "");
      if (!example.starts_with("check ")) example = "check " + example;
      const Result result = run(example);
      EXPECT_EQ(result.code, 0) << example << "\n" << result.err;
    }
  }
}

}  // namespace
