#include "models/collector/sampling_state.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <utility>

#include "models/scenario/ascii.hpp"

namespace spillway::collector {
namespace {

constexpr int kDigits = 14;
constexpr std::string_view kSeedMark = "seed=";  ///< no sender can have written it: '=' ends a key

bool is_key_char(char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; }
bool is_name_char(char c) { return is_lower(c) || is_digit(c); }
bool is_field_char(char c) { return is_name_char(c) || is_upper(c) || c == '.' || c == '_' || c == '-'; }

bool is_member_key(std::string_view key) {
  if (key.size() > 256) return false;
  const std::size_t at = key.find('@');
  const auto rest_fits = [](std::string_view text) { return std::ranges::all_of(text.substr(1), is_key_char); };
  if (at == std::string_view::npos) return !key.empty() && is_lower(key[0]) && rest_fits(key);
  const std::string_view tenant = key.substr(0, at), system = key.substr(at + 1);
  if (tenant.empty() || system.empty() || tenant.size() > 241 || system.size() > 14) return false;
  return is_name_char(tenant[0]) && is_lower(system[0]) && rest_fits(tenant) && rest_fits(system);
}

bool is_member_value(std::string_view value) {
  const auto fits = [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; };
  return !value.empty() && value.size() <= 256 && value.back() != ' ' && std::ranges::all_of(value, fits);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Every part between separators, empty ones too.
void each_part(std::string_view text, char separator, const std::function<void(std::string_view)>& use) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    use(part);
  }
}

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void read_randomness(std::string_view value, SamplingState& state) {
  if (value.starts_with(kSeedMark)) {
    const std::optional<std::uint64_t> seed = hex(value.substr(kSeedMark.size(), 8));
    state.valid &= seed && value.size() == kDigits && value.back() == '.';
    if (state.valid) state.seed = static_cast<std::uint32_t>(*seed);
    return;
  }
  state.randomness = value.size() == kDigits ? hex(value) : std::nullopt;
  state.valid &= state.randomness.has_value();
}

void read_threshold(std::string_view value, SamplingState& state) {
  state.threshold = value.size() <= kDigits ? hex(value) : std::nullopt;
  state.valid &= state.threshold.has_value();
  if (state.threshold) *state.threshold <<= 4 * (kDigits - static_cast<int>(value.size()));
}

void read_otel(std::string_view text, SamplingState& state) {
  if (text.empty() || text.size() > 256 || text.back() == ';') state.valid = false;
  each_part(text, ';', [&state](std::string_view field) {
    const std::size_t colon = field.find(':');
    const std::string_view key = field.substr(0, colon);
    const bool named = colon != std::string_view::npos && !key.empty() && is_lower(key[0]) &&
                       std::ranges::all_of(key, is_name_char);
    if (!named) return void(state.valid = false);
    const std::string_view value = field.substr(colon + 1);
    if (!value.starts_with(kSeedMark) && !std::ranges::all_of(value, is_field_char)) return void(state.valid = false);
    if (key == "rv") return read_randomness(value, state);
    if (key == "th") return read_threshold(value, state);
    (state.more += ';') += field;
  });
}

std::string hex_digits(std::uint64_t value, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

std::string threshold_text(std::uint64_t threshold) {
  if (threshold == kAllTraces) return "0";
  std::string text = hex_digits(threshold, kDigits);
  while (text.back() == '0') text.pop_back();
  return text;
}

}  // namespace

SamplingState parse_sampling_state(std::string_view trace_state) {
  SamplingState state;
  if (trace_state.size() > 1024) state.valid = false;
  int members = 0;
  each_part(trace_state, ',', [&](std::string_view part) {
    const std::string_view member = trimmed(part);
    if (++members >= 32) state.valid = false;
    if (member.empty()) return;
    const std::size_t equals = member.find('=');
    const std::string_view key = member.substr(0, equals);
    if (equals == std::string_view::npos || !is_member_key(key)) return void(state.valid = false);
    const std::string_view value = member.substr(equals + 1);
    if (key == "ot" && value.find(kSeedMark) != std::string_view::npos) return read_otel(value, state);
    if (!is_member_value(value)) return void(state.valid = false);
    if (key == "ot") return read_otel(value, state);
    (state.others += ',') += member;
  });
  return state;
}

std::string to_text(const SamplingState& state) {
  std::string fields;
  if (state.seed) fields += ";rv:" + std::string{kSeedMark} + hex_digits(*state.seed, 8) + '.';
  if (state.randomness) fields += ";rv:" + hex_digits(*state.randomness, kDigits);
  if (state.threshold) fields += ";th:" + threshold_text(*state.threshold);
  fields += state.more;
  std::string text = fields.empty() ? "" : "ot=" + fields.substr(1);
  text += state.others;
  return text.starts_with(',') ? text.substr(1) : text;
}

std::string on_the_wire(std::string_view trace_state, TraceId id) {
  std::string text{trace_state};
  if (trace_state.find(kSeedMark) == std::string_view::npos) return text;
  SamplingState state = parse_sampling_state(trace_state);
  if (!state.valid || !state.seed) return text;
  state.randomness = hashed_randomness(id, *std::exchange(state.seed, std::nullopt));
  return to_text(state);
}

std::uint64_t w3c_randomness(TraceId id) { return id.low & kMostRandomness; }

std::uint64_t hashed_randomness(TraceId id, std::uint32_t seed) {
  std::uint32_t hash = 0x811c9dc5;
  const auto add = [&hash](std::uint64_t octet) { hash = (hash ^ static_cast<std::uint32_t>(octet & 0xff)) * 0x01000193u; };
  for (int shift = 0; shift < 32; shift += 8) add(seed >> shift);
  for (const std::uint64_t half : {id.high, id.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) add(half >> shift);
  }
  // The 14 bits that decide are turned round, so that they stand on top as consistent samplers want it.
  const std::uint64_t bucket = hash & 0x3fff, unused = hash >> 18;
  return (0x3fff - bucket) << 42 | (unused ^ unused << 10) << 14 | bucket;
}

double share_of(std::uint64_t threshold) {
  return static_cast<double>(kNoTraces - threshold) / static_cast<double>(kNoTraces);
}

std::optional<std::uint64_t> sampling_threshold(double share, int precision) {
  if (!(share >= 0x1p-56 && share <= 1)) return std::nullopt;
  if (share == 1) return kAllTraces;
  int of_share = 0, of_rest = 0;
  std::frexp(share, &of_share);
  std::frexp(1 - share, &of_rest);
  const int digits = std::min(kDigits, std::max(precision - of_share / 4, precision - of_rest / 4));
  std::uint64_t threshold = kNoTraces - static_cast<std::uint64_t>(std::round(share * static_cast<double>(kNoTraces)));
  if (const int shift = 4 * (kDigits - digits); shift > 0 && shift < 64) {
    threshold += std::uint64_t{1} << (shift - 1);
    threshold = threshold >> shift << shift;
  }
  return threshold;
}

}  // namespace spillway::collector
