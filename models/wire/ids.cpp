#include "models/wire/spans.hpp"

namespace spillway::wire {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::optional<TraceId> from_hex(std::string_view text, std::size_t digits) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  TraceId id;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    id.high = id.high << 4U | id.low >> 60U;
    id.low = id.low << 4U | static_cast<std::uint64_t>(digit);
  }
  return id;
}

// With padding, as Go's standard encoding wants it; line ends are skipped there.
std::optional<std::string> from_base64(std::string_view text) {
  std::string octets;
  std::uint32_t group = 0;
  std::size_t count = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const int digit = base64_digit(c);
    if (c == '=') ++padding;
    else if (digit < 0 || padding > 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit < 0 ? 0 : digit);
    if (++count % 4 != 0) continue;
    for (int shift = 16; shift >= 0; shift -= 8) octets += static_cast<char>(group >> shift & 0xff);
    group = 0;
  }
  if (count % 4 != 0 || padding > 2) return std::nullopt;
  octets.resize(octets.size() - padding);
  return octets;
}

}  // namespace spillway::wire
