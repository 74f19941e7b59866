#include "models/collector/exporter.hpp"

#include <algorithm>

namespace spillway::collector {

Outcome classify(const Answer& answer) {
  if (answer.kind != Answer::Kind::status) return Outcome::retryable;
  if (answer.status >= 200 && answer.status < 300) return Outcome::success;
  const bool retryable = answer.status == 429 || (answer.status >= 502 && answer.status <= 504);
  return retryable ? Outcome::retryable : Outcome::permanent;
}

Code code_of_status(const Answer& answer) {
  if (answer.kind != Answer::Kind::status) return Code::none;
  switch (answer.status) {
    case 400: return Code::invalid_argument;
    case 401: return Code::unauthenticated;
    case 403: return Code::permission_denied;
    case 404: return Code::unimplemented;
    case 429: return Code::resource_exhausted;
    case 502:
    case 503:
    case 504: return Code::unavailable;
    default: return Code::unknown;
  }
}

Duration BackOff::next(const RetryConfig& config, double u) {
  const double base = seconds(current);
  const double low = base * (1 - config.randomization_factor);
  const double high = base * (1 + config.randomization_factor);
  const Duration delay = config.randomization_factor == 0 ? current : from_seconds(low + u * (high - low));
  const bool at_cap = base >= seconds(config.max_interval) / config.multiplier;
  current = at_cap ? config.max_interval : from_seconds(base * config.multiplier);
  return delay;
}

bool gives_up(const RetryConfig& config, const Semantics& semantics, Duration elapsed, Duration delay,
              Duration throttle) {
  if (config.max_elapsed_time == Duration{0}) return false;
  const Duration counted = semantics.retry_budget_uses_throttle ? std::max(delay, throttle) : delay;
  return elapsed + counted > config.max_elapsed_time;
}

Exporter::Exporter(Run& run, Transport& transport, ExporterSettings settings, DestinationSet destinations,
                   std::int64_t& held_bytes)
    : run_{run}, transport_{transport}, settings_{std::move(settings)}, config_{*settings_.config},
      queue_{config_.sending_queue}, held_bytes_{held_bytes}, self_{run.sim.add(*this)},
      jitter_{run.sim.stream(settings_.name, "backoff")} {
  reach = destinations;
  queue_full_ = loss("queue full");
  too_large_ = loss("request larger than the queue");
  gave_up_ = loss("gave up after retries");
  shutdown_ = loss("shut down while retrying");
  no_retry_ = loss("failed, retry is off");
  cancelled_ = loss("the client has gone");
}

Cause Exporter::loss(const std::string& text) { return run_.ledger.add_loss(settings_.name, text); }

void Exporter::start() {
  counters_ = {};
  stopping_ = false;
}

std::int64_t Exporter::size_of(const Payload& payload, Sizer sizer) const {
  switch (sizer) {
    case Sizer::requests: return payload.is_empty() ? 0 : 1;
    case Sizer::items: return payload.items();
    case Sizer::bytes: return payload.bytes();
  }
  return 0;
}

void Exporter::consume(Payload payload, Done done) {
  if (queue_.enabled) return offer(std::move(payload), done);
  start_request(std::move(payload), kNone, {}, done);
}

void Exporter::offer(Payload payload, Done done) {
  const std::int64_t size = size_of(payload, queue_.sizer);
  if (size == 0) return done({});
  if (size > queue_.queue_size) return reject(payload, done, too_large_);
  if (used_ + size <= queue_.queue_size) return admit(std::move(payload), size, done);
  if (!queue_.block_on_overflow) return reject(payload, done, queue_full_);
  waiters_.push_back({std::move(payload), done});
}

void Exporter::reject(const Payload& payload, Done done, Cause cause) {
  counters_.enqueue_failed.add(payload.items());
  done({false, false, Code::none, Duration{-1}, cause});
}

void Exporter::admit(Payload payload, std::int64_t size, Done done) {
  run_.hold(payload, reach);
  held_bytes_ += payload.bytes();
  add_used(size);
  const Done later = queue_.wait_for_result ? done : Done{};
  const std::int64_t items = payload.items();
  fifo_.push_back(elements_.add({std::move(payload), size, items, later, 0, {}, false}));
  if (!queue_.wait_for_result) done({});
  dispatch();
}

bool Exporter::waits_for(std::uint32_t id, Done done) {
  const Request& request = requests_[id];
  return (request.element == kNone ? request.done : elements_[request.element].done) == done;
}

// The context of the call is that of the wait for room and, without a queue or with wait_for_result, of the export
// itself: it is given up in the middle of an attempt or of a back-off. What still waits in the queue fails as soon as
// it is taken.
void Exporter::cancel(Done done) {
  const auto waiter = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.done == done; });
  if (waiter != waiters_.end()) {
    const Waiter gone = std::move(*waiter);
    waiters_.erase(waiter);
    return reject(gone.payload, done, cancelled_);
  }
  for (const std::uint32_t id : live_requests_) {
    if (waits_for(id, done)) return cancel_request(id);
  }
  for (const std::uint32_t id : fifo_) {
    if (elements_[id].done != done) continue;
    elements_[id].done = {};
    elements_[id].cancelled = true;
    return reject(elements_[id].payload, done, cancelled_);
  }
}

void Exporter::cancel_request(std::uint32_t id) {
  if (requests_[id].on_the_wire) transport_.abandon(requests_[id].http);
  else run_.sim.cancel(requests_[id].timer);
  finish(id, {false, false, Code::none, Duration{-1}, cancelled_});
}

void Exporter::add_used(std::int64_t size) {
  used_ += size;
  queue_level_.set(run_.sim.now(), used_);
}

void Exporter::admit_waiters() {
  while (!waiters_.empty() && used_ + size_of(waiters_.front().payload, queue_.sizer) <= queue_.queue_size) {
    Waiter waiter = std::move(waiters_.front());
    waiters_.pop_front();
    const std::int64_t size = size_of(waiter.payload, queue_.sizer);
    admit(std::move(waiter.payload), size, waiter.done);
  }
}

// Consumers take from the head. With batching one reader does, and waits while a flush finds no permit.
void Exporter::dispatch() {
  while (!fifo_.empty() && (queue_.batch ? waiting_flushes_.empty() : busy_consumers_ < queue_.num_consumers)) {
    const std::uint32_t element = fifo_.front();
    fifo_.pop_front();
    take_element(element);
  }
}

void Exporter::take_element(std::uint32_t element) {
  if (!settings_.semantics.queue_counts_in_flight) {
    add_used(-elements_[element].size);
    elements_[element].size = 0;
  }
  if (queue_.batch) return add_to_batch(element);
  ++busy_consumers_;
  elements_[element].open = 1;
  const std::uint32_t request = add_request(std::move(elements_[element].payload), element, {}, {});
  if (!elements_[element].cancelled) return attempt(request);
  finish(request, {false, false, Code::none, Duration{-1}, cancelled_});
}

Payload Exporter::cut_part(Payload& rest) const {
  const ExporterBatchConfig& batch = *queue_.batch;
  if (batch.max_size == 0 || size_of(rest, batch.sizer) <= batch.max_size) return std::move(rest);
  if (batch.sizer == Sizer::items) return rest.split_front(batch.max_size);
  std::int64_t items = 0, bytes = 0;  // bytes: greedy, span by span; the resource's own bytes are ignored (±1 span)
  rest.for_each([&](const Span& span) {
    bytes += span.bytes;
    items += bytes <= batch.max_size;
  });
  return rest.split_front(std::max<std::int64_t>(items, 1));
}

void Exporter::add_to_batch(std::uint32_t element) {
  const bool fresh = open_batch_.empty();
  const std::int64_t before = open_batch_.payload.items();
  OpenBatch first = std::exchange(open_batch_, {});
  for (const std::uint32_t held : first.elements) --elements_[held].open;
  Payload rest = std::move(first.payload);
  rest.append(std::move(elements_[element].payload));
  elements_[element].open = 1;  // guards it until all its parts are out
  first.payload = cut_part(rest);
  if (first.payload.items() > before) first.elements.push_back(element);
  if (!fresh && !rest.is_empty()) flush(std::move(first));
  else keep_or_flush(std::move(first), fresh);
  while (!rest.is_empty()) {
    OpenBatch part{cut_part(rest), {element}};
    if (rest.is_empty()) keep_or_flush(std::move(part), true);
    else flush(std::move(part));
  }
  finish_part(element, {});
}

// `fresh`: the part becomes the open batch for the first time, so its age starts now.
void Exporter::keep_or_flush(OpenBatch part, bool fresh) {
  if (size_of(part.payload, queue_.batch->sizer) >= queue_.batch->min_size) return flush(std::move(part));
  for (const std::uint32_t element : part.elements) ++elements_[element].open;
  open_batch_ = std::move(part);
  if (!fresh) return;
  run_.sim.cancel(flush_timer_);
  flush_timer_ = run_.sim.start_timer(run_.sim.now() + queue_.batch->flush_timeout, self_, flush_timer);
}

void Exporter::flush(OpenBatch part) {
  for (const std::uint32_t element : part.elements) ++elements_[element].open;
  if (busy_consumers_ >= queue_.num_consumers) {
    waiting_flushes_.push_back(std::move(part));
    return;
  }
  ++busy_consumers_;
  start_request(std::move(part.payload), kNone, std::move(part.elements), {});
}

std::uint32_t Exporter::add_request(Payload payload, std::uint32_t element, std::vector<std::uint32_t> more,
                                    Done done) {
  Request request;
  request.payload = std::move(payload);
  request.element = element;
  request.more_elements = std::move(more);
  request.done = done;
  request.started = run_.sim.now();
  request.back_off.current = config_.retry_on_failure.initial_interval;
  const std::uint32_t id = requests_.add(std::move(request));
  live_requests_.push_back(id);
  return id;
}

void Exporter::start_request(Payload payload, std::uint32_t element, std::vector<std::uint32_t> more, Done done) {
  attempt(add_request(std::move(payload), element, std::move(more), done));
}

void Exporter::attempt(std::uint32_t id) {
  Request& request = requests_[id];
  Post post;
  post.endpoint = settings_.endpoint;
  post.payload = request.payload.clone();
  post.body_bytes = settings_.compressed ? compressed_bytes(settings_.costs, post.payload) : post.payload.bytes();
  post.credential = settings_.credential;
  post.timeout = config_.timeout;
  post.client = this;
  post.token = std::uint64_t{life_} << 32 | id;
  request.on_the_wire = true;
  request.http = transport_.post(std::move(post));
}

void Exporter::answered(std::uint64_t token, const Answer& answer) {
  if (token >> 32 != life_) return;
  const auto id = static_cast<std::uint32_t>(token);
  requests_[id].on_the_wire = false;
  const Outcome outcome = classify(answer);
  if (outcome == Outcome::success) return finish(id, {});
  failed(id, answer, outcome);
}

Cause Exporter::cause_of(const Answer& answer) {
  const std::string text = answer.kind == Answer::Kind::status ? "status " + std::to_string(answer.status) : to_text(answer);
  const auto [position, fresh] = causes_.try_emplace(text);
  if (fresh) position->second = loss(text + ", not retried");
  return position->second;
}

void Exporter::failed(std::uint32_t id, const Answer& answer, Outcome outcome) {
  Request& request = requests_[id];
  Result result{false, outcome == Outcome::permanent, code_of_status(answer), Duration{-1}, {}};
  if (outcome == Outcome::permanent || !config_.retry_on_failure.enabled) {
    result.cause = cause_of(answer);
    return finish(id, result);
  }
  const bool throttles = answer.kind == Answer::Kind::status && (answer.status == 429 || answer.status == 503);
  const Duration throttle = throttles ? answer.retry_after : Duration{-1};
  Draws draws = jitter_.next();
  const Duration delay = request.back_off.next(config_.retry_on_failure, draws.uniform());
  const Duration elapsed = run_.sim.now() - request.started;
  if (gives_up(config_.retry_on_failure, settings_.semantics, elapsed, delay, throttle)) {
    result.cause = gave_up_;
    return finish(id, result);
  }
  if (stopping_) {
    result.cause = shutdown_;
    return finish(id, result);
  }
  request.failure = result;
  request.timer = run_.sim.start_timer(run_.sim.now() + std::max(delay, throttle), self_, retry, id);
}

void Exporter::handle(const Event& event) {
  if (event.kind == retry) return attempt(static_cast<std::uint32_t>(event.a));
  if (!waiting_flushes_.empty()) {
    flush_due_ = true;
    return;
  }
  if (open_batch_.empty()) return;
  OpenBatch part = std::exchange(open_batch_, {});
  for (const std::uint32_t element : part.elements) --elements_[element].open;
  flush(std::move(part));
}

void Exporter::finish(std::uint32_t id, const Result& result) {
  live_requests_.erase(std::find(live_requests_.begin(), live_requests_.end(), id));
  const Request request = requests_.take(id);
  counters_.sent.add(result.ok ? request.payload.items() : 0);
  counters_.send_failed.add(result.ok ? 0 : request.payload.items());
  if (!queue_.enabled) {
    request.done(result);
    return check_stopped();
  }
  held_bytes_ -= request.payload.bytes();
  run_.release(request.payload, reach, result.ok ? Ledger::handed_over() : result.cause);
  --busy_consumers_;
  if (request.element != kNone) finish_part(request.element, result);
  for (const std::uint32_t element : request.more_elements) finish_part(element, result);
  while (!waiting_flushes_.empty() && busy_consumers_ < queue_.num_consumers) {
    OpenBatch part = std::move(waiting_flushes_.front());
    waiting_flushes_.pop_front();
    ++busy_consumers_;
    start_request(std::move(part.payload), kNone, std::move(part.elements), {});
  }
  if (waiting_flushes_.empty() && std::exchange(flush_due_, false)) handle({.kind = flush_timer});
  dispatch();
  check_stopped();
}

// One request (or the batcher's guard) is done with its part of the element; the last one gives the room back.
void Exporter::finish_part(std::uint32_t id, const Result& result) {
  Element& element = elements_[id];
  if (!result.ok && element.result.ok) element.result = result;
  if (--element.open > 0) return;
  const Element done = elements_.take(id);
  add_used(-done.size);
  if (done.done.caller != nullptr) {
    if (!done.result.ok) counters_.enqueue_failed.add(done.items);  // to its caller the offer failed, whatever the reason
    done.done(done.result);
  }
  admit_waiters();
}

void Exporter::stop(Done stopped) {
  stopping_ = true;
  stopped_ = stopped;
  const std::vector<std::uint32_t> sleeping = [&] {
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t id : live_requests_) {
      if (!requests_[id].on_the_wire) ids.push_back(id);
    }
    return ids;
  }();
  for (const std::uint32_t id : sleeping) {
    run_.sim.cancel(requests_[id].timer);
    Result result = requests_[id].failure;
    result.cause = shutdown_;
    finish(id, result);
  }
  check_stopped();
}

void Exporter::check_stopped() {
  if (!stopping_ || stopped_.caller == nullptr) return;
  if (fifo_.empty() && waiting_flushes_.empty() && !open_batch_.empty()) handle({.kind = flush_timer});
  if (!fifo_.empty() || !live_requests_.empty() || !waiting_flushes_.empty() || !open_batch_.empty()) return;
  std::exchange(stopped_, {})({});
}

void Exporter::kill(Cause cause) {
  ++life_;
  for (const std::uint32_t id : live_requests_) {
    run_.sim.cancel(requests_[id].timer);
    if (requests_[id].on_the_wire) transport_.abandon(requests_[id].http);
    const Request request = requests_.take(id);
    if (queue_.enabled) run_.release(request.payload, reach, cause);
  }
  for (const std::uint32_t id : fifo_) run_.release(elements_[id].payload, reach, cause);
  for (const OpenBatch& part : waiting_flushes_) run_.release(part.payload, reach, cause);
  run_.release(open_batch_.payload, reach, cause);
  run_.sim.cancel(flush_timer_);
  live_requests_.clear();
  fifo_.clear();
  waiters_.clear();
  waiting_flushes_.clear();
  open_batch_ = {};
  elements_ = {};
  flush_due_ = false;
  busy_consumers_ = 0;
  add_used(-used_);
  stopping_ = false;
  stopped_ = {};
}

}  // namespace spillway::collector
