#include "sim/app/header_option.hpp"

#include <stdexcept>

namespace spillway::app {

void add_header_option(CLI::App& command, std::vector<std::string>& texts) {
  command.add_option("--header", texts, "sent with every question, such as 'Authorization: Bearer ...'; @FILE: lines of a file")
      ->type_name("HEADER")
      ->allow_extra_args(false);
}

real::HttpHeaders headers_from(const std::vector<std::string>& texts) {
  try {
    return real::headers_of(texts);
  } catch (const std::runtime_error& problem) {
    throw CLI::ValidationError("--header", problem.what());
  }
}

}  // namespace spillway::app
