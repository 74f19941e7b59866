// A file of the tree as the rules see it: as written, and as code alone.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::tidy {

struct SourceFile {
  SourceFile(std::string path_in_tree, std::string content);

  std::string path;   ///< from the root, with '/'
  std::size_t bytes;  ///< size of the file
  std::string text;   ///< as written; empty for files that are not text
  std::string code;   ///< C++: `text` with comments and the insides of literals blanked; same length, same lines

  int line_at(std::size_t offset) const;          ///< counted from 1
  std::string_view text_of_line(int line) const;  ///< without its end; empty outside the file
  bool is_cpp() const;                            ///< a C++ source or header

 private:
  std::vector<std::size_t> line_starts_;
};

/// `text` with comments and the insides of string and character literals replaced by blanks; line ends stay.
std::string code_only(std::string_view text);

/// All files under `root`, sorted, but those that are nobody's source: what Git, builds and
/// other tools keep there.
std::vector<SourceFile> read_tree(const std::filesystem::path& root);

/// An identifier or keyword in `code`.
struct Word {
  std::string_view text;
  std::size_t offset;
};
std::vector<Word> words_of(std::string_view code);

bool is_word_char(char c);

}  // namespace spillway::tidy
