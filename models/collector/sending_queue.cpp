#include "models/collector/sending_queue.hpp"

#include <algorithm>

namespace spillway::collector {

std::int64_t size_of(const Payload& payload, Sizer sizer) {
  switch (sizer) {
    case Sizer::requests: return 1;  // an empty one, too: it is sent
    case Sizer::items: return payload.items();
    case Sizer::bytes: return payload.bytes();
  }
  return 0;
}

SendingQueue::SendingQueue(Run& run, const QueueConfig& config, const Semantics& semantics, const std::string& owner,
                           DestinationSet reach, std::int64_t& held_bytes)
    : run_{run}, config_{config}, semantics_{semantics}, reach_{reach}, held_bytes_{held_bytes},
      full_{run.ledger.add_loss(owner, "queue full")},
      too_large_{run.ledger.add_loss(owner, "request larger than the queue")},
      cancelled_{run.ledger.add_loss(owner, "the client has gone")},
      no_room_again_{run.ledger.add_loss(owner, "no room in the queue after a restart")} {}

// A file does not ask whether an element could ever fit: too large is full, or with block_on_overflow waits.
void SendingQueue::offer(Payload payload, Done done) {
  const std::int64_t size = size_of(payload, config_.sizer);
  if (size == 0) return done({});
  if (size > config_.queue_size && !persistent()) return reject(payload, done, too_large_);
  if (fits(size)) return admit(std::move(payload), done);
  if (!config_.block_on_overflow) return reject(payload, done, full_);
  waiters_.push_back({std::move(payload), done});
}

void SendingQueue::reject(const Payload& payload, Done done, Cause cause) {
  refused_.add(payload.items());
  done({false, false, Code::none, Duration{-1}, cause});
}

// Requests that wait in a file are not in memory.
void SendingQueue::admit(Payload payload, Done done) {
  ++admitted_;
  run_.hold(payload, reach_);
  if (!persistent()) held_bytes_ += payload.bytes();
  Element element;
  element.size = size_of(payload, config_.sizer);
  element.items = payload.items();
  element.bytes = payload.bytes();
  element.payload = std::move(payload);
  if (config_.wait_for_result) element.done = done;
  add_used(element.size);
  waiting_.push_back(elements_.add(std::move(element)));
  if (!config_.wait_for_result) done({});
}

bool SendingQueue::cancel(Done done) {
  const auto waiter = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.done == done; });
  if (waiter != waiters_.end()) {
    const Waiter gone = std::move(*waiter);
    waiters_.erase(waiter);
    reject(gone.payload, done, cancelled_);
    return true;
  }
  for (const ElementId id : waiting_) {
    if (elements_[id].done != done) continue;
    elements_[id].done = {};
    elements_[id].cancelled = true;
    reject(elements_[id].payload, done, cancelled_);
    return true;
  }
  return false;
}

void SendingQueue::add_used(std::int64_t size) {
  used_ += size;
  level_.set(run_.sim.now(), used_);
}

bool SendingQueue::finished() const { return waiting_.empty() || (stopping_ && persistent()); }

SendingQueue::Taken SendingQueue::take() {
  const ElementId id = waiting_.front();
  waiting_.pop_front();
  Element& element = elements_[id];
  element.open = 1;
  if (!semantics_.queue_counts_in_flight) {
    add_used(-element.size);
    element.counted = false;
  }
  if (!persistent()) return {id, std::move(element.payload)};
  dispatched_.push_back(id);
  held_bytes_ += element.bytes;
  run_.hold(element.payload, reach_);
  return {id, element.payload.clone()};
}

void SendingQueue::finish_part(ElementId id, const Result& result, bool interrupted) {
  Element& element = elements_[id];
  if (!result.ok && element.result.ok) element.result = result;
  element.interrupted = element.interrupted || interrupted;
  if (--element.open > 0) return;
  held_bytes_ -= element.bytes;
  if (persistent() && element.interrupted) return;
  end(id);
  wake_waiter();
}

// The file's list has no order of its own: the last one moves into the gap, and a restart takes them as they stand.
void SendingQueue::end(ElementId id) {
  const Element element = elements_.take(id);
  if (element.counted) add_used(-element.size);
  if (persistent()) {
    const auto listed = std::find(dispatched_.begin(), dispatched_.end(), id);
    *listed = dispatched_.back();
    dispatched_.pop_back();
    run_.release(element.payload, reach_, Ledger::handed_over());
  }
  if (element.done.caller == nullptr) return;
  // To its caller the offer failed, whatever the reason.
  if (!element.result.ok) refused_.add(element.items);
  element.done(element.result);
}

// Each element that ends wakes one waiter, however much room there is; one that still does not fit queues up again.
void SendingQueue::wake_waiter() {
  if (waiters_.empty()) return;
  Waiter waiter = std::move(waiters_.front());
  waiters_.pop_front();
  if (fits(size_of(waiter.payload, config_.sizer))) return admit(std::move(waiter.payload), waiter.done);
  waiters_.push_back(std::move(waiter));
}

// What had been taken goes to the tail. Before 0.120 it needs room there like anything new, and is dropped without.
void SendingQueue::start() {
  refused_ = {};
  stopping_ = false;
  used_ = admitted_ = 0;
  for (const ElementId id : waiting_) used_ += elements_[id].size;
  for (const ElementId id : std::exchange(dispatched_, {})) {
    Element& element = elements_[id];
    if (semantics_.replay_needs_room && !fits(element.size)) {
      run_.release(element.payload, reach_, no_room_again_);
      elements_.remove(id);
      continue;
    }
    element.open = 0;
    element.counted = true;
    element.interrupted = false;
    element.result = {};
    used_ += element.size;
    waiting_.push_back(id);
  }
  add_used(0);
}

void SendingQueue::kill(Cause cause) {
  waiters_.clear();
  add_used(-used_);
  if (persistent()) return;
  for (const ElementId id : waiting_) run_.release(elements_[id].payload, reach_, cause);
  waiting_.clear();
  elements_ = {};
}

}  // namespace spillway::collector
