// What reading a scenario needs beside the tree: where problems go, where each key was written, which files were used.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/document.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::language {

/// A mark in the k-th `--set` of the command line (k from 0): a negative line tells it from places of the file.
constexpr Mark mark_of_override(std::size_t k) { return {-1 - static_cast<int>(k), 1}; }
constexpr bool is_override(Mark mark) { return mark.line < 0; }

class Input {
 public:
  static constexpr std::size_t kMostErrors = 300;
  static constexpr std::size_t kMostWarnings = 100;
  static constexpr std::size_t kMostFileBytes = 32u << 20;

  Input(Document document, std::vector<Override> overrides, Problems& problems);

  const Document& document() const { return document_; }
  Node& root() { return document_.root; }
  const std::vector<Override>& overrides() const { return overrides_; }

  /// A problem at a place of the file or of the command line.
  void problem(Mark mark, std::string path, std::string message, Problem::Severity = Problem::Severity::error);
  /// A problem of the value at `path`, or of the nearest key around it that was written.
  void problem(const std::string& path, std::string message, Problem::Severity = Problem::Severity::error);
  /// A problem inside another file.
  void problem(Problem problem);
  std::size_t errors() const { return errors_; }  ///< so far
  /// Enough errors were found: more are counted, not kept, so nobody needs to think about their wording.
  bool is_full() const { return errors_ >= kMostErrors; }
  /// Hands over what was found, in the order of the file.
  void flush();

  /// Remembers where a key was written, for problem(path, …) and given().
  void note(const std::string& path, Mark mark) { marks_.insert_or_assign(path, mark); }
  bool given(const std::string& path) const { return marks_.contains(path); }
  /// Place for later checks: column in characters, {0, 0} for the command line.
  Where where(Mark mark, std::string path);

  /// A file named in the scenario, relative to its folder.
  std::filesystem::path resolve(const std::string& name) const;
  /// Its content, which becomes part of the hash; a problem at `mark` when it cannot be read, or when all files of the
  /// scenario together are larger than kMostFileBytes.
  std::optional<std::string> read_file(const std::string& name, Mark mark, const std::string& path);
  /// 16 hex digits over the text of the scenario, the overrides and every file read so far.
  std::string hash() const;

 private:
  int column_in_characters(Mark mark);

  Document document_;
  std::vector<Override> overrides_;
  Problems& problems_;
  std::vector<Problem> found_;
  std::map<std::string, Mark> marks_;
  std::uint64_t files_hash_ = 0;
  std::size_t file_bytes_ = 0;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  Mark last_mark_{};  ///< of the last call of where(), whose marks mostly grow
  int last_in_characters_ = 0;
};

/// "a.b", or "b" when `parent` is empty.
std::string join(const std::string& parent, std::string_view key);

/// Sets values of the tree from `--set path=value`: maps by key, lists by index. A key with dots is found by trying the
/// longest name first. Keys that are not there yet are added, so that defaults can be changed; whether the language
/// knows them is the reader's business. Problems: no value, an index past the end, a path through a value.
void apply_overrides(Input& input);

}  // namespace spillway::language
