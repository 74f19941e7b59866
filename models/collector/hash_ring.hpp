// The ring of the load_balancing exporter: which endpoint a key belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/version.hpp"

namespace spillway::collector {

class HashRing {
 public:
  HashRing() = default;
  /// `endpoints` in the resolver's order, which is sorted.
  HashRing(const std::vector<std::string>& endpoints, const RingSemantics& semantics);

  /// Index of the endpoint at or behind the key's position. Requires !empty().
  std::uint32_t endpoint_of(std::string_view key) const { return at(position_of(key)); }
  bool empty() const { return points_.empty(); }

  /// For tests.
  struct Point {
    std::uint32_t position = 0, endpoint = 0;
    bool operator==(const Point&) const = default;
  };
  const std::vector<Point>& points() const { return points_; }

 private:
  std::uint32_t position_of(std::string_view key) const;
  std::uint32_t at(std::uint32_t position) const;
  std::vector<Point> points_;  ///< by position
  std::uint32_t positions_ = 1;
};

}  // namespace spillway::collector
