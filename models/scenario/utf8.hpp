// Bytes and characters: UTF-8 is checked once at the door, later code counts and cuts by characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spillway::language {

/// Bytes of the well-formed UTF-8 sequence at `at` (1 to 4), 0 when there is none: a stray or missing continuation,
/// an overlong form, a surrogate, a value above U+10FFFF (Unicode standard, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Characters in well-formed text; ill-formed bytes are counted as they come.
std::size_t characters(std::string_view text);

/// Byte offset of character number `n` (from 0); the size when there are fewer.
std::size_t byte_of_character(std::string_view text, std::size_t n);

/// Text fit for a terminal: control characters, ill-formed bytes and invisible direction marks as \n, \x1b, \u202e.
std::string escaped(std::string_view text);

/// At most `most` characters; the middle of longer text is replaced by "…".
std::string shortened(std::string_view text, std::size_t most = 80);

}  // namespace spillway::language
