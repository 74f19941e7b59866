#include "models/collector/batch.hpp"

namespace spillway::collector {

Batch::Batch(Run& run, const BatchConfig& config, int cpus, Consumer& next, std::int64_t& held_bytes)
    : run_{run}, config_{config}, channel_capacity_{static_cast<std::size_t>(cpus)}, next_{next},
      held_bytes_{held_bytes}, self_{run.sim.add(*this)} {
  reach = next.reach;
  current_ = run_.pool.empty();
}

void Batch::start() {
  counters_ = {};
  accepted_spans_ = 0;
  counters_.size_trigger_send.reset(false);
  stopping_ = flushed_ = false;
  armed_at_ = run_.sim.now();
}

bool Batch::wants_to_send() const {
  return !current_.is_empty() && (timerless() || current_.items() >= config_.send_batch_size);
}

void Batch::consume(Payload payload, Done done) {
  if (busy_ && channel_.size() >= channel_capacity_) {
    blocked_.push_back({std::move(payload), done});  // the push blocks and ignores the caller's context
    return;
  }
  run_.hold(payload, reach);
  held_bytes_ += payload.bytes();
  if (busy_) channel_.push_back(std::move(payload));
  else accept(std::move(payload));
  done({});
}

void Batch::accept(Payload payload) {
  accepted_spans_ += payload.items();
  current_.append(std::move(payload));
  loop();
}

// The shard's loop: sends while there is enough, then looks at the channel. Returns when nothing is left to do
// or a send keeps it waiting; done() enters it again.
void Batch::loop() {
  if (in_loop_) return;
  in_loop_ = true;
  while (!busy_) {
    if (wants_to_send()) {
      size_sent_ = true;
      send(Trigger::size);
      continue;
    }
    if (std::exchange(size_sent_, false)) rearm_from_now();
    if (std::exchange(timer_due_, false)) {
      if (!current_.is_empty()) {
        send(Trigger::timeout);
        size_sent_ = true;
        continue;
      }
      rearm_from_now();
    }
    if (take_from_channel()) continue;
    if (!stopping_ || flushed_) break;
    flushed_ = true;  // one final send of whatever fits into one
    if (!current_.is_empty()) send(Trigger::timeout);
  }
  in_loop_ = false;
  if (busy_) return;
  arm();
  if (stopping_ && flushed_) finish_stop();
}

bool Batch::take_from_channel() {
  if (channel_.empty()) return false;
  accepted_spans_ += channel_.front().items();
  current_.append(std::move(channel_.front()));
  channel_.pop_front();
  if (!blocked_.empty()) {
    Blocked next = std::move(blocked_.front());
    blocked_.pop_front();
    run_.hold(next.payload, reach);
    held_bytes_ += next.payload.bytes();
    channel_.push_back(std::move(next.payload));
    next.done({});
  }
  return true;
}

void Batch::send(Trigger trigger) {
  const std::int64_t before = current_.bytes();
  const std::int64_t items = chunk_size(current_.items(), config_.send_batch_max_size);
  sending_ = items == current_.items() ? std::exchange(current_, run_.pool.empty()) : current_.split_front(items);
  held_bytes_ += sending_.bytes() + current_.bytes() - before;  // a cut repeats the resource
  sending_trigger_ = trigger;
  busy_ = true;
  next_.consume(sending_.clone(), {this, 0});
}

void Batch::done(std::uint32_t, const Result& result) {
  if (!busy_) return;  // a call of a life that ended
  busy_ = false;
  held_bytes_ -= sending_.bytes();
  if (result.ok) {
    (sending_trigger_ == Trigger::size ? counters_.size_trigger_send : counters_.timeout_trigger_send).add(1);
    ++counters_.sends;
    counters_.sent_items += sending_.items();
  }
  // An error is only logged: whatever the next stage refused is gone.
  run_.release(sending_, reach, result.ok ? Ledger::handed_over() : result.cause);
  sending_.clear();
  loop();
}

// The timer runs freely from the last size-triggered send, empty or not; it is only scheduled when it matters.
void Batch::arm() {
  if (timerless() || current_.is_empty() || run_.sim.pending(timer_) || stopping_) return;
  const auto passed = (run_.sim.now() - armed_at_) / config_.timeout;
  timer_ = run_.sim.start_timer(armed_at_ + (passed + 1) * config_.timeout, self_, 0);
}

void Batch::rearm_from_now() {
  run_.sim.cancel(timer_);
  armed_at_ = run_.sim.now();
}

void Batch::handle(const Event&) {
  timer_due_ = true;
  loop();
}

void Batch::stop(Done stopped) {
  stopping_ = true;
  stopped_ = stopped;
  run_.sim.cancel(timer_);
  loop();
}

void Batch::finish_stop() {
  flushed_ = stopping_ = false;
  // With a cap, what one send did not take is dropped by the real program as well.
  std::exchange(stopped_, {})({});
}

void Batch::kill(Cause cause) {
  run_.sim.cancel(timer_);
  for (Payload& payload : channel_) run_.release(payload, reach, cause);
  run_.release(current_, reach, cause);
  if (busy_) run_.release(sending_, reach, cause);
  channel_.clear();
  blocked_.clear();
  current_.clear();
  current_ = run_.pool.empty();
  sending_.clear();
  busy_ = in_loop_ = timer_due_ = size_sent_ = stopping_ = flushed_ = false;
}

}  // namespace spillway::collector
