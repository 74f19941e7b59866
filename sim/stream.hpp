// Counter-based random streams. A draw has an address, not a place in an order: whoever asks for
// draw 17 of request 4 of "gateway/work" gets the same number, whatever else happens in the run.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/hash.hpp"

namespace spillway {

/// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers, SC 2011). Pure function of
/// counter and key; checked against the published known answers in tests/sim/stream_test.cpp.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Identity of one stream: (seed, replication, component, purpose), hashed to 64 bits.
struct StreamKey {
  std::uint64_t value = 0;
};
StreamKey stream_key(std::uint64_t seed, std::uint32_t replication, std::string_view component,
                     std::string_view purpose);

/// Maps 64 bits to the middle of one of 2^52 equal parts of (0, 1). Neither end is ever reached and 1 - u is
/// exact, so log(u) and log(1 - u) are finite. (With 2^53 parts the last middle would be rounded up to 1.)
constexpr double unit_interval(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1.0p-52; }

/// The draws at one address (stream, number, ordinal). Cheap to make: nothing is computed before the
/// first draw. 2^32 blocks of 128 bits are available at each address.
class Draws {
 public:
  Draws(StreamKey key, std::uint64_t number, std::uint32_t ordinal = 0)
      : key_{key.value}, number_{number}, ordinal_{ordinal} {}

  std::uint64_t bits() {
    if (next_ == 2) refill();
    return buffer_[next_++];
  }
  double uniform() { return unit_interval(bits()); }

 private:
  void refill();

  std::uint64_t key_;
  std::uint64_t number_;
  std::uint32_t ordinal_;
  std::uint32_t block_ = 0;
  unsigned next_ = 2;
  std::array<std::uint64_t, 2> buffer_{};
};

/// A stream read in order: for draws that belong to a component's own history (a jitter, a latency),
/// not to a request. One address after the other, so two components never share numbers.
class Sequence {
 public:
  explicit Sequence(StreamKey key) : key_{key} {}
  Draws next() { return Draws{key_, number_++}; }

 private:
  StreamKey key_;
  std::uint64_t number_ = 0;
};

}  // namespace spillway
