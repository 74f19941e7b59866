// The text side of document.hpp: problems, their carets and the nearest key.
#include <algorithm>
#include <numeric>

#include "models/scenario/document.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway {
namespace {

using language::byte_of_character, language::characters, language::escaped, language::shortened, language::utf8_length;

constexpr std::size_t kMostProblems = 200;
constexpr std::size_t kLineWidth = 120;  ///< characters of a source line that are shown
constexpr std::size_t kMessageWidth = 600;
constexpr std::size_t kPathWidth = 200;

/// The part of a source line that is shown, and where the caret stands under it (from 1).
struct Cut {
  std::string text;
  std::size_t caret = 1;
};

Cut cut_around(std::string_view line, std::size_t column) {
  const std::size_t count = characters(line);
  if (count <= kLineWidth) return {std::string{line}, column};
  const std::size_t half = kLineWidth / 2;
  const std::size_t latest = count - kLineWidth;
  const std::size_t start = std::min(column > half ? column - half : 0, latest);
  const std::size_t from = byte_of_character(line, start);
  const std::size_t to = from + byte_of_character(line.substr(from), kLineWidth);
  const std::string lead = start > 0 ? "…" : "";
  const std::string tail = to < line.size() ? "…" : "";
  return {lead + std::string{line.substr(from, to - from)} + tail, column - start + (start > 0 ? 1 : 0)};
}

/// Escapes for display; the caret moves with what grew in front of it.
Cut for_display(const Cut& cut) {
  std::string spaced = cut.text;
  std::replace(spaced.begin(), spaced.end(), '\t', ' ');
  const std::size_t before = byte_of_character(spaced, cut.caret - 1);
  return {escaped(spaced), characters(escaped(std::string_view{spaced}.substr(0, before))) + 1};
}

std::string caret_lines(const Problem& problem) {
  if (problem.source_line.empty() || problem.mark.column <= problem.source_offset) return {};
  const auto column = static_cast<std::size_t>(problem.mark.column - problem.source_offset);
  const Cut shown = for_display(cut_around(problem.source_line, column));
  return "\n  " + shown.text + "\n  " + std::string(shown.caret - 1, ' ') + "^";
}

using Row = std::vector<std::size_t>;

/// One row of the table of distances (optimal string alignment: a swap of neighbours counts 1).
Row next_row(std::string_view a, std::string_view b, std::size_t i, const Row& above, const Row& above_that) {
  Row row(b.size() + 1, i);
  for (std::size_t j = 1; j <= b.size(); ++j) {
    const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
    row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
    const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
    if (swapped) row[j] = std::min(row[j], above_that[j - 2] + 1);
  }
  return row;
}

std::size_t distance(std::string_view a, std::string_view b) {
  Row above_that;
  Row above(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row row = next_row(a, b, i, above, above_that);
    above_that = std::move(above);
    above = std::move(row);
  }
  return above.back();
}

}  // namespace

void Problems::add(Problem problem) {
  if (problem.severity == Problem::Severity::error) ++errors_;
  if (all_.size() > kMostProblems) return;
  if (all_.size() == kMostProblems) {
    problem.message = "there are more problems than " + std::to_string(kMostProblems) + "; mend these first";
    problem.mark = {};
    problem.path.clear();
    problem.source_line.clear();
  }
  all_.push_back(std::move(problem));
}

std::string to_text(const Problem& problem) {
  std::string out = escaped(problem.file);
  if (problem.mark.line > 0) out += ":" + std::to_string(problem.mark.line);
  if (problem.mark.line > 0 && problem.mark.column > 0) out += ":" + std::to_string(problem.mark.column);
  out += problem.severity == Problem::Severity::error ? ": error: " : ": warning: ";
  if (!problem.path.empty()) out += escaped(shortened(problem.path, kPathWidth)) + ": ";
  out += escaped(shortened(problem.message, kMessageWidth));
  return out + caret_lines(problem);
}

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

Problem Document::problem(Mark mark, std::string path, std::string message, Problem::Severity severity) const {
  Problem out{severity, file, mark, std::move(path), std::move(message), {}, 0};
  const bool inside = mark.line >= 1 && static_cast<std::size_t>(mark.line) <= lines.size();
  if (!inside || mark.column < 1) return out;
  const std::string_view line = lines[static_cast<std::size_t>(mark.line) - 1];
  const std::size_t bytes = std::min(static_cast<std::size_t>(mark.column) - 1, line.size());
  out.mark.column = static_cast<int>(characters(line.substr(0, bytes))) + 1;
  const std::size_t width = 4 * kLineWidth;  // in bytes; to_text cuts the rest by characters
  std::size_t from = bytes > width ? bytes - width : 0;
  while (from > 0 && utf8_length(line, from) == 0) --from;
  out.source_offset = static_cast<int>(characters(line.substr(0, from)));
  out.source_line = std::string{line.substr(from, 2 * width)};
  return out;
}

std::string nearest(std::string_view key, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 64;
  if (key.size() > longest) return {};
  std::string best;
  std::size_t best_distance = key.size() / 3 + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > longest) continue;
    const std::size_t d = distance(key, candidate);
    if (d >= best_distance) continue;
    best_distance = d;
    best = candidate;
  }
  return best;
}

}  // namespace spillway
