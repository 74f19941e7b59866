// Small, portable 64-bit mixing: names to stream keys, events to fingerprints. Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace spillway {

/// Finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Depends on the order. Give `a` as it is or as an earlier result of hash_combine, never as mix64(x): that would cancel
/// against mix64(b), so that (x, y) and (y, x) collide, and all (x, x).
constexpr std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) { return mix64(a ^ mix64(b)); }

/// FNV-1a, 64 bit, then mixed.
constexpr std::uint64_t hash_name(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(h);
}

}  // namespace spillway
