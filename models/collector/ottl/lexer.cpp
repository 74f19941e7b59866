#include "models/collector/ottl/lexer.hpp"

#include <array>

#include "models/scenario/ascii.hpp"

namespace spillway::collector::ottl {
namespace {

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

template <class Fits>
std::size_t run_of(std::string_view text, Fits fits) {
  std::size_t length = 0;
  while (length < text.size() && fits(text[length])) ++length;
  return length;
}

std::size_t bytes_length(std::string_view text) {
  if (!text.starts_with("0x")) return 0;
  const std::size_t digits = run_of(text.substr(2), is_hex);
  return digits == 0 ? 0 : digits + 2;
}

std::size_t sign_length(std::string_view text, bool signs) {
  return signs && !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
}

std::size_t exponent_length(std::string_view text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return 0;
  const std::size_t sign = sign_length(text.substr(1), true);
  const std::size_t digits = run_of(text.substr(1 + sign), is_digit);
  return digits == 0 ? 0 : 1 + sign + digits;
}

std::size_t real_length(std::string_view text, bool signs) {
  const std::size_t sign = sign_length(text, signs);
  const std::size_t whole = run_of(text.substr(sign), is_digit);
  std::size_t at = sign + whole;
  if (at >= text.size() || text[at] != '.') return 0;
  const std::size_t fraction = run_of(text.substr(at + 1), is_digit);
  if (fraction == 0 && (whole == 0 || signs)) return 0;
  at += 1 + fraction;
  return at + exponent_length(text.substr(at));
}

std::size_t integer_length(std::string_view text, bool signs) {
  const std::size_t sign = sign_length(text, signs);
  const std::size_t digits = run_of(text.substr(sign), is_digit);
  return digits == 0 ? 0 : sign + digits;
}

std::size_t text_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] != '\\') continue;
    if (++i >= text.size() || text[i] == '\n') return 0;
  }
  return 0;
}

std::size_t word_length(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return 0;
  return text.size() > word.size() && is_word(text[word.size()]) ? 0 : word.size();
}

std::size_t first_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  for (const std::string_view choice : choices)
    if (text.starts_with(choice)) return choice.size();
  return 0;
}

std::size_t name_length(std::string_view text, bool (*first)(char)) {
  if (text.empty() || !first(text[0])) return 0;
  return 1 + run_of(text.substr(1), [first](char c) { return first(c) || is_digit(c) || c == '_'; });
}

/// The length of the token of this kind at the start of the text, 0 when it is none.
std::size_t length_of(TokenKind kind, std::string_view text, bool signs) {
  switch (kind) {
    case TokenKind::bytes:
      return bytes_length(text);
    case TokenKind::real:
      return real_length(text, signs);
    case TokenKind::integer:
      return integer_length(text, signs);
    case TokenKind::text:
      return text_length(text);
    case TokenKind::nil:
      return signs ? 0 : word_length(text, "nil");
    case TokenKind::op_not:
      return word_length(text, "not");
    case TokenKind::op_or:
      return word_length(text, "or");
    case TokenKind::op_and:
      return word_length(text, "and");
    case TokenKind::comparison:
      return first_of(text, {"==", "!=", ">=", "<=", ">", "<"});
    case TokenKind::arrow:
      return signs ? 0 : first_of(text, {"=>"});
    case TokenKind::add_sub:
      return first_of(text, {"+", "-"});
    case TokenKind::mult_div:
      return first_of(text, {"/", "*"});
    case TokenKind::boolean:
      return word_length(text, "true") + word_length(text, "false");
    case TokenKind::equal:
      return first_of(text, {"="});
    case TokenKind::left_paren:
      return first_of(text, {"("});
    case TokenKind::right_paren:
      return first_of(text, {")"});
    case TokenKind::left_brace:
      return first_of(text, {"{"});
    case TokenKind::right_brace:
      return first_of(text, {"}"});
    case TokenKind::colon:
      return first_of(text, {":"});
    case TokenKind::punctuation:
      return first_of(text, {",", ".", "[", "]"});
    case TokenKind::upper:
      return name_length(text, is_upper);
    case TokenKind::lower:
      return name_length(text, is_lower);
    case TokenKind::underscore:
      return signs ? 0 : word_length(text, "_");
    case TokenKind::end:
      return 0;
  }
  return 0;
}

Token token_at(std::string_view rest, std::size_t offset, bool signs) {
  for (auto kind = TokenKind::bytes; kind != TokenKind::end;
       kind = static_cast<TokenKind>(static_cast<std::uint8_t>(kind) + 1)) {
    const std::size_t length = length_of(kind, rest, signs);
    if (length > 0) return {kind, rest.substr(0, length), offset};
  }
  return {TokenKind::end, {}, offset};
}

}  // namespace

std::optional<std::vector<Token>> tokens_of(std::string_view statement, bool signs_in_numbers, SyntaxError& error) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  for (;;) {
    at += run_of(statement.substr(at), is_space);
    if (at >= statement.size()) break;
    const Token token = token_at(statement.substr(at), at, signs_in_numbers);
    if (token.kind == TokenKind::end) {
      error = {at, "invalid input text \"" + std::string{statement.substr(at, 20)} + '"'};
      return std::nullopt;
    }
    tokens.push_back(token);
    at += token.text.size();
  }
  tokens.push_back({TokenKind::end, {}, statement.size()});
  return tokens;
}

}  // namespace spillway::collector::ottl
