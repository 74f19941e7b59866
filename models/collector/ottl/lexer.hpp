// OTTL's tokens. The rules are tried in order at every place, and the first that fits wins, as in the real program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::collector::ottl {

enum class TokenKind : std::uint8_t {
  bytes,
  real,
  integer,
  text,
  nil,
  op_not,
  op_or,
  op_and,
  comparison,
  arrow,
  add_sub,
  mult_div,
  boolean,
  equal,
  left_paren,
  right_paren,
  left_brace,
  right_brace,
  colon,
  punctuation,
  upper,
  lower,
  underscore,
  end
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< of the statement
  std::size_t offset = 0;
};

/// A place in a statement and what is wrong there.
struct SyntaxError {
  std::size_t offset = 0;
  std::string message;
};

/// `signs_in_numbers`: a sign directly before a digit belongs to the number (so 1-2 is two numbers), nil is a plain
/// word, and there are no lambdas: until the grammar knew unary operators.
std::optional<std::vector<Token>> tokens_of(std::string_view statement, bool signs_in_numbers, SyntaxError& error);

}  // namespace spillway::collector::ottl
