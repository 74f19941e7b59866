// --header of the commands that ask servers.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "real/import/http.hpp"

namespace spillway::app {

void add_header_option(CLI::App& command, std::vector<std::string>& texts);
/// For a command's callback. Throws CLI::ValidationError.
real::HttpHeaders headers_from(const std::vector<std::string>& texts);

}  // namespace spillway::app
