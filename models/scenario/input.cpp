#include "models/scenario/input.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <tuple>

#include "models/scenario/file_text.hpp"
#include "models/scenario/hints.hpp"
#include "models/scenario/utf8.hpp"
#include "sim/hash.hpp"

namespace spillway::language {

Input::Input(Document document, std::vector<Override> overrides, Problems& problems)
    : document_{std::move(document)}, overrides_{std::move(overrides)}, problems_{problems} {}

void Input::problem(Problem problem) {
  const bool is_error = problem.severity == Problem::Severity::error;
  std::size_t& count = is_error ? errors_ : warnings_;
  if (++count <= (is_error ? kMostErrors : kMostWarnings)) found_.push_back(std::move(problem));
}

void Input::flush() {
  const auto position = [this](const Problem& p) {
    return std::tuple{p.file != document_.file, p.severity == Problem::Severity::warning, p.mark.line, p.mark.column};
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Problem& a, const Problem& b) { return position(a) < position(b); });
  for (Problem& problem : found_) problems_.add(std::move(problem));
  found_.clear();
}

void Input::problem(Mark mark, std::string path, std::string message, Problem::Severity severity) {
  Problem out;
  out.severity = severity;
  if (is_full()) return problem(std::move(out));  // only counted; finding the source line would take time
  if (!is_override(mark)) {
    return problem(document_.problem(mark, std::move(path), std::move(message), severity));
  }
  const Override& set = overrides_.at(static_cast<std::size_t>(-1 - mark.line));
  out.file = "command line";
  out.path = "--set " + shortened(set.path) + "=" + shortened(set.value);
  out.message = std::move(message);
  problem(std::move(out));
}

void Input::problem(const std::string& path, std::string message, Problem::Severity severity) {
  std::string known = path;
  auto found = marks_.find(known);
  while (found == marks_.end() && !known.empty()) {
    const std::size_t dot = known.rfind('.');
    known.resize(dot == std::string::npos ? 0 : dot);
    found = marks_.find(known);
  }
  problem(found == marks_.end() ? Mark{} : found->second, path, std::move(message), severity);
}

/// Counts on from the last mark where it can: asking for every mark of a long line takes linear time.
int Input::column_in_characters(Mark mark) {
  const std::string_view line = document_.lines.at(static_cast<std::size_t>(mark.line) - 1);
  const bool goes_on = mark.line == last_mark_.line && mark.column >= last_mark_.column;
  const auto from = goes_on ? static_cast<std::size_t>(last_mark_.column) - 1 : 0;
  const std::size_t to = std::min(static_cast<std::size_t>(mark.column) - 1, line.size());
  const std::size_t before = goes_on ? static_cast<std::size_t>(last_in_characters_) - 1 : 0;
  last_mark_ = mark;
  last_in_characters_ = static_cast<int>(before + (to > from ? characters(line.substr(from, to - from)) : 0)) + 1;
  return last_in_characters_;
}

Where Input::where(Mark mark, std::string path) {
  const bool in_file = mark.line >= 1 && static_cast<std::size_t>(mark.line) <= document_.lines.size();
  if (!in_file || mark.column < 1) return {{}, std::move(path)};
  return {{mark.line, column_in_characters(mark)}, std::move(path)};
}

std::filesystem::path Input::resolve(const std::string& name) const {
  const std::filesystem::path file{name};
  return file.is_absolute() ? file : std::filesystem::path{document_.file}.parent_path() / file;
}

std::optional<std::string> Input::read_file(const std::string& name, Mark mark, const std::string& path) {
  if (file_bytes_ > kMostFileBytes) return std::nullopt;
  FileText read = read_file_text(resolve(name), DocumentLimits{}.bytes);
  if (!read.text) {
    problem(mark, path, "'" + shortened(name) + "': " + read.message);
    return std::nullopt;
  }
  file_bytes_ += read.text->size();
  if (file_bytes_ > kMostFileBytes) {
    problem(mark, path,
            "the files named up to here are larger than " + std::to_string(kMostFileBytes) +
                " bytes together; name fewer or smaller ones");
    return std::nullopt;
  }
  files_hash_ = hash_combine(files_hash_, hash_name(*read.text));
  return std::move(read.text);
}

std::string Input::hash() const {
  std::string content;
  for (const std::string& line : document_.lines) content.append(line).append("\n");
  for (const Override& set : overrides_) content.append(set.path).append("=").append(set.value).append("\n");
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016" PRIx64, hash_combine(hash_name(content), files_hash_));
  return hex.data();
}

std::string hint(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t most_listed = 12;
  constexpr std::size_t most_compared = 300;
  if (known.empty()) return "; there are none";
  const bool long_list = known.size() > most_compared;
  const std::string near = nearest(name, long_list ? std::vector(known.begin(), known.begin() + most_compared) : known);
  if (!near.empty()) return "; did you mean '" + near + "'?";
  std::string list;
  for (std::size_t i = 0; i < std::min(known.size(), most_listed); ++i)
    list += (i == 0 ? "" : ", ") + shortened(known[i], 40);
  return "; known: " + list + (known.size() > most_listed ? ", …" : "");
}

std::string join(const std::string& parent, std::string_view key) {
  return parent.empty() ? std::string{key} : parent + "." + std::string{key};
}

}  // namespace spillway::language
