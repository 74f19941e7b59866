#include "tests/models/scenario/json_schema.hpp"

#include <regex.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

namespace spillway {
namespace {

using Json = nlohmann::json;

Json scalar_to_json(const Node& node) {
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  const char* end = node.text.data() + node.text.size();
  std::uint64_t whole = 0;
  if (const auto r = std::from_chars(node.text.data(), end, whole); r.ec == std::errc{} && r.ptr == end) return whole;
  double number = 0;
  const bool numeric = node.text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (const auto r = std::from_chars(node.text.data(), end, number); numeric && r.ec == std::errc{} && r.ptr == end)
    return number;
  return node.text;
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_number_integer();
  return type == "number" && value.is_number();
}

class Validator {
 public:
  explicit Validator(const Json& root) : root_{root} {}

  std::string found;

  bool valid(const Json& schema, const Json& value) const {
    Validator inner{root_};
    inner.check(schema, value, "");
    return inner.found.empty();
  }

  void check(const Json& schema, const Json& value, const std::string& path) {
    for (const auto& [keyword, operand] : schema.items()) check_keyword(schema, keyword, operand, value, path);
  }

 private:
  using Rule = void (Validator::*)(const Json& schema, const Json& operand, const Json& value, const std::string& path);

  void fail(const std::string& path, const std::string& what) { found += path + ": " + what + "\n"; }

  void check_keyword(const Json& schema, const std::string& keyword, const Json& operand, const Json& value,
                     const std::string& path) {
    static const std::map<std::string, Rule> rules{{"type", &Validator::type},
                                                   {"enum", &Validator::one_word},
                                                   {"const", &Validator::constant},
                                                   {"minimum", &Validator::limits},
                                                   {"maximum", &Validator::limits},
                                                   {"pattern", &Validator::pattern},
                                                   {"items", &Validator::items},
                                                   {"maxItems", &Validator::sizes},
                                                   {"minProperties", &Validator::sizes},
                                                   {"maxProperties", &Validator::sizes},
                                                   {"properties", &Validator::properties},
                                                   {"patternProperties", &Validator::nothing},
                                                   {"additionalProperties", &Validator::nothing},
                                                   {"required", &Validator::required},
                                                   {"dependentRequired", &Validator::dependent},
                                                   {"anyOf", &Validator::any_of},
                                                   {"oneOf", &Validator::one_of},
                                                   {"allOf", &Validator::all_of},
                                                   {"not", &Validator::negation},
                                                   {"if", &Validator::condition},
                                                   {"then", &Validator::nothing},
                                                   {"$ref", &Validator::reference},
                                                   {"$schema", &Validator::nothing},
                                                   {"$defs", &Validator::nothing},
                                                   {"title", &Validator::nothing},
                                                   {"description", &Validator::nothing},
                                                   {"default", &Validator::nothing}};
    const auto rule = rules.find(keyword);
    if (rule == rules.end()) return fail(path, "unknown keyword " + keyword);
    (this->*rule->second)(schema, operand, value, path);
    if (keyword == "additionalProperties" && !schema.contains("properties"))
      properties(schema, Json::object(), value, path);
  }

  void nothing(const Json&, const Json&, const Json&, const std::string&) {}
  void type(const Json&, const Json& operand, const Json& value, const std::string& path) {
    const Json types = operand.is_array() ? operand : Json::array({operand});
    for (const Json& one : types)
      if (has_type(value, one)) return;
    fail(path, value.dump() + " is not of type " + operand.dump());
  }
  void one_word(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (std::find(operand.begin(), operand.end(), value) == operand.end())
      fail(path, value.dump() + " is none of " + operand.dump());
  }
  void constant(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (value != operand) fail(path, value.dump() + " is not " + operand.dump());
  }
  void limits(const Json& schema, const Json&, const Json& value, const std::string& path) {
    if (!value.is_number()) return;
    const double number = value.get<double>();
    if (number < schema.value("minimum", -1e308) || number > schema.value("maximum", 1e308))
      fail(path, value.dump() + " is out of range");
  }
  void pattern(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (value.is_string() && !matches_pattern(value.get<std::string>(), operand.get<std::string>()))
      fail(path, value.dump() + " does not match " + operand.dump());
  }
  void items(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (!value.is_array()) return;
    for (std::size_t i = 0; i < value.size(); ++i) check(operand, value[i], path + "." + std::to_string(i));
  }
  void sizes(const Json& schema, const Json&, const Json& value, const std::string& path) {
    if (value.is_array() && value.size() > schema.value("maxItems", std::size_t{1} << 40))
      fail(path, "has too many items");
    if (!value.is_object()) return;
    if (value.size() < schema.value("minProperties", std::size_t{0})) fail(path, "has too few keys");
    if (value.size() > schema.value("maxProperties", std::size_t{1} << 40)) fail(path, "has too many keys");
  }
  void properties(const Json& schema, const Json& operand, const Json& value, const std::string& path) {
    if (!value.is_object()) return;
    for (const auto& [key, item] : value.items()) {
      const std::string here = path + "." + key;
      if (operand.contains(key))
        check(operand[key], item, here);
      else
        check_other(schema, key, item, here);
    }
  }
  void check_other(const Json& schema, const std::string& key, const Json& item, const std::string& here) {
    const Json patterns = schema.value("patternProperties", Json::object());
    for (const auto& [form, inner] : patterns.items())
      if (matches_pattern(key, form)) return check(inner, item, here);
    const Json others = schema.value("additionalProperties", Json(true));
    if (others.is_boolean() && !others.get<bool>()) fail(here, "unknown key");
    if (others.is_object()) check(others, item, here);
  }
  void required(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (!value.is_object()) return;
    for (const Json& key : operand)
      if (!value.contains(key.get<std::string>())) fail(path, key.dump() + " is missing");
  }
  void dependent(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (!value.is_object()) return;
    for (const auto& [key, others] : operand.items())
      if (value.contains(key)) required({}, others, value, path);
  }
  std::size_t matches(const Json& operand, const Json& value) const {
    std::size_t count = 0;
    for (const Json& one : operand) count += valid(one, value) ? 1 : 0;
    return count;
  }
  void any_of(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (matches(operand, value) == 0) fail(path, value.dump() + " fits no alternative");
  }
  void one_of(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (matches(operand, value) != 1) fail(path, value.dump() + " does not fit exactly one alternative");
  }
  void all_of(const Json&, const Json& operand, const Json& value, const std::string& path) {
    for (const Json& one : operand) check(one, value, path);
  }
  void negation(const Json&, const Json& operand, const Json& value, const std::string& path) {
    if (valid(operand, value)) fail(path, "fits what it must not");
  }
  void condition(const Json& schema, const Json& operand, const Json& value, const std::string& path) {
    if (valid(operand, value)) check(schema["then"], value, path);
  }
  void reference(const Json&, const Json& operand, const Json& value, const std::string& path) {
    check(root_.at(Json::json_pointer{operand.get<std::string>().substr(1)}), value, path);
  }

  const Json& root_;
};

}  // namespace

bool matches_pattern(const std::string& text, const std::string& pattern) {
  regex_t compiled;
  if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) throw std::invalid_argument{pattern};
  const bool matched = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return matched;
}

Json to_json(const Node& node) {
  Json out;
  switch (node.kind) {
    case Node::Kind::null:
      return out;
    case Node::Kind::scalar:
      return scalar_to_json(node);
    case Node::Kind::sequence:
      out = Json::array();
      for (const Node& item : node.items) out.push_back(to_json(item));
      return out;
    case Node::Kind::map:
      out = Json::object();
      for (const Entry& entry : node.entries) out[entry.key] = to_json(entry.value);
      return out;
  }
  return out;
}

std::string violations(const Json& schema, const Json& value) {
  Validator validator{schema};
  validator.check(schema, value, "");
  return validator.found;
}

}  // namespace spillway
