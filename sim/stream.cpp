#include "sim/stream.hpp"

namespace spillway {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t m0 = 0xD2511F53, m1 = 0xCD9E8D57;
  constexpr std::uint32_t w0 = 0x9E3779B9, w1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = m0 * counter[0];
    const std::uint64_t p1 = m1 * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += w0;
    key[1] += w1;
  }
  return counter;
}

StreamKey stream_key(std::uint64_t seed, std::uint32_t replication, std::string_view component,
                     std::string_view purpose) {
  std::uint64_t h = hash_combine(seed, replication);
  h = hash_combine(h, hash_name(component));
  return {hash_combine(h, hash_name(purpose))};
}

void Draws::refill() {
  const auto word = philox4x32({static_cast<std::uint32_t>(number_), static_cast<std::uint32_t>(number_ >> 32),
                                ordinal_, block_++},
                               {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
  buffer_ = {word[0] | std::uint64_t{word[1]} << 32, word[2] | std::uint64_t{word[3]} << 32};
  next_ = 0;
}

}  // namespace spillway
