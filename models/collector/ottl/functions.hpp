// The functions of OTTL: which version knows which, with what parameters, and what they do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/ottl/getter.hpp"
#include "models/collector/ottl/path.hpp"
#include "models/telemetry/regex.hpp"

namespace spillway::collector::ottl {

struct Function;

/// One argument, in the form that its parameter asks for.
struct Argument {
  bool given = false;
  GetterPtr getter;
  std::shared_ptr<const PathGetter> path;  ///< also in `getter`
  std::string text;                        ///< where only a text in the statement itself will do; bytes, too
  std::int64_t integer = 0;
  bool truth = false;
  std::vector<GetterPtr> getters;
  std::vector<std::string> texts;
  const Function* function = nullptr;
  std::optional<Regex> regex;  ///< of a pattern that stands in the statement
};

struct Call {
  std::vector<Argument> arguments;
  bool older = false;  ///< of the versions in which some functions did otherwise
  const Argument& operator[](std::size_t i) const { return arguments[i]; }
};

using Body = bool (*)(const Call& call, Scene& scene, Datum& out);
/// Looks at the arguments once, when the statement is read. False and the reason: refused.
using Prepare = bool (*)(Call& call, std::string& error);

enum class Type : std::uint8_t {
  any,
  path,
  text,
  text_like,
  real_like,
  integer,
  integer_like,
  real,
  truth,
  truth_like,
  octets_like,
  map,
  map_path,
  list,
  list_path,
  duration,
  moment,  // evaluated
  plain_text,
  plain_integer,
  plain_truth,
  plain_bytes,  // in the statement itself
  any_list,
  text_list,
  text_like_list,
  plain_text_list,
  function,
  lambda
};
struct Parameter {
  std::string_view name;  ///< as the real program spells it, in camel case
  Type type = Type::any;
  bool optional = false;
};

struct Function {
  std::string_view name;
  const char* newer;    ///< parameters, see functions.cpp; null: not known
  const char* older;    ///< … of the older versions
  Body body = nullptr;  ///< null: known, not modelled
  Prepare prepare = nullptr;
  std::uint8_t depends = kNothing;
  bool older_cannot_be_indexed = false;  ///< indexing its result is an error in older versions
};

/// In which kind of text a function stands: each knows its own. `routes`: statements of the routing connector.
enum class Language : std::uint8_t { conditions, statements, routes };

/// The function of this name for this version and context, or null. Editors are for statements only.
const Function* find_function(std::string_view name, Context context, Language language, const Semantics& semantics);
std::vector<Parameter> parameters_of(const Function& function, const Semantics& semantics);
std::string nearest_function(std::string_view name, Language language, const Semantics& semantics);

/// strcase.ToCamel, ToSnake.
std::string camel_case(std::string_view text);
std::string snake_case(std::string_view text);

// Reading arguments. False or nothing: an error.
/// `hold` keeps what the result is borrowed from.
std::optional<std::string_view> text_argument(const Argument& argument, Scene& scene, Datum& hold);
/// Nothing inside: nil.
bool text_like_argument(const Getter& getter, Scene& scene, std::optional<std::string>& out);
std::optional<std::int64_t> integer_argument(const Argument& argument, Scene& scene);
/// The pattern, compiled now unless it stands in the statement. `hold` keeps one that was compiled now.
const Regex* regex_argument(const Argument& argument, Scene& scene, std::optional<Regex>& hold);
/// Compiles the pattern of the argument when it stands in the statement.
bool prepare_regex(Argument& argument, std::string& error);
/// A shell pattern as a regular expression over the whole text.
std::optional<Regex> glob(std::string_view pattern, std::string& error);

}  // namespace spillway::collector::ottl
