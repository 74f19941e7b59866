// JSON Schema of the scenario language, written by a visitor over the same table that the reader uses.
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "models/scenario/laws.hpp"
#include "models/scenario/vocabulary.hpp"

namespace spillway {
namespace language {
namespace {

using Json = nlohmann::ordered_json;

// Schemas of single values. YAML writes 5 and "5" alike where text is wanted, so text allows all scalars.

Json text_schema() { return {{"type", {"string", "number", "boolean"}}}; }

Json limits(const char* type, const About& about) {
  Json schema{{"type", type}, {"minimum", about.min}};
  if (!std::isinf(about.max)) schema["maximum"] = about.max;
  return schema;
}

/// A number without unit where the unit is optional, a text with unit elsewhere; a bare 0 always.
Json quantity_schema(const About& about) {
  if (about.unit == Unit::none) return limits("number", about);
  const Json with_unit{{"type", "string"}, {"pattern", pattern(about.unit)}};
  const bool unit_optional = about.unit == Unit::share || about.unit == Unit::any;
  const Json bare = unit_optional ? limits("number", about) : Json{{"const", 0}};
  return {{"anyOf", {with_unit, bare}}};
}

Json law_schema(Unit unit) {
  return {{"anyOf",
           {quantity_schema(About{"", unit}),
            {{"$ref", unit == Unit::seconds ? "#/$defs/law_of_durations" : "#/$defs/law_of_factors"}}}}};
}

Json one_or_list(Json item) { return {{"anyOf", {item, {{"type", "array"}, {"items", item}}}}}; }

Json schema_of(const std::string&, const About&) { return text_schema(); }
Json schema_of(const bool&, const About&) { return {{"type", "boolean"}}; }
Json schema_of(const int&, const About& about) { return limits("integer", about); }
Json schema_of(const std::int64_t&, const About& about) { return limits("integer", about); }
Json schema_of(const std::uint64_t&, const About& about) { return limits("integer", about); }
Json schema_of(const double&, const About& about) { return quantity_schema(about); }
Json schema_of(const Duration&, const About& about) { return quantity_schema(about); }
Json schema_of(const Time&, const About& about) { return quantity_schema(about); }
Json schema_of(const Distribution&, const About& about) { return law_schema(about.unit); }
Json schema_of(const std::vector<std::string>&, const About&) { return one_or_list(text_schema()); }
Json schema_of(const std::vector<std::filesystem::path>&, const About&) { return one_or_list(text_schema()); }
Json schema_of(const std::vector<Time>&, const About& about) {
  return {{"type", "array"}, {"maxItems", kMostMoments}, {"items", quantity_schema(about)}};
}
Json schema_of(const std::map<std::string, std::string>&, const About&) {
  return {{"type", {"object", "null"}}, {"maxProperties", kMostNames}, {"additionalProperties", text_schema()}};
}
Json schema_of(const Recording&, const About&) { return text_schema(); }
Json schema_of(const Attributes&, const About&) {
  return {{"type", {"object", "null"}}, {"maxProperties", kMostNames}};
}
Json schema_of(const std::vector<SpanAttribute>&, const About& about) { return schema_of(Attributes{}, about); }
template <class E>
requires std::is_enum_v<E> Json schema_of(const E&, const About&) {
  Json known = Json::array();
  for (const auto& word : words(E{})) known.push_back(word.text);
  return {{"enum", known}};
}
template <class T>
Json schema_of(const std::optional<T>&, const About& about) {
  if constexpr (std::is_same_v<T, Distribution>)
    return law_schema(about.unit);
  else
    return schema_of(T{}, about);
}

// Defaults as they would be written; null when there is nothing worth writing.

Json default_of(const std::string& value, Unit) { return value.empty() ? Json{} : Json(value); }
Json default_of(const bool& value, Unit) { return value; }
Json default_of(const int& value, Unit) { return value; }
Json default_of(const std::int64_t& value, Unit) { return value; }
Json default_of(const std::uint64_t& value, Unit) { return value; }
Json default_of(const double& value, Unit unit) {
  return unit == Unit::none || unit == Unit::share ? Json(value) : Json(show(value, unit));
}
Json default_of(const Duration& value, Unit) { return show(value); }
Json default_of(const Time& value, Unit) { return show(value.time_since_epoch()); }
Json default_of(const Distribution& value, Unit unit) { return default_of(value.mean(), unit); }
template <class E>
requires std::is_enum_v<E> Json default_of(const E& value, Unit) {
  for (const auto& word : words(E{}))
    if (word.value == value) return word.text;
  return {};
}
template <class T>
Json default_of(const std::optional<T>& value, Unit unit) {
  return value ? default_of(*value, unit) : Json{};
}
template <class T>
Json default_of(const std::vector<T>&, Unit) {
  return {};
}
Json default_of(const Recording&, Unit) { return {}; }
template <class K, class T>
Json default_of(const std::map<K, T>&, Unit) {
  return {};
}

/// Unit and range in words, for editors that show the description.
std::string described(const About& about, const Json& fallback) {
  std::string out = about.text;
  if (about.unit != Unit::none) out += " (" + expectation(about.unit) + ")";
  const bool bounded = about.unit != Unit::none && !std::isinf(about.max);
  if (bounded) out += "; " + show(about.min, about.unit) + " to " + show(about.max, about.unit);
  if (!fallback.is_null()) out += "; default " + (fallback.is_string() ? fallback.get<std::string>() : fallback.dump());
  return out;
}

Json require_each(Keys keys) {
  Json out = Json::array();
  for (const char* key : keys) out.push_back({{"required", {key}}});
  return out;
}

/// The visitor that writes the schema of one struct.
class SchemaWriter {
 public:
  Json schema{{"type", "object"}};

  SchemaWriter() { schema["additionalProperties"] = false; }

  void about(const char* text) { schema["description"] = text; }

  template <class T>
  void field(const char* key, const T& value, const About& about) {
    const Json fallback = default_of(value, about.unit);
    add(key, schema_of(value, about), described(about, fallback), fallback);
  }

  template <class T>
  void required(const char* key, const T& value, const About& about) {
    add(key, schema_of(value, about), described(about, {}), {});
    schema["required"].push_back(key);
  }

  void duration_or_auto(const char* key, const std::optional<Duration>& value, const About& about) {
    const Json fallback = default_of(value, about.unit);
    add(key, {{"anyOf", {{{"const", "auto"}}, quantity_schema(about)}}}, described(about, fallback), fallback);
  }

  template <class E>
  void sets(const char* key, const E&, E, const char* text) {
    add(key, {{"const", true}}, text, {});
  }

  template <class E, class T>
  void chooses(const char* key, const E&, E, const T& value, const About& about) {
    add(key, schema_of(value, about), described(about, {}), {});
  }

  void percentile(double, double, const About& about) {
    Json value = quantity_schema(about);
    value["description"] = described(about, {});
    constexpr const char* keys = "^p([5-9][0-9])(\\.[0-9]+)?$";
    schema["patternProperties"][keys] = value;
    schema["minProperties"] = 2;
    schema["maxProperties"] = 2;
  }

  template <class T>
  void nested(const char* key, const T& value, const char* text) {
    T copy = value;
    add(key, struct_schema(copy), text, {});
  }
  template <class T>
  void nested(const char* key, const std::optional<T>&, const char* text, T initial = {}) {
    add(key, struct_schema(initial), text, {});
  }

  template <class T>
  void list(const char* key, const std::vector<T>&, const char* text, std::size_t most, T initial = {}) {
    add(key, {{"type", {"array", "null"}}, {"maxItems", most}, {"items", struct_schema(initial)}}, text, {});
  }

  template <class T>
  void section(const char* key, const std::vector<T>&, const char* text, std::size_t most) {
    T body;
    add(key, {{"type", {"object", "null"}}, {"maxProperties", most}, {"additionalProperties", struct_schema(body)}},
        text, {});
  }

  void exactly_one(Keys keys) { schema["oneOf"] = require_each(keys); }
  void at_least_one(Keys keys) { schema["anyOf"] = require_each(keys); }
  void at_most_one(Keys keys) {
    for (const char* key : keys) {
      Json others = Json::array();
      for (const char* other : keys)
        if (other != key) others.push_back({{"required", {other}}});
      forbid_beside(key, others);
    }
  }
  void needs(const char* key, Keys others) {
    for (const char* other : others) schema["dependentRequired"][key].push_back(other);
  }
  void excludes(const char* key, Keys others) { forbid_beside(key, require_each(others)); }

  /// Schema of a struct: a map of its keys, empty, or its short form.
  template <class T>
  static Json struct_schema(T& object) {
    SchemaWriter writer;
    describe(writer, object);
    Json out = std::move(writer.schema);
    if (!short_form<T>) {
      if (!out.contains("required")) out["type"] = {"object", "null"};
      return out;
    }
    const Json brief = out["properties"][short_form<T>];
    return {{"anyOf", {brief, out}}};
  }

 private:
  void add(const char* key, Json value, std::string text, const Json& fallback) {
    value["description"] = std::move(text);
    if (!fallback.is_null()) value["default"] = fallback;
    schema["properties"][key] = std::move(value);
  }

  void forbid_beside(const char* key, const Json& others) {
    schema["allOf"].push_back({{"if", {{"required", {key}}}}, {"then", {{"not", {{"anyOf", others}}}}}});
  }
};

Json laws_schema(Unit unit) {
  Laws laws;
  laws.unit = unit;
  return SchemaWriter::struct_schema(laws);
}

}  // namespace
}  // namespace language

std::string scenario_schema() {
  using namespace language;
  Scenario scenario;
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "spillway scenario"}};
  schema.update(SchemaWriter::struct_schema(scenario));
  schema["$defs"]["law_of_durations"] = laws_schema(Unit::seconds);
  schema["$defs"]["law_of_factors"] = laws_schema(Unit::none);
  return schema.dump(2) + "\n";
}

}  // namespace spillway
