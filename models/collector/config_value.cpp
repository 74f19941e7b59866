#include "models/collector/config_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "models/scenario/ascii.hpp"

namespace spillway::collector {
namespace {

std::size_t digits_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// Takes one or two digits (or exactly `width`) and a number up to `most`.
bool take_number(std::string_view& text, std::size_t width, int least, int most) {
  const std::size_t digits = std::min<std::size_t>(digits_from(text, 0), 4);
  if (digits < width || digits > std::max<std::size_t>(width, 2)) return false;
  int value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value >= least && value <= most;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// "10:00:00", with an optional fraction; `zone`: and "Z" or "+01:00" behind it.
bool is_time_of_day(std::string_view text, bool zone) {
  if (!take_number(text, 1, 0, 23) || !take(text, ':') || !take_number(text, 1, 0, 59)) return false;
  if (!take(text, ':') || !take_number(text, 1, 0, 59)) return false;
  if (text.size() > 1 && text[0] == '.' && is_digit(text[1])) text.remove_prefix(1 + digits_from(text, 1));
  if (!zone) return text.empty();
  if (text == "Z") return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  return take_number(text, 2, 0, 24) && take(text, ':') && take_number(text, 2, 0, 60) && text.empty();
}

/// "2026-11-21", "2026-1-2T10:00:00Z", "2026-1-2 10:00:00": what the collector's YAML reader makes a time of. The
/// last day of each month is 31 here.
bool looks_like_moment(std::string_view text) {
  if (!take_number(text, 4, 0, 9999) || !take(text, '-') || !take_number(text, 1, 1, 12)) return false;
  if (!take(text, '-') || !take_number(text, 1, 1, 31)) return false;
  if (text.empty()) return true;
  if (take(text, 'T') || take(text, 't')) return is_time_of_day(text, true);
  return take(text, ' ') && is_time_of_day(text, false);
}

/// Mantissa digits with at most one point, then an optional exponent.
bool is_float_syntax(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const std::size_t whole = digits_from(text, at);
  at += whole;
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    fraction = digits_from(text, at + 1);
    at += 1 + fraction;
  }
  if (whole + fraction == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const std::size_t exponent = digits_from(text, at);
  return exponent > 0 && at + exponent == text.size();
}

/// Base of a number without its sign, and where its digits start.
std::pair<int, std::size_t> base_of(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return {10, 0};
  switch (digits[1]) {
    case 'x':
    case 'X':
      return {16, 2};
    case 'b':
    case 'B':
      return {2, 2};
    case 'o':
    case 'O':
      return {8, 2};
  }
  return {8, 1};
}

bool read_integer(std::string_view text, Value& value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto [base, start] = base_of(text);
  text.remove_prefix(start);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return false;
  const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative && magnitude > limit + 1) return false;
  value.kind = Value::Kind::integer;
  value.wrapped = !negative && magnitude > limit;
  value.integer = static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
  return true;
}

bool read_real(std::string_view text, Value& value) {
  if (!is_float_syntax(text)) return false;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.real);
  if (error == std::errc::invalid_argument) return false;
  if (error == std::errc::result_out_of_range) value.real = std::numeric_limits<double>::infinity();
  value.kind = Value::Kind::real;
  return true;
}

bool read_named(std::string_view text, Value& value) {
  using Kind = Value::Kind;
  constexpr std::array nulls{"", "~", "null", "Null", "NULL"};
  constexpr std::array truths{"true", "True", "TRUE"};
  constexpr std::array lies{"false", "False", "FALSE"};
  constexpr std::array infinities{".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
  constexpr std::array below{"-.inf", "-.Inf", "-.INF"};
  constexpr std::array nans{".nan", ".NaN", ".NAN"};
  const auto among = [text](const auto& names) { return std::ranges::find(names, text) != names.end(); };
  if (among(nulls)) return value.kind = Kind::null, true;
  if (among(truths)) return value.kind = Kind::boolean, value.truth = true, true;
  if (among(lies)) return value.kind = Kind::boolean, true;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (among(infinities)) return value.kind = Kind::real, value.real = infinity, true;
  if (among(below)) return value.kind = Kind::real, value.real = -infinity, true;
  if (among(nans)) return value.kind = Kind::real, value.real = std::nan(""), true;
  return false;
}

void type_plain(const std::string& text, Value& value) {
  if (read_named(text, value)) return;
  value.kind = Value::Kind::text;
  value.text = text;
  const char first = text.front();
  if (!is_digit(first) && first != '+' && first != '-' && first != '.') return;
  if (looks_like_moment(text)) {
    value.kind = Value::Kind::moment;
    return;
  }
  std::string number = text;
  std::erase(number, '_');
  if (first != '.' && read_integer(number, value)) return;
  read_real(number, value);
}

Value value_at(const Node& node, const Document& document) {
  Value value;
  value.document = &document;
  value.mark = node.mark;
  return value;
}

constexpr std::size_t kParts = 32;  // a key with more parts is left whole and so ends as an unknown one

bool is_split(const std::string& key) {
  std::size_t parts = 1;
  for (std::size_t at = key.find("::"); at != std::string::npos; at = key.find("::", at + 2)) ++parts;
  return parts > 1 && parts <= kParts;
}

/// Entries by key; "a::b: v" becomes {a: {b: v}} and joins what else is below a.
Value map_of(std::vector<Member> entries, Value map) {
  map.kind = Value::Kind::map;
  std::map<std::string, std::vector<Member>> split;
  for (Member& entry : entries) {
    if (!is_split(entry.key)) {
      map.members.push_back(std::move(entry));
      continue;
    }
    const std::size_t cut = entry.key.find("::");
    std::vector<Member>& group = split[entry.key.substr(0, cut)];
    entry.key.erase(0, cut + 2);
    group.push_back(std::move(entry));
  }
  Value joined = map;
  joined.members.clear();
  for (auto& [key, group] : split) {
    Value inner;
    inner.document = map.document;
    inner.mark = group.front().key_mark;
    joined.members.push_back({key, inner.mark, map.document, map_of(std::move(group), inner)});
  }
  merge(map, std::move(joined));
  return map;
}

// Writing

std::string in_double_quotes(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      ((out += "\\x") += digits[byte >> 4]) += digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string number_text(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  std::array<char, 40> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  return error == std::errc{} ? std::string(buffer.data(), end) : "0";
}

void write_yaml(const Value& value, int level, std::string& out);

template <class Items, class Write>
void write_items(const Items& items, char open, char close, int level, std::string& out, Write write) {
  out += open;
  const std::string between = level < 2 ? "\n" + std::string(static_cast<std::size_t>(level) * 2 + 2, ' ') : "";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += level < 2 ? "," : ", ";
    out += between;
    write(items[i]);
  }
  if (level < 2 && !items.empty()) out += "\n" + std::string(static_cast<std::size_t>(level) * 2, ' ');
  out += close;
}

void write_yaml(const Value& value, int level, std::string& out) {
  switch (value.kind) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::boolean:
      out += value.truth ? "true" : "false";
      return;
    case Value::Kind::integer:
      out += value.wrapped ? std::to_string(static_cast<std::uint64_t>(value.integer)) : std::to_string(value.integer);
      return;
    case Value::Kind::real:
      out += number_text(value.real);
      return;
    case Value::Kind::text:
      out += in_double_quotes(value.text);
      return;
    case Value::Kind::moment:
      out += value.text;
      return;
    case Value::Kind::list:
      return write_items(value.items, '[', ']', level, out, [&](const Value& item) { write_yaml(item, 2, out); });
    case Value::Kind::map:
      return write_items(value.members, '{', '}', level, out, [&](const Member& entry) {
        out += in_double_quotes(entry.key) + ": ";
        write_yaml(entry.value, level + 1, out);
      });
  }
}

}  // namespace

std::string to_yaml(const Value& value) {
  std::string out;
  write_yaml(value, 0, out);
  return out += '\n';
}

const Value* Value::find(std::string_view key) const {
  const auto at = std::ranges::find(members, key, &Member::key);
  return at == members.end() ? nullptr : &at->value;
}

Value* Value::find(std::string_view key) {
  const auto at = std::ranges::find(members, key, &Member::key);
  return at == members.end() ? nullptr : &at->value;
}

Value to_value(const Node& node, const Document& document) {
  switch (node.kind) {
    case Node::Kind::map: {
      std::vector<Member> entries;
      for (const Entry& entry : node.entries)
        entries.push_back({entry.key, entry.key_mark, &document, to_value(entry.value, document)});
      return map_of(std::move(entries), value_at(node, document));
    }
    case Node::Kind::null:
      return value_at(node, document);
    case Node::Kind::sequence: {
      Value list = value_at(node, document);
      list.kind = Value::Kind::list;
      for (const Node& item : node.items) list.items.push_back(to_value(item, document));
      return list;
    }
    case Node::Kind::scalar:
      break;
  }
  Value scalar = value_at(node, document);
  if (node.quoted) {
    scalar.kind = Value::Kind::text;
    scalar.text = node.text;
  } else {
    type_plain(node.text, scalar);
  }
  return scalar;
}

void merge(Value& base, Value over) {
  if (base.kind != Value::Kind::map || over.kind != Value::Kind::map) {
    base = std::move(over);
    return;
  }
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < base.members.size(); ++i) index.emplace(base.members[i].key, i);
  for (Member& entry : over.members) {
    const auto [at, added] = index.emplace(entry.key, base.members.size());
    if (added) {
      base.members.push_back(std::move(entry));
      continue;
    }
    Member& known = base.members[at->second];
    known.key_mark = entry.key_mark;
    known.document = entry.document;
    merge(known.value, std::move(entry.value));
  }
}

void add_problem(Problems& problems, const Document& document, Mark mark, std::string path, std::string message,
                 Problem::Severity severity) {
  if (problems.all().size() < 200)
    return problems.add(document.problem(mark, std::move(path), std::move(message), severity));
  Problem counted;
  counted.severity = severity;
  problems.add(std::move(counted));
}

std::string_view go_type(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "nil";
    case Value::Kind::boolean:
      return "bool";
    case Value::Kind::integer:
      return value.wrapped ? "uint64" : "int";
    case Value::Kind::real:
      return "float64";
    case Value::Kind::text:
      return "string";
    case Value::Kind::moment:
      return "time.Time";
    case Value::Kind::list:
      return "[]interface {}";
    case Value::Kind::map:
      return "map[string]interface {}";
  }
  return "";
}

}  // namespace spillway::collector
