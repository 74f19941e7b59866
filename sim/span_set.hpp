// Which spans, not only how many: an order-independent hash over a set of span addresses. Both worlds use
// this one function, so equal sets print equal hashes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "sim/hash.hpp"

namespace spillway {

/// Address of a span as it is on the wire: 128 bits of trace id (most significant half first) and the span id.
/// The bytes of an id are read as a big-endian number, so the hex text and the number agree.
struct SpanKey {
  std::uint64_t trace_hi = 0;
  std::uint64_t trace_lo = 0;
  std::uint64_t span_id = 0;
  friend auto operator<=>(const SpanKey&, const SpanKey&) = default;
};

/// One span's share of the hash of a set; the hash is the sum of all terms modulo 2^64. Add each distinct
/// span once: duplicates would count twice.
constexpr std::uint64_t span_set_term(std::uint64_t trace_hi, std::uint64_t trace_lo, std::uint64_t span_id) {
  return hash_combine(hash_combine(trace_hi, trace_lo), span_id);
}
constexpr std::uint64_t span_set_term(const SpanKey& key) {
  return span_set_term(key.trace_hi, key.trace_lo, key.span_id);
}

/// 16 lower-case hex digits, zero-padded. The form of DestinationFates::span_set.
inline std::string hex16(std::uint64_t value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, value >>= 4) text[static_cast<std::size_t>(i)] = digits[value & 15U];
  return text;
}

/// "<32 hex trace id>:<16 hex span id>", the form of DestinationFates::span_ids.
inline std::string to_text(const SpanKey& key) {
  return hex16(key.trace_hi) + hex16(key.trace_lo) + ':' + hex16(key.span_id);
}

}  // namespace spillway
