// Pictures of the Mandelbrot set: what may be asked for, what a tile computes, and the picture made of all tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::mandelbrot {

inline constexpr int kMostWidth = 900, kMostHeight = 700, kMostIterations = 1200, kMostTiles = 16;

/// The region shown is 3 / zoom wide around the centre, with square pixels.
struct RenderRequest {
  int width = 480, height = 300;
  int iterations = 180;  ///< cap per pixel
  double centre_x = -0.5, centre_y = 0;
  double zoom = 1;
  std::string colours = "classic";

  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

/// Rows index, index + count, …: all tiles carry about the same work.
struct TileRequest {
  RenderRequest picture;
  int index = 0, count = 1;

  int rows() const { return (picture.height - index + count - 1) / count; }
  std::size_t pixels() const { return static_cast<std::size_t>(rows()) * static_cast<std::size_t>(picture.width); }
};

/// JSON of a client. `problems` gets what is wrong with it, field by field; any input is safe. An empty body asks for
/// the default picture.
RenderRequest read_render(std::string_view body, std::vector<std::string>& problems);
TileRequest read_tile(std::string_view body, std::vector<std::string>& problems);
std::string to_json(const TileRequest& tile);

/// Iterations of each pixel, row by row: how often z² + c was computed while |z| <= 2, at most the cap.
using Tile = std::vector<std::uint16_t>;
Tile compute(const TileRequest& tile);
std::int64_t iterations_of(const Tile& tile);

/// Two bytes a pixel, low byte first.
std::string to_bytes(const Tile& tile);
/// Nothing when this is not such a tile: wrong length, or more iterations than the cap.
std::optional<Tile> tile_of_bytes(std::string_view bytes, const TileRequest& tile);

/// The picture, one palette index a pixel; rows of tiles that never came are grey.
class Canvas {
 public:
  explicit Canvas(const RenderRequest& request);
  void put(const TileRequest& tile, const Tile& iterations);
  /// As a Windows bitmap with 256 colours: every browser shows it, and it takes no library.
  std::string bitmap() const;

 private:
  RenderRequest request_;
  std::vector<std::uint8_t> indices_;
};

/// Names of palettes.
const std::vector<std::string>& palettes();

std::string base64(std::string_view bytes);

}  // namespace spillway::mandelbrot
