#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "real/mandelbrot/render.hpp"

namespace spillway::mandelbrot {
namespace {

using Json = nlohmann::json;

/// Reads fields that it is asked for; the rest of the object is unknown.
class FieldReader {
 public:
  FieldReader(std::string_view body, std::vector<std::string>& problems) : problems_{problems} {
    json_ = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
    if (json_.is_object()) return;
    problems_.push_back(json_.is_discarded() ? "the body is no JSON" : "the body is no JSON object");
    json_ = Json::object();
  }
  ~FieldReader() = default;
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  void whole(const char* name, int& out, int low, int high) {
    const Json* field = take(name);
    if (field == nullptr) return;
    const bool fits = field->is_number_integer() &&
                      (field->is_number_unsigned() ? field->get<std::uint64_t>() <= static_cast<std::uint64_t>(high)
                                                   : field->get<std::int64_t>() <= high && field->get<std::int64_t>() >= low);
    if (!fits || field->get<std::int64_t>() < low)
      return problem(name, "is no whole number from " + std::to_string(low) + " to " + std::to_string(high));
    out = field->get<int>();
  }
  void number(const char* name, double& out, double low, double high, const char* range) {
    const Json* field = take(name);
    if (field == nullptr) return;
    const double value = field->is_number() ? field->get<double>() : NAN;
    if (!(value >= low && value <= high)) return problem(name, std::string{"is no number "} + range);
    out = value;
  }
  void word(const char* name, std::string& out, const std::vector<std::string>& choices) {
    const Json* field = take(name);
    if (field == nullptr) return;
    if (field->is_string() && std::find(choices.begin(), choices.end(), field->get_ref<const std::string&>()) != choices.end()) {
      out = field->get<std::string>();
      return;
    }
    std::string known;
    for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
    problem(name, "is none of " + known);
  }
  /// What was not asked for. Its name is not repeated: it is the client's text.
  void finish() {
    if (json_.size() > known_) problems_.push_back("there are fields that nobody knows; known are " + names_);
  }

 private:
  const Json* take(const char* name) {
    names_ += (names_.empty() ? "" : ", ") + std::string{name};
    const auto found = json_.find(name);
    if (found == json_.end()) return nullptr;
    ++known_;
    return &*found;
  }
  void problem(const char* name, const std::string& text) { problems_.push_back(std::string{name} + " " + text); }

  std::vector<std::string>& problems_;
  Json json_;
  std::string names_;
  std::size_t known_ = 0;
};

void read_picture(FieldReader& reader, RenderRequest& out) {
  reader.whole("width", out.width, 1, kMostWidth);
  reader.whole("height", out.height, 1, kMostHeight);
  reader.whole("iterations", out.iterations, 1, kMostIterations);
  reader.number("centreX", out.centre_x, -4, 4, "from -4 to 4");
  reader.number("centreY", out.centre_y, -4, 4, "from -4 to 4");
  reader.number("zoom", out.zoom, 0.1, 1e13, "from 0.1 to 1e13");
  reader.word("colours", out.colours, palettes());
}

}  // namespace

RenderRequest read_render(std::string_view body, std::vector<std::string>& problems) {
  RenderRequest out;
  FieldReader reader{body, problems};
  read_picture(reader, out);
  reader.finish();
  return out;
}

TileRequest read_tile(std::string_view body, std::vector<std::string>& problems) {
  TileRequest out;
  FieldReader reader{body, problems};
  read_picture(reader, out.picture);
  reader.whole("tile", out.index, 0, kMostTiles - 1);
  reader.whole("tiles", out.count, 1, kMostTiles);
  reader.finish();
  if (out.index >= out.count) problems.emplace_back("tile is not below tiles");
  return out;
}

std::string to_json(const TileRequest& tile) {
  const RenderRequest& picture = tile.picture;
  return Json{{"width", picture.width},      {"height", picture.height},   {"iterations", picture.iterations},
              {"centreX", picture.centre_x}, {"centreY", picture.centre_y}, {"zoom", picture.zoom},
              {"colours", picture.colours},  {"tile", tile.index},          {"tiles", tile.count}}
      .dump();
}

}  // namespace spillway::mandelbrot
