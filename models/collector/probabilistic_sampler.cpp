#include "models/collector/probabilistic_sampler.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace spillway::collector {
namespace {

constexpr std::array<const char*, 5> kPolicyNames{"trace_id_hash", "trace_id_w3c", "sampling_randomness",
                                                  "sampling_priority", "missing_randomness"};

/// The sign of sampling.priority, nothing when it is no number.
std::optional<int> sign_of(const Value& value) {
  double number = 0;
  if (const auto* whole = value.get<std::int64_t>()) {
    number = static_cast<double>(*whole);
  } else if (const auto* real = value.get<double>()) {
    number = *real;
  } else if (const auto* text = value.get<std::string>()) {
    const char* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, number);
    if (error != std::errc{} || stopped != end) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return number == 0 ? 0 : number > 0 ? 1 : -1;
}

bool is_empty(TraceId id) { return id.high == 0 && id.low == 0; }

}  // namespace

ProbabilisticSampler::ProbabilisticSampler(Run& run, const std::string& name, const ProbabilisticSamplerConfig& config,
                                           bool counts_removed_payloads, Consumer& next)
    : run_{run}, config_{config}, counts_removed_payloads_{counts_removed_payloads}, next_{next},
      not_sampled_{run.ledger.add_sampling(name, "not sampled")} {
  reach = next.reach;
  const float percentage = std::min(static_cast<float>(config.sampling_percentage), 100.0F);
  if (percentage == 0) return;
  ratio_ = std::max(static_cast<double>(percentage) / 100, 0x1p-56);
  const int precision = static_cast<int>(config.sampling_precision);
  if (config.mode == "equalizing") {
    mode_ = Mode::equalizing;
    threshold_ = sampling_threshold(ratio_, precision).value_or(kAllTraces);
  } else if (config.mode == "proportional") {
    mode_ = Mode::proportional;
  } else if (const auto buckets = static_cast<std::uint64_t>(percentage * 163.84F); buckets > 0) {
    mode_ = Mode::hash_seed;
    threshold_ = (0x4000 - buckets) << 42;
  }
}

void ProbabilisticSampler::start() {
  counters_ = {};
  counts_ = {};
}

ProbabilisticSampler::Known ProbabilisticSampler::look_at(const Span& span) {
  const SpanShape& shape = run_.catalog.shape(span.shape);
  Known known;
  known.state = parse_sampling_state(shape.trace_state);
  if (const Value* const value = find_attribute(shape.attributes, "sampling.priority")) {
    const std::optional<int> sign = sign_of(*value);
    if (sign == 0) known.priority = Priority::drop;
    if (sign == 1) known.priority = Priority::keep;
  }
  const std::optional<std::uint64_t>& arriving = known.state.threshold;
  known.threshold = threshold_;
  known.in_use = mode_ == Mode::hash_seed && (known.state.has_randomness() || arriving);
  if (mode_ == Mode::equalizing && arriving) known.threshold = std::max(threshold_, *arriving);
  if (mode_ == Mode::proportional) {
    const double share = (arriving ? share_of(*arriving) : 1.0) * ratio_;
    known.threshold = sampling_threshold(share, static_cast<int>(config_.sampling_precision)).value_or(kNoTraces);
  }
  if (known.threshold < kNoTraces) known.kept = shape_with(known, span, known.threshold, false, false);
  known.kept_by_force = shape_with(known, span, kAllTraces, false, false);
  known.kept_cleared = shape_with(known, span, kAllTraces, true, false);
  return known;
}

/// Where the randomness comes from; `wrong`: there is none.
std::uint64_t ProbabilisticSampler::randomness(const Known& known, TraceId id, Policy& policy, bool& wrong) const {
  if (mode_ == Mode::never) return policy = sampling_priority, kMostRandomness;
  if (mode_ == Mode::hash_seed && !is_empty(id)) {
    return policy = trace_id_hash, hashed_randomness(id, static_cast<std::uint32_t>(config_.hash_seed));
  }
  if (mode_ != Mode::hash_seed && known.state.valid && known.state.has_randomness()) {
    policy = sampling_randomness;
    return known.state.seed ? hashed_randomness(id, *known.state.seed) : *known.state.randomness;
  }
  if (mode_ != Mode::hash_seed && known.state.valid && !is_empty(id)) return policy = trace_id_w3c, w3c_randomness(id);
  wrong = true;
  return policy = missing_randomness, kMostRandomness;
}

/// The span's shape with the trace state that it leaves with.
std::uint32_t ProbabilisticSampler::shape_with(const Known& known, const Span& span, std::uint64_t threshold,
                                               bool cleared, bool missing) {
  SamplingState state = known.state;
  if (!state.valid || known.in_use) return span.shape;
  if (cleared) state.threshold.reset();
  if (mode_ == Mode::hash_seed && missing) state.randomness = kMostRandomness;
  if (mode_ == Mode::hash_seed && !missing) state.seed = static_cast<std::uint32_t>(config_.hash_seed);
  const bool would_lower = state.threshold && *state.threshold > threshold;
  if (!would_lower) state.threshold = threshold;
  SpanShape shape = run_.catalog.shape(span.shape);
  shape.trace_state = to_text(state);
  return run_.catalog.add_shape(shape);
}

bool ProbabilisticSampler::keep(Span& span) {
  const TraceId id = run_.catalog.trace_id(span.trace);
  const Known& known = memo_.at(span, [&] { return look_at(span); });
  Policy policy = trace_id_hash;
  bool missing = false;
  const std::uint64_t random = randomness(known, id, policy, missing);
  const bool inconsistent = known.state.valid && !known.in_use && !missing && known.state.threshold &&
                            *known.state.threshold > random;
  const bool wrong = !known.state.valid || known.in_use || missing || inconsistent;
  const std::uint64_t never = mode_ == Mode::never ? kNoTraces : known.threshold;
  std::uint64_t threshold = !wrong ? never : config_.fail_closed ? kNoTraces : kAllTraces;
  if (known.priority != Priority::none) {
    policy = sampling_priority;
    threshold = known.priority == Priority::keep ? kAllTraces : kNoTraces;
  }
  const bool kept = threshold <= random;
  ++counts_[policy][kept ? 0 : 1];
  if (!kept) return false;
  const bool forced = wrong || known.priority == Priority::keep;
  if (missing && forced) span.shape = shape_with(known, span, kAllTraces, false, true);
  else span.shape = inconsistent ? known.kept_cleared : forced ? known.kept_by_force : known.kept;
  return true;
}

void ProbabilisticSampler::consume(Payload payload, Done done) {
  const std::int64_t before = payload.items();
  count(Step::processor_span, before);
  Payload kept = run_.pool.rewrite(payload, [this](Span& span) {
    if (keep(span)) return true;
    // Its fate is decided here, though whoever calls holds it until the call is over.
    run_.ledger.hold(span.item, reach);
    run_.ledger.release(span.item, reach, not_sampled_, run_.sim.now());
    return false;
  });
  payload.clear();
  for (std::size_t policy = 0; policy < counts_.size(); ++policy) {
    for (std::size_t dropped = 0; dropped < 2; ++dropped) {
      const std::int64_t spans = std::exchange(counts_[policy][dropped], 0);
      if (spans > 0) counters_.by_policy[kPolicyNames[policy]][dropped].add(spans);
    }
  }
  if (!kept.is_empty() || counts_removed_payloads_) {
    counters_.incoming.add(before);
    counters_.outgoing.add(kept.items());
  }
  if (kept.is_empty()) return done({});
  next_.consume(std::move(kept), done);
}

}  // namespace spillway::collector
