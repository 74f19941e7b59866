#include "models/collector/span_naming.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace spillway::collector {
namespace {

/// A double without an exponent, as short as it reads back.
std::string plain(double number) {
  std::array<char, 400> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  return error == std::errc{} ? std::string{digits.data(), end} : std::string{};
}

std::string part_of_name(const Value& value) {
  if (const auto* real = value.get<double>()) return plain(*real);
  const bool known = value.get<std::string>() != nullptr || value.get<bool>() != nullptr || value.get<std::int64_t>() != nullptr;
  return known ? to_text(value) : "<unknown-attribute-type>";
}

/// The name with each group replaced by its own name in braces; nothing when the groups do not follow one another.
std::optional<std::string> with_places(std::string_view name, const Regex::Match& match, const std::vector<std::string>& groups) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t i = 1; i < match.size(); ++i) {
    if (match[i].data() == nullptr) return std::nullopt;
    const auto begin = static_cast<std::size_t>(match[i].data() - name.data());
    if (begin < at) return std::nullopt;
    result += std::string{name.substr(at, begin - at)} + '{' + groups[i] + '}';
    at = begin + match[i].size();
  }
  return result + std::string{name.substr(at)};
}

}  // namespace

SpanNaming::SpanNaming(Run& run, const std::string& name, const SpanNamingConfig& config, const Semantics& semantics,
                       SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next}, config_{config} {}

// One attribute that is missing leaves the name as it is.
void SpanNaming::name_from_attributes(SpanShape& shape) const {
  if (config_.from_attributes.empty() || shape.attributes.empty()) return;
  std::string name;
  for (std::size_t i = 0; i < config_.from_attributes.size(); ++i) {
    const Value* const value = find_attribute(shape.attributes, config_.from_attributes[i]);
    if (value == nullptr) return;
    if (i > 0) name += config_.separator;
    name += part_of_name(*value);
  }
  shape.name = name;
}

void SpanNaming::attributes_from_name(SpanShape& shape) const {
  for (const Regex& rule : config_.rules) {
    if (shape.name.empty()) return;
    const std::string before = shape.name;
    const auto match = rule.first(before);
    if (!match) continue;
    const auto places = with_places(before, *match, rule.group_names());
    if (!places) return;
    for (std::size_t i = 1; i < match->size(); ++i)
      set_attribute(shape.attributes, rule.group_names()[i], std::string{(*match)[i]});
    if (!config_.keep_original_name) shape.name = *places;
    if (config_.break_after_match) return;
  }
}

std::uint32_t SpanNaming::renamed(const Span& span) {
  const SpanShape& before = run_.catalog.shape(span.shape);
  if (config_.match.skips(before, run_.catalog.resource(span.resource))) return kSkipped;
  SpanShape after = before;
  name_from_attributes(after);
  attributes_from_name(after);
  if (config_.status) after.status_message = config_.description;
  return run_.catalog.add_shape(after);
}

void SpanNaming::count_work(const Payload& payload) const {
  SpanProcessor::count_work(payload);
  count(Step::action, std::ssize(config_.from_attributes) * payload.items());
  count(Step::pattern, std::ssize(config_.rules) * payload.items());
}

Payload SpanNaming::process(Payload payload, bool&) {
  return run_.pool.rewrite(payload, [this](Span& span) {
    const std::uint32_t shape = shapes_.at(span, [&] { return renamed(span); });
    if (shape == kSkipped) return true;
    span.shape = shape;
    if (config_.status) span.status = *config_.status;
    return true;
  });
}

}  // namespace spillway::collector
