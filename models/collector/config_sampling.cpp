// Decoding and checking of tail_sampling. Sources: tailsamplingprocessor v0.111 and v0.159.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "models/collector/config_components.hpp"
#include "models/collector/config_service.hpp"
#include "models/collector/ottl/ottl.hpp"
#include "models/telemetry/regex.hpp"

namespace spillway::collector {
namespace {

struct PolicyName {
  std::string_view name;
  PolicyType type;
  bool SamplingSemantics::* since = nullptr;
};
constexpr std::array kPolicies{
    PolicyName{"always_sample", PolicyType::always_sample},
    PolicyName{"latency", PolicyType::latency},
    PolicyName{"numeric_attribute", PolicyType::numeric_attribute},
    PolicyName{"probabilistic", PolicyType::probabilistic},
    PolicyName{"status_code", PolicyType::status_code},
    PolicyName{"string_attribute", PolicyType::string_attribute},
    PolicyName{"rate_limiting", PolicyType::rate_limiting},
    PolicyName{"bytes_limiting", PolicyType::bytes_limiting, &SamplingSemantics::bytes_limiting},
    PolicyName{"span_count", PolicyType::span_count},
    PolicyName{"trace_state", PolicyType::trace_state},
    PolicyName{"boolean_attribute", PolicyType::boolean_attribute},
    PolicyName{"ottl_condition", PolicyType::ottl_condition},
    PolicyName{"trace_flags", PolicyType::trace_flags, &SamplingSemantics::trace_flags},
    PolicyName{"and", PolicyType::and_},
    PolicyName{"not", PolicyType::not_, &SamplingSemantics::not_policy},
    PolicyName{"drop", PolicyType::drop, &SamplingSemantics::drop_policy},
    PolicyName{"composite", PolicyType::composite},
};

PolicyType policy_type(std::string_view name, const SamplingSemantics& semantics) {
  const auto found = std::ranges::find(kPolicies, name, &PolicyName::name);
  if (found == kPolicies.end() || (found->since != nullptr && !(semantics.*found->since))) return PolicyType::unknown;
  return found->type;
}

/// Where a policy stands decides what it may be made of.
enum class Level { top, in_and, in_not, in_composite };

void decode_policy(Fields& fields, PolicyConfig& config, Level level);

void policies(Fields& fields, std::string_view key, std::vector<PolicyConfig>& out, Level level) {
  fields.maps(key, [&out, level](Fields& inner) { decode_policy(inner, out.emplace_back(), level); });
}

void rate(Fields& fields, std::string_view key, PolicyConfig::RateLimiting& out) {
  fields.integer(key, out.per_second);
  if (fields.reading().semantics.sampling.burst_capacity) fields.integer("burst_capacity", out.burst_capacity);
}

void error_mode(Fields& fields, std::string& out) {
  std::string mode;
  fields.text("error_mode", mode);
  out = lower(mode);
  const Value* const given = fields.value().find("error_mode");
  if (given != nullptr && given->kind != Value::Kind::null && out != "ignore" && out != "propagate" && out != "silent")
    fields.refuse("error_mode", "unknown error mode " + mode + "; use propagate, ignore or silent");
}

void attribute_sections(Fields& fields, PolicyConfig& config) {
  fields.section("numeric_attribute", [&out = config.numeric_attribute](Fields& inner) {
    inner.text("key", out.key);
    inner.integer("min_value", out.min_value);
    inner.integer("max_value", out.max_value);
    inner.boolean("invert_match", out.invert_match);
  });
  fields.section("string_attribute", [&out = config.string_attribute](Fields& inner) {
    inner.text("key", out.key);
    inner.texts("values", out.values);
    inner.boolean("enabled_regex_matching", out.enabled_regex_matching);
    inner.integer("cache_max_size", out.cache_max_size);
    inner.boolean("invert_match", out.invert_match);
  });
  fields.section("trace_state", [&out = config.trace_state](Fields& inner) {
    inner.text("key", out.key);
    inner.texts("values", out.values);
  });
  fields.section("boolean_attribute", [&out = config.boolean_attribute](Fields& inner) {
    inner.text("key", out.key);
    inner.boolean("value", out.value);
    inner.boolean("invert_match", out.invert_match);
  });
}

void simple_sections(Fields& fields, PolicyConfig& config) {
  attribute_sections(fields, config);
  fields.section("latency", [&out = config.latency](Fields& inner) {
    inner.integer("threshold_ms", out.threshold_ms);
    inner.integer("upper_threshold_ms", out.upper_threshold_ms);
  });
  fields.section("probabilistic", [&out = config.probabilistic](Fields& inner) {
    inner.text("hash_salt", out.hash_salt);
    inner.number("sampling_percentage", out.sampling_percentage);
  });
  fields.section("status_code", [&](Fields& inner) { inner.texts("status_codes", config.status_code.status_codes); });
  fields.section("rate_limiting", [&](Fields& inner) { rate(inner, "spans_per_second", config.rate_limiting); });
  if (fields.reading().semantics.sampling.bytes_limiting)
    fields.section("bytes_limiting", [&](Fields& inner) { rate(inner, "bytes_per_second", config.bytes_limiting); });
  fields.section("span_count", [&out = config.span_count](Fields& inner) {
    inner.integer("min_spans", out.min_spans);
    inner.integer("max_spans", out.max_spans);
  });
  fields.section("ottl_condition", [&out = config.ottl_condition](Fields& inner) {
    error_mode(inner, out.error_mode);
    inner.texts("span", out.span);
    inner.texts("spanevent", out.spanevent);
  });
}

void composite_section(Fields& fields, PolicyConfig::Composite& out) {
  std::vector<std::string> ignored;  // the collector reads policy_order and takes the order of composite_sub_policy
  fields.integer("max_total_spans_per_second", out.max_total_spans_per_second);
  fields.texts("policy_order", ignored);
  policies(fields, "composite_sub_policy", out.composite_sub_policy, Level::in_composite);
  fields.maps("rate_allocation", [&out](Fields& inner) {
    PolicyConfig::RateAllocation& allocation = out.rate_allocation.emplace_back();
    inner.text("policy", allocation.policy);
    inner.integer("percent", allocation.percent);
  });
}

/// Keys nobody knows are settings of extensions, of which it is known that they are maps.
void extension_settings(Fields& fields, const std::vector<std::string_view>& known) {
  for (const Member& entry : fields.value().members) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    static_cast<void>(fields.take(entry.key));
    if (!entry.value.broken && entry.value.kind != Value::Kind::map && entry.value.kind != Value::Kind::null)
      fields.reading().refuse(entry.value, fields.path_of(entry.key),
                              "expected a map or struct, got \"" + std::string(go_type(entry.value)) +
                                  "\": this is no setting of a policy, and extensions have maps; correct the key");
  }
}

void decode_policy(Fields& fields, PolicyConfig& config, Level level) {
  const SamplingSemantics& semantics = fields.reading().semantics.sampling;
  fields.text("name", config.name);
  fields.text("type", config.type_name);
  config.type = policy_type(config.type_name, semantics);
  simple_sections(fields, config);
  std::vector<std::string_view> known{"name", "type"};
  for (const PolicyName& one : kPolicies)
    if (one.type < PolicyType::trace_flags && (one.since == nullptr || semantics.*one.since)) known.push_back(one.name);
  const auto section = [&](std::string_view key, const std::function<void(Fields&)>& read) {
    known.push_back(key);
    fields.section(key, read);
  };
  if (level == Level::top || level == Level::in_composite)
    section("and", [&](Fields& inner) { policies(inner, "and_sub_policy", config.and_sub_policy, Level::in_and); });
  if (semantics.not_policy && (level == Level::top || level == Level::in_and))
    section("not", [&](Fields& inner) {
      inner.section("not_sub_policy",
                    [&](Fields& sub) { decode_policy(sub, config.not_sub_policy.emplace_back(), Level::in_not); });
    });
  if (semantics.drop_policy && level == Level::top)
    section("drop", [&](Fields& inner) { policies(inner, "drop_sub_policy", config.drop_sub_policy, Level::in_and); });
  if (level == Level::top) section("composite", [&](Fields& inner) { composite_section(inner, config.composite); });
  if (semantics.extension_policies) extension_settings(fields, known);
}

void whole_number(Fields& fields, std::string_view key, std::int64_t& out) {
  const std::int64_t before = out;
  fields.integer(key, out);
  if (out >= 0) return;
  fields.refuse(key, "cannot parse value as 'uint64': " + std::to_string(out) + " overflows uint; give 0 or more");
  out = before;
}

void check_tail_sampling_settings(Fields& fields, const TailSamplingConfig& config, const std::string& strategy,
                                  bool stored_outside) {
  if (strategy != "trace-complete" && strategy != "span-ingest")
    fields.refuse("sampling_strategy", "invalid sampling_strategy " + in_quotes(strategy) +
                                           ", expected one of \"trace-complete\" or \"span-ingest\"");
  if (config.num_shards > 256)
    fields.refuse("num_shards", "num_shards (" + std::to_string(config.num_shards) + ") must not exceed 256");
  if (config.num_shards > 1 && stored_outside)
    fields.refuse("tail_storage", "num_shards greater than 1 is not supported with tail_storage");
  else if (stored_outside)
    fields.refuse("tail_storage",
                  "'tail_storage' requires the \"processor.tailsamplingprocessor.tailstorageextension\" feature gate to "
                  "be enabled; leave it out");
}

// ---- what shows at start ----

class PolicyCheck {
 public:
  PolicyCheck(const SamplingSemantics& semantics, Reading& reading) : semantics_{semantics}, reading_{reading} {}

  void check_all(const TailSamplingConfig& config, const Component& component) {
    const Value* const list = component.value->find("policies");
    std::vector<const Value*> places;
    if (list != nullptr)
      for (const Value& item : list->items)
        if (item.kind != Value::Kind::null) places.push_back(&item);
    std::set<std::string> names;
    for (std::size_t i = 0; i < config.policies.size(); ++i) {
      const PolicyConfig& policy = config.policies[i];
      at_ = i < places.size() ? places[i] : component.value;
      path_ = component.path + ".policies";
      const bool needs_name = semantics_.policy_needs_name;
      in_ = needs_name ? "failed to create policy evaluator for " + in_quotes(policy.name) + ": " : "";
      if (policy.name.empty() && needs_name) refuse_plain("policy name cannot be empty; give it a name");
      else if (!names.insert(policy.name).second)
        refuse_plain("duplicate policy name " + in_quotes(policy.name) + "; rename one");
      check(policy, Level::top);
      if (config.span_ingest && is_stateful(policy))
        refuse_plain("sampling_strategy \"span-ingest\" requires all policies to be stateless, but policy " +
                     in_quotes(policy.name) + " is stateful");
    }
  }

 private:
  void refuse_plain(std::string message) { reading_.refuse(*at_, path_, std::move(message)); }
  void refuse(const std::string& message) { refuse_plain(in_ + message); }

  bool may_stand(PolicyType type, Level level) const {
    switch (type) {
      case PolicyType::unknown: return false;
      case PolicyType::and_: return level == Level::top || level == Level::in_composite;
      case PolicyType::not_: return level == Level::top || level == Level::in_and;
      case PolicyType::drop:
      case PolicyType::composite: return level == Level::top;
      default: return true;
    }
  }

  void check(const PolicyConfig& policy, Level level) {
    if (!may_stand(policy.type, level))
      return refuse("unknown sampling policy type " + policy.type_name + known(level));
    if (policy.type == PolicyType::status_code) check_status_codes(policy.status_code.status_codes);
    if (policy.type == PolicyType::string_attribute && policy.string_attribute.enabled_regex_matching)
      check_patterns(policy.string_attribute.values);
    if (policy.type == PolicyType::ottl_condition && policy.ottl_condition.span.empty() &&
        policy.ottl_condition.spanevent.empty())
      refuse("expected at least one OTTL condition to filter on; give span or spanevent");
    if (policy.type == PolicyType::ottl_condition) {
      check_conditions(policy.ottl_condition.span, ottl::Context::span);
      check_conditions(policy.ottl_condition.spanevent, ottl::Context::spanevent);
    }
    const PolicyConfig::NumericAttribute& numeric = policy.numeric_attribute;
    if (policy.type == PolicyType::numeric_attribute && semantics_.numeric_zero_is_unset && numeric.min_value == 0 &&
        numeric.max_value == 0)
      refuse("at least one of min_value or max_value must be set: the collector starts, and panics when it evaluates "
             "the first trace");
    if (policy.type == PolicyType::not_ && policy.not_sub_policy.empty()) refuse("unknown sampling policy type ");
    for (const PolicyConfig& sub : parts(policy)) check(sub, level_inside(policy.type));
  }

  std::string known(Level level) const {
    std::string all;
    for (const PolicyName& one : kPolicies)
      if ((one.since == nullptr || semantics_.*one.since) && may_stand(one.type, level))
        all += (all.empty() ? "" : ", ") + std::string(one.name);
    return "; known here: " + all;
  }

  void check_status_codes(const std::vector<std::string>& codes) {
    if (codes.empty()) refuse("expected at least one status code to filter on; give status_codes: [ERROR]");
    for (const std::string& code : codes)
      if (code != "OK" && code != "ERROR" && code != "UNSET")
        refuse("unknown status code " + in_quotes(code) + ", supported: OK, ERROR, UNSET");
  }

  void check_patterns(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      std::string error;
      if (!Regex::compile(pattern, error)) refuse("invalid regex `" + pattern + "`: " + error);
    }
  }

  void check_conditions(const std::vector<std::string>& texts, ottl::Context context) {
    for (const std::string& text : texts) {
      ottl::Diagnosis diagnosis;
      static_cast<void>(ottl::Condition::parse(text, context, reading_.semantics, diagnosis));
      if (!diagnosis.error.empty()) refuse(diagnosis.error);
    }
  }

  static Level level_inside(PolicyType type) {
    if (type == PolicyType::composite) return Level::in_composite;
    return type == PolicyType::not_ ? Level::in_not : Level::in_and;
  }
  static const std::vector<PolicyConfig>& parts(const PolicyConfig& policy) {
    static const std::vector<PolicyConfig> none;
    switch (policy.type) {
      case PolicyType::and_: return policy.and_sub_policy;
      case PolicyType::drop: return policy.drop_sub_policy;
      case PolicyType::not_: return policy.not_sub_policy;
      case PolicyType::composite: return policy.composite.composite_sub_policy;
      default: return none;
    }
  }
  bool is_stateful(const PolicyConfig& policy) const {
    switch (policy.type) {
      case PolicyType::rate_limiting:
      case PolicyType::bytes_limiting: return true;
      case PolicyType::latency: return policy.latency.upper_threshold_ms > 0;
      case PolicyType::span_count: return policy.span_count.max_spans > 0;
      default: return std::ranges::any_of(parts(policy), [this](const PolicyConfig& p) { return is_stateful(p); });
    }
  }

  const SamplingSemantics& semantics_;
  Reading& reading_;
  const Value* at_ = nullptr;
  std::string path_, in_;
};

/// What the collector knows in these conditions and this program does not.
void leave_out_ottl(const PolicyConfig& policy, Fields& fields) {
  const auto told = [&fields](const std::vector<std::string>& texts, ottl::Context context) {
    for (const std::string& text : texts) {
      ottl::Diagnosis diagnosis;
      static_cast<void>(ottl::Condition::parse(text, context, fields.reading().semantics, diagnosis));
      for (const std::string& what : diagnosis.unmodelled) fields.leave_out("ottl_condition: " + what, kUnknownEffect);
    }
  };
  if (policy.type == PolicyType::ottl_condition) {
    told(policy.ottl_condition.span, ottl::Context::span);
    told(policy.ottl_condition.spanevent, ottl::Context::spanevent);
  }
  for (const auto* list : {&policy.and_sub_policy, &policy.drop_sub_policy, &policy.not_sub_policy,
                           &policy.composite.composite_sub_policy})
    for (const PolicyConfig& sub : *list) leave_out_ottl(sub, fields);
}

}  // namespace

TailSamplingConfig tail_sampling(Fields& fields) {
  TailSamplingConfig config;
  const SamplingSemantics& semantics = fields.reading().semantics.sampling;
  std::string strategy = "trace-complete", storage;
  fields.duration("decision_wait", config.decision_wait);
  if (semantics.wait_after_root)
    fields.duration("decision_wait_after_root_received", config.decision_wait_after_root_received);
  whole_number(fields, "num_traces", config.num_traces);
  whole_number(fields, "expected_new_traces_per_sec", config.expected_new_traces_per_sec);
  policies(fields, "policies", config.policies, Level::top);
  fields.section("decision_cache", [&](Fields& inner) {
    inner.integer("sampled_cache_size", config.sampled_cache_size);
    if (semantics.non_sampled_cache) inner.integer("non_sampled_cache_size", config.non_sampled_cache_size);
  });
  if (semantics.block_on_overflow) fields.boolean("block_on_overflow", config.block_on_overflow);
  if (semantics.sample_on_first_match) fields.boolean("sample_on_first_match", config.sample_on_first_match);
  if (semantics.drop_pending_traces)
    fields.boolean("drop_pending_traces_on_shutdown", config.drop_pending_traces_on_shutdown);
  if (semantics.maximum_trace_size) whole_number(fields, "maximum_trace_size_bytes", config.maximum_trace_size_bytes);
  if (semantics.sampling_strategy) fields.text("sampling_strategy", strategy);
  if (semantics.tail_storage) fields.id("tail_storage", storage);
  if (semantics.num_shards) fields.unsigned32("num_shards", config.num_shards);
  config.span_ingest = strategy == "span-ingest";
  for (const PolicyConfig& policy : config.policies) leave_out_ottl(policy, fields);
  if (fields.reading().errors == 0) check_tail_sampling_settings(fields, config, strategy, !storage.empty());
  config.num_shards = std::max<std::int64_t>(1, config.num_shards);
  return config;
}

constexpr std::array kLogSettings{
    Setting{"from_attribute", Shape::text, kNoEffect},
    Setting{"sampling_priority", Shape::text, kNoEffect},
};

ProbabilisticSamplerConfig probabilistic_sampler(Fields& fields) {
  ProbabilisticSamplerConfig config;
  std::string source = "traceID", mode;
  fields.number("sampling_percentage", config.sampling_percentage);
  fields.unsigned32("hash_seed", config.hash_seed);
  fields.text("mode", mode);
  fields.boolean("fail_closed", config.fail_closed);
  fields.integer("sampling_precision", config.sampling_precision);
  fields.text("attribute_source", source);
  fields.unmodelled(kLogSettings);
  if (!mode.empty()) config.mode = mode;
  if (mode != "" && mode != "hash_seed" && mode != "proportional" && mode != "equalizing")
    fields.refuse("mode", "unsupported sampler mode " + in_quotes(mode) + "; use hash_seed, proportional or equalizing");
  if (fields.reading().errors > 0) return config;
  const double percentage = static_cast<float>(config.sampling_percentage);
  const std::string given = std::to_string(percentage) + '%';
  if (!std::isfinite(percentage)) fields.refuse("sampling_percentage", "sampling rate is invalid: " + given);
  else if (percentage < 0) fields.refuse("sampling_percentage", "sampling rate is negative: " + given + "; give 0 to 100");
  else if (percentage > 0 && percentage / 100 < 0x1p-56)
    fields.refuse("sampling_percentage", "sampling rate is too small: " + given);
  if (!source.empty() && source != "traceID" && source != "record")
    fields.refuse("attribute_source", "invalid attribute source: " + source + ". Expected: traceID or record");
  if (config.sampling_precision == 0) fields.refuse("sampling_precision", "invalid sampling precision: 0");
  if (config.sampling_precision > 14)
    fields.refuse("sampling_precision", "sampling precision is too great, should be <= 14: " +
                                            std::to_string(config.sampling_precision));
  return config;
}

GroupByTraceConfig group_by_trace(Fields& fields) {
  GroupByTraceConfig config;
  fields.duration("wait_duration", config.wait_duration);
  fields.integer("num_traces", config.num_traces);
  fields.integer("num_workers", config.num_workers);
  bool orphans = false, disk = false;
  fields.boolean("discard_orphans", orphans);
  fields.boolean("store_on_disk", disk);
  if (fields.reading().errors > 0) return config;
  if (disk) fields.refuse("store_on_disk", "option 'disk storage' not supported in this release; leave it out");
  if (orphans) fields.refuse("discard_orphans", "option 'discard orphans' not supported in this release; leave it out");
  if (config.num_workers < 1)
    fields.refuse("num_workers", "the collector panics when it starts without workers; give at least 1");
  else if (config.num_traces < config.num_workers)
    fields.refuse("num_traces", "the collector panics with the first span when a worker has no room; give at least " +
                                    std::to_string(config.num_workers));
  return config;
}

void check_tail_sampling(const Component& component, const TailSamplingConfig& config, Reading& reading) {
  PolicyCheck{reading.semantics.sampling, reading}.check_all(config, component);
}

}  // namespace spillway::collector
