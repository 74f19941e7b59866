#include "models/collector/ottl/quoted.hpp"

#include <charconv>
#include <cstdint>

namespace spillway::collector::ottl {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 63));
  if (code < 0x10000) return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
}

std::optional<std::uint32_t> digits(std::string_view text, std::size_t count, int base) {
  std::uint32_t number = 0;
  if (text.size() < count) return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + count, number, base);
  if (code != std::errc{} || end != text.data() + count) return std::nullopt;
  return number;
}

/// Reads what stands behind a backslash; takes it off the text.
bool append_escape(std::string& out, std::string_view& text) {
  constexpr std::string_view plain = "abfnrtv\\\"";
  constexpr std::string_view meaning = "\a\b\f\n\r\t\v\\\"";
  if (text.empty()) return false;
  const char kind = text[0];
  if (const std::size_t found = plain.find(kind); found != std::string_view::npos) {
    out += meaning[found];
    text.remove_prefix(1);
    return true;
  }
  if (kind == 'x' || (kind >= '0' && kind <= '7')) {
    const bool octal = kind != 'x';
    const auto byte = octal ? digits(text, 3, 8) : digits(text.substr(1), 2, 16);
    if (!byte || *byte > 255) return false;
    out += static_cast<char>(*byte);
    text.remove_prefix(3);
    return true;
  }
  if (kind != 'u' && kind != 'U') return false;
  const std::size_t count = kind == 'u' ? 4 : 8;
  const auto code = digits(text.substr(1), count, 16);
  if (!code || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) return false;
  append_utf8(out, *code);
  text.remove_prefix(1 + count);
  return true;
}

}  // namespace

std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == '\n') return std::nullopt;
    if (c != '\\')
      out += c;
    else if (!append_escape(out, text))
      return std::nullopt;
  }
  return out;
}

}  // namespace spillway::collector::ottl
