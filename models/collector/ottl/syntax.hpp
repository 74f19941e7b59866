// The grammar of OTTL: statements and conditions as trees. Ordered choice without going back into what was taken,
// as the real parser does it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/collector/ottl/datum.hpp"
#include "models/collector/ottl/lexer.hpp"

namespace spillway::collector::ottl::syntax {

struct Call;
struct Math;
struct Literal;
struct Value;
struct Bool;
template <class T>
using Ptr = std::shared_ptr<const T>;

/// One [ ]: a text, a number, or something to be evaluated.
struct Key {
  std::optional<std::string> text;
  std::optional<std::int64_t> integer;
  Ptr<Math> math;
};
struct Field {
  std::string name;
  std::vector<Key> keys;
};
struct Path {
  std::vector<Field> fields;  ///< the context in front among them
  bool dotted_start = false;  ///< the first is a plain word with a dot behind it: it may name a context
  std::size_t offset = 0;
  std::string text() const;
};
struct Literal {  ///< one of
  Ptr<Call> call;
  std::optional<double> real;
  std::optional<std::int64_t> integer;
  std::optional<Path> path;
};
struct MathValue {
  char sign = 0;  ///< '-', '+' or none
  Ptr<Literal> literal;
  Ptr<Math> inner;
};
struct Product {
  std::vector<std::pair<char, MathValue>> factors;  ///< operator in front; of the first: none
};
struct Math {
  std::vector<std::pair<char, Product>> terms;
};
struct Lambda {
  std::vector<std::string> parameters;
};
struct Value {
  enum class Kind : std::uint8_t { nil, literal, lambda, math, bytes, text, boolean, symbol, map, list, function };
  Kind kind = Kind::nil;
  Ptr<Literal> literal;
  Ptr<Math> math;
  std::string text;  ///< text, bytes, symbol, function
  bool truth = false;
  std::vector<std::pair<std::string, Value>> map;
  std::vector<Value> list;
  std::size_t offset = 0;
};
struct Argument {
  std::string name;
  Value value;
};
struct Call {
  std::string function;
  bool editor = false;  ///< its name starts with a small letter
  std::vector<Argument> arguments;
  std::vector<Key> keys;
  std::size_t offset = 0;
};
struct Bool {
  enum class Kind : std::uint8_t { comparison, constant, converter, any_of, all_of };
  Kind kind = Kind::constant;
  bool negated = false;
  Order order = Order::equal;
  Value left, right;
  bool truth = true;
  Ptr<Call> converter;
  std::vector<Bool> parts;
  std::size_t offset = 0;
};
struct Statement {
  Call editor;
  std::optional<Bool> where;
};

/// Nothing, and why, when the text is none. Depth and work are bounded.
std::optional<Bool> parse_condition(std::string_view text, bool signs_in_numbers, SyntaxError& error);
std::optional<Statement> parse_statement(std::string_view text, bool signs_in_numbers, SyntaxError& error);

/// Every path in it, with those inside of arguments and keys.
void collect_paths(const Statement& statement, std::vector<Path>& paths);
void collect_paths(const Bool& condition, std::vector<Path>& paths);
/// … and every function.
void collect_functions(const Statement& statement, std::vector<std::string>& names);
void collect_functions(const Bool& condition, std::vector<std::string>& names);

}  // namespace spillway::collector::ottl::syntax
