#include "models/collector/hash_ring.hpp"

#include <algorithm>
#include <tuple>

#include "models/telemetry/digest.hpp"

namespace spillway::collector {
namespace {

constexpr std::uint32_t kProbes = 10;

struct Candidate {
  std::uint32_t position, hash, endpoint;
};

/// The endpoint's text with the number of the point behind it, little-endian.
std::uint32_t hash_of(const std::string& endpoint, std::uint32_t number, bool wide) {
  std::string text = endpoint;
  for (int byte = 0; byte < (wide ? 4 : 1); ++byte) text += static_cast<char>(number >> (8 * byte));
  return crc32(text);
}

std::vector<Candidate> candidates(const std::vector<std::string>& endpoints, const RingSemantics& semantics) {
  std::vector<Candidate> all;
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    for (std::uint32_t number = 0; number < semantics.points; ++number) {
      const std::uint32_t hash = hash_of(endpoints[i], number, semantics.probes);
      all.push_back({hash % semantics.positions, hash, i});
    }
  }
  if (!semantics.by_position) return all;
  std::sort(all.begin(), all.end(), [&](const Candidate& x, const Candidate& y) {
    return std::tie(x.position, x.hash, endpoints[x.endpoint]) < std::tie(y.position, y.hash, endpoints[y.endpoint]);
  });
  return all;
}

}  // namespace

HashRing::HashRing(const std::vector<std::string>& endpoints, const RingSemantics& semantics)
    : positions_{semantics.positions} {
  std::vector<bool> taken(semantics.positions);
  for (const Candidate& one : candidates(endpoints, semantics)) {
    std::uint32_t position = one.position;
    std::uint32_t probed = 0;
    const std::uint32_t probes = semantics.probes ? kProbes : 1;
    for (; probed < probes && taken[position]; ++probed) position = (position + 1) % positions_;
    if (probed == probes) continue;  // no free place near by: the point is left out
    taken[position] = true;
    points_.push_back({position, one.endpoint});
  }
  std::sort(points_.begin(), points_.end(), [](const Point& x, const Point& y) { return x.position < y.position; });
}

std::uint32_t HashRing::position_of(std::string_view key) const { return crc32(key) % positions_; }

std::uint32_t HashRing::at(std::uint32_t position) const {
  const auto found = std::lower_bound(points_.begin(), points_.end(), position,
                                      [](const Point& point, std::uint32_t p) { return point.position < p; });
  return (found == points_.end() ? points_.front() : *found).endpoint;
}

}  // namespace spillway::collector
