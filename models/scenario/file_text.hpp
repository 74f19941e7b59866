// Reads a regular file into memory, never anything else: no FIFO to wait for, no device, no surprise in size.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "models/scenario/document.hpp"

namespace spillway::language {

struct FileText {
  std::optional<std::string> text;
  LoadFailure failure = LoadFailure::none;
  std::string message;  ///< what kept it from being read, and the way out
};

/// The whole content of a regular file of at most `most` bytes. `environment` when it cannot be opened or read or is
/// not a regular file, `input` when it is too large (found out before reading). Never blocks on a FIFO.
FileText read_file_text(const std::filesystem::path& file, std::size_t most);

/// The first byte that may not stand in one of our text files, or npos: NUL, another control character
/// (tab, line feed and carriage return + line feed are allowed), ill-formed UTF-8.
std::size_t first_bad_byte(std::string_view text);

/// What is wrong at that byte, with the way out.
std::string describe_bad_byte(std::string_view text, std::size_t at);

}  // namespace spillway::language
