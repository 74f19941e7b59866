#include "models/scenario/document.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

struct Parsed {
  LoadedDocument loaded;
  std::string text;    ///< of the problems
  double seconds = 0;  ///< of CPU time
};

template <class Load>
Parsed timed(Load load) {
  Problems problems;
  const Stopwatch stopwatch;
  Parsed parsed{load(problems), {}, 0};
  parsed.seconds = stopwatch.seconds();
  parsed.text = to_text(problems);
  EXPECT_EQ(parsed.loaded.document.has_value(), parsed.loaded.failure == LoadFailure::none);
  EXPECT_EQ(problems.has_errors(), !parsed.loaded.document) << parsed.text;
  return parsed;
}

Parsed parse(std::string_view text) {
  return timed([&](Problems& problems) { return parse_document(text, "file.yaml", problems); });
}
Parsed load(const std::filesystem::path& file) {
  return timed([&](Problems& problems) { return load_document(file, problems); });
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Document, IsATreeInWhichEveryValueKnowsItsPlace) {
  const Parsed parsed = parse("a: 1\nb:\n  - x\n  - {c: 'two'}\nd:\n");
  ASSERT_TRUE(parsed.loaded.document);
  const Node& root = parsed.loaded.document->root;
  ASSERT_EQ(root.kind, Node::Kind::map);
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.find("a")->text, "1");
  EXPECT_FALSE(root.find("a")->quoted);
  const Node& inner = root.find("b")->items.at(1);
  EXPECT_EQ(inner.mark.line, 4);
  EXPECT_EQ(inner.mark.column, 5);
  EXPECT_EQ(inner.find("c")->text, "two");
  EXPECT_TRUE(inner.find("c")->quoted);
  EXPECT_EQ(root.entries[2].key_mark.line, 5);
  EXPECT_EQ(root.find("d")->kind, Node::Kind::null);
  EXPECT_EQ(root.find("e"), nullptr);
  EXPECT_EQ(inner.find("c")->find("x"), nullptr);
}

TEST(Document, CopiesWhatAnAliasRefersTo) {
  const Parsed parsed = parse("a: &x {b: [1, 2]}\nc: *x\n");
  ASSERT_TRUE(parsed.loaded.document);
  EXPECT_EQ(parsed.loaded.document->root.find("c")->find("b")->items.at(1).text, "2");
}

TEST(Document, KeepsBlockTextAndQuotedNulls) {
  const Parsed parsed = parse("a: |\n  one\n  two\nb: \"null\"\nc: null\nd: !!str 12\n");
  ASSERT_TRUE(parsed.loaded.document);
  const Node& root = parsed.loaded.document->root;
  EXPECT_EQ(root.find("a")->text, "one\ntwo\n");
  EXPECT_TRUE(root.find("a")->quoted);
  EXPECT_EQ(root.find("b")->text, "null");
  EXPECT_EQ(root.find("c")->kind, Node::Kind::null);
  EXPECT_TRUE(root.find("d")->quoted);
}

TEST(Document, ReadsWindowsLineEndsAndAByteOrderMark) {
  const Parsed parsed = parse(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  ASSERT_TRUE(parsed.loaded.document) << parsed.text;
  EXPECT_EQ(parsed.loaded.document->root.find("b")->text, "2");
  EXPECT_EQ(parsed.loaded.document->lines.at(1), "b: 2");
}

TEST(Document, ReportsEveryDuplicateKeyWithBothPlaces) {
  const Parsed parsed = parse("a: 1\nb: {c: 1, c: 2}\na: 3\n");
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::input);
  EXPECT_NE(parsed.text.find("file.yaml:2:11: error: b: key 'c' is given twice, first at 2:5"), std::string::npos)
      << parsed.text;
  EXPECT_NE(parsed.text.find("file.yaml:3:1: error: key 'a' is given twice, first at 1:1"), std::string::npos)
      << parsed.text;
}

TEST(Document, RefusesANulByteWithItsPlace) {
  const Parsed parsed = parse(std::string_view{"a: 1\nb: x\0y\n", 12});
  EXPECT_NE(parsed.text.find("file.yaml:2:5: error: a NUL byte"), std::string::npos) << parsed.text;
}

TEST(Document, CountsColumnsInCharacters) {
  const Parsed parsed = parse("größe: {ä: 1, ä: 2}\n");
  EXPECT_EQ(parsed.text,
            "file.yaml:1:15: error: größe: key 'ä' is given twice, first at 1:9; remove one of them\n"
            "  größe: {ä: 1, ä: 2}\n"
            "                ^\n");
}

// Files that are none.

TEST(Document, CannotReadWhatIsNotThere) {
  const Parsed parsed = load("/nonexistent/scenario.yaml");
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::environment);
  EXPECT_EQ(parsed.text,
            "/nonexistent/scenario.yaml: error: there is no such file; check the name and the current folder\n");
}

TEST(Document, CannotReadADirectory) {
  const Workspace workspace;
  const Parsed parsed = load(workspace.path(""));
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::environment);
  EXPECT_NE(parsed.text.find("is a directory"), std::string::npos) << parsed.text;
}

TEST(Document, DoesNotWaitForAFifo) {
  const Workspace workspace;
  ASSERT_EQ(mkfifo(workspace.path("fifo").c_str(), 0600), 0);
  const Parsed parsed = load(workspace.path("fifo"));
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::environment);
  EXPECT_NE(parsed.text.find("is not a regular file"), std::string::npos) << parsed.text;
  EXPECT_LT(parsed.seconds, 1);
}

TEST(Document, DoesNotReadADevice) {
  for (const char* device : {"/dev/zero", "/dev/null"}) {
    const Parsed parsed = load(device);
    EXPECT_EQ(parsed.loaded.failure, LoadFailure::environment) << device;
    EXPECT_LT(parsed.seconds, 1) << device;
  }
}

TEST(Document, SaysWhenPermissionIsMissing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const Workspace workspace;
  const auto file = workspace.write("secret.yaml", "a: 1\n");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  const Parsed parsed = load(file);
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::environment);
  EXPECT_NE(parsed.text.find("no permission"), std::string::npos) << parsed.text;
}

TEST(Document, RefusesAHugeFileByItsSize) {
  const Workspace workspace;
  const auto file = workspace.write("huge.yaml", "a: 1\n");
  std::filesystem::resize_file(file, 200'000'000);
  const Parsed parsed = load(file);
  EXPECT_EQ(parsed.loaded.failure, LoadFailure::input);
  EXPECT_NE(parsed.text.find("is larger than 8388608 bytes"), std::string::npos) << parsed.text;
  EXPECT_LT(parsed.seconds, 0.1 * kPatience);
}

TEST(Document, ReadsAnEmptyFileAsNothing) {
  const Parsed parsed = parse("");
  ASSERT_TRUE(parsed.loaded.document);
  EXPECT_EQ(parsed.loaded.document->root.kind, Node::Kind::null);
}

// Hostile content: refused, within a second, in bounded memory, without deep recursion.

struct Attack {
  const char* name;
  std::string text;
  const char* message;  ///< part of it
};

std::string laughs() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + repeat(", " + before, 9) + "]\n";
  }
  return text;
}

/// Each value holds the one before, 60 levels deeper.
std::string ladder() {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i < 100; ++i)
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + repeat("[", 50) + "*a" +
            std::to_string(i - 1) + repeat("]", 50) + "\n";
  return text;
}

std::vector<Attack> attacks() {
  constexpr std::size_t mega = 1'000'000;
  return {
      {"100 000 brackets", repeat("[", 100'000), "nested deeper than"},
      {"8 million brackets", repeat("[", 8 * mega), "nested deeper than"},
      {"100 000 braces", "a: " + repeat("{a: ", 100'000), "nested deeper than"},
      {"closed and opened brackets", "a: [" + repeat("[],", 2 * mega) + "]", "brackets and commas"},
      {"dashes in a line", repeat("- ", 3 * mega), "nested deeper than"},
      {"question marks", repeat("? ", 3 * mega), "cannot be a key"},
      {"deep indentation",
       [] {
         std::string t;
         for (std::size_t i = 0; i < 2000; ++i) t += std::string(i, ' ') + "a:\n";
         return t;
       }(),
       "nested deeper than"},
      {"many entries", repeat("- a\n", 2 * mega), "split the file"},
      {"many lines", repeat("\n", 8 * mega), "split the file"},
      {"billion laughs", laughs(), "values after aliases"},
      {"ladder of aliases", ladder(), "nested deeper than"},
      {"long text a thousand times", "a: &a " + repeat("x", mega) + "\nb: [" + repeat("*a, ", 1000) + "]",
       "aliases expand to"},
      {"tags", repeat("! ", 4 * mega), "split the file"},
      {"anchors", repeat("&a ", 2 * mega), "split the file"},
      {"a key of a million bytes", "? " + repeat("k", mega) + "\n: v\n", "a key has more than"},
      {"the same key again and again", repeat("k: v\n", 100'000), "too many duplicate keys"},
      {"a quote that swallows all", "a: \"" + repeat("x ", 4 * mega), "close the quote"},
      {"an alias of itself", "a: &a [*a]\n", "inside the value"},
  };
}

TEST(Document, RefusesHostileContentQuickly) {
  for (const Attack& attack : attacks()) {
    const Parsed parsed = parse(attack.text);
    EXPECT_EQ(parsed.loaded.failure, LoadFailure::input) << attack.name;
    EXPECT_NE(parsed.text.find(attack.message), std::string::npos) << attack.name << ": " << parsed.text;
    EXPECT_LT(parsed.seconds, 1 * kPatience) << attack.name;
    EXPECT_LT(parsed.text.size(), 20'000u) << attack.name;
  }
}

TEST(Document, ReadsLargeButHonestTextInTime) {
  const std::vector<std::string> texts{"a: " + repeat("x ", 4'000'000), "a: \"" + repeat("x", 8'000'000) + "\"",
                                       repeat("#", 8'000'000),
                                       "a: |\n" + repeat("  " + std::string(78, 'x') + "\n", 100'000)};
  for (const std::string& text : texts) {
    const Parsed parsed = parse(text);
    EXPECT_TRUE(parsed.loaded.document) << parsed.text;
    EXPECT_LT(parsed.seconds, 3 * kPatience);
  }
}

TEST(Document, StaysWithinBoundedMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  for (const Attack& attack : attacks()) parse(attack.text);
  rusage usage{};
  ASSERT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 600 * 1024) << "KiB";
}

// Messages.

TEST(ProblemText, ShowsTheLineWithACaret) {
  Document document;
  document.file = "shop.yaml";
  document.lines = {"a: 1", "b:\t\x1b[31m!"};
  EXPECT_EQ(to_text(document.problem({2, 4}, "b", "what; way out")),
            "shop.yaml:2:4: error: b: what; way out\n  b: \\x1b[31m!\n     ^");
  EXPECT_EQ(to_text(document.problem({2, 9}, "b", "x", Problem::Severity::warning)),
            "shop.yaml:2:9: warning: b: x\n  b: \\x1b[31m!\n             ^");
}

TEST(ProblemText, LeavesOutWhatIsUnknown) {
  Problem problem;
  problem.file = "shop.yaml";
  problem.message = "is empty";
  EXPECT_EQ(to_text(problem), "shop.yaml: error: is empty");
}

TEST(ProblemText, CutsAVeryLongLineAroundTheCaret) {
  Document document;
  document.file = "shop.yaml";
  document.lines = {repeat("a", 50'000) + "!" + repeat("b", 50'000)};
  const Problem problem = document.problem({1, 50'001}, {}, "here");
  EXPECT_LT(problem.source_line.size(), 2000u);
  std::istringstream lines{to_text(problem)};
  std::string message, source, caret;
  std::getline(lines, message);
  std::getline(lines, source);
  std::getline(lines, caret);
  EXPECT_EQ(message, "shop.yaml:1:50001: error: here");
  EXPECT_LT(source.size(), 140u);
  const std::size_t ellipsis = std::string{"…"}.size() - 1;  // one character, three bytes
  EXPECT_EQ(source.at(caret.find('^') + ellipsis), '!');
}

TEST(ProblemText, EscapesWhatWouldMoveTheCursor) {
  Problem problem;
  problem.file = "a\nb";
  problem.path = "k\x1b[2J";
  problem.message = "\xE2\x80\xAE right to left \xFF";
  EXPECT_EQ(to_text(problem), "a\\nb: error: k\\x1b[2J: \\u202e right to left \\xff");
}

TEST(Problems, AreNotKeptWithoutEnd) {
  Problems problems;
  for (int i = 0; i < 100'000; ++i) problems.add(Problem{});
  EXPECT_EQ(problems.all().size(), 201u);
  EXPECT_NE(problems.all().back().message.find("more problems"), std::string::npos);
}

TEST(NearestKey, IsATypingErrorAway) {
  const std::vector<std::string> known{"retries", "timeout", "endpoint"};
  EXPECT_EQ(nearest("retires", known), "retries");
  EXPECT_EQ(nearest("timeuot", known), "timeout");
  EXPECT_EQ(nearest("endpoin", known), "endpoint");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("to", {"do"}), "");
  EXPECT_EQ(nearest("", known), "");
}

}  // namespace
}  // namespace spillway
