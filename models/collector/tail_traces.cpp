#include "models/collector/tail_traces.hpp"

#include <algorithm>
#include <utility>

namespace spillway::collector {
namespace {

std::int64_t whole_seconds(Duration d) { return d / std::chrono::seconds{1}; }

std::int64_t shared(std::int64_t limit, std::int64_t shards) {
  return limit <= 0 || shards == 1 ? limit : std::max<std::int64_t>(1, limit / shards);
}

/// A ResourceSpans message without the tag and the length in front of it.
std::int64_t body_bytes(std::int64_t framed) {
  std::int64_t length_bytes = 1;
  while (framed - 1 - length_bytes >= std::int64_t{1} << 7 * length_bytes) ++length_bytes;
  return framed - 1 - length_bytes;
}

bool has_root(const SpanGroup& fragment) {
  const Span* const spans = fragment.block->spans.data();
  return std::any_of(spans + fragment.begin, spans + fragment.end, [](const Span& s) { return s.parent == kNoParent; });
}

Decision decision_of(Vote vote) {
  switch (vote) {
    case Vote::sampled:
    case Vote::invert_sampled: return Decision::sampled;
    case Vote::not_sampled:
    case Vote::invert_not_sampled: return Decision::not_sampled;
    case Vote::dropped: return Decision::dropped;
    case Vote::failed: return Decision::none;
  }
  return Decision::none;
}

std::size_t place(Decision decision) { return static_cast<std::size_t>(decision); }

}  // namespace

// ---- ticks ----

TickRing::TickRing(std::int64_t ticks, bool as_set) : ring_(static_cast<std::size_t>(ticks)), as_set_{as_set} {}

void TickRing::clear() {
  for (Tick& tick : ring_) {
    tick.set.clear();
    tick.list.clear();
  }
  filling_.set.clear();
  filling_.list.clear();
  taken_ = remaining_ = 0;
}

std::uint64_t TickRing::add(std::uint64_t trace) {
  if (as_set_) filling_.set.insert(trace);
  else filling_.list.push_back(trace);
  return taken_ + ring_.size();
}

std::uint64_t TickRing::move_earlier(std::uint64_t trace, std::uint64_t tick, std::uint64_t from_now) {
  const std::uint64_t proposed = taken_ + from_now;
  if (proposed >= tick) return tick;
  at(tick).set.erase(trace);
  at(proposed).set.insert(trace);
  return proposed;
}

void TickRing::remove(std::uint64_t trace, std::uint64_t tick) {
  if (tick >= taken_ && tick <= taken_ + ring_.size()) at(tick).set.erase(trace);
}

void TickRing::hand_out(Tick& tick, std::vector<std::uint64_t>& out) const {
  out.clear();
  if (!as_set_) return std::swap(out, tick.list);
  for (std::size_t i = 0; i < tick.set.end(); ++i) {
    if (tick.set.present(i)) out.push_back(tick.set[i]);
  }
  tick.set.clear();
}

void TickRing::take(std::vector<std::uint64_t>& out) {
  Tick& oldest = ring_[taken_ % ring_.size()];
  hand_out(oldest, out);
  std::swap(oldest, filling_);
  ++taken_;
}

bool TickRing::take_remaining(std::vector<std::uint64_t>& out) {
  const bool more = remaining_ < ring_.size();
  hand_out(more ? ring_[(taken_ + remaining_) % ring_.size()] : filling_, out);
  ++remaining_;
  return more;
}

std::size_t TickRing::memory() const {
  std::size_t total = filling_.set.memory() + filling_.list.capacity() * sizeof(std::uint64_t);
  for (const Tick& tick : ring_) total += tick.set.memory() + tick.list.capacity() * sizeof(std::uint64_t);
  return total;
}

// ---- table ----

TailTraces::TailTraces(Run& run, const Settings& settings, TailCounters& counters, std::int64_t& held_bytes)
    : run_{run}, config_{*settings.config}, semantics_{settings.semantics.sampling}, reach_{settings.reach},
      causes_{settings.causes}, counters_{counters}, held_bytes_{held_bytes},
      num_traces_{std::max<std::int64_t>(1, shared(config_.num_traces, settings.shards))},
      policies_{run.catalog, config_, settings.semantics, settings.shards},
      sampled_{shared(config_.sampled_cache_size, settings.shards)},
      not_sampled_{shared(config_.non_sampled_cache_size, settings.shards)},
      ticks_{std::max<std::int64_t>(1, whole_seconds(config_.decision_wait)), semantics_.tick_is_a_set} {
  if (settings.steps != nullptr) count_steps_in(*settings.steps);
  votes_.traces.resize(policies_.size());
  votes_.executions.resize(policies_.size());
  counters_.policies.resize(policies_.size());
  fragment_marks_.resize(policies_.words());
}

std::size_t TailTraces::memory() const {
  return table_.memory() + traces_.capacity() * sizeof(Trace) + marks_.capacity() * sizeof(std::uint64_t) +
         ticks_.memory() + deciding_.capacity() * sizeof(std::uint64_t);
}

std::uint32_t TailTraces::create(std::uint64_t id) {
  std::uint32_t slot = static_cast<std::uint32_t>(traces_.size());
  if (free_.empty()) {
    traces_.emplace_back();
    marks_.resize(marks_.size() + policies_.words());
  } else {
    slot = free_.back();
    free_.pop_back();
    traces_[slot] = Trace{};
    std::fill_n(marks(slot), policies_.words(), 0);
  }
  Trace& trace = traces_[slot];
  trace.id = id;
  trace.arrived = run_.sim.now();
  trace.spans = run_.pool.empty();
  table_.insert(id, slot);
  trace.tick = ticks_.add(id);
  counters_.new_traces.add(1);
  count(Step::tail_trace, 1);
  trace.older = newest_;
  (newest_ == kNone ? oldest_ : traces_[newest_].newer) = slot;
  newest_ = slot;
  return slot;
}

void TailTraces::forget_spans(Trace& trace, Cause cause) {
  held_bytes_ -= trace.spans.bytes();
  if (!trace.lost) run_.release(trace.spans, reach_, cause);
  trace.spans.clear();
}

void TailTraces::remove(std::uint32_t slot) {
  Trace& trace = traces_[slot];
  (trace.older == kNone ? oldest_ : traces_[trace.older].newer) = trace.newer;
  (trace.newer == kNone ? newest_ : traces_[trace.newer].older) = trace.older;
  counters_.removal_age.add(whole_seconds(run_.sim.now() - trace.arrived));
  table_.erase(trace.id);
  free_.push_back(slot);
}

void TailTraces::evict_oldest() {
  const std::uint32_t slot = oldest_;
  forget_spans(traces_[slot], causes_.evicted);
  remove(slot);
}

void TailTraces::lose_all(Cause cause) {
  for (std::uint32_t slot = oldest_; slot != kNone; slot = traces_[slot].newer) forget_spans(traces_[slot], cause);
  traces_.clear();
  marks_.clear();
  free_.clear();
  table_.clear();
  ticks_.clear();
  sampled_.clear();
  not_sampled_.clear();
  deciding_.clear();
  next_ = 0;
  oldest_ = newest_ = kNone;
  release_removes_ = false;
}

void TailTraces::discard(const SpanGroup& fragment, Cause cause) {
  held_bytes_ -= fragment.bytes;
  const Span* const spans = fragment.block->spans.data();
  for (std::uint32_t i = fragment.begin; i < fragment.end; ++i) {
    run_.ledger.release(spans[i].item, reach_, cause, run_.sim.now());
  }
}

// ---- spans that arrive ----

bool TailTraces::take_cached(const SpanGroup& fragment, Taken& taken, Payload& out) {
  const std::uint64_t key = cache_key(fragment.block->spans[fragment.begin].trace);
  if (sampled_.find(key)) {
    counters_.early_releases[0].add(fragment.items());
    out.append(fragment);
    taken = Taken::forward;
    return true;
  }
  if (!not_sampled_.find(key)) return false;
  counters_.early_releases[1].add(fragment.items());
  discard(fragment, causes_.late);
  taken = Taken::here;
  return true;
}

TailTraces::Taken TailTraces::take_in(const SpanGroup& fragment, Payload& out) {
  Taken taken = Taken::here;
  if ((sampled_.on() || not_sampled_.on()) && take_cached(fragment, taken, out)) return taken;
  const std::uint64_t id = fragment.block->spans[fragment.begin].trace;
  std::uint32_t slot = table_.find(id);
  if (slot == kNone) {
    if (full() && config_.block_on_overflow) return Taken::full;
    if (full()) evict_oldest();
    slot = create(id);
  }
  counters_.new_traces.show();
  count(Step::tail_span, fragment.items());
  Trace& trace = traces_[slot];
  trace.span_count += fragment.items();
  const std::int64_t wait = whole_seconds(config_.decision_wait_after_root_received);
  if (config_.decision_wait_after_root_received > Duration{} && has_root(fragment)) {
    trace.tick = ticks_.move_earlier(id, trace.tick, static_cast<std::uint64_t>(wait));
  }
  trace.size_bytes += body_bytes(fragment.bytes);
  if (trace.decision != Decision::none) return take_late(trace, fragment, out);
  if (config_.maximum_trace_size_bytes > 0 && trace.size_bytes > config_.maximum_trace_size_bytes) {
    return take_too_large(slot, fragment);
  }
  if (config_.span_ingest) return evaluate_at_once(slot, fragment, out);
  policies_.look_at(fragment, trace.covered, marks(slot));
  trace.spans.append(fragment);
  return Taken::here;
}

TailTraces::Taken TailTraces::take_late(Trace& trace, const SpanGroup& fragment, Payload& out) {
  const bool forward = trace.decision == Decision::sampled;
  if (trace.was_decided && (!forward || semantics_.late_age_of_sampled)) {
    counters_.late_span_age.add(whole_seconds(run_.sim.now() - trace.decided));
  }
  if (!forward) {
    discard(fragment, causes_.late);
    return Taken::here;
  }
  if (!semantics_.cache_frees_trace) sampled_.put(cache_key(trace.id));
  out.append(fragment);
  return Taken::forward;
}

// Without a cache the spans that came before stay in memory until the trace is evicted.
TailTraces::Taken TailTraces::take_too_large(std::uint32_t slot, const SpanGroup& fragment) {
  Trace& trace = traces_[slot];
  counters_.too_large.add(1);
  trace.decision = Decision::not_sampled;
  ticks_.remove(trace.id, trace.tick);
  discard(fragment, causes_.too_large);
  if (!not_sampled_.on()) {
    run_.release(trace.spans, reach_, causes_.too_large);
    trace.lost = true;
    return Taken::here;
  }
  not_sampled_.put(cache_key(trace.id));
  forget_spans(trace, causes_.too_large);
  remove(slot);
  return Taken::here;
}

// ---- decisions ----

Subject TailTraces::subject_of(std::uint32_t slot) {
  const Trace& trace = traces_[slot];
  return {trace.id, trace.span_count, trace.spans.bytes(), &trace.covered, marks(slot), run_.sim.now()};
}

void TailTraces::count_vote(std::size_t policy, Vote vote) {
  ++votes_.executions[policy];
  count(Step::tail_policy, 1);
  if (vote == Vote::failed) ++votes_.errors;
  else ++votes_.traces[policy][place(decision_of(vote))];
}

Decision TailTraces::vote(const Subject& subject) {
  std::array<bool, 6> said{};
  const auto is = [&said](Vote v) { return said[static_cast<std::size_t>(v)]; };
  for (std::size_t policy = 0; policy < policies_.size(); ++policy) {
    const Vote vote = policies_.evaluate(policy, subject);
    count_vote(policy, vote);
    said[static_cast<std::size_t>(vote)] = true;
    if (vote == Vote::dropped || (config_.sample_on_first_match && vote == Vote::sampled)) break;
  }
  if (is(Vote::dropped)) return Decision::dropped;
  if (is(Vote::invert_not_sampled)) return Decision::not_sampled;
  if (is(Vote::sampled)) return Decision::sampled;
  return is(Vote::invert_sampled) && !is(Vote::not_sampled) ? Decision::sampled : Decision::not_sampled;
}

// A drop policy that has not matched yet may match later spans: as long as there is one, nothing is sampled.
Decision TailTraces::vote_at_once(const Subject& subject) {
  bool drop_pending = false;
  for (std::size_t policy = 0; policy < policies_.size(); ++policy) {
    const bool drops = policies_.is_drop(policy);
    if (!drops && drop_pending) break;
    const Vote vote = policies_.evaluate(policy, subject);
    count_vote(policy, vote);
    if (vote == Vote::dropped) return Decision::dropped;
    drop_pending |= drops;
    if (vote == Vote::sampled && !drop_pending) return Decision::sampled;
  }
  return Decision::none;
}

TailTraces::Taken TailTraces::evaluate_at_once(std::uint32_t slot, const SpanGroup& fragment, Payload& out) {
  Trace& trace = traces_[slot];
  Covered covered;
  std::ranges::fill(fragment_marks_, 0);
  policies_.look_at(fragment, covered, fragment_marks_.data());
  const Decision decision = vote_at_once(
      {trace.id, trace.span_count, fragment.bytes, &covered, fragment_marks_.data(), run_.sim.now()});
  trace.decided = run_.sim.now();
  trace.was_decided = true;
  counters_.decision_timer.add(0);
  counters_.evaluation_errors.add(std::exchange(votes_.errors, 0));
  if (decision != Decision::none) ++votes_.decided[place(decision)];
  commit_votes();
  trace.spans.append(fragment);
  if (decision == Decision::none) return Taken::here;
  settle(slot, decision, out);
  return decision == Decision::sampled ? Taken::forward : Taken::here;
}

/// The decision takes effect: spans go to `out` or end, caches are told, a cached trace leaves the table.
void TailTraces::settle(std::uint32_t slot, Decision decision, Payload& out) {
  Trace& trace = traces_[slot];
  trace.decision = decision;
  trace.covered = {};
  std::fill_n(marks(slot), policies_.words(), 0);
  RecentKeys& cache = decision == Decision::sampled ? sampled_ : not_sampled_;
  if (cache.on()) cache.put(cache_key(trace.id));
  const bool leaves = cache.on() && semantics_.cache_frees_trace;
  if (decision == Decision::sampled) {
    out = std::exchange(trace.spans, run_.pool.empty());
    releasing_ = trace.id;
    release_removes_ = leaves;
    return;
  }
  forget_spans(trace, decision == Decision::dropped ? causes_.dropped : causes_.not_sampled);
  trace.spans = run_.pool.empty();
  if (leaves || (config_.span_ingest && decision == Decision::not_sampled)) remove(slot);
}

void TailTraces::sent() {
  if (!std::exchange(release_removes_, false)) return;
  const std::uint32_t slot = table_.find(releasing_);
  if (slot != kNone) remove(slot);
}

void TailTraces::begin_tick() {
  ticks_.take(deciding_);
  next_ = 0;
}

bool TailTraces::begin_remaining_tick() {
  next_ = 0;
  return ticks_.take_remaining(deciding_);
}

// In v0.111 the number of traces missed so far in this tick is added again with every trace that is found.
void TailTraces::count_by_trace(Decision decision) {
  counters_.decision_timer.add(0);
  counters_.dropped_too_early.add(votes_.missed);
  counters_.evaluation_errors.add(votes_.errors);
  counters_.traces_on_memory.reset(true);
  counters_.traces_on_memory.add(traces());
  counters_.memory_read_at = run_.sim.now();
  counters_.decided[place(decision)].add(1);
  commit_votes();
}

bool TailTraces::next_sampled(Payload& out) {
  while (next_ < deciding_.size()) {
    const std::uint32_t slot = table_.find(deciding_[next_++]);
    if (slot == kNone) {
      ++votes_.missed;
      continue;
    }
    Trace& trace = traces_[slot];
    if (semantics_.tick_is_a_set) {
      if (trace.decision != Decision::none) continue;
      if (trace.spans.is_empty()) {
        ++votes_.missed;
        continue;
      }
    }
    trace.decided = run_.sim.now();
    trace.was_decided = true;
    const Decision decision = config_.span_ingest ? Decision::not_sampled : vote(subject_of(slot));
    if (semantics_.counts_by_tick) ++votes_.decided[place(decision)];
    else count_by_trace(decision);
    settle(slot, decision, out);
    if (decision == Decision::sampled) return true;  // in v0.111 perhaps nothing, when it was decided before
  }
  return false;
}

void TailTraces::commit_votes() {
  for (std::size_t i = 0; i < votes_.traces.size(); ++i) {
    for (std::size_t decision = 0; decision < 3; ++decision) {
      const std::int64_t traces = std::exchange(votes_.traces[i][decision], 0);
      if (traces > 0) counters_.policies[i].traces[decision].add(traces);
    }
    if (!semantics_.execution_metrics && votes_.executions[i] == 0) continue;
    counters_.policies[i].executions.add(std::exchange(votes_.executions[i], 0));
  }
  for (std::size_t decision = 0; decision < 3; ++decision) {
    const std::int64_t traces = std::exchange(votes_.decided[decision], 0);
    if (traces > 0) counters_.decided[decision].add(traces);
  }
}

void TailTraces::end_tick() {
  if (semantics_.counts_by_tick) {
    counters_.decision_timer.add(0);
    counters_.dropped_too_early.add(votes_.missed);
    counters_.evaluation_errors.add(votes_.errors);
    commit_votes();
  }
  votes_.missed = votes_.errors = 0;
}

}  // namespace spillway::collector
