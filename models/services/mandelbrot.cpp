#include "models/services/mandelbrot.hpp"

#include "models/services/escape_iterations.hpp"

namespace spillway {

TileWork tile_work(const Picture& picture, int index, int count) {
  const double step = 3.0 / picture.zoom / picture.width;
  TileWork work;
  for (int row = index; row < picture.height; row += count) {
    work.pixels += picture.width;
    const double cy = picture.centre_y + (row - picture.height / 2.0) * step;
    for (int column = 0; column < picture.width; ++column) {
      const double cx = picture.centre_x + (column - picture.width / 2.0) * step;
      work.iterations += escape_iterations(cx, cy, picture.iterations);
    }
  }
  return work;
}

}  // namespace spillway
