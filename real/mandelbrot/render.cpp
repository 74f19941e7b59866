#include "real/mandelbrot/render.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/services/escape_iterations.hpp"

namespace spillway::mandelbrot {
namespace {

constexpr std::uint8_t kInside = 0, kMissing = 1, kFirstOutside = 2;

std::uint8_t palette_index(std::uint16_t iterations, int cap) {
  if (iterations >= cap) return kInside;
  return static_cast<std::uint8_t>(kFirstOutside + iterations % (256 - kFirstOutside));
}

std::uint8_t channel(double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 1.0) * 255 + 0.5); }

std::array<std::uint8_t, 3> colour(const std::string& palette, int index) {
  if (index == kInside) return {0, 0, 0};
  if (index == kMissing) return {128, 128, 128};
  const double t = static_cast<double>(index - kFirstOutside) / (255 - kFirstOutside);
  if (palette == "grey") return {channel(1 - t), channel(1 - t), channel(1 - t)};
  if (palette == "fire") return {channel(std::sqrt(t) * 3), channel(t * 4 - 0.2), channel(t * 6 - 2)};
  const double turn = std::sqrt(t) * 12;
  return {channel(0.5 + 0.5 * std::cos(turn + 3)), channel(0.5 + 0.5 * std::cos(turn + 2.2)),
          channel(0.55 + 0.45 * std::cos(turn + 1.2))};
}

void append_number(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8U) out += static_cast<char>(value & 0xffU);
}

}  // namespace

Tile compute(const TileRequest& tile) {
  const RenderRequest& picture = tile.picture;
  const double step = 3.0 / picture.zoom / picture.width;
  Tile iterations;
  iterations.reserve(tile.pixels());
  for (int row = tile.index; row < picture.height; row += tile.count) {
    const double cy = picture.centre_y + (row - picture.height / 2.0) * step;
    for (int column = 0; column < picture.width; ++column) {
      const double cx = picture.centre_x + (column - picture.width / 2.0) * step;
      iterations.push_back(static_cast<std::uint16_t>(escape_iterations(cx, cy, picture.iterations)));
    }
  }
  return iterations;
}

std::int64_t iterations_of(const Tile& tile) {
  std::int64_t sum = 0;
  for (const std::uint16_t pixel : tile) sum += pixel;
  return sum;
}

std::string to_bytes(const Tile& tile) {
  std::string bytes;
  bytes.reserve(tile.size() * 2);
  for (const std::uint16_t pixel : tile) append_number(bytes, pixel, 2);
  return bytes;
}

std::optional<Tile> tile_of_bytes(std::string_view bytes, const TileRequest& tile) {
  if (bytes.size() != tile.pixels() * 2) return std::nullopt;
  Tile iterations(tile.pixels());
  for (std::size_t i = 0; i < iterations.size(); ++i) {
    const auto low = static_cast<std::uint8_t>(bytes[2 * i]), high = static_cast<std::uint8_t>(bytes[2 * i + 1]);
    iterations[i] = static_cast<std::uint16_t>(low | high << 8U);
    if (iterations[i] > tile.picture.iterations) return std::nullopt;
  }
  return iterations;
}

Canvas::Canvas(const RenderRequest& request) : request_{request}, indices_(request.pixels(), kMissing) {}

void Canvas::put(const TileRequest& tile, const Tile& iterations) {
  const auto width = static_cast<std::size_t>(request_.width);
  std::size_t from = 0;
  for (int row = tile.index; row < request_.height; row += tile.count) {
    std::size_t to = static_cast<std::size_t>(row) * width;
    for (std::size_t column = 0; column < width; ++column)
      indices_[to++] = palette_index(iterations[from++], request_.iterations);
  }
}

std::string Canvas::bitmap() const {
  const auto width = static_cast<std::size_t>(request_.width), height = static_cast<std::size_t>(request_.height);
  const std::size_t line = (width + 3) / 4 * 4;
  constexpr std::uint32_t header = 14 + 40 + 256 * 4;
  std::string out = "BM";
  out.reserve(header + line * height);
  append_number(out, static_cast<std::uint32_t>(header + line * height), 4);
  append_number(out, 0, 4);
  append_number(out, header, 4);
  append_number(out, 40, 4);
  append_number(out, static_cast<std::uint32_t>(width), 4);
  append_number(out, static_cast<std::uint32_t>(height), 4);
  append_number(out, 1, 2);  // planes
  append_number(out, 8, 2);  // bits a pixel
  for (const std::uint32_t field : {0U, static_cast<std::uint32_t>(line * height), 2835U, 2835U, 256U, 0U}) append_number(out, field, 4);
  for (int i = 0; i < 256; ++i) {
    const auto [red, green, blue] = colour(request_.colours, i);
    append_number(out, static_cast<std::uint32_t>(blue | green << 8 | red << 16), 4);
  }
  for (std::size_t row = height; row-- > 0;) {  // the lowest line comes first
    out.append(reinterpret_cast<const char*>(indices_.data()) + row * width, width);
    out.append(line - width, '\0');
  }
  return out;
}

const std::vector<std::string>& palettes() {
  static const std::vector<std::string> names{"classic", "fire", "grey"};
  return names;
}

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8U | (k < here ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= here ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

}  // namespace spillway::mandelbrot
