#include "real/mandelbrot/render.hpp"

#include <gtest/gtest.h>

#include <complex>

#include "models/services/mandelbrot.hpp"

namespace spillway::mandelbrot {
namespace {

/// The definition, written another way: z -> z² + c with the library's complex numbers.
int definition(std::complex<double> c, int cap) {
  std::complex<double> z = 0;
  for (int n = 0; n < cap; ++n) {
    if (std::abs(z) > 2) return n;
    z = z * z + c;
  }
  return cap;
}

std::complex<double> point(const RenderRequest& r, int column, int row) {
  const double step = 3.0 / r.zoom / r.width;
  return {r.centre_x + (column - r.width / 2.0) * step, r.centre_y + (row - r.height / 2.0) * step};
}

std::vector<RenderRequest> pictures() {
  return {{.width = 120, .height = 75},
          {.width = 97, .height = 41, .iterations = 1200, .centre_x = -0.7436, .centre_y = 0.1318, .zoom = 2000},
          {.width = 1, .height = 1},
          {.width = 33, .height = 2, .iterations = 1}};
}

TEST(Render, EveryPixelIsWhatTheDefinitionSays) {
  for (const RenderRequest& picture : pictures()) {
    int differ = 0;
    const Tile whole = compute({picture, 0, 1});
    ASSERT_EQ(whole.size(), picture.pixels());
    for (int row = 0; row < picture.height; ++row) {
      for (int column = 0; column < picture.width; ++column) {
        const auto at = static_cast<std::size_t>(row * picture.width + column);
        differ += whole[at] != definition(point(picture, column, row), picture.iterations);
      }
    }
    EXPECT_EQ(differ, 0) << picture.width << " x " << picture.height;
  }
}

TEST(Render, KnownPointsOfTheSet) {
  const auto at = [](double x, double y) {
    return compute({{.width = 1, .height = 1, .iterations = 500, .centre_x = x + 0.5 * 3.0 / 1e9, .centre_y = y + 0.5 * 3.0 / 1e9, .zoom = 1e9}, 0, 1})[0];
  };
  EXPECT_EQ(at(0, 0), 500);       // inside the cardioid
  EXPECT_EQ(at(-1, 0), 500);      // period 2
  EXPECT_EQ(at(-0.12, 0.75), 500);  // period 3
  EXPECT_EQ(at(2.5, 0), 1);       // |c| > 2: one step and out
  EXPECT_EQ(at(1, 0), 3);         // 0, 1, 2, 5
}

TEST(Render, TilesTogetherAreThePictureAndCarryItsWork) {
  for (const RenderRequest& picture : pictures()) {
    const Tile whole = compute({picture, 0, 1});
    for (const int count : {2, 3, 16}) {
      Canvas from_tiles{picture}, from_whole{picture};
      from_whole.put({picture, 0, 1}, whole);
      std::int64_t iterations = 0;
      for (int i = 0; i < count; ++i) {
        const TileRequest request{picture, i, count};
        const Tile tile = compute(request);
        ASSERT_EQ(tile.size(), request.pixels());
        iterations += iterations_of(tile);
        from_tiles.put(request, tile);
      }
      EXPECT_EQ(iterations, iterations_of(whole));
      EXPECT_EQ(from_tiles.bitmap(), from_whole.bitmap());
    }
  }
}

// What makes the simulator's work law one of this program.
TEST(Render, TheSimulatorCountsTheSamePixelsAndIterations) {
  const RenderRequest picture{};
  for (int i = 0; i < 3; ++i) {
    const Tile tile = compute({picture, i, 3});
    const TileWork work = tile_work({}, i, 3);
    EXPECT_EQ(work.pixels, static_cast<std::int64_t>(tile.size()));
    EXPECT_EQ(work.iterations, iterations_of(tile));
  }
}

TEST(Render, BytesOfATileComeBackAndOthersAreRefused) {
  const TileRequest request{{.width = 10, .height = 7, .iterations = 300}, 1, 3};
  const Tile tile = compute(request);
  const std::string bytes = to_bytes(tile);
  EXPECT_EQ(tile_of_bytes(bytes, request), tile);
  EXPECT_FALSE(tile_of_bytes(bytes + "x", request));
  EXPECT_FALSE(tile_of_bytes("", request));
  EXPECT_FALSE(tile_of_bytes(std::string(bytes.size(), '\xff'), request)) << "more iterations than were asked for";
}

TEST(Render, TheBitmapHasTheSizeThatItsHeaderSays) {
  const std::string bitmap = Canvas{{.width = 5, .height = 3}}.bitmap();
  EXPECT_EQ(bitmap.substr(0, 2), "BM");
  EXPECT_EQ(bitmap.size(), 14U + 40 + 1024 + 8 * 3);
  EXPECT_EQ(static_cast<unsigned char>(bitmap[18]), 5);
  EXPECT_EQ(static_cast<unsigned char>(bitmap[22]), 3);
  EXPECT_EQ(bitmap[14 + 40 + 1024], 1) << "what never came is grey";
}

TEST(Render, Base64AsTheStandardShowsIt) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

std::vector<std::string> problems_of(std::string_view body) {
  std::vector<std::string> problems;
  read_render(body, problems);
  return problems;
}

TEST(RenderRequest, ReadsAllFieldsAndHasTheDefaultPicture) {
  std::vector<std::string> problems;
  const RenderRequest standard = read_render("", problems);
  EXPECT_EQ(standard.width, 480);
  EXPECT_EQ(standard.iterations, 180);
  const RenderRequest all = read_render(
      R"({"width":900,"height":700,"iterations":1200,"centreX":-1.5,"centreY":0.25,"zoom":8,"colours":"fire"})", problems);
  EXPECT_EQ(problems, std::vector<std::string>{});
  EXPECT_EQ(all.pixels(), 630'000U);
  EXPECT_EQ(all.centre_x, -1.5);
  EXPECT_EQ(all.colours, "fire");
}

TEST(RenderRequest, SaysAllThatIsWrong) {
  EXPECT_EQ(problems_of(R"({"width":901,"height":0,"iterations":1.5,"centreX":"0","zoom":1e300,"colours":"mauve","depth":1})"),
            (std::vector<std::string>{"width is no whole number from 1 to 900", "height is no whole number from 1 to 700",
                                      "iterations is no whole number from 1 to 1200", "centreX is no number from -4 to 4",
                                      "zoom is no number from 0.1 to 1e13", "colours is none of classic, fire, grey",
                                      "there are fields that nobody knows; known are width, height, iterations, centreX, "
                                      "centreY, zoom, colours"}));
}

TEST(RenderRequest, HostileBodiesAreProblemsAndNothingElse) {
  const std::string deep(16'000, '[');
  for (const std::string& body : {deep, std::string{"{"}, std::string{"[]"}, std::string{"null"}, std::string{"\xff\xfe"},
                                  std::string{R"({"width":18446744073709551615})"}, std::string{R"({"width":-9223372036854775808})"},
                                  std::string{R"({"width":1e999})"}, std::string{R"({"zoom":null})"}, std::string(3, '\0')}) {
    EXPECT_EQ(problems_of(body).size(), 1U) << body.substr(0, 40);
  }
}

TEST(RenderRequest, ATileIsReadAsItWasWritten) {
  std::vector<std::string> problems;
  const TileRequest tile = read_tile(to_json(TileRequest{{.width = 7, .centre_x = -0.1, .zoom = 3.25}, 2, 3}), problems);
  EXPECT_EQ(problems, std::vector<std::string>{});
  EXPECT_EQ(tile.index, 2);
  EXPECT_EQ(tile.picture.centre_x, -0.1);
  EXPECT_EQ(tile.picture.zoom, 3.25);
  read_tile(R"({"tile":3,"tiles":3})", problems);
  EXPECT_EQ(problems, std::vector<std::string>{"tile is not below tiles"});
}

}  // namespace
}  // namespace spillway::mandelbrot
