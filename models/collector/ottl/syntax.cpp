#include "models/collector/ottl/syntax.hpp"

#include <charconv>
#include <map>

#include "models/collector/ottl/quoted.hpp"

namespace spillway::collector::ottl::syntax {
namespace {

constexpr int kDepth = 800;             ///< of rules, several a bracket; the real program has no bound but its stack
constexpr std::size_t kWork = 500'000;  ///< rules tried for one statement

constexpr std::size_t kIndices = 32;  ///< in a row; values that they make are walked recursively

/// One parse. Each rule returns what it took, or nothing and leaves the place alone.
class Parser {
 public:
  Parser(const std::vector<Token>& tokens, bool signs_in_numbers) : tokens_{tokens}, old_{signs_in_numbers} {}

  std::optional<Bool> condition() {
    auto found = any_of();
    return found && at_end() ? found : std::nullopt;
  }

  std::optional<Statement> statement() {
    Statement result;
    const auto call = editor();
    if (!call) return std::nullopt;
    result.editor = *call;
    if (take_word("where")) {
      result.where = any_of();
      if (!result.where) return std::nullopt;
    }
    if (!at_end()) return std::nullopt;
    return result;
  }

  /// The furthest place at which something did not fit, or what was wrong with what fitted.
  SyntaxError error() const {
    if (!refusal_.message.empty()) return refusal_;
    const Token& token = tokens_[furthest_];
    const std::string what = token.kind == TokenKind::end ? "end of the text" : '"' + std::string{token.text} + '"';
    return {token.offset, "unexpected " + what};
  }
  bool refused() const { return !refusal_.message.empty(); }

 private:
  const Token& peek() const { return tokens_[at_]; }

  void fail() { furthest_ = std::max(furthest_, at_); }
  void refuse(std::size_t offset, std::string message) {
    if (refusal_.message.empty()) refusal_ = {offset, std::move(message)};
  }

  bool at_end() {
    if (peek().kind == TokenKind::end && !refused()) return true;
    fail();
    return false;
  }

  /// A rule within bounds: back to where it began when it does not fit.
  template <class Rule>
  auto rule(Rule body) -> decltype(body()) {
    const std::size_t begin = at_;
    if (++work_ > kWork || depth_ >= kDepth || refused()) {
      if (!refused()) refuse(peek().offset, "too deeply nested or too long for this program; split the statement");
      return {};
    }
    ++depth_;
    auto result = body();
    --depth_;
    if (!result) at_ = begin;
    return result;
  }

  bool take(TokenKind kind) {
    if (peek().kind == kind) return ++at_, true;
    fail();
    return false;
  }
  bool take_word(std::string_view word) {
    if (peek().text == word && peek().kind != TokenKind::text) return ++at_, true;
    fail();
    return false;
  }
  bool sees(std::initializer_list<TokenKind> kinds) const {
    for (const TokenKind kind : kinds)
      if (peek().kind == kind) return true;
    return false;
  }

  /// Letters of both sizes in a row, the first of this one. The tokens may stand apart.
  std::optional<std::string> name(TokenKind first) {
    if (!take(first)) return std::nullopt;
    std::string text{tokens_[at_ - 1].text};
    while (sees({TokenKind::upper, TokenKind::lower})) text += tokens_[at_++].text;
    return text;
  }

  // Conditions

  std::optional<Bool> joined(Bool::Kind kind, TokenKind joint, std::optional<Bool> (Parser::*part)()) {
    return rule([&]() -> std::optional<Bool> {
      Bool all;
      all.kind = kind;
      all.offset = peek().offset;
      auto first = (this->*part)();
      if (!first) return std::nullopt;
      all.parts.push_back(std::move(*first));
      for (;;) {
        const std::size_t before = at_;
        if (!take(joint)) break;
        auto next = (this->*part)();
        if (!next) {
          at_ = before;
          break;
        }
        all.parts.push_back(std::move(*next));
      }
      if (all.parts.size() == 1) return std::move(all.parts.front());
      return all;
    });
  }
  std::optional<Bool> any_of() { return joined(Bool::Kind::any_of, TokenKind::op_or, &Parser::all_of); }
  std::optional<Bool> all_of() { return joined(Bool::Kind::all_of, TokenKind::op_and, &Parser::bool_value); }

  std::optional<Bool> bool_value() {
    return rule([this]() -> std::optional<Bool> {
      const bool negated = take(TokenKind::op_not);
      auto found = comparison();
      if (!found) found = constant();
      if (!found) found = in_parentheses();
      if (found && negated) found->negated = !found->negated;
      return found;
    });
  }

  std::optional<Bool> comparison() {
    return rule([this]() -> std::optional<Bool> {
      Bool result;
      result.kind = Bool::Kind::comparison;
      result.offset = peek().offset;
      auto left = value();
      if (!left || !take(TokenKind::comparison)) return std::nullopt;
      const std::string_view sign = tokens_[at_ - 1].text;
      result.order = sign == "=="   ? Order::equal
                     : sign == "!=" ? Order::unequal
                     : sign == "<"  ? Order::less
                     : sign == "<=" ? Order::less_or_equal
                     : sign == ">"  ? Order::greater
                                    : Order::greater_or_equal;
      auto right = value();
      if (!right) return std::nullopt;
      result.left = std::move(*left);
      result.right = std::move(*right);
      return result;
    });
  }

  std::optional<Bool> constant() {
    return rule([this]() -> std::optional<Bool> {
      Bool result;
      result.offset = peek().offset;
      if (take(TokenKind::boolean)) {
        result.truth = tokens_[at_ - 1].text == "true";
        return result;
      }
      const auto call = converter();
      if (!call) return std::nullopt;
      result.kind = Bool::Kind::converter;
      result.converter = call;
      return result;
    });
  }

  std::optional<Bool> in_parentheses() {
    return rule([this]() -> std::optional<Bool> {
      if (!take(TokenKind::left_paren)) return std::nullopt;
      auto inner = any_of();
      if (!inner || !take(TokenKind::right_paren)) return std::nullopt;
      return inner;
    });
  }

  // Calls

  Ptr<Call> call(TokenKind first) {
    return rule([this, first]() -> Ptr<Call> {
      auto result = std::make_shared<Call>();
      result->offset = peek().offset;
      result->editor = first == TokenKind::lower;
      const auto function = name(first);
      if (!function || !take(TokenKind::left_paren)) return nullptr;
      result->function = *function;
      if (auto argument_found = argument()) {
        result->arguments.push_back(std::move(*argument_found));
        while (auto next = next_argument()) result->arguments.push_back(std::move(*next));
      }
      if (!take(TokenKind::right_paren)) return nullptr;
      result->keys = keys();
      if (result->editor && !result->keys.empty())
        refuse(result->offset, "only paths and converters may be indexed, not editors, but got " + *function);
      return result;
    });
  }
  Ptr<Call> editor() { return call(TokenKind::lower); }
  Ptr<Call> converter() { return call(TokenKind::upper); }

  std::optional<Argument> argument() {
    return rule([this]() -> std::optional<Argument> {
      Argument result;
      const std::size_t begin = at_;
      if (const auto given = name(TokenKind::lower); given && take(TokenKind::equal))
        result.name = *given;
      else
        at_ = begin;
      if (auto found = value()) {
        result.value = std::move(*found);
        return result;
      }
      result.value.offset = peek().offset;
      const auto function = name(TokenKind::upper);
      if (!function) return std::nullopt;
      result.value.kind = Value::Kind::function;
      result.value.text = *function;
      return result;
    });
  }
  std::optional<Argument> next_argument() {
    return rule([this]() -> std::optional<Argument> { return take_word(",") ? argument() : std::nullopt; });
  }

  // Values

  std::optional<Value> value() {
    return rule([this]() -> std::optional<Value> {
      Value result;
      result.offset = peek().offset;
      if (nil()) return result;
      if (literal_value(result) || lambda(result) || math_value(result) || plain(result)) return result;
      if (map(result) || list(result)) return result;
      return std::nullopt;
    });
  }

  bool nil() { return old_ ? take_word("nil") : take(TokenKind::nil); }

  bool literal_value(Value& result) {
    const std::size_t begin = at_;
    result.literal = literal();
    if (result.literal && !sees({TokenKind::add_sub, TokenKind::mult_div})) {
      result.kind = Value::Kind::literal;
      return true;
    }
    result.literal = nullptr;
    at_ = begin;
    return false;
  }

  bool lambda(Value& result) {
    if (old_ || !sees({TokenKind::left_paren})) return false;
    const std::size_t begin = at_++;
    bool fits = true;
    if (sees({TokenKind::lower, TokenKind::underscore})) {
      do fits = ++at_ < tokens_.size();
      while (fits && peek().text == "," && ++at_ < tokens_.size() && sees({TokenKind::lower, TokenKind::underscore}));
    }
    fits = fits && take(TokenKind::right_paren) && take(TokenKind::arrow);
    if (fits) {
      const std::size_t body = at_;
      fits = value().has_value() && !sees({TokenKind::op_or, TokenKind::op_and, TokenKind::comparison});
      if (!fits) {
        at_ = body;
        fits = any_of().has_value();
      }
    }
    if (!fits) at_ = begin;
    result.kind = fits ? Value::Kind::lambda : result.kind;
    return fits;
  }

  bool math_value(Value& result) {
    result.math = math();
    if (!result.math) return false;
    result.kind = Value::Kind::math;
    return true;
  }

  bool plain(Value& result) {
    const Token token = peek();
    switch (token.kind) {
      case TokenKind::bytes:
        return ++at_, bytes(token, result);
      case TokenKind::text:
        result.kind = Value::Kind::text;
        result.text = unquoted(token);
        return ++at_, true;
      case TokenKind::boolean:
        result.kind = Value::Kind::boolean;
        result.truth = token.text == "true";
        return ++at_, true;
      case TokenKind::upper:
        if (tokens_[at_ + 1].kind == TokenKind::lower) break;
        result.kind = Value::Kind::symbol;
        result.text = token.text;
        return ++at_, true;
      default:
        break;
    }
    fail();
    return false;
  }

  bool bytes(const Token& token, Value& result) {
    result.kind = Value::Kind::bytes;
    if (token.text.size() % 2 != 0) refuse(token.offset, "encoding/hex: odd length hex string");
    for (std::size_t i = 2; i + 1 < token.text.size(); i += 2) {
      int octet = 0;
      std::from_chars(token.text.data() + i, token.text.data() + i + 2, octet, 16);
      result.text += static_cast<char>(octet);
    }
    return true;
  }

  std::string unquoted(const Token& token) {
    auto text = unquote(token.text);
    if (!text)
      refuse(token.offset, "invalid quoted string " + std::string{token.text} + "; write \\\\ for a backslash");
    return text.value_or("");
  }

  bool map(Value& result) {
    const std::size_t begin = at_;
    if (!take(TokenKind::left_brace)) return false;
    result.kind = Value::Kind::map;
    while (sees({TokenKind::text})) {
      const Token key = peek();
      ++at_;
      std::optional<Value> inner;
      if (take(TokenKind::colon)) inner = value();
      if (!inner) break;
      result.map.emplace_back(unquoted(key), std::move(*inner));
      if (peek().text == ",") ++at_;
    }
    if (take(TokenKind::right_brace)) return true;
    at_ = begin;
    return false;
  }

  bool list(Value& result) {
    const std::size_t begin = at_;
    if (!take_word("[")) return false;
    result.kind = Value::Kind::list;
    while (auto item = value()) result.list.push_back(std::move(*item));
    for (;;) {
      const std::size_t before = at_;
      std::optional<Value> item;
      if (take_word(",")) item = value();
      if (!item) {
        at_ = before;
        break;
      }
      result.list.push_back(std::move(*item));
    }
    if (take_word("]")) return true;
    at_ = begin;
    return false;
  }

  /// Taken from several rules at the same place: what came of it is kept, or nested calls would double the work.
  Ptr<Literal> literal() {
    const std::size_t begin = at_;
    if (const auto known = literals_.find(begin); known != literals_.end()) {
      if (known->second.first) at_ = known->second.second;
      return known->second.first;
    }
    const auto found = rule([this]() -> Ptr<Literal> { return new_literal(); });
    literals_[begin] = {found, at_};
    return found;
  }

  Ptr<Literal> new_literal() {
    auto result = std::make_shared<Literal>();
    result->call = editor();
    if (!result->call) result->call = converter();
    if (result->call) return result;
    const Token token = peek();
    if (take(TokenKind::real)) {
      double real = 0;
      std::from_chars(token.text.data() + (token.text[0] == '+'), token.text.data() + token.text.size(), real);
      result->real = real;
      return result;
    }
    if (take(TokenKind::integer)) {
      result->integer = integer(token);
      return result;
    }
    result->path = path();
    return result->path ? result : nullptr;
  }

  /// Go's strconv.ParseInt with base 0: a leading 0 makes it octal.
  std::int64_t integer(const Token& token) {
    std::string_view digits = token.text;
    const bool negative = digits[0] == '-';
    if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
    const bool octal = digits.size() > 1 && digits[0] == '0';
    const std::string text = (negative ? "-" : "") + std::string{digits};
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, octal ? 8 : 10);
    if (code != std::errc{} || end != text.data() + text.size())
      refuse(token.offset, "\"" + std::string{token.text} + "\" is no integer of 64 bits");
    return number;
  }

  std::optional<Path> path() {
    return rule([this]() -> std::optional<Path> {
      Path result;
      result.offset = peek().offset;
      result.dotted_start = sees({TokenKind::lower}) && tokens_[at_ + 1].text == ".";
      do {
        if (!take(TokenKind::lower)) return std::nullopt;
        Field field{std::string{tokens_[at_ - 1].text}, {}};
        if (!result.fields.empty() || !result.dotted_start) field.keys = keys();
        result.fields.push_back(std::move(field));
      } while (dot_and_name(result));
      return result;
    });
  }

  /// Behind the context a field must follow; elsewhere a dot without a name belongs to somebody else.
  bool dot_and_name(const Path& path) {
    if (peek().text != "." || peek().kind != TokenKind::punctuation) return false;
    const bool must = path.dotted_start && path.fields.size() == 1;
    if (!must && tokens_[at_ + 1].kind != TokenKind::lower) return false;
    return ++at_, true;
  }

  std::vector<Key> keys() {
    std::vector<Key> all;
    while (auto one = key()) {
      all.push_back(std::move(*one));
      if (all.size() > kIndices) refuse(peek().offset, "more than 32 indices in a row; this program stops there");
    }
    return all;
  }

  std::optional<Key> key() {
    return rule([this]() -> std::optional<Key> {
      Key result;
      if (!take_word("[")) return std::nullopt;
      const Token token = peek();
      if (take(TokenKind::text))
        result.text = unquoted(token);
      else if (take(TokenKind::integer))
        result.integer = integer(token);
      else if (old_ || !(result.math = math()))
        return std::nullopt;
      if (!take_word("]")) return std::nullopt;
      return result;
    });
  }

  // Arithmetic

  Ptr<Math> math() {
    return rule([this]() -> Ptr<Math> {
      auto result = std::make_shared<Math>();
      char sign = 0;
      for (;;) {
        const std::size_t before = at_;
        if (!result->terms.empty()) {
          if (!take(TokenKind::add_sub)) break;
          sign = tokens_[at_ - 1].text[0];
        }
        auto term = product();
        if (!term) {
          at_ = before;
          break;
        }
        result->terms.emplace_back(sign, std::move(*term));
      }
      return result->terms.empty() ? nullptr : result;
    });
  }

  std::optional<Product> product() {
    return rule([this]() -> std::optional<Product> {
      Product result;
      char sign = 0;
      for (;;) {
        const std::size_t before = at_;
        if (!result.factors.empty()) {
          if (!take(TokenKind::mult_div)) break;
          sign = tokens_[at_ - 1].text[0];
        }
        auto factor = math_factor();
        if (!factor) {
          at_ = before;
          break;
        }
        result.factors.emplace_back(sign, std::move(*factor));
      }
      if (result.factors.empty()) return std::nullopt;
      return result;
    });
  }

  std::optional<MathValue> math_factor() {
    return rule([this]() -> std::optional<MathValue> {
      MathValue result;
      if (!old_ && take(TokenKind::add_sub)) result.sign = tokens_[at_ - 1].text[0];
      if ((result.literal = literal())) return result;
      if (!take(TokenKind::left_paren)) return std::nullopt;
      result.inner = math();
      if (!result.inner || !take(TokenKind::right_paren)) return std::nullopt;
      return result;
    });
  }

  const std::vector<Token>& tokens_;
  bool old_;
  std::size_t at_ = 0, furthest_ = 0, work_ = 0;
  int depth_ = 0;
  SyntaxError refusal_;
  std::map<std::size_t, std::pair<Ptr<Literal>, std::size_t>> literals_;
};

constexpr std::size_t kLongest = 1 << 16;

std::optional<std::vector<Token>> lexed(std::string_view text, bool signs_in_numbers, SyntaxError& error) {
  if (text.size() <= kLongest) return tokens_of(text, signs_in_numbers, error);
  error = {0, "longer than 64 KiB; split the statement"};
  return std::nullopt;
}

// Walking

struct Found {
  std::vector<Path>* paths = nullptr;
  std::vector<std::string>* functions = nullptr;
};

void walk(const Call& call, const Found& found);
void walk(const Math& math, const Found& found);

void walk(const std::vector<Key>& keys, const Found& found) {
  for (const Key& key : keys)
    if (key.math) walk(*key.math, found);
}

void walk(const Literal& literal, const Found& found) {
  if (literal.call) walk(*literal.call, found);
  if (!literal.path) return;
  if (found.paths != nullptr) found.paths->push_back(*literal.path);
  for (const Field& field : literal.path->fields) walk(field.keys, found);
}

void walk(const Math& math, const Found& found) {
  for (const auto& [plus, term] : math.terms)
    for (const auto& [times, factor] : term.factors) {
      if (factor.literal) walk(*factor.literal, found);
      if (factor.inner) walk(*factor.inner, found);
    }
}

void walk(const Value& value, const Found& found) {
  if (value.literal) walk(*value.literal, found);
  if (value.math) walk(*value.math, found);
  for (const auto& [key, inner] : value.map) walk(inner, found);
  for (const Value& item : value.list) walk(item, found);
}

void walk(const Call& call, const Found& found) {
  if (found.functions != nullptr) found.functions->push_back(call.function);
  for (const Argument& argument : call.arguments) walk(argument.value, found);
  walk(call.keys, found);
}

void walk(const Bool& condition, const Found& found) {
  walk(condition.left, found);
  walk(condition.right, found);
  if (condition.converter) walk(*condition.converter, found);
  for (const Bool& part : condition.parts) walk(part, found);
}

void walk(const Statement& statement, const Found& found) {
  walk(statement.editor, found);
  if (statement.where) walk(*statement.where, found);
}

}  // namespace

std::string Path::text() const {
  std::string all;
  for (const Field& field : fields) {
    all += (all.empty() ? "" : ".") + field.name;
    for (const Key& key : field.keys)
      all += '[' + key.text.value_or(key.integer ? std::to_string(*key.integer) : std::string{}) + ']';
  }
  return all;
}

std::optional<Bool> parse_condition(std::string_view text, bool signs_in_numbers, SyntaxError& error) {
  const auto tokens = lexed(text, signs_in_numbers, error);
  if (!tokens) return std::nullopt;
  Parser parser{*tokens, signs_in_numbers};
  auto result = parser.condition();
  if (!result || parser.refused()) {
    error = parser.error();
    return std::nullopt;
  }
  return result;
}

std::optional<Statement> parse_statement(std::string_view text, bool signs_in_numbers, SyntaxError& error) {
  const auto tokens = lexed(text, signs_in_numbers, error);
  if (!tokens) return std::nullopt;
  Parser parser{*tokens, signs_in_numbers};
  auto result = parser.statement();
  if (!result || parser.refused()) {
    error = parser.error();
    return std::nullopt;
  }
  return result;
}

void collect_paths(const Statement& statement, std::vector<Path>& paths) { walk(statement, {&paths, nullptr}); }
void collect_paths(const Bool& condition, std::vector<Path>& paths) { walk(condition, {&paths, nullptr}); }
void collect_functions(const Statement& statement, std::vector<std::string>& names) {
  walk(statement, {nullptr, &names});
}
void collect_functions(const Bool& condition, std::vector<std::string>& names) { walk(condition, {nullptr, &names}); }

}  // namespace spillway::collector::ottl::syntax
