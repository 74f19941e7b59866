#include "analysis/report/table.hpp"

#include <algorithm>
#include <numeric>

namespace spillway::analysis {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 12;  ///< no column is shortened below this

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// Byte index after the first `count` characters.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!continues_character(text[at]) && count-- == 0) return at;
    ++at;
  }
  return at;
}

const std::string& cell(const std::vector<std::string>& row, std::size_t column) {
  static const std::string empty;
  return column < row.size() ? row[column] : empty;
}

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t width = width_of(table.columns[c].head);
    for (const auto& row : table.rows) width = std::max(width, width_of(cell(row, c)));
    widths.push_back(width);
  }
  return widths;
}

/// Takes what is too much for the screen from the widest columns of text.
void fit(const Table& table, std::vector<std::size_t>& widths) {
  const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1)); };
  while (total() > kWidth) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (table.columns[c].align != Column::Align::left || widths[c] <= kNarrowest) continue;
      if (widest == widths.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

std::string padded(const std::string& text, std::size_t width, Column::Align align) {
  const std::string shown = shortened(text, width);
  const std::string space(width - width_of(shown), ' ');
  return align == Column::Align::left ? shown + space : space + shown;
}

template <class CellText>
std::string text_line(const Table& table, const std::vector<std::size_t>& widths, CellText cell_text) {
  std::string line;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (c > 0) line.append(kGap, ' ');
    line += padded(cell_text(c), widths[c], table.columns[c].align);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text.substr(std::min(text.find_first_not_of(' '), text.size()))) {
    if (std::string_view{"|*_`<>\\[]"}.find(c) != std::string_view::npos) result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

std::string shortened(std::string_view text, std::size_t width) {
  const std::size_t length = width_of(text);
  if (length <= width) return std::string{text};
  if (width == 0) return "";
  const std::size_t tail = (width - 1) / 2;
  const std::size_t head = width - 1 - tail;
  return std::string{text.substr(0, bytes_of(text, head))} + "…" +
         std::string{text.substr(bytes_of(text, length - tail))};
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t room = width;
  while (width_of(text) > room) {
    const std::size_t end = bytes_of(text, room + 1);
    const std::size_t space = text.substr(0, end).rfind(' ');
    const bool breakable = space != std::string_view::npos && text.find_first_not_of(' ') < space;
    const std::size_t cut = breakable ? space : bytes_of(text, room);
    result += std::string{text.substr(0, cut)} + "\n" + std::string(indent, ' ');
    text.remove_prefix(std::min(text.find_first_not_of(' ', cut), text.size()));
    room = width - indent;
  }
  return result + std::string{text};
}

std::string to_text(const Table& table) {
  if (table.columns.empty()) return "";
  std::vector<std::size_t> widths = widths_of(table);
  fit(table, widths);
  std::string text = text_line(table, widths, [&](std::size_t c) { return table.columns[c].head; });
  for (const auto& row : table.rows) {
    text += text_line(table, widths, [&](std::size_t c) { return cell(row, c); });
  }
  return text;
}

std::string to_text(const Report& report) {
  std::string text;
  for (const Block& block : report) {
    if (!text.empty()) text += "\n";
    text += to_text(block.table);
    for (const std::string& line : block.lines) text += wrapped(line, kWidth, 4) + "\n";
  }
  return text;
}

std::string to_markdown(const Table& table) {
  if (table.columns.empty()) return "";
  std::string head = "|", rule = "|";
  for (const Column& column : table.columns) {
    head += " " + escaped(column.head) + " |";
    rule += column.align == Column::Align::right ? " ---: |" : " --- |";
  }
  std::string text = head + "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    text += "|";
    for (std::size_t c = 0; c < table.columns.size(); ++c) text += " " + escaped(cell(row, c)) + " |";
    text += "\n";
  }
  return text;
}

std::string to_markdown(const Report& report) {
  std::string text;
  for (const Block& block : report) {
    if (!text.empty()) text += "\n";
    text += to_markdown(block.table);
    if (!block.table.columns.empty() && !block.lines.empty()) text += "\n";
    for (const std::string& line : block.lines) text += "- " + escaped(line) + "\n";
  }
  return text;
}

}  // namespace spillway::analysis
