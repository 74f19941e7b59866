// The work of rendering a picture of the Mandelbrot set: how many iterations its pixels really take.
#pragma once

#include <cstdint>

#include "models/scenario/scenario.hpp"

namespace spillway {

struct TileWork {
  std::int64_t pixels = 0;
  std::int64_t iterations = 0;  ///< sum over pixels, each at most Picture::iterations
};

/// Tile `index` of `count`: every count-th row from row `index` on, so that all tiles carry about the same work. The
/// region shown is 3.0 / zoom wide around the centre, with square pixels. Counted by iterating, so it is exact.
TileWork tile_work(const Picture& picture, int index, int count);

}  // namespace spillway
