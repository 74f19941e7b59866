// OpenTelemetry's part of a W3C tracestate, "ot=rv:…;th:…": randomness and threshold of consistent probability
// sampling. Semantics: contrib's pkg/sampling, the same in v0.111 and v0.159.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "models/telemetry/span.hpp"

namespace spillway::collector {

inline constexpr std::uint64_t kAllTraces = 0;                            ///< threshold that keeps everything
inline constexpr std::uint64_t kNoTraces = std::uint64_t{1} << 56;        ///< … and one that keeps nothing
inline constexpr std::uint64_t kMostRandomness = kNoTraces - 1;

/// A trace state taken apart. The randomness that hash_seed mode writes follows from trace id and seed; here it is
/// the seed that is kept, in a text of the same length, so that not every trace has a state of its own.
struct SamplingState {
  bool valid = true;
  std::optional<std::uint64_t> randomness;  ///< rv, as given
  std::optional<std::uint32_t> seed;        ///< rv, as hash_seed mode writes it
  std::optional<std::uint64_t> threshold;   ///< th
  std::string more;    ///< other fields of ot, each with ';' in front
  std::string others;  ///< other members, each with ',' in front
  bool has_randomness() const { return randomness || seed; }
};
SamplingState parse_sampling_state(std::string_view trace_state);
std::string to_text(const SamplingState& state);

/// The trace state as it is on the wire: with the trace's randomness instead of the seed.
std::string on_the_wire(std::string_view trace_state, TraceId id);

/// Randomness of a trace: its low 56 bits, or a hash of seed and id.
std::uint64_t w3c_randomness(TraceId id);
std::uint64_t hashed_randomness(TraceId id, std::uint32_t seed);
/// Keeps this share of all traces, rounded to so many hex digits; nothing when the share is out of range.
std::optional<std::uint64_t> sampling_threshold(double share, int precision);
double share_of(std::uint64_t threshold);

}  // namespace spillway::collector
