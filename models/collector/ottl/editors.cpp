// Editors: what statements do to a span, its events, its resource and scope.
#include <algorithm>

#include "models/collector/ottl/bodies.hpp"

namespace spillway::collector::ottl {
namespace {

/// A group of a shell pattern as a regular expression.
bool append_set(std::string& out, std::string_view& rest) {
  const std::size_t end = rest.find(']', 1);
  if (end == std::string_view::npos) return false;
  std::string_view inner = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  const bool negated = inner.starts_with('!');
  if (negated) inner.remove_prefix(1);
  out += negated ? "[^" : "[";
  for (const char c : inner) {
    if (c == '\\' || c == '[' || c == '^') out += '\\';
    out += c;
  }
  out += ']';
  return !inner.empty();
}

}  // namespace

std::optional<Regex> glob(std::string_view pattern, std::string& error) {
  std::string out = "^(?s:";
  int groups = 0;
  std::string_view rest = pattern;
  bool sound = true;
  while (!rest.empty() && sound) {
    const char c = rest[0];
    if (c == '[') {
      sound = append_set(out, rest);
      continue;
    }
    rest.remove_prefix(1);
    if (c == '*')
      out += ".*";
    else if (c == '?')
      out += '.';
    else if (c == '{')
      out += "(?:", ++groups;
    else if (c == '}' && groups > 0)
      out += ')', --groups;
    else if (c == ',' && groups > 0)
      out += '|';
    else {
      const char plain = c == '\\' && !rest.empty() ? rest[0] : c;
      if (c == '\\' && !rest.empty()) rest.remove_prefix(1);
      if (static_cast<unsigned char>(plain) < 0x80 && std::isalnum(static_cast<unsigned char>(plain)) == 0) out += '\\';
      out += plain;
    }
  }
  auto regex = sound && groups == 0 ? Regex::compile(out + ")$", error) : std::nullopt;
  if (!regex) error = "the pattern \"" + std::string{pattern} + "\" is not valid";
  return regex;
}

namespace bodies {
namespace {

/// The map that an editor changes: read from its path, and put back. Without a path nothing lasts.
class Target {
 public:
  Target(const Argument& argument, Scene& scene) : argument_{argument}, scene_{scene} {
    Datum value;
    sound_ = argument.getter->get(scene, value) && value.map() != nullptr;
    if (sound_) map = *value.map();
  }
  explicit operator bool() const { return sound_; }
  bool put_back() { return argument_.path == nullptr || argument_.path->set(scene_, Datum{std::move(map)}); }
  Attributes map;

 private:
  const Argument& argument_;
  Scene& scene_;
  bool sound_ = false;
};

/// Keeps the entries that the pattern (does not) match.
bool by_pattern(const Call& call, Scene& scene, bool keep) {
  std::optional<Regex> hold;
  const Regex* regex = regex_argument(call[1], scene, hold);
  if (regex == nullptr) return false;
  Target target{call[0], scene};
  if (!target) return false;
  std::erase_if(target.map, [&](const auto& entry) { return regex->matches(entry.first) != keep; });
  return target.put_back();
}

/// The function named in an argument, applied to a text.
std::optional<std::string> applied(const Argument& function, std::string_view text, Scene& scene) {
  Call inner;
  inner.arguments.resize(1);
  inner.arguments[0].given = true;
  inner.arguments[0].getter = std::make_shared<LiteralGetter>(Datum{std::string{text}});
  Datum out;
  if (function.function->body == nullptr || !function.function->body(inner, scene, out) || !out.text())
    return std::nullopt;
  return std::string{*out.text()};
}

/// A format with exactly one kind of verb, %s.
bool formatted(const Argument& format, Scene& scene, std::string& text) {
  if (!format.given) return true;
  Datum hold;
  const auto form = text_argument(format, scene, hold);
  if (!form || form->find("%s") == std::string_view::npos) return false;
  std::string out;
  bool used = false;
  for (std::size_t i = 0; i < form->size(); ++i) {
    if ((*form)[i] != '%')
      out += (*form)[i];
    else if (i + 1 >= form->size() || (*form)[i + 1] != 's')
      return false;
    else
      out += used ? "%!s(MISSING)" : text, used = true, ++i;
  }
  text = out;
  return true;
}

std::string all_replaced(std::string text, std::string_view what, std::string_view by) {
  if (what.empty()) return text;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

struct Replacing {
  const Regex& regex;
  std::string_view replacement;
  const Argument& function;
  const Argument& format;
  bool older;
};

/// Every match replaced; with a function in the arguments: by what it makes of the replacement.
std::optional<std::string> replaced(const Replacing& how, std::string_view text, Scene& scene) {
  if (!how.function.given) return how.regex.replace_all(text, how.replacement);
  std::string out, whole{text};
  std::size_t last = 0;
  for (const Regex::Match& match : how.regex.all(text)) {
    auto by = applied(how.function, how.regex.expand(how.replacement, match), scene);
    if (!by || !formatted(how.format, scene, *by)) return std::nullopt;
    if (out.size() > kLargestMap || whole.size() > kLargestMap) return std::nullopt;
    // Older versions replaced the matched text wherever it stood.
    whole = how.older ? all_replaced(std::move(whole), match[0], *by) : std::move(whole);
    const auto begin = static_cast<std::size_t>(match[0].data() - text.data());
    ((out += text.substr(last, begin - last)) += *by);
    last = begin + match[0].size();
  }
  out += text.substr(last);
  return how.older ? whole : out;
}

const std::string* as_text(const AttributeValue& value) { return value.get<std::string>(); }

/// What replace_match and replace_all_matches put in.
std::optional<std::string> replacement_of(const Call& call, Scene& scene) {
  Datum hold;
  const auto text = text_argument(call[2], scene, hold);
  if (!text) return std::nullopt;
  if (!call[3].given) return std::string{*text};
  auto result = applied(call[3], *text, scene);
  if (!result || !formatted(call[4], scene, *result)) return std::nullopt;
  return result;
}

class Flattening {
 public:
  Flattening(std::int64_t depth, bool resolve, bool older) : depth_{depth}, resolve_{resolve}, older_{older} {}

  void map(const Attributes& map, std::string prefix, std::int64_t depth) {
    if (!prefix.empty()) prefix += '.';
    for (const auto& [key, value] : map) this->value(prefix + key, value, depth);
  }
  Attributes result;

 private:
  void value(const std::string& key, const AttributeValue& value, std::int64_t depth) {
    const auto* inner = value.get<Attributes>();
    const auto* list = value.get<ValueList>();
    if (inner != nullptr && depth < depth_) return map(*inner, key, depth + 1);
    if (list == nullptr || !(older_ || depth < depth_)) return put(key, value);
    for (std::size_t i = 0; i < list->size(); ++i) item(key, i, (*list)[i], depth);
  }
  void item(const std::string& key, std::size_t i, const AttributeValue& value, std::int64_t depth) {
    const std::string numbered = key + '.' + std::to_string(i);
    const bool deeper = !older_ && depth + 1 < depth_;
    if (const auto* inner = value.get<Attributes>(); inner != nullptr && deeper)
      return map(*inner, numbered, depth + 2);
    if (const auto* list = value.get<ValueList>(); list != nullptr && deeper) {
      // The real program joins the number of the inner item to the prefix without a dot.
      for (std::size_t j = 0; j < list->size(); ++j) this->value(numbered + std::to_string(j), (*list)[j], depth + 3);
      return;
    }
    put(resolve_ ? key : numbered, value);
  }
  void put(const std::string& key, const AttributeValue& value) {
    std::string name = key;
    if (resolve_ && find_attribute(result, key) != nullptr) name += '.' + std::to_string(repeats_[key]++);
    set_attribute(result, name, value);
  }
  std::int64_t depth_;
  bool resolve_, older_;
  std::map<std::string, int> repeats_;
};

bool boundary(std::string_view text, std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80; }

}  // namespace

bool prepare_pattern_1(Call& call, std::string& error) { return prepare_regex(call.arguments[1], error); }

bool prepare_glob(Call& call, std::string& error) {
  Argument& pattern = call.arguments[1];
  std::optional<std::string_view> text;
  if (pattern.getter == nullptr)
    text = pattern.text;
  else if (const Datum* literal = pattern.getter->literal())
    text = literal->text();
  if (text) pattern.regex = glob(*text, error);
  return !text || pattern.regex;
}

bool set(const Call& call, Scene& scene, Datum&) {
  Datum value;
  if (!call[1].getter->get(scene, value)) return false;
  return value.is_nil() || call[0].path->set(scene, value);
}

bool delete_key(const Call& call, Scene& scene, Datum&) {
  Datum hold;
  Target target{call[0], scene};
  const auto key = target ? text_argument(call[1], scene, hold) : std::nullopt;
  if (!key) return false;
  remove_attribute(target.map, *key);
  return target.put_back();
}

bool delete_matching_keys(const Call& call, Scene& scene, Datum&) { return by_pattern(call, scene, false); }
bool keep_matching_keys(const Call& call, Scene& scene, Datum&) { return by_pattern(call, scene, true); }

bool keep_keys(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  if (!target) return false;
  std::vector<std::string> keep = call[1].texts;
  for (const GetterPtr& getter : call[1].getters) {
    Datum value;
    if (!getter->get(scene, value) || !value.text()) return false;
    keep.emplace_back(*value.text());
  }
  std::erase_if(target.map, [&](const auto& entry) { return std::ranges::find(keep, entry.first) == keep.end(); });
  return target.put_back();
}

bool prepare_limit(Call& call, std::string& error) {
  const std::int64_t limit = call[1].integer;
  if (limit < 0)
    error = "invalid limit for limit function, " + std::to_string(limit) + " cannot be negative";
  else if (limit < static_cast<std::int64_t>(call[2].texts.size()))
    error = "invalid limit for limit function, " + std::to_string(limit) +
            " cannot be less than number of priority attributes " + std::to_string(call[2].texts.size());
  return error.empty();
}

bool limit(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  if (!target) return false;
  const auto most = static_cast<std::size_t>(call[1].integer);
  if (target.map.size() <= most) return true;
  const std::vector<std::string>& first = call[2].texts;
  std::size_t count = 0;
  for (const std::string& key : first) count += find_attribute(target.map, key) != nullptr ? 1 : 0;
  std::erase_if(target.map, [&](const auto& entry) {
    return std::ranges::find(first, entry.first) == first.end() && count++ >= most;
  });
  return target.put_back();
}

bool prepare_truncate(Call& call, std::string& error) {
  const std::int64_t limit = call[1].integer;
  const std::size_t marker = call.older ? 0 : call[3].text.size();
  if (limit < 0)
    error = "invalid limit for truncate_all function, " + std::to_string(limit) + " cannot be negative";
  else if (static_cast<std::int64_t>(marker) > limit)
    error = "invalid truncation marker for truncate_all function, length of marker " + std::to_string(marker) +
            " cannot be greater than limit " + std::to_string(limit);
  return error.empty();
}

bool truncate_all(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  if (!target) return false;
  const auto limit = static_cast<std::size_t>(call[1].integer);
  const std::string marker = call.older ? "" : call[3].text;
  const bool whole_characters = !call.older && (!call[2].given || call[2].truth);
  for (auto& [key, value] : target.map) {
    auto* text = std::get_if<std::string>(&value.any);
    if (text == nullptr || text->size() <= limit) continue;
    std::size_t at = limit - marker.size();
    while (whole_characters && at > 0 && !boundary(*text, at)) --at;
    *text = text->substr(0, at) + marker;
  }
  return target.put_back();
}

bool replace_pattern(const Call& call, Scene& scene, Datum&) {
  Datum value, hold;
  std::optional<Regex> regex_hold;
  if (!call[0].getter->get(scene, value)) return false;
  if (value.is_nil()) return true;
  const auto replacement = text_argument(call[2], scene, hold);
  if (!replacement) return false;
  const auto text = value.text();
  if (!text) return true;
  const Regex* regex = regex_argument(call[1], scene, regex_hold);
  if (regex == nullptr) return false;
  if (!regex->matches(*text)) return true;
  auto result = replaced({*regex, *replacement, call[3], call[4], call.older}, *text, scene);
  return result && call[0].path->set(scene, Datum{std::move(*result)});
}

bool prepare_mode(Call& call, std::string& error) {
  if (!prepare_regex(call.arguments[2], error)) return false;
  if (call[1].text == "key" || call[1].text == "value") return true;
  error = "invalid mode " + call[1].text + ", must be either 'key' or 'value'";
  return false;
}

bool replace_all_patterns(const Call& call, Scene& scene, Datum&) {
  Datum hold;
  std::optional<Regex> regex_hold;
  Target target{call[0], scene};
  const auto replacement = target ? text_argument(call[3], scene, hold) : std::nullopt;
  const Regex* regex = replacement ? regex_argument(call[2], scene, regex_hold) : nullptr;
  if (regex == nullptr) return false;
  const Replacing how{*regex, *replacement, call[4], call[5], call.older};
  Attributes updated;
  for (auto& [key, value] : target.map) {
    const bool of_key = call[1].text == "key";
    const std::string* text = of_key ? &key : as_text(value);
    if (text == nullptr || !regex->matches(*text)) {
      set_attribute(updated, key, value);
      continue;
    }
    auto result = replaced(how, *text, scene);
    if (!result) {
      if (call.older) break;
      if (!of_key) set_attribute(updated, key, value);
    } else if (of_key) {
      set_attribute(updated, *result, value);
    } else {
      set_attribute(updated, key, std::move(*result));
    }
  }
  target.map = std::move(updated);
  return target.put_back();
}

bool replace_match(const Call& call, Scene& scene, Datum&) {
  Datum value, hold;
  if (!call[0].getter->get(scene, value)) return false;
  auto replacement = replacement_of(call, scene);
  if (!replacement) return false;
  std::optional<Regex> computed;
  std::string error;
  if (!call[1].regex) {
    const auto pattern = text_argument(call[1], scene, hold);
    computed = pattern ? glob(*pattern, error) : std::nullopt;
    if (!computed) return false;
  }
  const Regex& regex = call[1].regex ? *call[1].regex : *computed;
  const auto text = value.text();
  return !text || !regex.matches(*text) || call[0].path->set(scene, Datum{std::move(*replacement)});
}

bool replace_all_matches(const Call& call, Scene& scene, Datum&) {
  Datum hold;
  Target target{call[0], scene};
  const auto replacement = target ? replacement_of(call, scene) : std::nullopt;
  if (!replacement) return false;
  std::optional<Regex> computed;
  std::string error;
  if (!call[1].regex) {
    const auto pattern = text_argument(call[1], scene, hold);
    computed = pattern ? glob(*pattern, error) : std::nullopt;
    if (!computed) return false;
  }
  const Regex& regex = call[1].regex ? *call[1].regex : *computed;
  for (auto& [key, value] : target.map)
    if (const std::string* text = as_text(value); text != nullptr && regex.matches(*text)) value = *replacement;
  return target.put_back();
}

bool prepare_strategy(Call& call, std::string& error) {
  const std::string& strategy = call[2].text;
  if (strategy == "insert" || strategy == "update" || strategy == "upsert") return true;
  error = "invalid value for strategy, " + strategy + ", must be 'insert', 'update' or 'upsert'";
  return false;
}

bool merge_maps(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  Datum source;
  if (!target || !call[1].getter->get(scene, source) || source.map() == nullptr) return false;
  for (const auto& [key, value] : *source.map()) {
    const bool there = find_attribute(target.map, key) != nullptr;
    if (call[2].text == "upsert" || there == (call[2].text == "update")) set_attribute(target.map, key, value);
  }
  return target.put_back();
}

bool prepare_flatten(Call& call, std::string& error) {
  const bool refused = call[2].given && call[2].integer < (call.older ? 0 : 1);
  if (refused)
    error = "invalid depth '" + std::to_string(call[2].integer) + "' for flatten function, must be greater than 0";
  return !refused;
}

bool flatten(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  if (!target) return false;
  const std::int64_t depth = call[2].given ? call[2].integer : std::numeric_limits<std::int64_t>::max();
  Flattening flattening{depth, !call.older && call[3].truth, call.older};
  flattening.map(target.map, call[1].text, 0);
  target.map = std::move(flattening.result);
  return target.put_back();
}

bool prepare_append(Call& call, std::string& error) {
  if (call[1].given || call[2].given) return true;
  error = "at least one of the optional arguments ('value' or 'values') must be provided";
  return false;
}

bool append(const Call& call, Scene& scene, Datum&) {
  Datum value;
  if (!call[0].getter->get(scene, value)) return false;
  ValueList all;
  if (value.list() != nullptr)
    all = *value.list();
  else if (!value.is_nil())
    all.push_back(value.to_value());
  std::vector<GetterPtr> more = call[2].getters;
  if (call[1].given) more.insert(more.begin(), call[1].getter);
  for (const GetterPtr& getter : more) {
    if (!getter->get(scene, value) || !value.fits_attribute()) return false;
    all.push_back(value.to_value());
  }
  return call[0].path->set(scene, Datum{std::move(all)});
}

bool route(const Call&, Scene&, Datum&) { return true; }

bool stringify_all(const Call& call, Scene& scene, Datum&) {
  Target target{call[0], scene};
  if (!target) return false;
  for (auto& [key, value] : target.map)
    if (as_text(value) == nullptr) value = to_text(value);
  return target.put_back();
}

}  // namespace bodies
}  // namespace spillway::collector::ottl
