#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string_view>

#include "tests/tidy/functions.hpp"

namespace spillway::tidy {
namespace {

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) { return text.starts_with(start); });
}

template <class Check>
Violations for_each_cpp(const Files& files, Check check) {
  Violations found;
  for (const SourceFile& file : files) {
    if (file.is_cpp()) check(file, found);
  }
  return found;
}

// ---- includes -------------------------------------------------------------------------------------------------------

struct Include {
  int line;
  bool quoted;
  std::string_view header;
};

/// Reads the places from the code view, so that an include inside a literal is none, and the names from the text.
std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> includes;
  for (const Word& word : words_of(file.code)) {
    if (word.text != "include") continue;
    const std::size_t hash = file.code.find_last_not_of(" \t", word.offset - 1);
    if (word.offset == 0 || hash == std::string::npos || file.code[hash] != '#') continue;
    const std::string_view rest = std::string_view{file.text}.substr(word.offset);
    const std::size_t open = rest.find_first_of("<\"\n");
    if (open == std::string_view::npos || rest[open] == '\n') continue;
    const std::size_t close = rest.find_first_of(">\"\n", open + 1);
    includes.push_back({file.line_at(word.offset), rest[open] == '"', rest.substr(open + 1, close - open - 1)});
  }
  return includes;
}

struct Layer {
  std::string_view folder;
  std::vector<std::string_view> may_include;
};

/// The first that fits counts: sim/app/ is no part of sim/.
const std::vector<Layer>& layers() {
  static const std::vector<Layer> table{
      {"sim/app/", {"sim/", "models/", "analysis/", "real/"}},
      {"sim/", {"sim/"}},
      {"models/", {"models/", "sim/"}},
      {"analysis/", {"analysis/", "sim/"}},
      {"real/", {"real/", "models/", "analysis/", "sim/"}},
      {"tests/", {"tests/", "sim/", "models/", "analysis/", "real/"}},
  };
  return table;
}

const Layer* layer_of(std::string_view path) {
  for (const Layer& layer : layers()) {
    if (path.starts_with(layer.folder)) return &layer;
  }
  return nullptr;
}

void check_arrows(const SourceFile& file, Violations& found) {
  const Layer* from = layer_of(file.path);
  if (from == nullptr) return found.push_back({file.path, 0, "C++ outside the folders of the design"});
  for (const auto& [line, quoted, header] : includes_of(file)) {
    if (!quoted) continue;
    const Layer* to = layer_of(header);
    const bool into_app = to != nullptr && to->folder == "sim/app/" && from->folder != "tests/" && from != to;
    if (to == nullptr) {
      found.push_back({file.path, line, "include \"" + std::string{header} + "\": write the path from the root"});
    } else if (into_app || !starts_with_any(header, from->may_include)) {
      found.push_back({file.path, line,
                       "include \"" + std::string{header} + "\": " + std::string{from->folder} + " must not know " +
                           std::string{to->folder}});
    }
  }
}

struct Door {
  std::string_view library;
  std::vector<std::string_view> headers;  ///< starts of header names
  std::vector<std::string_view> files;    ///< starts of paths that may include them
};

const std::vector<Door>& library_doors() {
  static const std::vector<Door> table{
      {"yaml-cpp", {"yaml-cpp/"}, {"models/scenario/document.cpp"}},
      {"nlohmann_json",
       {"nlohmann/"},
       {"sim/record.cpp", "models/scenario/schema.cpp", "models/scenario/recording.cpp",
        "models/collector/ottl/json.cpp", "models/wire/", "analysis/", "real/", "sim/app/"}},
      {"oneTBB", {"tbb/", "oneapi/tbb"}, {"sim/replications.cpp"}},
      {"Boost.CRC", {"boost/crc.hpp"}, {"models/telemetry/digest.cpp"}},
      {"Boost.Math", {"boost/math/"}, {"sim/statistics.cpp", "analysis/"}},
      {"Boost.Graph", {"boost/graph/", "boost/property_map/"}, {"models/"}},
      {"Boost.Asio and Beast", {"boost/asio", "boost/beast", "boost/system/"}, {"real/"}},
      {"cpp-httplib", {"httplib.h"}, {"real/"}},
      {"protobuf", {"google/protobuf/"}, {"models/wire/", "real/"}},
      {"gRPC", {"grpc/", "grpcpp/"}, {"real/grpc/"}},
      {"zlib", {"zlib.h"}, {"real/"}},
      {"zstd", {"zstd.h"}, {"real/import/byte_source.cpp", "real/sink/coding.cpp"}},
      {"snappy and lz4", {"snappy", "lz4"}, {"real/sink/coding.cpp"}},
      {"RE2", {"re2/"}, {"models/telemetry/regex.cpp"}},
      {"OpenSSL", {"openssl/"}, {"models/telemetry/digest.cpp"}},
      {"Eigen", {"Eigen/"}, {"analysis/least_squares.cpp", "analysis/calibration/"}},
      {"CLI11", {"CLI/"}, {"sim/app/"}},
      {"GoogleTest", {"gtest/", "gmock/"}, {"tests/"}},
  };
  return table;
}

const Door* door_of(std::string_view header) {
  for (const Door& door : library_doors()) {
    if (starts_with_any(header, door.headers)) return &door;
  }
  return nullptr;
}

/// Of the language or the operating system: <vector>, <unistd.h>, <sys/stat.h>.
bool belongs_to_the_platform(std::string_view header) {
  const std::vector<std::string_view> folders{"sys/", "net/", "netinet/", "arpa/", "linux/"};
  return header.find('/') == std::string_view::npos || starts_with_any(header, folders);
}

void check_doors(const SourceFile& file, Violations& found) {
  for (const auto& [line, quoted, header] : includes_of(file)) {
    const Door* door = door_of(header);
    if (quoted && layer_of(header) != nullptr) continue;
    const std::string name = "include <" + std::string{header} + ">: ";
    if (door == nullptr && !belongs_to_the_platform(header)) {
      found.push_back({file.path, line, name + "a library without a door; name one in tests/tidy/rules.cpp"});
    } else if (door != nullptr && !file.path.starts_with("tests/") && !starts_with_any(file.path, door->files)) {
      found.push_back(
          {file.path, line,
           name + std::string{door->library} + " comes in through " + std::string{door->files.front()} + " only"});
    }
  }
}

// ---- words ----------------------------------------------------------------------------------------------------------

struct Banned {
  std::vector<std::string_view> words;
  std::string_view qualifier;             ///< what must stand in front of the word to mean the banned one
  bool call;                              ///< only as name( )
  std::vector<std::string_view> allowed;  ///< starts of paths
  std::string_view instead;
};

const std::vector<Banned>& banned() {
  static const std::vector<Banned> table{
      {{"rand", "srand", "drand48", "lrand48", "rand_r"}, "", true, {}, "draw from a Stream (sim/stream.hpp)"},
      {{"random_device", "default_random_engine"},
       "std::",
       false,
       {},
       "a seed from the caller: runs must be repeatable"},
      {{"mt19937", "mt19937_64", "minstd_rand", "ranlux48"},
       "std::",
       false,
       {"tests/"},
       "draw from a Stream (sim/stream.hpp)"},
      {{"uniform_int_distribution", "uniform_real_distribution", "normal_distribution", "lognormal_distribution",
        "exponential_distribution", "gamma_distribution", "weibull_distribution", "poisson_distribution",
        "bernoulli_distribution", "binomial_distribution", "geometric_distribution", "discrete_distribution",
        "student_t_distribution", "chi_squared_distribution", "generate_canonical", "shuffle", "sample"},
       "std::",
       false,
       {},
       "the law of sim/distribution.hpp: the standard leaves its algorithm to each library"},
      {{"system_clock", "steady_clock", "high_resolution_clock", "clock_gettime", "gettimeofday"},
       "",
       false,
       {"real/", "sim/app/", "tests/"},
       "the simulation's now(): a run must not read the wall clock"},
  };
  return table;
}

bool means_the_banned_one(const SourceFile& file, const Word& word, const Banned& ban) {
  const std::string_view code = file.code;
  const std::string_view before = code.substr(0, word.offset);
  if (!before.ends_with(ban.qualifier)) return false;
  if (!ban.call) return true;
  const std::size_t next = code.find_first_not_of(" \t\n", word.offset + word.text.size());
  const bool member = before.ends_with('.') || before.ends_with("->");
  return !member && next != std::string_view::npos && code[next] == '(';
}

void check_banned(const SourceFile& file, Violations& found) {
  for (const Word& word : words_of(file.code)) {
    for (const Banned& ban : banned()) {
      if (std::find(ban.words.begin(), ban.words.end(), word.text) == ban.words.end()) continue;
      if (starts_with_any(file.path, ban.allowed) || !means_the_banned_one(file, word, ban)) continue;
      found.push_back({file.path, file.line_at(word.offset),
                       std::string{word.text} + " is banned; instead: " + std::string{ban.instead}});
    }
  }
}

/// Iteration over an unordered container cannot be seen from here, so its use has to be vouched for.
void check_unordered(const SourceFile& file, Violations& found) {
  if (!starts_with_any(file.path, {"sim/", "models/", "analysis/"})) return;
  constexpr std::string_view vouched = "order never leaves";
  for (const Word& word : words_of(file.code)) {
    if (!word.text.starts_with("unordered_")) continue;
    const int line = file.line_at(word.offset);
    const bool included = file.text_of_line(line).starts_with("#");
    const bool vouched_for = file.text_of_line(line).find(vouched) != std::string_view::npos ||
                             file.text_of_line(line - 1).find(vouched) != std::string_view::npos;
    if (included || vouched_for) continue;
    found.push_back({file.path, line,
                     std::string{word.text} + ": use an ordered or sorted container, or say in a comment "
                                              "on this line or above: // order never leaves"});
  }
}

bool is_script_or_build_file(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.ends_with(".sh") || name.ends_with(".py") || name.ends_with(".cmake") || name == "CMakeLists.txt" ||
         path == "spillway" || path.starts_with(".ci/");
}

// ---- assertions -----------------------------------------------------------------------------------------------------

/// A function in a test, with all the words in it.
struct TestCode {
  const SourceFile* file;
  std::size_t begin;
  std::vector<Word> words;

  bool is_test() const { return starts_with_any(words.front().text, {"TEST", "TYPED_TEST"}); }
  /// The word in front of the first parenthesis.
  std::string_view name() const {
    const std::size_t open = file->code.find('(', begin);
    const auto behind =
        std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.offset + begin > open; });
    return behind == words.begin() ? std::string_view{} : std::prev(behind)->text;
  }
};

std::vector<TestCode> test_code_of(const Files& files) {
  std::vector<TestCode> all;
  for (const SourceFile& file : files) {
    if (!file.is_cpp() || !file.path.starts_with("tests/")) continue;
    for (const Function& function : functions_of(file.code)) {
      const std::string_view text = std::string_view{file.code}.substr(function.begin, function.end - function.begin);
      all.push_back({&file, function.begin, words_of(text)});
    }
  }
  std::erase_if(all, [](const TestCode& function) { return function.words.empty(); });
  return all;
}

bool asserts(const TestCode& function, const std::set<std::string_view>& names_that_assert) {
  return std::any_of(function.words.begin(), function.words.end(), [&](const Word& word) {
    return starts_with_any(word.text, {"EXPECT_", "ASSERT_", "FAIL", "ADD_FAILURE"}) ||
           names_that_assert.contains(word.text);
  });
}

/// Names of the functions that assert, by themselves or through one that does.
std::set<std::string_view> names_that_assert(const std::vector<TestCode>& all) {
  std::set<std::string_view> names;
  for (std::size_t known = 0;; known = names.size()) {
    for (const TestCode& function : all) {
      if (!function.is_test() && asserts(function, names)) names.insert(function.name());
    }
    if (names.size() == known) return names;
  }
}

}  // namespace

Violations arrows(const Files& files) { return for_each_cpp(files, check_arrows); }

Violations doors(const Files& files) { return for_each_cpp(files, check_doors); }

Violations long_functions(const Files& files) {
  constexpr int kMostLines = 70;
  return for_each_cpp(files, [](const SourceFile& file, Violations& found) {
    for (const Function& function : functions_of(file.code)) {
      const int begin = file.line_at(function.begin);
      const int lines = file.line_at(function.end - 1) - begin + 1;
      if (lines <= kMostLines) continue;
      found.push_back(
          {file.path, begin,
           "a function of " + std::to_string(lines) + " lines; cut it to " + std::to_string(kMostLines) + " or fewer"});
    }
  });
}

Violations leftovers(const Files& files) {
  constexpr std::array<std::string_view, 3> words{
      "TO"
      "DO",
      "FIX"
      "ME",
      "X"
      "XX"};  // cut, or this file would be one
  Violations found;
  for (const SourceFile& file : files) {
    if (!file.is_cpp() && !is_script_or_build_file(file.path)) continue;
    for (const Word& word : words_of(file.text)) {
      if (std::find(words.begin(), words.end(), word.text) == words.end()) continue;
      found.push_back({file.path, file.line_at(word.offset), std::string{word.text} + ": finish it, or drop it"});
    }
  }
  return found;
}

Violations banned_words(const Files& files) {
  return for_each_cpp(files, [](const SourceFile& file, Violations& found) {
    check_banned(file, found);
    check_unordered(file, found);
  });
}

Violations missing_pages(const Files& files) {
  std::set<std::string> with_sources, with_page;
  for (const SourceFile& file : files) {
    const std::size_t slash = file.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : file.path.substr(0, slash);
    if (file.path.ends_with("README.md")) with_page.insert(folder);
    if (file.is_cpp()) with_sources.insert(folder.starts_with("tests/") ? "tests" : folder);
  }
  Violations found;
  for (const std::string& folder : with_sources) {
    if (!with_page.contains(folder)) found.push_back({folder, 0, "sources without a README.md beside them"});
  }
  return found;
}

Violations large_files(const Files& files) {
  constexpr std::size_t kMostBytes = 1 << 20;
  Violations found;
  for (const SourceFile& file : files) {
    if (file.bytes <= kMostBytes) continue;
    found.push_back(
        {file.path, 0, std::to_string(file.bytes) + " bytes; a file has at most " + std::to_string(kMostBytes)});
  }
  return found;
}

Violations machine_paths(const Files& files) {
  // Cut, or this file would hold them.
  const std::vector<std::string> starts{
      "/wo"
      "rk/",
      "/ro"
      "ot/",
      "/ho"
      "me/",
      "/Us"
      "ers/",
      ".."
      "/shared/"};
  Violations found;
  for (const SourceFile& file : files) {
    for (const std::string& start : starts) {
      for (std::size_t at = file.text.find(start); at != std::string::npos; at = file.text.find(start, at + 1)) {
        if (start[0] == '/' && at > 0 && is_word_char(file.text[at - 1])) continue;  // below another folder
        found.push_back(
            {file.path, file.line_at(at), start + "… is a path of one machine; derive it or make it a setting"});
      }
    }
  }
  return found;
}

Violations tests_without_assertion(const Files& files) {
  const std::vector<TestCode> all = test_code_of(files);
  const std::set<std::string_view> names = names_that_assert(all);
  Violations found;
  for (const TestCode& function : all) {
    if (!function.is_test() || asserts(function, names)) continue;
    found.push_back({function.file->path, function.file->line_at(function.begin), "a test without assertion"});
  }
  return found;
}

}  // namespace spillway::tidy
