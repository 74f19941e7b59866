#include "models/collector/redaction.hpp"

#include <algorithm>
#include <array>

#include "models/telemetry/digest.hpp"

namespace spillway::collector {
namespace {

constexpr std::array<std::string_view, 5> kOwn{"redaction.redacted.keys", "redaction.redacted.count", "redaction.masked.keys",
                                               "redaction.masked.count", "redaction.ignored.count"};

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}
bool matches(const std::vector<Regex>& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(), [text](const Regex& one) { return one.matches(text); });
}
Regex everything() {
  std::string error;
  return *Regex::compile(".*", error);
}

}  // namespace

Redaction::Redaction(Run& run, const std::string& name, const RedactionConfig& config, const Semantics& semantics,
                     SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next},
      config_{config},
      newer_{semantics.redaction_is_newer},
      all_{everything()} {}

std::string Redaction::mask(const std::string& text, const Regex& expression) const {
  using Hash = RedactionConfig::Hash;
  const auto masked = [this](std::string_view part) -> std::string {
    switch (config_.hash) {
      case Hash::none: return "****";
      case Hash::sha1: return sha1_hex(part);
      case Hash::md5: return md5_hex(part);
      case Hash::of_64: return sha256_hex(part);
      case Hash::of_128: return sha512_hex(part);
    }
    return {};
  };
  std::string result;
  std::size_t at = 0;
  for (const Regex::Match& match : expression.all(text)) {
    const auto begin = static_cast<std::size_t>(match[0].data() - text.data());
    result += text.substr(at, begin - at) + masked(match[0]);
    at = begin + match[0].size();
  }
  return result + text.substr(at);
}

// Of what is no text an empty one is looked at, unless redact_all_types.
void Redaction::redact_value(const std::string& key, Value& value, Report& report) const {
  const auto* const text = value.get<std::string>();
  const std::string before = text != nullptr ? *text : config_.redact_all_types ? to_text(value) : std::string{};
  if (matches(config_.allowed_values, before)) return report.allowed.push_back(key);
  if (matches(config_.blocked_key_patterns, key)) {
    report.masked.push_back(key);
    value = mask(before, all_);
    return;
  }
  std::string after = before;
  bool found = false;
  for (const Regex& expression : config_.blocked_values) {
    if (!expression.matches(after)) continue;
    found = true;
    after = mask(after, expression);
  }
  if (newer_ ? after == before : !found) return;
  report.masked.push_back(key);
  value = after;
}

void Redaction::redact(Attributes& attributes) const {
  Report report;
  for (auto& [key, value] : attributes) {
    const bool allowed = config_.allow_all_keys || contains(config_.allowed_keys, key) ||
                         std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end();
    if (contains(config_.ignored_keys, key) || matches(config_.ignored_key_patterns, key)) report.ignored.push_back(key);
    else if (!allowed) report.redacted.push_back(key);
    else redact_value(key, value, report);
  }
  for (const std::string& key : report.redacted) {
    const auto first = std::ranges::find(attributes, key, &Attributes::value_type::first);
    if (first != attributes.end()) attributes.erase(first);
  }
  tell(std::move(report.redacted), attributes, "redaction.redacted.keys", "redaction.redacted.count");
  tell(std::move(report.masked), attributes, "redaction.masked.keys", "redaction.masked.count");
  tell(std::move(report.allowed), attributes, "redaction.allowed.keys", "redaction.allowed.count");
  tell(std::move(report.ignored), attributes, nullptr, "redaction.ignored.count");
}

/// What is there from an earlier redaction is added to.
void Redaction::tell(std::vector<std::string> keys, Attributes& attributes, const char* list, const char* count) const {
  if (keys.empty() || config_.summary == RedactionConfig::Summary::silent) return;
  auto number = static_cast<std::int64_t>(keys.size());
  if (list != nullptr && config_.summary == RedactionConfig::Summary::debug) {
    const Value* const earlier = find_attribute(attributes, list);
    const auto* text = earlier == nullptr ? nullptr : earlier->get<std::string>();
    for (std::string_view rest = text == nullptr ? std::string_view{} : *text; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      keys.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    std::sort(keys.begin(), keys.end());
    std::string all;
    for (const std::string& key : keys) all += (all.empty() ? "" : ",") + key;
    set_attribute(attributes, list, std::move(all));
  }
  const Value* const earlier = find_attribute(attributes, count);
  if (earlier != nullptr && earlier->get<std::int64_t>() != nullptr) number += *earlier->get<std::int64_t>();
  set_attribute(attributes, count, number);
}

ResourceId Redaction::redacted(ResourceId resource) {
  if (resources_.size() <= resource) resources_.resize(resource + 1);
  if (!resources_[resource]) {
    ResourceShape after = run_.catalog.resource(resource);
    Attributes attributes = resource_attributes(after);
    redact(attributes);
    set_resource_attributes(after, std::move(attributes));
    if (newer_) redact(after.scope_attributes);
    resources_[resource] = run_.catalog.add_resource(after);
  }
  return *resources_[resource];
}

// Every attribute is looked up, as for an action.
void Redaction::count_work(const Payload& payload) const {
  SpanProcessor::count_work(payload);
  const std::int64_t attributes = count_attributes(payload, run_.catalog, false);
  const std::int64_t patterns = std::ssize(config_.ignored_key_patterns) + std::ssize(config_.blocked_key_patterns) +
                                std::ssize(config_.blocked_values) + std::ssize(config_.allowed_values);
  count(Step::action, attributes);
  count(Step::pattern, patterns * attributes);
}

Payload Redaction::process(Payload payload, bool&) {
  return run_.pool.rewrite(payload, [this](Span& span) {
    span.shape = shapes_.at(span, [&] {
      SpanShape after = run_.catalog.shape(span.shape);
      redact(after.attributes);
      if (newer_)
        for (SpanEvent& event : after.events) redact(event.attributes);
      return run_.catalog.add_shape(after);
    });
    span.resource = redacted(span.resource);
    return true;
  });
}

}  // namespace spillway::collector
