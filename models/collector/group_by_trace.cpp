#include "models/collector/group_by_trace.hpp"

#include <algorithm>
#include <utility>

#include "sim/hash.hpp"

namespace spillway::collector {
namespace {

constexpr Duration kGaugePeriod = std::chrono::seconds{1};

}  // namespace

GroupByTrace::GroupByTrace(Run& run, const std::string& name, const GroupByTraceConfig& config, Consumer& next,
                           std::int64_t& held_bytes)
    : run_{run}, config_{config}, next_{next}, held_bytes_{held_bytes}, self_{run.sim.add(*this)},
      evicted_{run.ledger.add_loss(name, "evicted before its release")},
      shutdown_{run.ledger.add_loss(name, "waiting at shutdown")} {
  reach = next.reach;
}

void GroupByTrace::start() {
  counters_ = {};
  for (Counter* counter : {&counters_.incomplete_releases, &counters_.traces_evicted}) counter->show();
  workers_.clear();
  workers_.resize(static_cast<std::size_t>(config_.num_workers));
  run_.sim.schedule(run_.sim.now() + kGaugePeriod, self_, read_gauges, 0, ++life_);
}

GroupByTrace::Worker& GroupByTrace::worker_of(std::uint64_t trace) {
  return workers_.size() == 1 ? workers_.front() : workers_[mix64(trace) % workers_.size()];
}

// A request of a Zipkin client that had to wait somewhere may come after the processor was stopped: its receiver does not wait
// for it. It is taken, and lost.
void GroupByTrace::consume(Payload payload, Done done) {
  run_.hold(payload, reach);
  if (workers_.empty()) {
    run_.release(payload, reach, shutdown_);
    return done({});
  }
  const Payload fragments = run_.pool.by_trace(payload);
  held_bytes_ += fragments.bytes();
  payload.clear();
  count(Step::traced_span, fragments.items());
  for (const SpanGroup& fragment : fragments.groups()) receive(fragment);
  done({});
}

void GroupByTrace::receive(const SpanGroup& fragment) {
  ++counters_.events[GroupByTraceCounters::received];
  const std::uint64_t trace = fragment.block->spans[fragment.begin].trace;
  Worker& worker = worker_of(trace);
  if (worker.places.find(trace) == IndexTable::kNone) begin(worker, trace);
  std::uint32_t stored = stored_.find(trace);
  if (stored == IndexTable::kNone) stored_.insert(trace, stored = spans_.add(run_.pool.empty()));
  spans_[stored].append(fragment);
}

// The ring has room for its share of num_traces; it grows to that only when it is needed.
void GroupByTrace::begin(Worker& worker, std::uint64_t trace) {
  const auto room = static_cast<std::size_t>(config_.num_traces / config_.num_workers);
  std::size_t place = worker.ring.size();
  if (place < room) {
    worker.ring.push_back(kNobody);
  } else {
    place = worker.last + 1 < room ? worker.last + 1 : 0;
  }
  worker.last = place;
  const std::uint64_t oldest = std::exchange(worker.ring[place], trace);
  if (oldest != kNobody) {
    worker.places.erase(oldest);
    counters_.traces_evicted.add(1);
    ++counters_.events[GroupByTraceCounters::removed];
    const Payload gone = take(oldest);
    held_bytes_ -= gone.bytes();
    run_.release(gone, reach, evicted_);
  }
  worker.places.insert(trace, static_cast<std::uint32_t>(place));
  count(Step::traced_trace, 1);
  run_.sim.schedule(run_.sim.now() + config_.wait_duration, self_, trace_expired, trace, life_);
}

Payload GroupByTrace::take(std::uint64_t trace) {
  const std::uint32_t stored = stored_.find(trace);
  stored_.erase(trace);
  return spans_.take(stored);
}

void GroupByTrace::handle(const Event& event) {
  if (event.b != life_) return;
  if (event.kind == trace_expired) return expire(event.a);
  counters_.traces_in_memory = static_cast<std::int64_t>(stored_.size());
  run_.sim.schedule(run_.sim.now() + kGaugePeriod, self_, read_gauges, 0, life_);
}

// The timer knows the id only: that of an evicted trace releases the trace anew when it has come back meanwhile.
void GroupByTrace::expire(std::uint64_t trace) {
  ++counters_.events[GroupByTraceCounters::expired];
  Worker& worker = worker_of(trace);
  const std::uint32_t place = worker.places.find(trace);
  if (place == IndexTable::kNone) return counters_.incomplete_releases.add(1);
  worker.places.erase(trace);
  worker.ring[place] = kNobody;
  ++counters_.events[GroupByTraceCounters::released];
  ++counters_.events[GroupByTraceCounters::removed];
  const Payload whole = take(trace);
  counters_.spans_released.add(whole.items());
  counters_.traces_released.add(1);
  const std::uint32_t token = sending_.add(run_.pool.packed(whole));
  live_.push_back(token);
  next_.consume(sending_[token].clone(), {this, token});
}

void GroupByTrace::done(std::uint32_t token, const Result& result) {
  live_.erase(std::find(live_.begin(), live_.end(), token));
  const Payload sent = sending_.take(token);
  held_bytes_ -= sent.bytes();
  // An error is only logged: whatever the next stage refused is gone.
  run_.release(sent, reach, result.ok ? Ledger::handed_over() : result.cause);
}

void GroupByTrace::lose_all(Cause cause) {
  ++life_;
  for (const Worker& worker : workers_) {
    for (const std::uint64_t trace : worker.ring) {
      if (trace == kNobody) continue;
      const Payload gone = take(trace);
      held_bytes_ -= gone.bytes();
      run_.release(gone, reach, cause);
    }
  }
  workers_.clear();
}

// Timers that are still to come are ignored once it is closed.
void GroupByTrace::stop(Done stopped) {
  lose_all(shutdown_);
  stopped({});
}

void GroupByTrace::kill(Cause cause) {
  lose_all(cause);
  for (const std::uint32_t token : live_) run_.release(sending_.take(token), reach, cause);
  live_.clear();
}

}  // namespace spillway::collector
