#include "models/collector/tail_sampling.hpp"

#include <algorithm>
#include <utility>

namespace spillway::collector {
namespace {

constexpr Duration kTick = std::chrono::seconds{1};
constexpr std::uint32_t kTickToken = 0xffffffff;  ///< of a tick beside callers that take in themselves

TailCauses add_causes(Ledger& ledger, const std::string& name) {
  return {ledger.add_sampling(name, "not sampled"),       ledger.add_sampling(name, "dropped by a policy"),
          ledger.add_sampling(name, "late, trace not sampled"), ledger.add_loss(name, "evicted before its decision"),
          ledger.add_loss(name, "trace too large"),       ledger.add_loss(name, "undecided at shutdown")};
}

}  // namespace

TailSampling::TailSampling(Run& run, TailSamplingSettings settings, Consumer& next, std::int64_t& held_bytes)
    : run_{run}, settings_{std::move(settings)}, next_{next}, held_bytes_{held_bytes}, self_{run.sim.add(*this)},
      choice_{run.sim.stream(settings_.name, "which is ready")}, causes_{add_causes(run.ledger, settings_.name)} {
  reach = next.reach;
}

void TailSampling::start() {
  counters_ = {};
  loops_.clear();
  loops_.resize(static_cast<std::size_t>(settings_.config->num_shards));
  const std::int64_t shards = settings_.config->num_shards;
  const TailTraces::Settings traces{settings_.config, settings_.semantics, shards, reach, causes_,
                                    settings_.steps};
  for (Loop& loop : loops_) loop.traces = std::make_unique<TailTraces>(run_, traces, counters_, held_bytes_);
  stopping_ = false;
  started_ = run_.sim.now();
  ticker_ = run_.sim.start_timer(started_ + kTick, self_, 0);
}

std::int64_t TailSampling::entry_bytes() const {
  std::int64_t bytes = 0;
  for (const Loop& loop : loops_) bytes += kTailEntryBytes * loop.traces->traces() + kTailCachedBytes * loop.traces->cached();
  return bytes;
}

std::size_t TailSampling::memory() const {
  std::size_t bytes = 0;
  for (const Loop& loop : loops_) bytes += loop.traces->memory();
  return bytes;
}

std::int64_t TailSampling::traces() const {
  std::int64_t sum = 0;
  for (const Loop& loop : loops_) sum += loop.traces->traces();
  return sum;
}

void TailSampling::handle(const Event&) {
  ticker_ = run_.sim.start_timer(run_.sim.now() + kTick, self_, 0);
  for (std::uint32_t i = 0; i < loops_.size(); ++i) {
    loops_[i].tick_due = true;  // a ticker remembers one tick, no more
    if (settings_.semantics.sampling.single_loop) run(i);
    else tick_directly();
  }
}

// ---- callers ----

void TailSampling::consume(Payload payload, Done done) {
  run_.hold(payload, reach);
  Payload fragments = run_.pool.by_trace(payload);
  payload.clear();
  held_bytes_ += fragments.bytes();
  if (!settings_.semantics.sampling.single_loop) return take_in_directly(std::move(fragments), done);
  if (loops_.size() == 1 && calls_.empty() && loops_[0].channel.size() < static_cast<std::size_t>(settings_.cpus)) {
    accept(0, std::move(fragments));
    return done({});
  }
  Call call;
  call.done = done;
  cut(std::move(fragments), call);
  if (calls_.empty() && push(call)) return done({});
  calls_.push_back(std::move(call));
}

std::uint32_t TailSampling::loop_of(const SpanGroup& fragment) const {
  if (loops_.size() == 1) return 0;
  const TraceId id = run_.catalog.trace_id(fragment.block->spans[fragment.begin].trace);
  std::uint64_t h = __builtin_bswap64(id.high) ^ __builtin_bswap64(id.low);
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ h >> 27) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>((h ^ h >> 31) % loops_.size());
}

/// One message for each loop that has something to do.
void TailSampling::cut(Payload fragments, Call& call) {
  if (loops_.size() == 1) {
    call.messages.emplace_back(0, std::move(fragments));
    return;
  }
  for (std::uint32_t loop = 0; loop < loops_.size(); ++loop) {
    Payload mine = run_.pool.empty();
    for (const SpanGroup& fragment : fragments.groups()) {
      if (loop_of(fragment) == loop) mine.append(fragment);
    }
    if (!mine.is_empty()) call.messages.emplace_back(loop, std::move(mine));
  }
}

bool TailSampling::push(Call& call) {
  while (call.next < call.messages.size()) {
    auto& [loop, message] = call.messages[call.next];
    if (loops_[loop].channel.size() >= static_cast<std::size_t>(settings_.cpus)) return false;
    ++call.next;
    accept(loop, std::move(message));
  }
  return true;
}

void TailSampling::push_waiting() {
  if (std::exchange(pushing_, true)) return;
  while (!calls_.empty() && push(calls_.front())) {
    const Done done = calls_.front().done;
    calls_.pop_front();
    done({});
  }
  pushing_ = false;
}

void TailSampling::accept(std::uint32_t loop, Payload message) {
  loops_[loop].channel.push_back(std::move(message));
  run(loop);
}

// ---- the event loop ----

void TailSampling::run(std::uint32_t loop) {
  if (std::exchange(loops_[loop].running, true)) return;
  while (step(loop)) {
  }
  loops_[loop].running = false;
  if (!calls_.empty()) push_waiting();
}

/// False when the loop has to wait for something.
bool TailSampling::step(std::uint32_t index) {
  Loop& loop = loops_[index];
  if (loop.shut || loop.message.waits || loop.tick.waits) return false;
  if (loop.tick.kind == Work::Kind::tick) return step_tick(index, index);
  if (loop.message.parked && loop.traces->full()) {
    if (!loop.tick_due) return false;
    begin_tick(index);
    return true;
  }
  loop.message.parked = false;
  if (loop.message.kind == Work::Kind::message) return step_message(index, loop.message, index);
  return choose(index);
}

/// Among what is ready the real program picks by chance.
bool TailSampling::choose(std::uint32_t index) {
  Loop& loop = loops_[index];
  const bool both = loop.tick_due && !loop.channel.empty();
  if (loop.tick_due && (!both || choice_.next().uniform() < 0.5)) {
    begin_tick(index);
    return true;
  }
  if (!loop.channel.empty()) {
    loop.message.kind = Work::Kind::message;
    loop.message.message = std::move(loop.channel.front());
    loop.message.next = 0;
    loop.channel.pop_front();
    return true;
  }
  return stopping_ && calls_.empty() && begin_last_tick(index);
}

void TailSampling::begin_tick(std::uint32_t index) {
  loops_[index].tick_due = false;
  loops_[index].tick.kind = Work::Kind::tick;
  loops_[index].traces->begin_tick();
}

/// What waits is decided at shutdown, tick by tick.
bool TailSampling::begin_last_tick(std::uint32_t index) {
  Loop& loop = loops_[index];
  if (!settings_.config->drop_pending_traces_on_shutdown && settings_.semantics.sampling.decides_at_shutdown) {
    loop.last_tick = !loop.traces->begin_remaining_tick();
    loop.tick.kind = Work::Kind::tick;
    return true;
  }
  loop.traces->lose_all(causes_.undecided);
  loop.shut = true;
  loop_shut();
  return false;
}

bool TailSampling::step_message(std::uint32_t index, Work& work, std::uint32_t token) {
  TailTraces& traces = *loops_[index].traces;
  while (work.next < work.message.groups().size()) {
    Payload out = run_.pool.empty();
    const TailTraces::Taken taken = traces.take_in(work.message.groups()[work.next], out);
    if (taken == TailTraces::Taken::full) {
      work.parked = true;
      return true;
    }
    ++work.next;
    if (taken == TailTraces::Taken::forward && !send(work, std::move(out), token)) return false;
  }
  work.message.clear();
  work.kind = Work::Kind::idle;
  return true;
}

bool TailSampling::step_tick(std::uint32_t index, std::uint32_t token) {
  Loop& loop = loops_[index];
  Payload out = run_.pool.empty();
  while (loop.traces->next_sampled(out)) {
    if (!send(loop.tick, std::move(out), token)) return false;
    out = run_.pool.empty();
  }
  loop.traces->end_tick();
  loop.tick.kind = Work::Kind::idle;
  if (settings_.semantics.sampling.counts_by_tick) {
    counters_.traces_on_memory.reset(true);
    counters_.traces_on_memory.add(traces());
    counters_.memory_read_at = run_.sim.now();
  }
  if (!std::exchange(loop.last_tick, false)) return true;
  loop.traces->lose_all(causes_.undecided);
  loop.shut = true;
  loop_shut();
  return false;
}

/// False when the call has not come back: done() goes on then.
bool TailSampling::send(Work& work, Payload spans, std::uint32_t token) {
  work.sending = run_.pool.packed(spans);
  spans.clear();
  work.waits = true;
  next_.consume(work.sending.clone(), {this, token});
  return !work.waits;
}

void TailSampling::done(std::uint32_t token, const Result& result) {
  const bool direct = !settings_.semantics.sampling.single_loop;
  Work& work = token == kTickToken ? loops_[0].tick
               : direct            ? direct_[token]
               : loops_[token].tick.waits ? loops_[token].tick : loops_[token].message;
  work.waits = false;
  held_bytes_ -= work.sending.bytes();
  // An error is only logged: whatever the next stage refused is gone.
  run_.release(work.sending, reach, result.ok ? Ledger::handed_over() : result.cause);
  work.sending.clear();
  loops_[direct ? 0 : token].traces->sent();
  if (token == kTickToken) return tick_directly();
  if (direct) return run_direct(token);
  run(token);
}

// ---- v0.111: callers take in themselves ----

void TailSampling::take_in_directly(Payload message, Done done) {
  const std::uint32_t token = direct_.add({});
  live_direct_.push_back(token);
  Work& work = direct_[token];
  work.kind = Work::Kind::message;
  work.message = std::move(message);
  work.done = done;
  run_direct(token);
}

void TailSampling::run_direct(std::uint32_t token) {
  Work& work = direct_[token];
  if (std::exchange(work.parked, true)) return;  // is running further up
  const bool through = step_message(0, work, token);
  work.parked = false;
  if (!through) return;
  const Done done = work.done;
  live_direct_.erase(std::find(live_direct_.begin(), live_direct_.end(), token));
  direct_.remove(token);
  done({});
}

void TailSampling::tick_directly() {
  Loop& loop = loops_[0];
  if (loop.tick.waits || std::exchange(loop.running, true)) return;
  while (loop.tick.kind == Work::Kind::tick || loop.tick_due) {
    if (loop.tick.kind != Work::Kind::tick) begin_tick(0);
    if (!step_tick(0, kTickToken)) break;
  }
  loop.running = false;
}

// ---- life ----

void TailSampling::stop(Done stopped) {
  stopping_ = true;
  stopped_ = stopped;
  if (settings_.semantics.sampling.single_loop) {
    for (std::uint32_t i = 0; i < loops_.size(); ++i) run(i);
    return;
  }
  run_.sim.cancel(ticker_);
  loops_[0].tick_due = false;
  loops_[0].traces->lose_all(causes_.undecided);
  std::exchange(stopped_, {})({});
}

void TailSampling::loop_shut() {
  const bool all = std::all_of(loops_.begin(), loops_.end(), [](const Loop& loop) { return loop.shut; });
  if (!all || stopped_.caller == nullptr) return;
  run_.sim.cancel(ticker_);
  std::exchange(stopped_, {})({});
}

void TailSampling::release_rest(Work& work, Cause cause) {
  const std::vector<SpanGroup>& groups = work.message.groups();
  for (std::size_t i = work.next; work.kind == Work::Kind::message && i < groups.size(); ++i) {
    for (std::uint32_t s = groups[i].begin; s < groups[i].end; ++s) {
      run_.ledger.release(groups[i].block->spans[s].item, reach, cause, run_.sim.now());
    }
  }
  if (work.waits) run_.release(work.sending, reach, cause);
  work = {};
}

void TailSampling::kill(Cause cause) {
  run_.sim.cancel(ticker_);
  for (Loop& loop : loops_) {
    loop.traces->lose_all(cause);
    release_rest(loop.message, cause);
    release_rest(loop.tick, cause);
    for (; !loop.channel.empty(); loop.channel.pop_front()) run_.release(loop.channel.front(), reach, cause);
    loop.running = loop.tick_due = false;
  }
  for (; !calls_.empty(); calls_.pop_front()) {
    Call& call = calls_.front();
    for (std::size_t i = call.next; i < call.messages.size(); ++i) run_.release(call.messages[i].second, reach, cause);
  }
  for (const std::uint32_t token : live_direct_) {
    release_rest(direct_[token], cause);
    direct_.remove(token);
  }
  live_direct_.clear();
  stopped_ = {};
}

}  // namespace spillway::collector
