#include "models/collector/memory_limiter.hpp"

#include <algorithm>

namespace spillway::collector {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
std::int64_t percent_of(double total, std::int64_t percent) {
  return static_cast<std::int64_t>(total) / 100 * percent;
}

std::int64_t hard_limit_of(const MemoryLimiterConfig& c, double total) {
  return c.limit_mib != 0 ? c.limit_mib * kMiB : percent_of(total, c.limit_percentage);
}

std::int64_t spike_of(const MemoryLimiterConfig& c, std::int64_t hard, double total) {
  if (c.limit_mib != 0 && c.spike_limit_mib != 0) return c.spike_limit_mib * kMiB;
  if (c.limit_mib == 0 && c.spike_limit_percentage != 0) return percent_of(total, c.spike_limit_percentage);
  return hard / 5;
}

double known_memory(double total) { return total > 0 ? total : kAssumedMemory; }

Duration next_interval(Duration current, Duration minimum, Duration maximum, Duration check) {
  if (maximum == Duration{0}) return minimum;
  const Duration start = std::max(minimum, check * 95 / 100);
  return std::min(2 * std::max(current, start), std::max(maximum, minimum));
}

}  // namespace

LimiterState::LimiterState(const MemoryLimiterConfig& config, const Semantics& semantics, Time started,
                           double total_memory)
    : config_{&config}, gate_at_start_{semantics.limiter_gc_gate_at_start}, backs_off_{semantics.limiter_gc_backoff},
      hard_{hard_limit_of(config, known_memory(total_memory))},
      soft_{hard_ - spike_of(config, hard_, known_memory(total_memory))}, last_gc_{started} {}

void LimiterState::classify(std::int64_t heap, bool collected) {
  const bool effective = heap < soft_ || static_cast<double>(heap) <= 0.95 * static_cast<double>(last_heap_);
  last_heap_ = heap;
  if (effective) {
    soft_interval_ = hard_interval_ = Duration{0};
  } else if (collected && backs_off_) {
    soft_interval_ = next_interval(soft_interval_, config_->min_gc_interval_when_soft_limited,
                                   config_->max_gc_interval_when_soft_limited, config_->check_interval);
    hard_interval_ = next_interval(hard_interval_, config_->min_gc_interval_when_hard_limited,
                                   config_->max_gc_interval_when_hard_limited, config_->check_interval);
  }
}

Duration LimiterState::gate(bool above_hard) const {
  return above_hard ? std::max(config_->min_gc_interval_when_hard_limited, hard_interval_)
                    : std::max(config_->min_gc_interval_when_soft_limited, soft_interval_);
}

void LimiterState::tick(Time now, std::int64_t heap, const std::function<std::int64_t()>& collect) {
  classify(heap, false);
  if (heap < soft_) {
    must_refuse_ = false;
    return;
  }
  const bool above_hard = heap >= hard_;
  // v0.111: above the hard limit at every tick; above the soft one only on the edge from accepting to refusing.
  const bool may_collect = gate_at_start_ ? now - last_gc_ > gate(above_hard) : above_hard || !must_refuse_;
  if (may_collect) {
    heap = collect();
    last_gc_ = now;
    classify(heap, true);
  }
  must_refuse_ = heap >= soft_;
}

MemoryLimiter::MemoryLimiter(Run& run, std::string name, const MemoryLimiterConfig& config, const Semantics& semantics,
                             LimiterHeap heap)
    : run_{run}, config_{config}, semantics_{semantics}, heap_{std::move(heap)}, self_{run.sim.add(*this)},
      state_{config, semantics, Time{}, heap_.total_memory}, refused_{run.ledger.add_loss(std::move(name), "refused, memory limit")} {}

void MemoryLimiter::start() {
  state_ = LimiterState{config_, semantics_, run_.sim.now(), heap_.total_memory};
  counters_ = {};
  timer_ = run_.sim.start_timer(run_.sim.now() + config_.check_interval, self_, 0);
}

void MemoryLimiter::handle(const Event&) {
  state_.tick(run_.sim.now(), heap_.alloc(), heap_.collect);
  timer_ = run_.sim.start_timer(run_.sim.now() + config_.check_interval, self_, 0);
}

void MemoryLimiter::kill(Cause) { run_.sim.cancel(timer_); }

void MemoryLimiter::stop(Done stopped) {
  run_.sim.cancel(timer_);
  stopped({});
}

void LimiterGate::consume(Payload payload, Done done) {
  LimiterCounters& counters = limiter_.counters(signal_);
  const std::int64_t items = payload.items();
  if (limiter_.must_refuse()) {
    counters.refused.add(items);
    if (limiter_.semantics().limiter_refusals_are_incoming) counters.incoming.add(items);
    return done({false, false, Code::none, Duration{-1}, limiter_.refused_cause()});
  }
  counters.accepted.add(items);
  counters.incoming.add(items);
  counters.outgoing.add(items);
  next_.consume(std::move(payload), done);
}

}  // namespace spillway::collector
