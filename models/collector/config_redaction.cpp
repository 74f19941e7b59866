// redaction, span and groupbyattrs. Sources: redactionprocessor, spanprocessor and groupbyattrsprocessor of v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <utility>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

std::vector<Regex> expressions(Fields& fields, std::string_view key) {
  std::vector<std::string> texts;
  fields.texts(key, texts);
  std::vector<Regex> all;
  for (const std::string& text : texts) {
    std::string error;
    if (auto one = Regex::compile(text, error)) all.push_back(std::move(*one));
    else fields.refuse_when_used(key, "error compiling regex in list: " + error);
  }
  return all;
}

void hash_function(Fields& fields, RedactionConfig& config) {
  using Hash = RedactionConfig::Hash;
  std::string name, key;
  fields.text("hash_function", name);
  fields.text("hmac_key", key);
  name = lower(name);
  constexpr std::array<std::pair<std::string_view, Hash>, 6> known{{{"", Hash::none},
                                                                    {"sha1", Hash::sha1},
                                                                    {"md5", Hash::md5},
                                                                    {"sha3", Hash::of_64},
                                                                    {"hmac-sha256", Hash::of_64},
                                                                    {"hmac-sha512", Hash::of_128}}};
  const auto found = std::ranges::find(known, name, &std::pair<std::string_view, Hash>::first);
  if (found == known.end())
    return fields.refuse("hash_function", "unknown HashFunction " + name +
                                              ", allowed functions are sha1, sha3, md5, hmac-sha256 and hmac-sha512");
  config.hash = found->second;
  const std::size_t least = name == "hmac-sha256" ? 32 : name == "hmac-sha512" ? 64 : 0;
  if (key.size() < least)
    fields.refuse("hmac_key", "hmac_key must be at least " + std::to_string(least) + " bytes long for \"" + name + "\", got " +
                                  std::to_string(key.size()) + " bytes");
  // Another digest of the same length stands in.
  if (found->second == Hash::of_64 || found->second == Hash::of_128)
    fields.leave_out("hash_function: the digests are others, of the same length", kUnknownEffect);
}

constexpr std::array kUrlSettings{Setting{"enabled", Shape::boolean, kUnknownEffect},
                                  Setting{"attributes", Shape::texts, kUnknownEffect},
                                  Setting{"sanitize_span_name", Shape::boolean, kUnknownEffect}};
constexpr std::array kSanitizers{Setting{"url_sanitizer", Shape::section, kUnknownEffect, kUrlSettings},
                                 Setting{"db_sanitizer", Shape::any, kUnknownEffect}};

}  // namespace

RedactionConfig redaction_processor(Fields& fields) {
  RedactionConfig config;
  fields.boolean("allow_all_keys", config.allow_all_keys);
  fields.texts("allowed_keys", config.allowed_keys);
  fields.texts("ignored_keys", config.ignored_keys);
  config.blocked_values = expressions(fields, "blocked_values");
  std::string summary;
  fields.text("summary", summary);
  if (summary == "info") config.summary = RedactionConfig::Summary::info;
  if (summary == "debug") config.summary = RedactionConfig::Summary::debug;
  if (!fields.reading().semantics.redaction_is_newer) return config;
  config.blocked_key_patterns = expressions(fields, "blocked_key_patterns");
  config.ignored_key_patterns = expressions(fields, "ignored_key_patterns");
  config.allowed_values = expressions(fields, "allowed_values");
  fields.boolean("redact_all_types", config.redact_all_types);
  hash_function(fields, config);
  fields.unmodelled(kSanitizers);
  return config;
}

SpanNamingConfig span_processor(Fields& fields) {
  SpanNamingConfig config;
  config.match = match_config(fields);
  fields.section("name", [&](Fields& name) {
    name.texts("from_attributes", config.from_attributes);
    name.text("separator", config.separator);
    name.section("to_attributes", [&](Fields& inner) {
      std::vector<std::string> rules;
      inner.texts("rules", rules);
      inner.boolean("break_after_match", config.break_after_match);
      if (inner.reading().semantics.span_keeps_name) inner.boolean("keep_original_name", config.keep_original_name);
      for (const std::string& rule : rules) {
        std::string error;
        if (auto one = Regex::compile(rule, error)) config.rules.push_back(std::move(*one));
        else inner.refuse_when_used("rules", "invalid regexp pattern " + rule + ": " + error);
      }
    });
  });
  bool status = false;
  std::string code;
  const Presence given = fields.section("status", [&](Fields& inner) {
    status = true;
    inner.text("code", code);
    inner.text("description", config.description);
  });
  if (given == Presence::given && status) {
    if (code == "Ok") config.status = SpanStatus::ok;
    else if (code == "Error") config.status = SpanStatus::error;
    else if (code == "Unset") config.status = SpanStatus::unset;
    else fields.refuse_when_used("status", "\"status\" must have specified \"code\" as \"Ok\" or \"Error\" or \"Unset\"");
    if (!config.description.empty() && code != "Error")
      fields.refuse_when_used("status", "\"description\" can be specified only for \"code\" \"Error\"; drop it");
  } else if (config.from_attributes.empty() && config.rules.empty()) {
    fields.refuse_when_used("name", "either \"from_attributes\" or \"to_attributes\" must be specified in \"name:\" or \"setStatus\" must be specified");
  }
  return config;
}

GroupByAttrsConfig group_by_attrs(Fields& fields) {
  GroupByAttrsConfig config;
  std::vector<std::string> keys;
  fields.texts("keys", keys);
  for (std::string& key : keys) {
    const bool known = std::ranges::find(config.keys, key) != config.keys.end();
    if (!key.empty() && !known) config.keys.push_back(std::move(key));
  }
  return config;
}

}  // namespace spillway::collector
