#include "models/collector/config_fields.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace spillway::collector {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

/// Truncation as Go's conversion does it on amd64.
std::int64_t truncated(double real) {
  if (!(std::abs(real) < 9.2e18)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(real);
}

bool is_number(const Value& value) { return value.kind == Value::Kind::integer || value.kind == Value::Kind::real; }

std::int64_t whole(const Value& value) {
  return value.kind == Value::Kind::integer ? value.integer : truncated(value.real);
}

double real(const Value& value) {
  if (value.kind == Value::Kind::real) return value.real;
  if (value.wrapped) return static_cast<double>(static_cast<std::uint64_t>(value.integer));
  return static_cast<double>(value.integer);
}

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1000},         {"\u00b5s", 1000},     {"\u03bcs", 1000},
                           {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr std::uint64_t kTop = std::uint64_t{1} << 63;

/// Leading digits of `text`, at most 2^63. Nothing when they overflow.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t value = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (value > kTop / 10) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text[0] - '0');
    if (value > kTop) return std::nullopt;
    text.remove_prefix(1);
  }
  return value;
}

/// Digits after the point as a number in [0, 1); more digits than fit are dropped, as in Go.
double take_fraction(std::string_view& text) {
  double value = 0;
  double scale = 1;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
    if (scale >= 1e18) continue;
    value = value * 10 + (text[0] - '0');
    scale *= 10;
  }
  return value / scale;
}

std::string_view take_unit(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '.' && (text[end] < '0' || text[end] > '9')) ++end;
  const std::string_view unit = text.substr(0, end);
  text.remove_prefix(end);
  return unit;
}

/// One "number unit" of a duration, in nanoseconds, or nothing and the collector's words.
std::optional<std::uint64_t> take_part(std::string_view& text, std::string_view whole_text, std::string& error) {
  const std::string quoted = '"' + std::string(whole_text) + '"';
  error = "time: invalid duration " + quoted;
  const std::size_t before = text.size();
  const auto digits = take_digits(text);
  if (!digits) return std::nullopt;
  bool any = text.size() != before;
  double fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t behind_point = text.size();
    fraction = take_fraction(text);
    any = any || text.size() != behind_point;
  }
  if (!any) return std::nullopt;
  const std::string_view name = take_unit(text);
  if (name.empty()) return error = "time: missing unit in duration " + quoted, std::nullopt;
  const auto* const unit = std::ranges::find(kUnits, name, &Unit::name);
  if (unit == std::end(kUnits))
    return error = "time: unknown unit \"" + std::string(name) + "\" in duration " + quoted, std::nullopt;
  if (*digits > kTop / unit->nanoseconds) return std::nullopt;
  const std::uint64_t value =
      *digits * unit->nanoseconds + static_cast<std::uint64_t>(fraction * static_cast<double>(unit->nanoseconds));
  return value > kTop ? std::nullopt : std::optional(value);
}

/// Whether an id's type fits ^[a-zA-Z][0-9a-zA-Z_]{0,62}$.
bool is_type(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || text.size() > 63 || !letter(text[0])) return false;
  return std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

struct Range {
  char32_t first, last;
};
/// White space, control characters and symbols beyond ASCII, as ranges: exact for what people type, not for all of
/// Unicode's categories Z, C and S.
constexpr Range kNotInNames[] = {
    {0x80, 0xA0},     {0xA2, 0xA6},     {0xA8, 0xA9},      {0xAC, 0xB1},     {0xB4, 0xB4},     {0xB8, 0xB8},
    {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2C2, 0x2C5},    {0x1680, 0x1680}, {0x2000, 0x200F}, {0x2028, 0x202F},
    {0x2044, 0x2044}, {0x205F, 0x206F}, {0x207A, 0x207C},  {0x208A, 0x208C}, {0x20A0, 0x20CF}, {0x2100, 0x2101},
    {0x2190, 0x2307}, {0x230C, 0x2328}, {0x232B, 0x2426},  {0x249C, 0x24E9}, {0x2500, 0x2767}, {0x2794, 0x27C4},
    {0x27C7, 0x27E5}, {0x27F0, 0x2982}, {0x2999, 0x29D7},  {0x2B00, 0x2BFF}, {0x3000, 0x3000}, {0xE000, 0xF8FF},
    {0xFEFF, 0xFEFF}, {0xFFFC, 0xFFFD}, {0x1F000, 0x1FAFF}};

/// The code point that starts at `at`, which is moved behind it. Precondition: valid UTF-8.
char32_t take_code_point(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at++]);
  if (byte < 0x80) return byte;
  char32_t point = byte < 0xE0 ? byte & 0x1Fu : byte < 0xF0 ? byte & 0x0Fu : byte & 0x07u;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80)
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  return point;
}

/// No white space, control characters or symbols.
bool is_name(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = take_code_point(text, at);
    if (point <= ' ' || point == 127) return false;
    if (point < 0x80 && std::string_view("$+<=>^`|~").find(static_cast<char>(point)) != std::string_view::npos)
      return false;
    if (std::ranges::any_of(kNotInNames, [point](Range r) { return point >= r.first && point <= r.last; }))
      return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

}  // namespace

const std::string* text_of(const Value& value) {
  if (value.original) return &*value.original;
  return value.kind == Value::Kind::text ? &value.text : nullptr;
}

bool has_text(const Value& map, std::string_view key) {
  const Value* const value = map.find(key);
  if (value == nullptr) return false;
  const std::string* const text = text_of(*value);
  return value->broken || (text != nullptr && !text->empty());
}

bool is_switched_off(const Value& section) {
  const Value* const enabled = section.find("enabled");
  return enabled != nullptr && enabled->kind == Value::Kind::boolean && !enabled->truth;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

void Reading::refuse(const Document* document, Mark mark, std::string path, std::string message) {
  ++errors;
  add_problem(problems, *document, mark, std::move(path), std::move(message));
}

void Reading::refuse(const Value& at, std::string path, std::string message) {
  refuse(at.document, at.mark, std::move(path), std::move(message));
}

void Reading::refuse_when_used(const Value& at, std::string path, std::string message) {
  when_used.push_back({at.document, at.mark, std::move(path), std::move(message)});
}

void Reading::warn(const Value& at, std::string path, std::string message) {
  add_problem(problems, *at.document, at.mark, std::move(path), std::move(message), Problem::Severity::warning);
}

void Reading::leave_out(std::string_view setting, std::string_view effect) {
  not_modelled.push_back({owner + ' ' + std::string(setting), std::string(effect)});
}

std::optional<Duration> parse_duration(std::string_view text, std::string& error) {
  const std::string_view all = text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration{};
  error = "time: invalid duration \"" + std::string(all) + '"';
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto part = take_part(text, all, error);
    if (!part) return std::nullopt;
    total += *part;
    if (total > kTop) return error = "time: invalid duration \"" + std::string(all) + '"', std::nullopt;
  }
  if (negative) return Duration{static_cast<std::int64_t>(~total + 1)};
  if (total == kTop) return error = "time: invalid duration \"" + std::string(all) + '"', std::nullopt;
  return Duration{static_cast<std::int64_t>(total)};
}

std::optional<Id> parse_id(std::string_view text, std::string& error) {
  const std::size_t cut = text.find('/');
  Id id;
  id.type = trimmed(text.substr(0, cut));
  const std::string in = "in \"" + std::string(text) + "\" id: ";
  if (id.type.empty()) {
    error = cut == std::string_view::npos ? "id must not be empty" : in + "the part before / should not be empty";
    return std::nullopt;
  }
  if (cut != std::string_view::npos) {
    id.name = trimmed(text.substr(cut + 1));
    if (id.name.empty()) return error = in + "the part after / should not be empty", std::nullopt;
    if (id.name.size() > 1024) return error = in + "name is longer than 1024 characters", std::nullopt;
    if (!is_name(id.name)) return error = in + "invalid character(s) in name \"" + id.name + '"', std::nullopt;
  }
  if (!is_type(id.type)) return error = in + "invalid character(s) in type \"" + id.type + '"', std::nullopt;
  return id;
}

Fields::Fields(const Value& map, std::string path, Reading& reading)
    : map_(map), path_(std::move(path)), reading_(reading) {}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

Fields Fields::inner(const Value& map, std::string_view key) const {
  Fields below(map, path_of(key), reading_);
  below.inside_ = inside_ + std::string(key) + '.';
  below.silent_ = silent_;
  return below;
}

const Value* Fields::take(std::string_view key) {
  known_.emplace_back(key);
  const Value* const value = map_.find(key);
  return value == nullptr || value->broken ? nullptr : value;
}

/// A value to decode; a null that means zero comes back as null, other nulls do not.
const Value* Fields::scalar(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr || value->kind != Value::Kind::null) return value;
  return value->original || reading_.semantics.null_clears ? value : nullptr;
}

void Fields::mismatch(const Value& value, std::string_view key, std::string_view wanted) {
  std::string message =
      "expected type '" + std::string(wanted) + "', got unconvertible type '" + std::string(go_type(value)) + '\'';
  if (value.kind == Value::Kind::text) message += "; remove the quotes or correct the value";
  if (wanted == "string" && value.kind != Value::Kind::list && value.kind != Value::Kind::map)
    message += "; put it in quotes";
  reading_.refuse(value, path_of(key), std::move(message));
}

bool Fields::is_map(const Value& value, std::string_view key) {
  // A date is a struct without keys to the collector's decoder.
  if (value.kind == Value::Kind::map || value.kind == Value::Kind::moment) return true;
  reading_.refuse(value, path_of(key),
                  "expected a map, got '" + std::string(go_type(value)) + "'; indent its keys below it");
  return false;
}

void Fields::text(std::string_view key, std::string& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (const std::string* const text = text_of(*value)) {
    out = *text;
  } else if (value->kind == Value::Kind::null) {
    out.clear();
  } else {
    mismatch(*value, key, "string");
  }
}

void Fields::boolean(std::string_view key, bool& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::boolean || value->kind == Value::Kind::null) {
    out = value->truth;
    return;
  }
  mismatch(*value, key, "bool");
}

void Fields::integer(std::string_view key, std::int64_t& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::null) {
    out = 0;
  } else if (is_number(*value)) {
    out = whole(*value);
  } else {
    mismatch(*value, key, "int");
  }
}

void Fields::unsigned32(std::string_view key, std::int64_t& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::null) {
    out = 0;
    return;
  }
  if (!is_number(*value)) return mismatch(*value, key, "uint32");
  const std::int64_t number = whole(*value);
  if (!value->wrapped && real(*value) < 0)
    return reading_.refuse(
        *value, path_of(key),
        "cannot parse value as 'uint32': " + std::to_string(number) + " overflows uint; give 0 or more");
  out = static_cast<std::int64_t>(static_cast<std::uint32_t>(number));
  if (out != number)
    reading_.warn(*value, path_of(key), "the collector keeps 32 bits, so this is " + std::to_string(out));
}

void Fields::number(std::string_view key, double& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::null) {
    out = 0;
  } else if (is_number(*value)) {
    out = real(*value);
  } else {
    mismatch(*value, key, "float64");
  }
}

void Fields::duration(std::string_view key, Duration& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::null) {
    out = Duration{};
    return;
  }
  if (value->kind == Value::Kind::text) {
    std::string error;
    if (const auto parsed = parse_duration(value->text, error))
      out = *parsed;
    else
      reading_.refuse(*value, path_of(key), error + "; write a number with a unit, e.g. 200ms, 5s, 1m30s");
    return;
  }
  if (!is_number(*value)) return mismatch(*value, key, "time.Duration");
  out = Duration{whole(*value)};
  if (out != Duration{})
    reading_.warn(
        *value, path_of(key),
        "a number without unit counts nanoseconds; write " + std::to_string(out.count()) + "s if seconds are meant");
}

void Fields::durations(std::string_view key, std::vector<Duration>& out) {
  const Value* const value = scalar(key);
  if (value == nullptr || value->kind == Value::Kind::null) return;
  std::vector<Value> items = value->items;
  if (value->kind == Value::Kind::text) {
    std::vector<std::string> parts;
    texts(key, parts);
    for (std::string& part : parts) {
      items.push_back(*value);
      items.back().text = std::move(part);
    }
  } else if (value->kind != Value::Kind::list) {
    return reading_.refuse(
        *value, path_of(key),
        "source data must be an array or slice, got " + std::string(go_type(*value)) + "; write [10ms, 1s]");
  }
  out.clear();
  for (const Value& item : items) {
    std::string error;
    std::optional<Duration> parsed;
    if (is_number(item)) parsed = Duration{whole(item)};
    else if (item.kind == Value::Kind::text) parsed = parse_duration(item.text, error);
    if (parsed) out.push_back(*parsed);
    else if (!error.empty()) reading_.refuse(item, path_of(key), error + "; write a number with a unit, e.g. 200ms");
    else if (!item.broken) mismatch(item, key, "time.Duration");
  }
}

void Fields::texts(std::string_view key, std::vector<std::string>& out) {
  const Value* const value = scalar(key);
  if (value == nullptr || (value->kind == Value::Kind::null && !value->original)) return;
  out.clear();
  if (value->kind == Value::Kind::text) {
    for (std::string_view rest = value->text; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      out.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
      if (rest.empty()) out.emplace_back();
    }
    return;
  }
  if (value->kind == Value::Kind::null) return;
  if (value->kind != Value::Kind::list)
    return reading_.refuse(
        *value, path_of(key),
        "source data must be an array or slice, got " + std::string(go_type(*value)) + "; write [a, b]");
  for (const Value& item : value->items) {
    if (const std::string* const text = text_of(item))
      out.push_back(*text);
    else if (!item.broken)
      mismatch(item, key, "string");
  }
}

void Fields::named(std::string_view key, std::span<const Named> names, std::string_view what, std::int32_t& out) {
  const Value* const value = scalar(key);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::null || is_number(*value)) {
    out = static_cast<std::int32_t>(value->kind == Value::Kind::null ? 0 : whole(*value));
    return;
  }
  if (value->kind != Value::Kind::text) return mismatch(*value, key, what);
  const auto found = std::ranges::find(names, lower(value->text), &Named::text);
  if (found != names.end()) {
    out = static_cast<std::int32_t>(found->number);
    return;
  }
  std::vector<std::string> words;
  for (const Named& name : names)
    if (!name.text.empty()) words.emplace_back(name.text);
  reading_.refuse(*value, path_of(key), std::string(what) + " \"" + value->text + "\"; use " + joined(words));
}

void Fields::id(std::string_view key, std::string& out) {
  const Value* const value = take(key);
  if (value == nullptr || value->kind == Value::Kind::null || value->kind == Value::Kind::moment) return;
  if (value->kind == Value::Kind::map && value->members.empty()) return;
  const std::string* const text = text_of(*value);
  if (text == nullptr) return mismatch(*value, key, "component.ID");
  std::string error;
  if (const auto id = parse_id(*text, error))
    out = id->text();
  else
    reading_.refuse(*value, path_of(key), error + "; write type or type/name");
}

void Fields::read_inner(const Value& map, std::string_view key, const std::function<void(Fields&)>& read) {
  Fields below = inner(map, key);
  read(below);
  below.finish();
}

Presence Fields::section(std::string_view key, const std::function<void(Fields&)>& read) {
  const Value* const value = take(key);
  if (value == nullptr) return Presence::absent;
  if (value->kind == Value::Kind::null) return value->original ? Presence::disabled : Presence::null;
  if (!is_map(*value, key)) return Presence::absent;
  read_inner(*value, key, read);
  return Presence::given;
}

void Fields::each(const std::function<void(const Member&)>& read) {
  open_ = true;
  for (const Member& entry : map_.members)
    if (!entry.value.broken) read(entry);
}

Presence Fields::section(const Member& entry, const std::function<void(Fields&)>& read) {
  if (entry.value.kind == Value::Kind::null) return Presence::null;
  if (!is_map(entry.value, entry.key)) return Presence::absent;
  read_inner(entry.value, entry.key, read);
  return Presence::given;
}

Presence Fields::optional(std::string_view key, const std::function<void(Fields&)>& read) {
  const Value* const value = take(key);
  if (value == nullptr) return Presence::absent;
  const bool empty = value->kind == Value::Kind::null;
  if (empty && !(value->original && reading_.semantics.optional_enabled_key)) return Presence::null;
  if (!empty && !is_map(*value, key)) return Presence::absent;
  Fields below = inner(*value, key);
  bool enabled = true;
  if (reading_.semantics.optional_enabled_key && value->find("enabled") != nullptr) {
    const Value* const flag = below.take("enabled");
    if (flag != nullptr && flag->kind != Value::Kind::boolean)
      reading_.refuse(*flag, below.path_of("enabled"),
                      "unexpected type for 'enabled': value expected 'true' or 'false'");
    enabled = flag == nullptr || flag->truth;
  }
  read(below);
  below.finish();
  return enabled ? Presence::given : Presence::disabled;
}

void Fields::unmodelled(std::span<const Setting> settings) {
  for (const Setting& known : settings) {
    if (known.since != nullptr && !(reading_.semantics.*known.since)) continue;
    setting(known);
    const Value* const value = map_.find(known.key);
    if (silent_ || value == nullptr || value->kind == Value::Kind::null) continue;
    leave_out(known.key, known.effect);
  }
}

void Fields::quiet(const std::function<void()>& read) {
  const bool before = std::exchange(silent_, true);
  read();
  silent_ = before;
}

void Fields::leave_out(std::string_view key, std::string_view effect) {
  reading_.leave_out(inside_ + std::string(key), effect);
}

void Fields::headers(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr || value->kind == Value::Kind::null) return;
  if (value->kind == Value::Kind::list && reading_.semantics.headers_as_list)
    return maps(key, [](Fields& pair) {
      std::string ignored;
      pair.text("name", ignored);
      pair.text("value", ignored);
    });
  if (value->kind == Value::Kind::moment && reading_.semantics.headers_as_list)
    return mismatch(*value, key, "configopaque.MapList");
  if (!is_map(*value, key)) return;
  for (const Member& entry : value->members)
    if (!entry.value.broken && entry.value.kind != Value::Kind::null && text_of(entry.value) == nullptr)
      mismatch(entry.value, std::string(key) + '.' + entry.key, "configopaque.String");
}

void Fields::maps(std::string_view key, const std::function<void(Fields&)>& read) {
  const Value* const value = take(key);
  if (value == nullptr || value->kind == Value::Kind::null) return;
  if (value->kind != Value::Kind::list)
    return reading_.refuse(
        *value, path_of(key),
        "source data must be an array or slice, got " + std::string(go_type(*value)) + "; start each entry with '- '");
  for (const Value& entry : value->items) {
    const bool null = entry.kind == Value::Kind::null;
    if (entry.broken || (null && reading_.semantics.null_clears)) continue;
    if (null || is_map(entry, key)) read_inner(entry, key, read);
  }
}

void Fields::setting(const Setting& setting) {
  std::string text;
  std::vector<std::string> texts;
  std::int64_t integer = 0;
  double number = 0;
  bool flag = false;
  Duration duration{};
  const auto below = [&](Fields& fields) {
    fields.silent_ = true;
    fields.unmodelled(setting.inner);
  };
  switch (setting.shape) {
    case Shape::text:
      return this->text(setting.key, text);
    case Shape::boolean:
      return boolean(setting.key, flag);
    case Shape::integer:
      return this->integer(setting.key, integer);
    case Shape::unsigned32:
      return unsigned32(setting.key, integer);
    case Shape::number:
      return this->number(setting.key, number);
    case Shape::duration:
      return this->duration(setting.key, duration);
    case Shape::texts:
      return this->texts(setting.key, texts);
    case Shape::headers:
      return headers(setting.key);
    case Shape::id:
      return id(setting.key, text);
    case Shape::section:
      static_cast<void>(section(setting.key, below));
      return;
    case Shape::optional:
      static_cast<void>(optional(setting.key, below));
      return;
    case Shape::maps:
      return maps(setting.key, below);
    case Shape::any:
      static_cast<void>(take(setting.key));
      return;
  }
}

void Fields::refuse(std::string_view key, std::string message) {
  const Value* const value = map_.find(key);
  reading_.refuse(value == nullptr ? map_ : *value, value == nullptr ? path_ : path_of(key), std::move(message));
}

void Fields::refuse_when_used(std::string_view key, std::string message) {
  const Value* const value = map_.find(key);
  reading_.refuse_when_used(value == nullptr ? map_ : *value, path_of(key), std::move(message));
}

void Fields::finish() {
  if (open_) return;
  for (const Member& entry : map_.members) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    const std::string close = reading_.may_suggest() ? nearest(entry.key, known_) : "";
    std::ranges::sort(known_);
    reading_.refuse(entry.document, entry.key_mark, path_,
                    "has invalid keys: " + entry.key + "; " +
                        (close.empty() ? "known here: " + joined(known_) : "did you mean '" + close + "'?"));
  }
}

}  // namespace spillway::collector
