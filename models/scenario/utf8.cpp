#include "models/scenario/utf8.hpp"

#include <array>
#include <cstdio>

namespace spillway::language {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

/// Bytes that this lead byte announces, 0 when it cannot lead.
std::size_t announced(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/// The second byte excludes overlong forms, surrogates and values above U+10FFFF.
bool second_byte_allowed(unsigned lead, unsigned second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second <= 0x8F;
  return true;
}

unsigned code_point(std::string_view sequence) {
  if (sequence.size() == 1) return byte_at(sequence, 0);
  unsigned value = byte_at(sequence, 0) & (0xFFu >> (sequence.size() + 1));
  for (std::size_t i = 1; i < sequence.size(); ++i) value = value << 6 | (byte_at(sequence, i) & 0x3Fu);
  return value;
}

/// Characters that would move the cursor, ring, or reorder what a reader sees.
bool hides_or_controls(unsigned c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool direction = (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || direction || c == 0xFEFF;
}

std::string escape_of(unsigned c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  std::array<char, 12> buffer{};
  std::snprintf(buffer.data(), buffer.size(), c < 0x100 ? "\\x%02x" : "\\u%04x", c);
  return buffer.data();
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  const std::size_t length = announced(lead);
  if (length <= 1) return length;
  if (text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[at + i])) return 0;
  return second_byte_allowed(lead, byte_at(text, at + 1)) ? length : 0;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

std::size_t byte_of_character(std::string_view text, std::size_t n) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    if (seen == n) return i;
    ++seen;
  }
  return text.size();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const std::string_view sequence = text.substr(at, length == 0 ? 1 : length);
    const unsigned c = length == 0 ? byte_at(text, at) : code_point(sequence);
    if (length == 0 || hides_or_controls(c))
      out += escape_of(c);
    else
      out += sequence;
    at += sequence.size();
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  const std::size_t count = characters(text);
  if (count <= most) return std::string{text};
  const std::size_t head = most * 2 / 3;
  const std::size_t tail = most - head - 1;
  return std::string{text.substr(0, byte_of_character(text, head))} + "…" +
         std::string{text.substr(byte_of_character(text, count - tail))};
}

}  // namespace spillway::language
