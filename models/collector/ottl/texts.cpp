// Converters that make texts, or take them apart.
#include <algorithm>
#include <array>
#include <charconv>

#include "models/collector/ottl/bodies.hpp"
#include "models/collector/ottl/json.hpp"
#include "models/scenario/ascii.hpp"
#include "models/telemetry/digest.hpp"

namespace spillway::collector::ottl {
namespace {

// Letters beyond ASCII stay as they are; the real program knows them.
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }
bool is_joint(char c) { return c == '_' || c == ' ' || c == '-' || c == '.'; }

std::string_view without_spaces(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string camel_case(std::string_view text) {
  text = without_spaces(text);
  if (text == "ID") text = "id";
  std::string out;
  bool raise = true, after_capital = false;
  for (char c : text) {
    if (raise)
      c = to_upper(c);
    else if (after_capital)
      c = to_lower(c);
    after_capital = is_upper(c);
    if (is_upper(c) || is_lower(c)) {
      out += c;
      raise = false;
    } else if (is_digit(c)) {
      out += c;
      raise = true;
    } else {
      raise = is_joint(c);
    }
  }
  return out;
}

std::string snake_case(std::string_view text) {
  text = without_spaces(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool turns = (is_upper(c) && (is_lower(next) || is_digit(next))) ||
                       (is_lower(c) && (is_upper(next) || is_digit(next))) ||
                       (is_digit(c) && (is_upper(next) || is_lower(next)));
    if (turns) {
      if (is_upper(c) && is_lower(next) && i > 0 && is_upper(text[i - 1])) out += '_';
      out += to_lower(c);
      if (is_lower(c) || is_digit(c) || is_digit(next)) out += '_';
    } else {
      out += is_joint(c) ? '_' : to_lower(c);
    }
  }
  return out;
}

namespace bodies {
namespace {

/// The text of the first argument through a function.
template <class Change>
bool changed(const Call& call, Scene& scene, Datum& out, Change change) {
  Datum hold;
  const auto text = text_argument(call[0], scene, hold);
  if (!text) return false;
  out = Datum{change(*text)};
  return true;
}

/// … of the first two.
template <class Change>
bool combined(const Call& call, Scene& scene, Datum& out, Change change) {
  Datum hold, second_hold;
  const auto text = text_argument(call[0], scene, hold);
  const auto second = text ? text_argument(call[1], scene, second_hold) : std::nullopt;
  if (!second) return false;
  out = Datum{change(*text, *second)};
  return true;
}

std::string mapped(std::string_view text, char (*change)(char)) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), change);
  return out;
}

std::size_t character_length(std::string_view text) {
  std::size_t length = text.empty() ? 0 : 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return length;
}

ValueList parts_of(std::string_view text, std::string_view delimiter) {
  ValueList parts;
  if (delimiter.empty()) {  // into characters
    for (; !text.empty(); text.remove_prefix(character_length(text)))
      parts.emplace_back(std::string{text.substr(0, character_length(text))});
    return parts;
  }
  for (;;) {
    const std::size_t at = text.find(delimiter);
    parts.emplace_back(std::string{text.substr(0, at)});
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + delimiter.size());
  }
}

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// fmt.Sprintf with %s, %d, %v and %%.
void append_formatted(std::string& out, char verb, const Datum& value) {
  const bool whole = value.get<std::int64_t>() != nullptr;
  if (value.is_nil())
    out += verb == 'v' ? "<nil>" : std::string{"%!"} + verb + "(<nil>)";
  else if (verb == 'd' && !whole)
    out += "%!d(" + text_like(value).value_or("") + ')';
  else if (verb == 's' && whole)
    out += "%!s(int64=" + std::to_string(*value.get<std::int64_t>()) + ')';
  else
    out += text_like(value).value_or("");
}

}  // namespace

bool concat(const Call& call, Scene& scene, Datum& out) {
  Datum hold;
  const auto delimiter = text_argument(call[1], scene, hold);
  if (!delimiter) return false;
  std::string all;
  for (const GetterPtr& getter : call[0].getters) {
    std::optional<std::string> text;
    if (!text_like_argument(*getter, scene, text)) return false;
    if (getter != call[0].getters.front()) all += *delimiter;
    all += text.value_or("<nil>");
    if (all.size() > kLargestMap) return false;
  }
  out = Datum{std::move(all)};
  return true;
}

bool split(const Call& call, Scene& scene, Datum& out) { return combined(call, scene, out, parts_of); }

bool substring(const Call& call, Scene& scene, Datum& out) {
  Datum hold;
  const auto start = integer_argument(call[1], scene), length = integer_argument(call[2], scene);
  const auto text = text_argument(call[0], scene, hold);
  if (!start || !length || !text || *start < 0 || *length <= 0) return false;
  const auto size = static_cast<std::int64_t>(text->size());
  if (*start > size || *length > size - *start) return false;
  auto begin = static_cast<std::size_t>(*start);
  std::size_t end = begin + static_cast<std::size_t>(*length);
  if (call.arguments.size() > 3 && call[3].truth) {
    while (continues(*text, begin)) ++begin;
    while (begin < end && continues(*text, end)) --end;
    end = std::max(begin, end);
  }
  out = Datum{std::string{text->substr(begin, end - begin)}};
  return true;
}

bool to_lower_case(const Call& call, Scene& scene, Datum& out) {
  return changed(call, scene, out, [](std::string_view text) { return mapped(text, to_lower); });
}
bool to_upper_case(const Call& call, Scene& scene, Datum& out) {
  return changed(call, scene, out, [](std::string_view text) { return mapped(text, to_upper); });
}
bool to_snake_case(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, snake_case); }
bool to_camel_case(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, camel_case); }

bool convert_case(const Call& call, Scene& scene, Datum& out) {
  const std::string& to = call[1].text;
  if (to == "lower") return to_lower_case(call, scene, out);
  if (to == "upper") return to_upper_case(call, scene, out);
  return to == "snake" ? to_snake_case(call, scene, out) : to_camel_case(call, scene, out);
}

bool prepare_case(Call& call, std::string& error) {
  constexpr std::array<std::string_view, 4> cases{"lower", "upper", "snake", "camel"};
  if (std::ranges::find(cases, call[1].text) != cases.end()) return true;
  error = "invalid case: " + call[1].text + ", allowed cases are: lower, upper, snake, camel";
  return false;
}

bool trim(const Call& call, Scene& scene, Datum& out) {
  const std::string cut = call[1].given ? call[1].text : " ";
  return changed(call, scene, out, [&cut](std::string_view text) {
    const std::size_t begin = text.find_first_not_of(cut);
    if (begin == std::string_view::npos) return std::string{};
    return std::string{text.substr(begin, text.find_last_not_of(cut) - begin + 1)};
  });
}
bool trim_prefix(const Call& call, Scene& scene, Datum& out) {
  return combined(call, scene, out, [](std::string_view text, std::string_view prefix) {
    return std::string{text.starts_with(prefix) ? text.substr(prefix.size()) : text};
  });
}
bool trim_suffix(const Call& call, Scene& scene, Datum& out) {
  return combined(call, scene, out, [](std::string_view text, std::string_view suffix) {
    return std::string{text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text};
  });
}
bool has_prefix(const Call& call, Scene& scene, Datum& out) {
  return combined(call, scene, out,
                  [](std::string_view text, std::string_view part) { return text.starts_with(part); });
}
bool has_suffix(const Call& call, Scene& scene, Datum& out) {
  return combined(call, scene, out, [](std::string_view text, std::string_view part) { return text.ends_with(part); });
}

bool md5(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, md5_hex); }
bool sha1(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, sha1_hex); }
bool sha256(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, sha256_hex); }
bool sha512(const Call& call, Scene& scene, Datum& out) { return changed(call, scene, out, sha512_hex); }
bool fnv(const Call& call, Scene& scene, Datum& out) {
  return changed(call, scene, out, [](std::string_view text) { return static_cast<std::int64_t>(fnv1a_64(text)); });
}

bool hex_text(const Call& call, Scene& scene, Datum& out) {
  Datum value;
  if (!call[0].getter->get(scene, value)) return false;
  std::string octets;
  if (const auto text = value.text())
    octets = *text;
  else if (const auto* bytes = value.get<Bytes>())
    octets = bytes->octets;
  else if (const auto* whole = value.get<std::int64_t>()) {
    for (int shift = 56; shift >= 0; shift -= 8)
      octets += static_cast<char>(static_cast<std::uint64_t>(*whole) >> shift & 255);
  } else if (const auto* truth = value.get<bool>())
    octets = std::string(1, *truth ? '\1' : '\0');
  else if (!value.is_nil())
    return false;
  out = Datum{hex(octets)};
  return true;
}

bool prepare_groups(Call& call, std::string& error) {
  if (!prepare_regex(call.arguments[1], error)) return false;
  if (!call.older || !call[1].regex || !std::ranges::all_of(call[1].regex->group_names(), &std::string::empty))
    return true;
  error = "at least 1 named capture group must be supplied in the given regex";
  return false;
}

/// Families of the IANA index, not its every name.
bool prepare_encoding(Call& call, std::string& error) {
  if (call.older) return true;
  constexpr std::array<std::string_view, 16> families{"base64",    "utf",  "ascii",     "us-ascii", "iso",  "windows-",
                                                      "shift_jis", "big5", "gb",        "euc-",     "koi8", "latin",
                                                      "nop",       "ibm",  "macintosh", "hz-gb"};
  std::string_view name = call[1].text;
  const Datum* literal = call[1].getter ? call[1].getter->literal() : nullptr;
  if (literal != nullptr) name = literal->text().value_or("");
  if (call[1].getter && literal == nullptr) return true;
  const std::string lower = mapped(name, to_lower);
  if (std::ranges::any_of(families, [&](std::string_view family) { return lower.starts_with(family); })) return true;
  error = "unsupported encoding '" + std::string{name} + '\'';
  return false;
}

bool extract_patterns(const Call& call, Scene& scene, Datum& out) {
  std::optional<Regex> hold;
  Datum text_hold;
  const Regex* regex = regex_argument(call[1], scene, hold);
  if (regex == nullptr) return false;
  const std::vector<std::string>& names = regex->group_names();
  if (std::ranges::all_of(names, &std::string::empty)) return false;
  const auto text = text_argument(call[0], scene, text_hold);
  if (!text) return false;
  Attributes found;
  if (const auto match = regex->first(*text))
    for (std::size_t i = 1; i < names.size(); ++i)
      if (!names[i].empty()) set_attribute(found, names[i], std::string{(*match)[i]});
  out = Datum{std::move(found)};
  return true;
}

bool parse_json(const Call& call, Scene& scene, Datum& out) {
  Datum hold;
  const auto text = text_argument(call[0], scene, hold);
  const auto value = text ? json_value(*text) : std::nullopt;
  if (!value) return false;
  if (const auto* map = value->get<Attributes>()) return out = Datum{*map}, true;
  if (const auto* list = value->get<ValueList>()) return out = Datum{*list}, true;
  return false;
}

bool format(const Call& call, Scene& scene, Datum& out) {
  std::string text;
  std::size_t next = 0;
  std::string_view rest = call[0].text;
  while (!rest.empty()) {
    const std::size_t percent = rest.find('%');
    text += rest.substr(0, percent);
    if (percent == std::string_view::npos) break;
    const char verb = percent + 1 < rest.size() ? rest[percent + 1] : '!';
    rest.remove_prefix(std::min(percent + 2, rest.size()));
    if (verb == '%') {
      text += '%';
      continue;
    }
    if (verb != 's' && verb != 'd' && verb != 'v') return false;  // widths and other verbs
    Datum value;
    if (next >= call[1].getters.size()) {
      text += std::string{"%!"} + verb + "(MISSING)";
      continue;
    }
    if (!call[1].getters[next++]->get(scene, value)) return false;
    append_formatted(text, verb, value);
  }
  out = Datum{std::move(text)};
  return true;
}

}  // namespace bodies
}  // namespace spillway::collector::ottl
