#include "models/collector/tail_policies.hpp"

#include <algorithm>
#include <cmath>

#include "models/scenario/ascii.hpp"

namespace spillway::collector {
namespace {

constexpr std::uint64_t kPrime = 0x100000001b3ULL;

std::int64_t milliseconds(Duration d) { return d / std::chrono::milliseconds{1}; }
std::int64_t whole_seconds(Time t) { return t.time_since_epoch() / std::chrono::seconds{1}; }

bool is_state_key(std::string_view key) {
  const std::size_t at = key.find('@');
  const std::string_view tenant = at == std::string_view::npos ? key : key.substr(0, at);
  const auto fits = [](std::string_view text, std::size_t most) {
    return !text.empty() && text.size() <= most && std::ranges::all_of(text.substr(1), [](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
  };
  if (at == std::string_view::npos) return fits(key, 256) && is_lower(key[0]);
  const std::string_view system = key.substr(at + 1);
  return fits(tenant, 241) && (is_lower(tenant[0]) || is_digit(tenant[0])) && fits(system, 14) && is_lower(system[0]);
}

bool is_state_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' && std::ranges::all_of(value, [](char c) {
    return c >= 0x20 && c <= 0x7e && c != ',' && c != '=';
  });
}

}  // namespace

std::uint64_t fnv1a64(std::string_view text, std::uint64_t state) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * kPrime;
  return state;
}

std::uint64_t fnv1a64(TraceId id, std::uint64_t state) {
  for (const std::uint64_t half : {id.high, id.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) state = (state ^ (half >> shift & 0xff)) * kPrime;
  }
  return state;
}

// The factor has 53 bits, so the product has at most 117. It is kept as a whole number times a power of two.
std::uint64_t hash_threshold(double ratio) {
  if (!(ratio > 0)) return 0;
  if (ratio >= 1) return ~std::uint64_t{0};
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(ratio, &exponent), 53));
  exponent -= 53;
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{mantissa} * ~std::uint64_t{0};
  int excess = 0;
  while ((product >> excess) >> 64 != 0) ++excess;
  const Wide rest = product & ((Wide{1} << excess) - 1), half = excess == 0 ? 1 : Wide{1} << (excess - 1);
  product >>= excess;
  if (excess > 0 && (rest > half || (rest == half && (product & 1) != 0))) ++product;
  exponent += excess;  // never positive: ratio is below 1
  return exponent <= -128 ? 0 : static_cast<std::uint64_t>(exponent > 0 ? product << exponent : product >> -exponent);
}

std::string_view trace_state_value(std::string_view text, std::string_view key) {
  std::vector<std::string_view> seen;
  std::string_view found;
  while (!text.empty()) {
    std::string_view member = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), member.size() + 1));
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return {};
    std::string_view name = member.substr(0, equals), value = member.substr(equals + 1);
    while (!name.empty() && (name[0] == ' ' || name[0] == '\t')) name.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    if (!is_state_key(name) || !is_state_value(value)) return {};
    if (std::ranges::find(seen, name) != seen.end() || seen.size() == 32) return {};
    seen.push_back(name);
    if (name == key) found = value;
  }
  return found;
}

bool TokenBucket::allow(Time now, std::int64_t n) {
  const double there = std::min(tokens_ + seconds(now - last_) * rate_, static_cast<double>(burst_));
  const double tokens = there - static_cast<double>(n);
  if (n > burst_ || (tokens < 0 && (rate_ <= 0 || -tokens / rate_ * 1e9 >= 1))) return false;
  last_ = now;
  tokens_ = tokens;
  return true;
}

// ---- conditions ----

bool PolicySet::Condition::text_matches(std::string_view text) const {
  if (std::ranges::any_of(patterns, [text](const Regex& pattern) { return pattern.matches(text); })) return true;
  return !text.empty() && std::ranges::find(values, text) != values.end();
}

// A value of another type reads as empty, 0 or false, as in the collector.
bool PolicySet::Condition::matches(const Attributes& attributes, bool empty_text_counts) const {
  const Value* const value = find_attribute(attributes, key);
  if (value == nullptr) return false;
  if (type == PolicyType::string_attribute) {
    const auto* const text = value->get<std::string>();
    const std::string_view read = text == nullptr ? std::string_view{} : std::string_view{*text};
    return (empty_text_counts || !read.empty()) && text_matches(read);
  }
  if (type == PolicyType::boolean_attribute) {
    const auto* const flag = value->get<bool>();
    return (flag != nullptr && *flag) == truth;
  }
  const auto* const number = value->get<std::int64_t>();
  const std::int64_t read = number == nullptr ? 0 : *number;
  return least <= read && read <= most;
}

bool PolicySet::Condition::on_resource(const ResourceShape& resource) const {
  return type != PolicyType::trace_state && matches(resource_attributes(resource), true);
}

bool PolicySet::Condition::on_span(const SpanShape& shape) const {
  if (type != PolicyType::trace_state) return matches(shape.attributes, false);
  const std::string_view value = trace_state_value(shape.trace_state, key);
  return !value.empty() && key.size() + value.size() < 256 && std::ranges::find(values, value) != values.end();
}

// ---- building ----

std::vector<std::string> policy_order(const TailSamplingConfig& config) {
  std::vector<std::string> names;
  for (const bool drops : {true, false}) {
    for (const PolicyConfig& policy : config.policies) {
      if ((policy.type == PolicyType::drop) == drops) names.push_back(policy.name);
    }
  }
  return names;
}

PolicySet::PolicySet(const Catalog& catalog, const TailSamplingConfig& config, const Semantics& semantics,
                     std::int64_t shards)
    : catalog_{catalog}, all_semantics_{semantics}, semantics_{semantics.sampling}, shards_{shards}, status_marks_(3), flag_marks_(1) {
  for (const bool drops : {true, false}) {
    for (const PolicyConfig& policy : config.policies) {
      if ((policy.type == PolicyType::drop) != drops) continue;
      roots_.push_back(add(policy));
    }
  }
  words_ = std::max<std::size_t>(1, (bits_ + 63) / 64);
  status_marks_.assign(3 * words_, 0);
  flag_marks_.assign(words_, 0);
  for (const Node& node : nodes_) {
    if (node.bit == kNoBit) continue;
    const std::uint64_t mark = std::uint64_t{1} << (node.bit % 64);
    for (std::size_t status = 0; node.type == PolicyType::status_code && status < 3; ++status) {
      if (node.least >> status & 1) status_marks_[status * words_ + node.bit / 64] |= mark;
    }
    if (node.type == PolicyType::trace_flags) flag_marks_[node.bit / 64] |= mark;
  }
}

/// A limit shared by several loops; at least one, unless there is none.
std::int64_t PolicySet::divided(std::int64_t limit) const {
  return limit <= 0 || shards_ == 1 ? limit : std::max<std::int64_t>(1, limit / shards_);
}

void PolicySet::add_limiter(const PolicyConfig::RateLimiting& config, Node& node) {
  const std::int64_t burst = config.burst_capacity > 0 ? config.burst_capacity : 2 * config.per_second;
  node.limiter = static_cast<std::uint32_t>(buckets_.size());
  node.least = divided(config.per_second);
  buckets_.emplace_back(node.least, burst);
}

void PolicySet::add_composite(const PolicyConfig::Composite& config, Node& node) {
  node.most = divided(config.max_total_spans_per_second);
  const auto share = static_cast<double>(node.most) / static_cast<double>(config.composite_sub_policy.size());
  for (const PolicyConfig& part : config.composite_sub_policy) {
    node.parts.push_back(add(part));
    double allocated = semantics_.composite_equal_share ? share : 0;
    for (const auto& [policy, percent] : config.rate_allocation) {
      if (policy != part.name) continue;
      allocated = percent > 0 ? static_cast<double>(percent) / 100 * static_cast<double>(node.most) : share;
    }
    node.allocated.push_back(static_cast<std::int64_t>(allocated));
    node.used.push_back(0);
  }
}

void PolicySet::add_condition(const PolicyConfig& config, Node& node) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min(), highest = std::numeric_limits<std::int64_t>::max();
  Condition condition{config.type, {}, {}, {}, 0, 0, false};
  if (config.type == PolicyType::string_attribute) {
    condition.key = config.string_attribute.key;
    node.inverted = config.string_attribute.invert_match;
    const bool patterns = config.string_attribute.enabled_regex_matching;
    for (const std::string& value : config.string_attribute.values) {
      std::string ignored;  // patterns were checked when the file was read
      if (!patterns) condition.values.push_back(value);
      else if (auto pattern = Regex::compile(value, ignored)) condition.patterns.push_back(std::move(*pattern));
    }
  } else if (config.type == PolicyType::numeric_attribute) {
    const auto& [key, least, most, inverted] = config.numeric_attribute;
    const bool unset = semantics_.numeric_zero_is_unset;
    condition.key = key;
    condition.least = unset && least == 0 ? lowest : least;
    condition.most = unset && most == 0 ? highest : most;
    node.inverted = inverted;
  } else if (config.type == PolicyType::boolean_attribute) {
    condition.key = config.boolean_attribute.key;
    condition.truth = config.boolean_attribute.value;
    node.inverted = config.boolean_attribute.invert_match;
  } else {
    condition.key = config.trace_state.key;
    condition.values = config.trace_state.values;
  }
  node.bit = bits_++;
  condition_bits_.push_back(node.bit);
  conditions_.push_back(std::move(condition));
}

void PolicySet::add_ottl(const PolicyConfig::OttlCondition& config, Node& node) {
  const auto parsed = [this](const std::vector<std::string>& texts, ottl::Context context) {
    std::vector<ottl::Condition> conditions;
    for (const std::string& text : texts) {
      ottl::Diagnosis ignored;  // of what was checked when the file was read
      if (auto condition = ottl::Condition::parse(text, context, all_semantics_, ignored)) {
        conditions.push_back(std::move(*condition));
      }
    }
    return conditions;
  };
  const bool propagates = config.error_mode == "propagate";
  const auto mode = propagates ? ottl::ErrorMode::propagate : ottl::ErrorMode::silent;
  node.bit = bits_++;
  node.failed_bit = bits_++;
  ottls_.push_back({node.bit, node.failed_bit,
                    ottl::Matcher{parsed(config.span, ottl::Context::span), mode, catalog_},
                    ottl::Matcher{parsed(config.spanevent, ottl::Context::spanevent), mode, catalog_}});
}

std::uint32_t PolicySet::add(const PolicyConfig& config) {
  Node node;
  node.type = config.type;
  switch (config.type) {
    case PolicyType::latency:
      node.least = config.latency.threshold_ms;
      node.most = config.latency.upper_threshold_ms;
      if (node.most != 0) ranges_.push_back({node.bit = bits_++, node.least, node.most});
      break;
    case PolicyType::probabilistic: {
      const std::string& salt = config.probabilistic.hash_salt;
      node.salted = fnv1a64(salt.empty() ? "default-hash-seed" : salt);
      node.threshold = hash_threshold(config.probabilistic.sampling_percentage / 100);
      break;
    }
    case PolicyType::status_code:
      node.bit = bits_++;
      by_status_ = true;
      for (const std::string& code : config.status_code.status_codes) {
        node.least |= code == "OK" ? 2 : code == "ERROR" ? 4 : 1;
      }
      break;
    case PolicyType::trace_flags:
      node.bit = bits_++;
      by_flag_ = true;
      break;
    case PolicyType::span_count:
      node.least = config.span_count.min_spans;
      node.most = config.span_count.max_spans;
      break;
    case PolicyType::numeric_attribute:
    case PolicyType::string_attribute:
    case PolicyType::boolean_attribute:
    case PolicyType::trace_state: add_condition(config, node); break;
    case PolicyType::rate_limiting: add_limiter(config.rate_limiting, node); break;
    case PolicyType::bytes_limiting: add_limiter(config.bytes_limiting, node); break;
    case PolicyType::and_:
      for (const PolicyConfig& part : config.and_sub_policy) node.parts.push_back(add(part));
      break;
    case PolicyType::drop:
      for (const PolicyConfig& part : config.drop_sub_policy) node.parts.push_back(add(part));
      break;
    case PolicyType::not_:
      for (const PolicyConfig& part : config.not_sub_policy) node.parts.push_back(add(part));
      break;
    case PolicyType::composite: add_composite(config.composite, node); break;
    case PolicyType::ottl_condition: add_ottl(config.ottl_condition, node); break;
    case PolicyType::always_sample:
    case PolicyType::unknown: break;
  }
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

// ---- spans ----

std::uint32_t PolicySet::judge(const Span& span) {
  const ResourceShape& resource = catalog_.resource(span.resource);
  const SpanShape& shape = catalog_.shape(span.shape);
  const auto place = static_cast<std::uint32_t>(shape_marks_.size());
  shape_marks_.resize(place + words_);
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    if (!conditions_[i].on_resource(resource) && !conditions_[i].on_span(shape)) continue;
    shape_marks_[place + condition_bits_[i] / 64] |= std::uint64_t{1} << (condition_bits_[i] % 64);
  }
  return place;
}

std::uint32_t PolicySet::marks_of(const Span& span) {
  return memo_.at(span, [&] { return judge(span); });
}

ottl::Verdict PolicySet::test(Ottl& condition, const Span& span) const {
  if (!condition.span.is_empty()) {
    const ottl::Verdict verdict = condition.span.test(span);
    if (verdict != ottl::Verdict::no) return verdict;
  }
  const std::size_t events = condition.event.is_empty() ? 0 : catalog_.shape(span.shape).events.size();
  for (std::size_t event = 0; event < events; ++event) {
    const ottl::Verdict verdict = condition.event.test_event(span, event);
    if (verdict != ottl::Verdict::no) return verdict;
  }
  return ottl::Verdict::no;
}

void PolicySet::test_ottl(const Span& span, std::uint64_t* marks) {
  for (Ottl& condition : ottls_) {
    if (has(marks, condition.met) || has(marks, condition.failed)) continue;
    const ottl::Verdict verdict = test(condition, span);
    if (verdict == ottl::Verdict::no) continue;
    const std::uint32_t bit = verdict == ottl::Verdict::yes ? condition.met : condition.failed;
    marks[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

void PolicySet::look_at(const SpanGroup& group, Covered& covered, std::uint64_t* marks) {
  const Span* const spans = group.block->spans.data();
  for (std::uint32_t i = group.begin; i < group.end; ++i) {
    const Span& span = spans[i];
    covered.add({span.start, span.start + span.duration});
    for (const auto& [bit, more_than, at_most] : ranges_) {
      const std::int64_t length = milliseconds(covered.length());
      if (more_than < length && length <= at_most) marks[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    for (std::size_t w = 0; w < words_; ++w) {
      if (by_status_) marks[w] |= status_marks_[static_cast<std::size_t>(span.status) * words_ + w];
      if (by_flag_ && (span.flags & 1) != 0) marks[w] |= flag_marks_[w];
    }
    if (!ottls_.empty()) test_ottl(span, marks);
    if (conditions_.empty()) continue;
    const std::uint32_t place = marks_of(span);
    for (std::size_t w = 0; w < words_; ++w) marks[w] |= shape_marks_[place + w];
  }
}

// ---- votes ----

Vote PolicySet::of_condition(const Node& node, const Subject& subject) const {
  const bool matched = has(subject.marks, node.bit);
  if (!node.inverted) return matched ? Vote::sampled : Vote::not_sampled;
  if (semantics_.inverts_veto) return matched ? Vote::invert_not_sampled : Vote::invert_sampled;
  return matched ? Vote::not_sampled : Vote::sampled;
}

Vote PolicySet::of_latency(const Node& node, const Subject& subject) const {
  if (node.bit != kNoBit) return has(subject.marks, node.bit) ? Vote::sampled : Vote::not_sampled;
  if (!subject.covered->any()) return Vote::not_sampled;
  const std::int64_t length = milliseconds(subject.covered->length());
  const bool slow = semantics_.latency_is_strict ? length > node.least : length >= node.least;
  return slow ? Vote::sampled : Vote::not_sampled;
}

Vote PolicySet::of_limiter(Node& node, std::int64_t n, Time now) {
  if (semantics_.token_bucket || node.type == PolicyType::bytes_limiting)
    return buckets_[node.limiter].allow(now, n) ? Vote::sampled : Vote::not_sampled;
  if (std::exchange(node.second, whole_seconds(now)) != whole_seconds(now)) node.used_now = 0;
  if (node.used_now + n >= node.least) return Vote::not_sampled;
  node.used_now += n;
  return Vote::sampled;
}

Vote PolicySet::of_all(Node& node, const Subject& subject, Vote when_all) {
  for (const std::uint32_t part : node.parts) {
    const Vote vote = evaluate(nodes_[part], subject);
    if (vote == Vote::not_sampled || vote == Vote::failed) return vote;
    if (vote == Vote::invert_not_sampled) return when_all == Vote::dropped ? Vote::not_sampled : vote;
  }
  return when_all;
}

Vote PolicySet::of_composite(Node& node, const Subject& subject) {
  if (std::exchange(node.second, whole_seconds(subject.now)) != whole_seconds(subject.now)) {
    std::ranges::fill(node.used, 0);
  }
  for (std::size_t i = 0; i < node.parts.size(); ++i) {
    const Vote vote = evaluate(nodes_[node.parts[i]], subject);
    if (vote == Vote::failed) return vote;
    if (vote != Vote::sampled && vote != Vote::invert_sampled) continue;
    const std::int64_t used = node.used[i] + subject.span_count;
    if (used > node.allocated[i] || used > node.most) return Vote::not_sampled;
    node.used[i] = used;
    return Vote::sampled;
  }
  return Vote::not_sampled;
}

Vote PolicySet::evaluate(Node& node, const Subject& subject) {
  const auto when = [](bool yes) { return yes ? Vote::sampled : Vote::not_sampled; };
  switch (node.type) {
    case PolicyType::always_sample: return Vote::sampled;
    case PolicyType::latency: return of_latency(node, subject);
    case PolicyType::probabilistic:
      return when(fnv1a64(catalog_.trace_id(subject.trace), node.salted) <= node.threshold);
    case PolicyType::status_code:
    case PolicyType::trace_flags:
    case PolicyType::numeric_attribute:
    case PolicyType::string_attribute:
    case PolicyType::boolean_attribute:
    case PolicyType::trace_state: return of_condition(node, subject);
    case PolicyType::rate_limiting: return of_limiter(node, subject.span_count, subject.now);
    case PolicyType::bytes_limiting: return of_limiter(node, subject.bytes, subject.now);
    case PolicyType::span_count:
      return when(subject.span_count >= node.least && (node.most == 0 || subject.span_count <= node.most));
    case PolicyType::and_: return of_all(node, subject, Vote::sampled);
    case PolicyType::drop: return of_all(node, subject, Vote::dropped);
    case PolicyType::not_: {
      const Vote vote = evaluate(nodes_[node.parts.front()], subject);
      return vote == Vote::sampled ? Vote::not_sampled : vote == Vote::not_sampled ? Vote::sampled : vote;
    }
    case PolicyType::composite: return of_composite(node, subject);
    case PolicyType::ottl_condition:
      return has(subject.marks, node.failed_bit) ? Vote::failed : when(has(subject.marks, node.bit));
    case PolicyType::unknown: return Vote::not_sampled;
  }
  return Vote::not_sampled;
}

}  // namespace spillway::collector
