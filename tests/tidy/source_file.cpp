#include "tests/tidy/source_file.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace spillway::tidy {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Walks over C++ text and keeps what is code.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_{text}, out_{text} {}

  std::string run() && {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    if (next_is("//")) return blank_line_comment();
    if (next_is("/*")) return blank_until("*/", 2);
    for (const std::string_view raw : {"R\"", "LR\"", "uR\"", "UR\"", "u8R\""}) {
      if (next_is(raw)) return blank_raw_string(raw.size());
    }
    if (text_[at_] == '"' || text_[at_] == '\'') return blank_literal(text_[at_]);
    if (is_word_char(text_[at_])) return skip_word();
    ++at_;
  }

  bool next_is(std::string_view wanted) const { return text_.substr(at_).starts_with(wanted); }

  void blank(std::size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void blank_until(std::string_view closing, std::size_t skip) {
    const std::size_t end = text_.find(closing, at_ + skip);
    blank(end == std::string_view::npos ? text_.size() : end + closing.size());
  }

  void blank_line_comment() { blank(text_.find('\n', at_)); }

  void blank_raw_string(std::size_t prefix) {
    const std::size_t open = std::min(text_.find('(', at_), text_.size());
    const std::string closing = ")" + std::string{text_.substr(at_ + prefix, open - at_ - prefix)} + "\"";
    blank_until(closing, open - at_);
  }

  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    ++at_;  // the quotes stay
    blank(end);
    ++at_;
  }

  /// A name, or a number with its separators: 1'000 holds no character literal.
  void skip_word() {
    const bool number = is_digit(text_[at_]);
    while (at_ < text_.size() && (is_word_char(text_[at_]) || (number && text_[at_] == '\''))) ++at_;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

bool is_text(std::string_view content) { return content.substr(0, 8000).find('\0') == std::string_view::npos; }

std::string read(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Folders of tools (.git, .build, .cache …) and /out/ are nobody's source; .ci is ours.
bool is_foreign_folder(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return (name.starts_with('.') && name != ".ci") || name == "out" || name == "__pycache__" || name == "node_modules";
}

}  // namespace

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string code_only(std::string_view text) { return Blanker{text}.run(); }

SourceFile::SourceFile(std::string path_in_tree, std::string content)
    : path{std::move(path_in_tree)}, bytes{content.size()} {
  if (is_text(content)) text = std::move(content);
  if (is_cpp()) code = code_only(text);
  line_starts_.push_back(0);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') line_starts_.push_back(at + 1);
  }
}

int SourceFile::line_at(std::size_t offset) const {
  return static_cast<int>(std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - line_starts_.begin());
}

std::string_view SourceFile::text_of_line(int line) const {
  if (line < 1 || static_cast<std::size_t>(line) > line_starts_.size()) return {};
  const std::size_t start = line_starts_[static_cast<std::size_t>(line) - 1];
  return std::string_view{text}.substr(start, std::min(text.find('\n', start), text.size()) - start);
}

bool SourceFile::is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

std::vector<SourceFile> read_tree(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  for (auto it = std::filesystem::recursive_directory_iterator{root}; it != std::filesystem::end(it); ++it) {
    if (it->is_directory() && is_foreign_folder(it->path())) it.disable_recursion_pending();
    if (it->is_symlink() || !it->is_regular_file() || it->path().filename() == ".git") continue;  // of a work tree
    files.emplace_back(it->path().lexically_relative(root).generic_string(), read(it->path()));
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& x, const SourceFile& y) { return x.path < y.path; });
  return files;
}

std::vector<Word> words_of(std::string_view code) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < code.size();) {
    const std::size_t begin = at;
    while (at < code.size() && is_word_char(code[at])) ++at;
    if (at > begin && !is_digit(code[begin])) words.push_back({code.substr(begin, at - begin), begin});
    if (at == begin) ++at;
  }
  return words;
}

}  // namespace spillway::tidy
