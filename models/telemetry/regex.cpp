#include "models/telemetry/regex.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>

namespace spillway {
namespace {

/// (?<name>…) is (?P<name>…) to this library.
std::string with_old_names(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern.substr(i++, 2);
    } else if (pattern.substr(i).starts_with("(?<")) {
      out += "(?P<";
      i += 2;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The name behind a $, which is taken off `text`; nothing when it is none.
std::optional<std::string_view> take_name(std::string_view& text) {
  const bool braces = text.starts_with('{');
  if (braces) text.remove_prefix(1);
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_word) - text.begin());
  if (end == 0 || (braces && !text.substr(end).starts_with('}'))) return std::nullopt;
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end + (braces ? 1 : 0));
  return name;
}

}  // namespace

std::optional<Regex> Regex::compile(std::string_view pattern, std::string& error) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const auto compiled = std::make_shared<const re2::RE2>(with_old_names(pattern), options);
  if (!compiled->ok()) {
    error = compiled->error();
    return std::nullopt;
  }
  Regex result;
  result.names_.resize(static_cast<std::size_t>(compiled->NumberOfCapturingGroups()) + 1);
  for (const auto& [number, name] : compiled->CapturingGroupNames())
    result.names_[static_cast<std::size_t>(number)] = name;
  result.compiled_ = compiled;
  return result;
}

bool Regex::matches(std::string_view text) const {
  return compiled_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

std::optional<Regex::Match> Regex::match_from(std::string_view text, std::size_t from) const {
  std::vector<re2::StringPiece> groups(names_.size());
  const re2::StringPiece all{text.data(), text.size()};
  if (!compiled_->Match(all, from, text.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  Match match;
  for (const re2::StringPiece& group : groups) match.emplace_back(group.data(), group.size());
  return match;
}

std::optional<Regex::Match> Regex::first(std::string_view text) const { return match_from(text, 0); }

std::vector<Regex::Match> Regex::all(std::string_view text) const {
  std::vector<Match> found;
  std::size_t from = 0, end_of_last = std::string_view::npos;
  while (from <= text.size()) {
    const auto match = match_from(text, from);
    if (!match) break;
    const auto begin = static_cast<std::size_t>(match->front().data() - text.data());
    const std::size_t end = begin + match->front().size();
    // An empty match beside the match before it counts for nothing.
    if (end > begin || begin != end_of_last) found.push_back(*match);
    end_of_last = end;
    from = end > from ? end : from + 1;
    while (end == begin && from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
  }
  return found;
}

std::string Regex::expand(std::string_view replacement, const Match& match) const {
  std::string out;
  while (!replacement.empty()) {
    const std::size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    std::string_view rest = replacement;
    const auto name = take_name(rest);
    if (!name) {
      out += '$';
      continue;
    }
    replacement = rest;
    const bool number =
        name->size() < 8 && std::all_of(name->begin(), name->end(), [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t index =
        number ? std::stoul(std::string{*name})
               : static_cast<std::size_t>(std::find(names_.begin() + 1, names_.end(), *name) - names_.begin());
    if (index < match.size()) out += match[index];
  }
  return out;
}

std::string Regex::replace_all(std::string_view text, std::string_view replacement) const {
  std::string out;
  std::size_t last = 0;
  constexpr std::size_t longest = 4 << 20;
  for (const Match& match : all(text)) {
    if (out.size() > longest) return out;
    const auto begin = static_cast<std::size_t>(match.front().data() - text.data());
    out += text.substr(last, begin - last);
    out += expand(replacement, match);
    last = begin + match.front().size();
  }
  out += text.substr(last);
  return out;
}

}  // namespace spillway
