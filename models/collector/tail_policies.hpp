// What the policies of tail_sampling say of a trace. Spans are looked at once, when they arrive: what matters of them
// is one bit per condition, known from the span's shape and resource, and the ends of the time they cover. A
// decision is then a few operations on these, however many spans the trace has.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/config_sampling.hpp"
#include "models/collector/ottl/ottl.hpp"
#include "models/collector/version.hpp"
#include "models/telemetry/memo.hpp"
#include "models/telemetry/payload.hpp"
#include "models/telemetry/regex.hpp"

namespace spillway::collector {

/// What one policy says. The invert_ ones come from invert_match where it vetoes (SamplingSemantics::inverts_veto).
/// failed: an error, which leaves the policy out.
enum class Vote : std::uint8_t { sampled, not_sampled, dropped, invert_sampled, invert_not_sampled, failed };

/// The time that spans cover, from the first start to the last end.
struct Covered {
  Time first_start{Duration{std::numeric_limits<std::int64_t>::max()}};
  Time last_end{Duration{std::numeric_limits<std::int64_t>::min()}};
  bool any() const { return last_end != Covered{}.last_end; }
  Duration length() const { return last_end - first_start; }
  void add(const Covered& other) {
    if (other.first_start < first_start) first_start = other.first_start;
    if (other.last_end > last_end) last_end = other.last_end;
  }
};

/// All that policies ask of a trace.
struct Subject {
  std::uint64_t trace = 0;
  std::int64_t span_count = 0;
  std::int64_t bytes = 0;          ///< as protobuf, of what is buffered
  const Covered* covered = nullptr;
  const std::uint64_t* marks = nullptr;  ///< PolicySet::words() of them
  Time now{};
};

/// Go's hash/fnv New64a over salt and trace id, as the probabilistic policy takes it.
std::uint64_t fnv1a64(std::string_view text, std::uint64_t state = 0xcbf29ce484222325ULL);
std::uint64_t fnv1a64(TraceId id, std::uint64_t state);
/// floor(ratio * (2^64 - 1)), the product rounded to 64 bits as Go's big.Float does; 0 below 0, all bits from 1 on.
std::uint64_t hash_threshold(double ratio);
/// The value of a key in a W3C tracestate; empty when it is not there or the text is none (then nothing matches).
std::string_view trace_state_value(std::string_view text, std::string_view key);

/// Go's golang.org/x/time/rate, AllowN only.
class TokenBucket {
 public:
  TokenBucket(std::int64_t per_second, std::int64_t burst)
      : rate_{static_cast<double>(per_second)}, burst_{burst}, tokens_{static_cast<double>(burst)} {}
  bool allow(Time now, std::int64_t n);

 private:
  double rate_;
  std::int64_t burst_;
  double tokens_;
  Time last_{};
};

/// Names in the order of evaluation: drop policies first.
std::vector<std::string> policy_order(const TailSamplingConfig& config);

/// The policies of one event loop: limiters have a state.
class PolicySet {
 public:
  /// `shards`: how many share the limits.
  PolicySet(const Catalog& catalog, const TailSamplingConfig& config, const Semantics& semantics,
            std::int64_t shards);

  std::size_t size() const { return roots_.size(); }
  bool is_drop(std::size_t policy) const { return nodes_[roots_[policy]].type == PolicyType::drop; }
  /// Marks of a trace: this many words.
  std::size_t words() const { return words_; }

  /// Adds spans to what is known of their trace.
  void look_at(const SpanGroup& group, Covered& covered, std::uint64_t* marks);
  Vote evaluate(std::size_t policy, const Subject& subject) { return evaluate(nodes_[roots_[policy]], subject); }

 private:
  static constexpr std::uint32_t kNoBit = 0xffffffff;
  /// A condition on a span or its resource.
  struct Condition {
    PolicyType type;
    std::string key;
    std::vector<std::string> values;
    std::vector<Regex> patterns;
    std::int64_t least = 0, most = 0;
    bool truth = false;
    bool on_resource(const ResourceShape& resource) const;
    bool on_span(const SpanShape& shape) const;
    bool matches(const Attributes& attributes, bool empty_text_counts) const;
    bool text_matches(std::string_view text) const;
  };
  struct Node {
    PolicyType type = PolicyType::unknown;
    std::uint32_t bit = kNoBit;  ///< of its condition
    bool inverted = false;
    std::int64_t least = 0, most = 0;    ///< milliseconds or spans; of a limiter: rate and burst
    std::uint64_t salted = 0, threshold = 0;
    std::uint32_t limiter = 0;
    std::uint32_t failed_bit = kNoBit;  ///< of OTTL
    std::vector<std::uint32_t> parts;
    std::vector<std::int64_t> allocated, used;  ///< composite: spans a second of each part
    std::int64_t second = -1;                   ///< composite and limiter by the second: the one being counted
    std::int64_t used_now = 0;
  };
  struct LatencyRange {  ///< with an upper bound it matters what the first spans alone covered
    std::uint32_t bit;
    std::int64_t more_than, at_most;
  };

  /// OTTL conditions on spans and on their events: the first span that meets or breaks one decides.
  struct Ottl {
    std::uint32_t met, failed;  ///< bits
    ottl::Matcher span, event;
  };

  std::uint32_t add(const PolicyConfig& config);
  void add_ottl(const PolicyConfig::OttlCondition& config, Node& node);
  ottl::Verdict test(Ottl& condition, const Span& span) const;
  void test_ottl(const Span& span, std::uint64_t* marks);
  void add_condition(const PolicyConfig& config, Node& node);
  void add_limiter(const PolicyConfig::RateLimiting& config, Node& node);
  void add_composite(const PolicyConfig::Composite& config, Node& node);
  std::int64_t divided(std::int64_t limit) const;
  std::uint32_t marks_of(const Span& span);
  std::uint32_t judge(const Span& span);
  bool has(const std::uint64_t* marks, std::uint32_t bit) const { return marks[bit / 64] >> (bit % 64) & 1; }

  Vote evaluate(Node& node, const Subject& subject);
  Vote of_condition(const Node& node, const Subject& subject) const;
  Vote of_latency(const Node& node, const Subject& subject) const;
  Vote of_limiter(Node& node, std::int64_t n, Time now);
  Vote of_all(Node& node, const Subject& subject, Vote when_all);
  Vote of_composite(Node& node, const Subject& subject);

  const Catalog& catalog_;
  Semantics all_semantics_;
  SamplingSemantics semantics_;
  std::int64_t shards_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;
  std::vector<TokenBucket> buckets_;
  std::vector<Condition> conditions_;
  std::vector<std::uint32_t> condition_bits_;
  std::vector<LatencyRange> ranges_;
  std::vector<Ottl> ottls_;
  std::uint32_t bits_ = 0;
  std::size_t words_ = 1;
  std::vector<std::uint64_t> status_marks_;  ///< by status, words_ each
  std::vector<std::uint64_t> flag_marks_;    ///< of a span with the sampled flag
  bool by_status_ = false, by_flag_ = false;
  ShapeMemo<std::uint32_t> memo_;            ///< (resource, shape) -> place in shape_marks_
  std::vector<std::uint64_t> shape_marks_;
};

}  // namespace spillway::collector
