// Guards over the tree what no formatter sees. Each rule is shown a bad snippet first, so that it is known to bite.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tidy/functions.hpp"
#include "tests/tidy/rules.hpp"

namespace spillway::tidy {
namespace {

std::string to_text(const Violation& violation) {
  const std::string line = violation.line == 0 ? "" : ":" + std::to_string(violation.line);
  return violation.path + line + ": " + violation.message;
}

/// Line numbers of the violations of one file.
std::vector<int> lines(const Violations& violations) {
  std::vector<int> lines;
  for (const Violation& violation : violations) lines.push_back(violation.line);
  return lines;
}
using Lines = std::vector<int>;

const Files& tree() {
  static const Files files = read_tree(SPILLWAY_SOURCE_DIR);
  return files;
}

void expect_clean(const Violations& violations) {
  std::string all;
  for (const Violation& violation : violations) all += "\n" + to_text(violation);
  EXPECT_TRUE(violations.empty()) << all;
}

std::string repeated(int times, const std::string& text) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// ---- the tree -------------------------------------------------------------------------------------------------------

TEST(Tree, HasSourcesToLookAt) {
  EXPECT_GT(tree().size(), 20U);
  EXPECT_TRUE(std::any_of(tree().begin(), tree().end(), [](const SourceFile& f) { return f.path == "sim/time.hpp"; }));
}
TEST(Tree, IncludesFollowTheArrowsOfTheDesign) { expect_clean(arrows(tree())); }
TEST(Tree, OutsideLibrariesComeInThroughTheirDoors) { expect_clean(doors(tree())); }
TEST(Tree, FunctionsAreShort) { expect_clean(long_functions(tree())); }
TEST(Tree, NothingIsLeftUnfinished) { expect_clean(leftovers(tree())); }
TEST(Tree, NothingDependsOnMoreThanVersionScenarioAndSeed) { expect_clean(banned_words(tree())); }
TEST(Tree, FoldersHaveTheirPages) { expect_clean(missing_pages(tree())); }
TEST(Tree, FilesAreSmall) { expect_clean(large_files(tree())); }
TEST(Tree, NoPathBelongsToOneMachine) { expect_clean(machine_paths(tree())); }
TEST(Tree, TestsAssertSomething) { expect_clean(tests_without_assertion(tree())); }

// ---- the rules bite -------------------------------------------------------------------------------------------------

TEST(Arrows, PointToTheKernelOnly) {
  EXPECT_EQ(lines(arrows({{"sim/a.cpp", "#include \"sim/b.hpp\"\n#include \"models/c.hpp\"\n"}})), Lines{2});
  EXPECT_EQ(lines(arrows({{"models/a.cpp", "#include \"sim/b.hpp\"\n#include \"analysis/c.hpp\"\n"}})), Lines{2});
  EXPECT_EQ(lines(arrows({{"analysis/a.cpp", "#include \"analysis/b.hpp\"\n#include \"models/c.hpp\"\n"}})), Lines{2});
  EXPECT_EQ(lines(arrows({{"sim/app/a.cpp", "#include \"real/b.hpp\"\n#include \"tests/c.hpp\"\n"}})), Lines{2});
}

TEST(Arrows, NobodyButAppAndTestsKnowsTheApp) {
  const std::string include = "#include \"sim/app/options.hpp\"\n";
  EXPECT_EQ(lines(arrows({{"sim/a.cpp", include}})), Lines{1});
  EXPECT_EQ(lines(arrows({{"real/a.cpp", include}})), Lines{1});
  EXPECT_EQ(lines(arrows({{"sim/app/main.cpp", include}, {"tests/app/a_test.cpp", include}})), Lines{});
}

TEST(Arrows, WantPathsFromTheRootInKnownFolders) {
  EXPECT_EQ(lines(arrows({{"sim/a.cpp", "\n  #  include \"b.hpp\"\n"}})), Lines{2});
  EXPECT_EQ(lines(arrows({{"helpers/a.cpp", ""}})), Lines{0});
}

TEST(Arrows, DoNotSeeIncludesInLiteralsAndComments) {
  EXPECT_EQ(
      lines(arrows({{"sim/a.cpp", "auto x = R\"(\n#include \"models/c.hpp\"\n)\";\n// #include \"models/c.hpp\"\n"}})),
      Lines{});
}

TEST(Doors, LetALibraryInAtOnePlace) {
  EXPECT_EQ(lines(doors({{"models/scenario/document.cpp", "#include <yaml-cpp/parser.h>\n"}})), Lines{});
  EXPECT_EQ(lines(doors({{"models/collector/config.cpp", "#include <yaml-cpp/parser.h>\n"}})), Lines{1});
  EXPECT_EQ(lines(doors({{"models/a.cpp", "#include <vector>\n#include <boost/asio/ip/tcp.hpp>\n"}})), Lines{2});
  EXPECT_EQ(lines(doors({{"sim/ledger.cpp", "#include \"nlohmann/json.hpp\"\n"}})), Lines{1});
  EXPECT_EQ(lines(doors({{"tests/sim/a_test.cpp", "#include <nlohmann/json.hpp>\n"}})), Lines{});
}

TEST(Doors, AreNamedBeforeALibraryIsUsed) {
  EXPECT_EQ(lines(doors({{"sim/a.cpp", "#include <fmt/format.h>\n"}})), Lines{1});
  EXPECT_EQ(lines(doors({{"sim/a.cpp", "#include <sys/stat.h>\n#include <unistd.h>\n"}})), Lines{});
}

TEST(LongFunctions, AreThoseAbove70Lines) {
  EXPECT_EQ(lines(long_functions({{"a.cpp", "\nint f() {\n" + repeated(68, "g();\n") + "}\n"}})), Lines{});
  EXPECT_EQ(lines(long_functions({{"a.cpp", "\nint f() {\n" + repeated(69, "g();\n") + "}\n"}})), Lines{2});
}

TEST(LongFunctions, AreSeenInClassesTemplatesConstructorsAndLambdas) {
  const std::string body = " {\n" + repeated(70, "g();\n") + "}\n";
  EXPECT_EQ(lines(long_functions(
                {{"a.hpp", "namespace n {\nclass A final : B {\n public:\n  int f() const" + body + "};\n}\n"}})),
            Lines{4});
  EXPECT_EQ(lines(long_functions({{"a.hpp", "template <class T = int>\nT f(T x)" + body}})), Lines{1});
  EXPECT_EQ(lines(long_functions({{"a.cpp", "A::A(int x) : B{x}, x_{x}, y_(1)" + body}})), Lines{1});
  EXPECT_EQ(lines(long_functions({{"a.cpp", "bool operator==(A, B)" + body}})), Lines{1});
  EXPECT_EQ(lines(long_functions({{"a.cpp", "const auto f = [](int x)" + body + ";"}})), Lines{1});
}

TEST(LongFunctions, AreNotTablesClassesOrNamespaces) {
  EXPECT_EQ(lines(long_functions({{"a.cpp", "constexpr int table[] = {\n" + repeated(99, "1,\n") + "};\n"}})), Lines{});
  EXPECT_EQ(lines(long_functions({{"a.cpp", "const std::vector<int> table{\n" + repeated(99, "f(1),\n") + "};\n"}})),
            Lines{});
  EXPECT_EQ(lines(long_functions({{"a.hpp", "struct alignas(64) A {\n" + repeated(99, "int f();\n") + "};\n"}})),
            Lines{});
}

TEST(Functions, AreCutWhereTheyEnd) {
  const std::string code =
      "#define F(x) {\nint a{3};\nint f(int x = 1) { if (x) { return 2; } return 3; }\nstruct S { int m; void g(); } "
      "s;\n"
      "void S::g() {}\n";
  const std::vector<Function> found = functions_of(code);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(code.substr(found[0].begin, found[0].end - found[0].begin),
            "int f(int x = 1) { if (x) { return 2; } return 3; }");
  EXPECT_EQ(code.substr(found[1].begin, found[1].end - found[1].begin), "void S::g() {}");
}

TEST(CodeOnly, BlanksCommentsAndLiteralsAndKeepsLines) {
  EXPECT_EQ(code_only("a /* b\n c */ d // e"), "a     \n      d     ");
  EXPECT_EQ(code_only(R"(f("x\"y", 'z', 1'000))"), R"(f("    ", ' ', 1'000))");
  EXPECT_EQ(code_only("u8R\"x(\n)\" )x\" b"), "      \n       b");
}

TEST(Leftovers, AreWordsOfUnfinishedWork) {
  const std::string word =
      "TO"
      "DO";
  EXPECT_EQ(lines(leftovers({{"a.cpp", "int a;\n// " + word + ": more\n"}})), Lines{2});
  EXPECT_EQ(lines(leftovers({{"a.sh", "# " + word + "\n"}})), Lines{1});
  EXPECT_EQ(lines(leftovers({{"a.sh", "mktemp a.XXXXXX\n"}, {"words.txt", word}})), Lines{});
}

TEST(BannedWords, AreDrawsThatNoSeedDecides) {
  EXPECT_EQ(lines(banned_words({{"sim/a.cpp", "int x = rand();\nint y = std::rand ();\n"}})), (Lines{1, 2}));
  EXPECT_EQ(lines(banned_words({{"real/a.cpp", "std::random_device d;\n"}})), Lines{1});
  EXPECT_EQ(lines(banned_words({{"sim/a.cpp", "std::normal_distribution<double> n;\nstd::mt19937 engine;\n"}})),
            (Lines{1, 2}));
  EXPECT_EQ(lines(banned_words({{"sim/a.cpp", "int operand = stream.rand() + brand(); // rand()\n"}})), Lines{});
  EXPECT_EQ(lines(banned_words({{"tests/a.cpp", "boost::math::normal_distribution<double> n;\n"}})), Lines{});
}

TEST(BannedWords, AreWallClocksInTheSimulation) {
  const std::string read = "auto t = std::chrono::steady_clock::now();\n";
  EXPECT_EQ(lines(banned_words({{"sim/a.cpp", read}})), Lines{1});
  EXPECT_EQ(lines(banned_words({{"models/a.cpp", read}})), Lines{1});
  EXPECT_EQ(lines(banned_words({{"real/a.cpp", read}, {"sim/app/a.cpp", read}, {"tests/a.cpp", read}})), Lines{});
}

TEST(BannedWords, AreUnorderedContainersThatNobodyVouchesFor) {
  const std::string map = "std::unordered_map<int, int> m;";
  EXPECT_EQ(lines(banned_words({{"models/a.cpp", "#include <unordered_map>\n" + map + "\n"}})), Lines{2});
  EXPECT_EQ(lines(banned_words({{"models/a.cpp", map + "  // order never leaves\n"}})), Lines{});
  EXPECT_EQ(lines(banned_words({{"models/a.cpp", "// a set of ids; order never leaves\n" + map + "\n"}})), Lines{});
  EXPECT_EQ(lines(banned_words({{"real/a.cpp", map}})), Lines{});
}

TEST(MissingPages, AreThoseOfFoldersWithSources) {
  EXPECT_EQ(missing_pages({{"sim/a.cpp", ""}, {"models/x/a.hpp", ""}, {"sim/README.md", ""}}).at(0).path, "models/x");
  EXPECT_EQ(lines(missing_pages({{"tests/sim/a_test.cpp", ""}, {"tests/README.md", ""}, {"scenarios/a.yaml", ""}})),
            Lines{});
  EXPECT_EQ(missing_pages({{"tests/sim/a_test.cpp", ""}, {"tests/sim/README.md", ""}}).at(0).path, "tests");
}

TEST(LargeFiles, AreThoseAboveOneMebibyte) {
  EXPECT_EQ(lines(large_files({{"a.bin", std::string(1 << 20, '\0')}})), Lines{});
  EXPECT_EQ(lines(large_files({{"a.bin", std::string((1 << 20) + 1, '\0')}})), Lines{0});
}

TEST(MachinePaths, AreHomesAndWorkplaces) {
  EXPECT_EQ(lines(machine_paths({{"a.md",
                                  "x\nsee /ho"
                                  "me/ann/x\nand .."
                                  "/shared/y\n"}})),
            (Lines{2, 3}));
  EXPECT_EQ(lines(machine_paths({{"a.md",
                                  "https://example.org/ho"
                                  "me/ann, models/wo"
                                  "rk/a, /var/lib\n"}})),
            Lines{});
}

TEST(TestsWithoutAssertion, AreFound) {
  const std::string tests =
      "TEST(A, B) {\n  f(); // EXPECT_EQ\n}\nTEST_F(A, C) { EXPECT_EQ(1, 1); }\nTEST(A, D) { FAIL(); }\n";
  EXPECT_EQ(lines(tests_without_assertion({{"tests/a_test.cpp", tests}})), Lines{1});
}

TEST(TestsWithoutAssertion, AreNotThoseThatCallAFunctionThatAsserts) {
  const SourceFile tests{"tests/a_test.cpp", "TEST(A, B) { twice(1); }\nTEST(A, C) { thrice(1); }\n"};
  const SourceFile functions{"tests/a.hpp",
                             "void once(int x) { EXPECT_EQ(x, 1); }\nvoid twice(int x) { once(x); once(x); }\n"};
  EXPECT_EQ(lines(tests_without_assertion({tests, functions})), Lines{2});
}

}  // namespace
}  // namespace spillway::tidy
