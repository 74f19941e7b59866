#include "models/services/mandelbrot.hpp"

#include <gtest/gtest.h>

#include <complex>

namespace spillway {
namespace {

TEST(TileWork, TilesShareAllRowsAmongThem) {
  const Picture picture;
  for (const int count : {1, 3, 7}) {
    TileWork sum;
    for (int index = 0; index < count; ++index) {
      const TileWork tile = tile_work(picture, index, count);
      sum.pixels += tile.pixels;
      sum.iterations += tile.iterations;
    }
    const TileWork whole = tile_work(picture, 0, 1);
    EXPECT_EQ(sum.pixels, std::int64_t{480} * 300);
    EXPECT_EQ(sum.pixels, whole.pixels);
    EXPECT_EQ(sum.iterations, whole.iterations);
  }
}

TEST(TileWork, InterleavedRowsCarryAboutTheSameWork) {
  const TileWork a = tile_work({}, 0, 3);
  const TileWork b = tile_work({}, 1, 3);
  EXPECT_NEAR(static_cast<double>(a.iterations) / static_cast<double>(b.iterations), 1, 0.02);
}

TEST(TileWork, InsideTheSetEveryPixelTakesAllIterations) {
  Picture inside;
  inside.width = 40;
  inside.height = 30;
  inside.centre_x = 0;
  inside.centre_y = 0;
  inside.zoom = 100;  // 0.03 wide: all within the main cardioid
  EXPECT_EQ(tile_work(inside, 0, 1).iterations, std::int64_t{40} * 30 * inside.iterations);
}

TEST(TileWork, FarOutsideEveryPixelEscapesAtOnce) {
  Picture outside;
  outside.width = 10;
  outside.height = 10;
  outside.centre_x = 100;
  EXPECT_EQ(tile_work(outside, 0, 1).iterations, 100);  // z1 = c is beyond 2 already: one step each
}

TEST(TileWork, CountsWhatIteratingComplexNumbersCounts) {
  Picture picture;
  picture.width = 60;
  picture.height = 40;
  picture.iterations = 50;
  std::int64_t iterations = 0;
  const double step = 3.0 / picture.width;
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) {
      const std::complex<double> c{picture.centre_x + (column - 30) * step, picture.centre_y + (row - 20) * step};
      std::complex<double> z = 0;
      int n = 0;
      for (; n < picture.iterations && std::norm(z) <= 4; ++n) z = z * z + c;
      iterations += n;
    }
  }
  // The two orders of rounding may differ on a pixel at the border of the set.
  EXPECT_NEAR(static_cast<double>(tile_work(picture, 0, 1).iterations), static_cast<double>(iterations), 50);
}

TEST(TileWork, MoreTilesThanRowsLeavesSomeEmpty) {
  Picture picture;
  picture.height = 2;
  EXPECT_EQ(tile_work(picture, 2, 3).pixels, 0);
  EXPECT_EQ(tile_work(picture, 2, 3).iterations, 0);
  EXPECT_EQ(tile_work(picture, 1, 3).pixels, picture.width);
}

}  // namespace
}  // namespace spillway
