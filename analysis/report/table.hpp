// Tables and reports as data, and their two faces: plain text for a terminal, markdown for a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::analysis {

inline constexpr std::size_t kWidth = 120;  ///< columns of a screen that everything fits in

struct Column {
  enum class Align { left, right };
  std::string head;
  Align align = Align::left;
};

/// Rows may be shorter than the columns; what is missing is empty.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

/// A part of a report: a table when it has columns, then lines of text.
struct Block {
  Table table;
  std::vector<std::string> lines;
};
using Report = std::vector<Block>;

/// Characters of UTF-8 text.
std::size_t width_of(std::string_view text);

/// At most `width` characters: what is too long loses its middle to "…".
std::string shortened(std::string_view text, std::size_t width);

/// Lines of at most `width` characters, broken at spaces; those after the first are indented.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// Columns two spaces apart, no trailing spaces. Should a line pass kWidth, left-aligned cells of the widest such
/// column are shortened. Blocks are separated by an empty line, lines are wrapped at kWidth.
std::string to_text(const Table& table);
std::string to_text(const Report& report);

/// GitHub's tables; what has a meaning in markdown is escaped.
std::string to_markdown(const Table& table);
std::string to_markdown(const Report& report);

}  // namespace spillway::analysis
