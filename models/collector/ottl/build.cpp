#include "models/collector/ottl/build.hpp"

#include <algorithm>

#include "models/collector/ottl/nodes.hpp"

namespace spillway::collector::ottl {
namespace {

std::uint8_t depends_of(Place place) {
  switch (place) {
    case Place::name:
    case Place::kind:
    case Place::kind_text:
    case Place::kind_old_text:
    case Place::attributes:
    case Place::status_message:
    case Place::trace_state:
    case Place::event_name:
    case Place::event_attributes:
    case Place::cache:
      return kShape;
    case Place::status_code:
      return kStatus;
    case Place::resource_attributes:
    case Place::scope_name:
    case Place::scope_version:
    case Place::scope_attributes:
      return kResource;
    case Place::no_count:
    case Place::schema_url:
    case Place::unmodelled:
      return kNothing;
    default:
      return kSpan;
  }
}

bool writes_resource_at(Place place) { return depends_of(place) == kResource; }
bool writes_times_at(Place place) {
  return place == Place::start || place == Place::start_ns || place == Place::end || place == Place::end_ns;
}

}  // namespace

Refused Builder::refuse(std::size_t offset, std::string message) {
  if (sound()) {
    diagnosis_.error = std::move(message);
    diagnosis_.offset = offset;
  }
  return {};
}

void Builder::leave_out(std::string what) {
  if (std::ranges::find(diagnosis_.unmodelled, what) == diagnosis_.unmodelled.end())
    diagnosis_.unmodelled.push_back(std::move(what));
}

// Conditions

PredicatePtr Builder::predicate(const syntax::Bool& tree) {
  PredicatePtr result;
  switch (tree.kind) {
    case syntax::Bool::Kind::comparison:
      result = comparison(tree);
      break;
    case syntax::Bool::Kind::constant:
      result = std::make_shared<Constant>(tree.truth);
      break;
    case syntax::Bool::Kind::converter:
      if (GetterPtr inner = call(*tree.converter)) result = std::make_shared<Question>(std::move(inner));
      break;
    default:
      result = group(tree);
      break;
  }
  if (result == nullptr || !tree.negated) return result;
  const auto* constant = dynamic_cast<const Constant*>(result.get());
  if (constant != nullptr) return std::make_shared<Constant>(!constant->truth());
  return std::make_shared<Not>(std::move(result));
}

PredicatePtr Builder::comparison(const syntax::Bool& tree) {
  GetterPtr left = getter(tree.left);
  GetterPtr right = left == nullptr ? nullptr : getter(tree.right);
  if (right == nullptr) return nullptr;
  const bool collections = semantics_.ottl_compares_collections;
  if (left->literal() != nullptr && right->literal() != nullptr)
    return std::make_shared<Constant>(compare(*left->literal(), *right->literal(), tree.order, collections));
  return std::make_shared<Comparison>(std::move(left), std::move(right), tree.order, collections);
}

// A part that is decided in the text decides the whole, even when one before it would fail.
PredicatePtr Builder::group(const syntax::Bool& tree) {
  const bool any = tree.kind == syntax::Bool::Kind::any_of;
  std::vector<PredicatePtr> parts;
  bool decided = false;
  for (const syntax::Bool& one : tree.parts) {
    PredicatePtr part = predicate(one);
    if (part == nullptr) return nullptr;
    const auto* constant = dynamic_cast<const Constant*>(part.get());
    decided |= constant != nullptr && constant->truth() == any;
    if (constant == nullptr || !semantics_.ottl_literals_checked) parts.push_back(std::move(part));
  }
  if (decided && semantics_.ottl_literals_checked) return std::make_shared<Constant>(any);
  return std::make_shared<Group>(std::move(parts), any ? Verdict::yes : Verdict::no);
}

// Values

GetterPtr Builder::getter(const syntax::Value& tree) {
  using Kind = syntax::Value::Kind;
  switch (tree.kind) {
    case Kind::nil:
      return std::make_shared<LiteralGetter>(Datum{});
    case Kind::text:
      return std::make_shared<LiteralGetter>(Datum{tree.text});
    case Kind::bytes:
      return std::make_shared<LiteralGetter>(Datum{Bytes{tree.text}});
    case Kind::boolean:
      return std::make_shared<LiteralGetter>(Datum{tree.truth});
    case Kind::literal:
      return getter(*tree.literal, tree.offset);
    case Kind::math:
      return math(*tree.math, tree.offset);
    case Kind::list:
      return list(tree);
    case Kind::map:
      return map(tree);
    case Kind::lambda:
      return refuse(tree.offset, "lambda expression arguments require the `ottl.functions.enableLambda` feature gate");
    case Kind::function:
      return refuse(tree.offset, "unexpected function name " + tree.text);
    case Kind::symbol:
      break;
  }
  const auto number = symbol_value(tree.text, context_);
  if (number) return std::make_shared<LiteralGetter>(Datum{*number});
  return refuse(tree.offset, "enum symbol, " + tree.text + ", not found");
}

GetterPtr Builder::getter(const syntax::Literal& tree, std::size_t offset) {
  if (tree.real) return std::make_shared<LiteralGetter>(Datum{*tree.real});
  if (tree.integer) return std::make_shared<LiteralGetter>(Datum{*tree.integer});
  if (tree.path) return path(*tree.path);
  if (!tree.call->editor) return call(*tree.call);
  return refuse(offset, "converter names must start with an uppercase letter but got '" + tree.call->function + '\'');
}

GetterPtr Builder::list(const syntax::Value& tree) {
  std::vector<GetterPtr> inner;
  bool literal = true;
  for (const syntax::Value& item : tree.list) {
    inner.push_back(getter(item));
    if (inner.back() == nullptr) return nullptr;
    literal = literal && inner.back()->literal() != nullptr;
  }
  auto result = std::make_shared<ListGetter>(std::move(inner));
  if (!literal) return result;
  Scene nowhere;
  Datum value;
  static_cast<void>(result->get(nowhere, value));
  return std::make_shared<LiteralGetter>(std::move(value));
}

GetterPtr Builder::map(const syntax::Value& tree) {
  std::vector<std::pair<std::string, GetterPtr>> inner;
  bool literal = true;
  for (const auto& [key, item] : tree.map) {
    inner.emplace_back(key, getter(item));
    if (inner.back().second == nullptr) return nullptr;
    literal = literal && inner.back().second->literal() != nullptr;
  }
  auto result = std::make_shared<MapGetter>(std::move(inner));
  if (!literal) return result;
  Scene nowhere;
  Datum value;
  static_cast<void>(result->get(nowhere, value));
  return std::make_shared<LiteralGetter>(std::move(value));
}

GetterPtr Builder::math(const syntax::Math& tree, std::size_t offset) {
  GetterPtr result;
  for (const auto& [sign, term] : tree.terms) {
    GetterPtr next = product(term, offset);
    if (next == nullptr) return nullptr;
    result = result == nullptr ? next : std::make_shared<MathGetter>(std::move(result), sign, std::move(next));
  }
  return result;
}

GetterPtr Builder::product(const syntax::Product& tree, std::size_t offset) {
  GetterPtr result;
  for (const auto& [sign, one] : tree.factors) {
    GetterPtr next = factor(one, offset);
    if (next == nullptr) return nullptr;
    result = result == nullptr ? next : std::make_shared<MathGetter>(std::move(result), sign, std::move(next));
  }
  return result;
}

GetterPtr Builder::factor(const syntax::MathValue& tree, std::size_t offset) {
  GetterPtr inner = tree.literal ? getter(*tree.literal, offset) : math(*tree.inner, offset);
  if (inner == nullptr || tree.sign != '-') return inner;
  if (const Datum* value = inner->literal()) {
    if (const auto* whole = value->get<std::int64_t>())
      return std::make_shared<LiteralGetter>(Datum{*reckon('-', std::int64_t{0}, *whole)});
    if (const auto* real = value->get<double>()) return std::make_shared<LiteralGetter>(Datum{-*real});
  }
  return std::make_shared<MinusGetter>(std::move(inner));
}

// Paths

std::shared_ptr<const PathGetter> Builder::path(const syntax::Path& tree) {
  std::string error;
  const auto resolved = resolve_path(tree, context_, semantics_, error);
  if (!resolved) return refuse(tree.offset, error);
  auto result = std::make_shared<PathGetter>();
  result->place = resolved->place;
  result->strict = semantics_.ottl_checks_set_types;
  result->text = tree.text();
  result->depends = depends_of(resolved->place);
  if (resolved->place == Place::unmodelled) leave_out("path " + result->text);
  if (resolved->indexed == nullptr) return result;
  if (!indices(resolved->indexed->keys, tree.offset, result->indices, result->depends)) return nullptr;
  return result;
}

bool Builder::indices(const std::vector<syntax::Key>& keys, std::size_t offset, std::vector<Index>& out,
                      std::uint8_t& depends) {
  for (const syntax::Key& key : keys) {
    Index index;
    index.text = key.text.value_or("");
    index.is_integer = key.integer.has_value();
    index.integer = key.integer.value_or(0);
    if (key.math) {
      index.computed = math(*key.math, offset);
      if (index.computed == nullptr) return false;
      depends |= index.computed->depends;
    }
    out.push_back(std::move(index));
  }
  return true;
}

// Calls

GetterPtr Builder::call(const syntax::Call& tree) {
  const Function* function = find_function(tree.function, context_, language_, semantics_);
  if (function == nullptr) {
    const std::string close = nearest_function(tree.function, language_, semantics_);
    return refuse(tree.offset, "undefined function \"" + tree.function + '"' +
                                   (close.empty() ? "" : "; did you mean " + close + '?'));
  }
  Call built;
  built.older = !semantics_.ottl_newer_functions;
  std::uint8_t depends = function->depends;
  std::vector<Index> inner;
  if (!arguments(tree, *function, built, depends) || !indices(tree.keys, tree.offset, inner, depends)) return nullptr;
  std::string error;
  if (function->prepare != nullptr && !function->prepare(built, error))
    return refuse(tree.offset, "couldn't create function: " + error);
  if (function->body == nullptr) leave_out("function " + tree.function);
  auto result = std::make_shared<CallGetter>(*function, std::move(built), std::move(inner));
  result->depends = depends;
  return result;
}

bool Builder::arguments(const syntax::Call& tree, const Function& function, Call& out, std::uint8_t& depends) {
  const std::vector<Parameter> parameters = parameters_of(function, semantics_);
  if (parameters.empty()) return true;  // the real program does not look at what it is given then
  const auto front = "error while parsing arguments for call to \"" + tree.function + "\": ";
  bool named = false;
  for (const syntax::Argument& one : tree.arguments) {
    if (named && one.name.empty()) return refuse(tree.offset, front + "unnamed argument used after named argument");
    named = named || !one.name.empty();
  }
  const auto required = static_cast<std::size_t>(std::ranges::count(parameters, false, &Parameter::optional));
  if (tree.arguments.size() < required || tree.arguments.size() > parameters.size())
    return refuse(tree.offset, front + "incorrect number of arguments. Expected: " + std::to_string(parameters.size()) +
                                   " Received: " + std::to_string(tree.arguments.size()));
  out.arguments.resize(parameters.size());
  for (std::size_t i = 0; i < tree.arguments.size(); ++i) {
    const syntax::Argument& given = tree.arguments[i];
    std::size_t at = i;
    if (!given.name.empty()) {
      const auto found = std::ranges::find(parameters, camel_case(given.name), &Parameter::name);
      if (found == parameters.end()) return refuse(tree.offset, front + "no such parameter: " + given.name);
      at = static_cast<std::size_t>(found - parameters.begin());
    }
    Argument& argument_out = out.arguments[at];
    if (!argument(given.value, parameters[at], argument_out)) {
      if (!diagnosis_.error.starts_with("error while"))
        diagnosis_.error = front + "invalid argument at position " + std::to_string(i) + ": " + diagnosis_.error;
      return false;
    }
    argument_out.given = true;
    if (argument_out.getter) depends |= argument_out.getter->depends;
    for (const GetterPtr& getter : argument_out.getters) depends |= getter->depends;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (out[i].given || parameters[i].optional) continue;
    // The real program leaves such a one unset, and fails when it is used.
    return refuse(tree.offset, front + "no value for parameter " + std::string{parameters[i].name});
  }
  return true;
}

bool Builder::argument(const syntax::Value& tree, const Parameter& parameter, Argument& out) {
  switch (parameter.type) {
    case Type::function:
      return function_name(tree, out);
    case Type::lambda:
      if (tree.kind != syntax::Value::Kind::lambda) return refuse(tree.offset, "must be a lambda expression");
      return refuse(tree.offset, "lambda expression arguments require the `ottl.functions.enableLambda` feature gate");
    case Type::path:
    case Type::map_path:
    case Type::list_path:
      return target(tree, out);
    case Type::plain_text:
    case Type::plain_integer:
    case Type::plain_truth:
    case Type::plain_bytes:
      return plain(tree, parameter.type, out);
    case Type::any_list:
    case Type::text_list:
    case Type::text_like_list:
    case Type::plain_text_list:
      return items(tree, parameter.type, out);
    default:
      return evaluated(tree, parameter.type, out);
  }
}

bool Builder::target(const syntax::Value& tree, Argument& out) {
  if (tree.kind != syntax::Value::Kind::literal || !tree.literal->path) return refuse(tree.offset, "must be a path");
  out.path = path(*tree.literal->path);
  out.getter = out.path;
  if (out.path == nullptr) return false;
  if (edits() && !out.path->settable()) leave_out("setting " + out.path->text);
  writes_resource_ = writes_resource_ || writes_resource_at(out.path->place);
  writes_times_ = writes_times_ || writes_times_at(out.path->place);
  return true;
}

bool Builder::evaluated(const syntax::Value& tree, Type type, Argument& out) {
  const bool is_path = tree.kind == syntax::Value::Kind::literal && tree.literal->path;
  if (type == Type::map && edits() && is_path && !semantics_.ottl_newer_functions) return target(tree, out);
  out.getter = getter(tree);
  return out.getter != nullptr && literal_fits(*out.getter, type, tree.offset);
}

/// Since literals are checked: whether one that stands in the statement has the type that is asked for.
bool Builder::literal_fits(const Getter& getter, Type type, std::size_t offset) {
  const Datum* value = getter.literal();
  if (value == nullptr || !semantics_.ottl_literals_checked) return true;
  const bool text = value->text().has_value(), whole = value->get<std::int64_t>() != nullptr;
  const bool real = value->get<double>() != nullptr, truth = value->get<bool>() != nullptr;
  bool fits = true;
  std::string_view wanted;
  const auto want = [&](bool given, std::string_view name) { fits = given, wanted = name; };
  switch (type) {
    case Type::text:
      want(text, "string");
      break;
    case Type::integer:
      want(whole, "int64");
      break;
    case Type::real:
      want(real, "float64");
      break;
    case Type::truth:
      want(truth, "bool");
      break;
    case Type::map:
      want(value->map() != nullptr, "pcommon.Map");
      break;
    case Type::list:
      want(value->list() != nullptr, "pcommon.Slice");
      break;
    case Type::duration:
      want(false, "duration");
      break;
    case Type::moment:
      want(false, "time");
      break;
    case Type::real_like:
    case Type::integer_like:
    case Type::truth_like:
      want(text || whole || real || truth || value->is_nil(), "number");
      break;
    default:
      break;
  }
  if (!fits) static_cast<void>(refuse(offset, "expected " + std::string{wanted} + " but got something else"));
  return fits;
}

bool Builder::plain(const syntax::Value& tree, Type type, Argument& out) {
  using Kind = syntax::Value::Kind;
  const bool literal = tree.kind == Kind::literal;
  switch (type) {
    case Type::plain_text:
      out.text = tree.text;
      return tree.kind == Kind::text || refuse(tree.offset, "must be a string");
    case Type::plain_bytes:
      out.text = tree.text;
      return tree.kind == Kind::bytes || refuse(tree.offset, "slice parameter must be a byte slice literal");
    case Type::plain_truth:
      out.truth = tree.truth;
      return tree.kind == Kind::boolean || refuse(tree.offset, "must be a bool");
    default:
      if (!literal || !tree.literal->integer) return refuse(tree.offset, "must be an int");
      out.integer = *tree.literal->integer;
      return true;
  }
}

bool Builder::items(const syntax::Value& tree, Type type, Argument& out) {
  if (tree.kind != syntax::Value::Kind::list) return refuse(tree.offset, "must be a list");
  for (const syntax::Value& item : tree.list) {
    Argument one;
    const bool plain_text = type == Type::plain_text_list;
    const Type inner = plain_text ? Type::plain_text : type == Type::text_list ? Type::text : Type::any;
    if (!(plain_text ? plain(item, inner, one) : evaluated(item, inner, one))) {
      diagnosis_.error = "error while parsing list argument: " + diagnosis_.error;
      return false;
    }
    if (plain_text)
      out.texts.push_back(one.text);
    else
      out.getters.push_back(one.getter);
  }
  return true;
}

bool Builder::function_name(const syntax::Value& tree, Argument& out) {
  using Kind = syntax::Value::Kind;
  if (tree.kind != Kind::symbol && tree.kind != Kind::function)
    return refuse(tree.offset, "invalid function name given");
  out.function = find_function(tree.text, context_, language_, semantics_);
  if (out.function == nullptr) return refuse(tree.offset, "undefined function " + tree.text);
  if (out.function->body == nullptr) leave_out("function " + tree.text);
  return true;
}

}  // namespace spillway::collector::ottl
