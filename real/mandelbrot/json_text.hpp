// The door to nlohmann_json for whoever needs one string only.
#pragma once

#include <string>
#include <string_view>

namespace spillway::mandelbrot {

/// The text in quotes; bytes that are no UTF-8 become replacement characters.
std::string json_quoted(std::string_view text);

}  // namespace spillway::mandelbrot
