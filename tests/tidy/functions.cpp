#include "tests/tidy/functions.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "tests/tidy/source_file.hpp"

namespace spillway::tidy {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Preprocessor lines, with those that continue them, replaced by blanks.
std::string without_directives(std::string_view code) {
  std::string out{code};
  bool continued = false;
  for (std::size_t start = 0; start < out.size();) {
    const std::size_t end = std::min(out.find('\n', start), out.size());
    const std::size_t first = std::min(out.find_first_not_of(" \t", start), end);
    const bool directive = continued || (first < end && out[first] == '#');
    continued = directive && end > start && out[end - 1] == '\\';
    if (directive) out.replace(start, end - start, end - start, ' ');
    start = end + 1;
  }
  return out;
}

/// Position behind the bracket that closes the one at `open`.
std::size_t behind_closing(std::string_view code, std::size_t open) {
  if (open >= code.size()) return code.size();
  const char opening = code[open];
  const char closing = opening == '(' ? ')' : opening == '[' ? ']' : opening == '<' ? '>' : '}';
  int depth = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    if (code[at] == opening) ++depth;
    if (code[at] == closing && --depth == 0) return at + 1;
  }
  return code.size();
}

class Scanner {
 public:
  explicit Scanner(std::string_view code) : code_{code} {}

  std::vector<Function> run() && {
    next_declaration(0);
    while (at_ < code_.size()) step();
    return std::move(found_);
  }

 private:
  void step() {
    switch (code_[at_]) {
      case '(':
        had_parameters_ = had_parameters_ || !had_equals_;
        at_ = behind_closing(code_, at_);
        return;
      case '=':
        had_equals_ = true;
        return note_initialiser();
      case ';':
      case '}':
        return next_declaration(at_ + 1);
      case '{':
        return is_scope() ? next_declaration(at_ + 1) : skip_block();
      default:
        ++at_;
    }
  }

  /// `auto f = [](…) {…};` names a function as well.
  void note_initialiser() {
    at_ = std::min(code_.find_first_not_of(kBlanks, at_ + 1), code_.size());
    if (at_ < code_.size() && code_[at_] == '[') is_lambda_ = true;
  }

  /// A block that is no namespace or class: a body, or the initialiser of a variable or of a constructor's member.
  void skip_block() {
    const bool body = is_operator() || is_lambda_ || (had_parameters_ && !had_equals_);
    at_ = behind_closing(code_, at_);
    const std::size_t next = std::min(code_.find_first_not_of(kBlanks, at_), code_.size());
    const char follows = next < code_.size() ? code_[next] : ';';
    if (follows == ',' || follows == '{') return;  // the rest of a constructor's initialisers
    if (body) found_.push_back({begin_, at_});
    next_declaration(at_);
  }

  std::string_view head() const { return code_.substr(begin_, at_ - begin_); }

  bool is_operator() const {
    const std::vector<Word> words = words_of(head());
    return std::any_of(words.begin(), words.end(), [](const Word& word) { return word.text == "operator"; });
  }

  /// Whether the block at hand holds declarations: its head starts, behind specifiers, with one of a few keywords.
  bool is_scope() const {
    constexpr std::array<std::string_view, 5> scopes{"namespace", "class", "struct", "union", "enum"};
    constexpr std::array<std::string_view, 6> specifiers{"inline", "static", "constexpr", "const", "typedef", "extern"};
    for (const Word& word : words_of(head_without_template())) {
      if (std::find(scopes.begin(), scopes.end(), word.text) != scopes.end()) return true;
      if (std::find(specifiers.begin(), specifiers.end(), word.text) == specifiers.end()) return false;
    }
    return false;
  }

  std::string_view head_without_template() const {
    const std::string_view text = head();
    return text.starts_with("template") ? text.substr(behind_closing(text, text.find('<'))) : text;
  }

  void next_declaration(std::size_t from) {
    for (at_ = from; (at_ = code_.find_first_not_of(kBlanks, at_)) != std::string_view::npos;) {
      const std::size_t label = label_end();
      if (label == at_) break;
      at_ = label;
    }
    at_ = std::min(at_, code_.size());
    begin_ = at_;
    if (code_.substr(at_).starts_with("template")) at_ = behind_closing(code_, code_.find('<', at_));
    had_parameters_ = had_equals_ = is_lambda_ = false;
  }

  /// Behind `public:` and its like, or where we are.
  std::size_t label_end() const {
    for (const std::string_view label : {"public", "protected", "private"}) {
      if (!code_.substr(at_).starts_with(label)) continue;
      const std::size_t colon = code_.find_first_not_of(kBlanks, at_ + label.size());
      if (colon != std::string_view::npos && code_[colon] == ':') return colon + 1;
    }
    return at_;
  }

  std::string_view code_;
  std::vector<Function> found_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;        ///< of the declaration at hand
  bool had_parameters_ = false;  ///< a pair of parentheses, outside an initialiser
  bool had_equals_ = false;
  bool is_lambda_ = false;
};

}  // namespace

std::vector<Function> functions_of(std::string_view code) {
  const std::string clean = without_directives(code);
  return Scanner{clean}.run();
}

}  // namespace spillway::tidy
