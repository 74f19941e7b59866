// Regular expressions as Go has them. The only door to RE2, whose syntax and choice of match are Go's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace spillway {

/// A compiled expression. Copies share it; matching is linear in the text, whatever the expression.
class Regex {
 public:
  /// Nothing, and the reason in `error`, when the pattern is none.
  static std::optional<Regex> compile(std::string_view pattern, std::string& error);

  bool matches(std::string_view text) const;  ///< anywhere in the text
  /// Every match with its groups replaced by `replacement`, in which $1, ${1}, $name and $$ stand for groups. A result
  /// that grows beyond 4 MiB is cut off there.
  std::string replace_all(std::string_view text, std::string_view replacement) const;
  /// Group 0 and the others of one match; a group that took no part is empty with a null pointer.
  using Match = std::vector<std::string_view>;
  std::optional<Match> first(std::string_view text) const;
  /// All matches from left to right, none overlapping.
  std::vector<Match> all(std::string_view text) const;
  /// `replacement` with the groups of a match put in.
  std::string expand(std::string_view replacement, const Match& match) const;
  /// Names of the groups by number; that of group 0 and of unnamed ones is empty.
  const std::vector<std::string>& group_names() const { return names_; }

 private:
  std::optional<Match> match_from(std::string_view text, std::size_t from) const;
  std::shared_ptr<const re2::RE2> compiled_;
  std::vector<std::string> names_;
};

}  // namespace spillway
