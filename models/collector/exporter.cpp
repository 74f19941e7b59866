#include "models/collector/exporter.hpp"

#include <algorithm>

namespace spillway::collector {

Outcome classify(const Answer& answer, const Semantics& semantics) {
  if (answer.kind != Answer::Kind::status) return Outcome::retryable;
  if (answer.success() && answer.garbled)
    return semantics.undecodable_200_is_permanent ? Outcome::permanent : Outcome::retryable;
  if (answer.success()) return Outcome::success;
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

Outcome classify_grpc(const Answer& answer) {
  switch (grpc_code_of(answer)) {
    case GrpcCode::ok: return Outcome::success;
    case GrpcCode::cancelled:
    case GrpcCode::deadline_exceeded:
    case GrpcCode::aborted:
    case GrpcCode::out_of_range:
    case GrpcCode::unavailable:
    case GrpcCode::data_loss: return Outcome::retryable;
    case GrpcCode::resource_exhausted:
      return answer.retry_after >= Duration{0} ? Outcome::retryable : Outcome::permanent;
    default: return Outcome::permanent;
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
      self_{run.sim.add(*this)}, jitter_{run.sim.stream(settings_.name, "backoff")},
      queue_{run, config_.sending_queue, settings_.semantics, settings_.name, destinations, held_bytes},
      channel_{run, transport, settings_.endpoint, settings_.name} {
  reach = destinations;
  const QueueConfig& queue = config_.sending_queue;
  if (queue.enabled && queue.batch) {
    batch_ = std::make_unique<QueueBatch>(run, *queue.batch, queue.num_consumers, queue_, settings_.name, destinations,
                                          *this);
  }
  gave_up_ = loss("gave up after retries");
  shutdown_ = loss("shut down while retrying");
  cancelled_ = loss("the client has gone");
}

Cause Exporter::loss(const std::string& text) { return run_.ledger.add_loss(settings_.name, text); }

void Exporter::start() {
  counters_ = {};
  stopping_ = false;
  channel_.reset();
  queue_.start();
  dispatch();  // what a file brought along
}

void Exporter::consume(Payload payload, Done done) {
  if (!config_.sending_queue.enabled) return attempt(add_request(std::move(payload), {}, done));
  queue_.offer(std::move(payload), done);
  dispatch();
}

bool Exporter::waits_for(std::uint32_t id, Done done) {
  const Request& request = requests_[id];
  if (request.elements.empty()) return request.done == done;
  return !batch_ && queue_.caller_of(request.elements.front()) == done;
}

// The context of the call is that of the wait for room and, without a queue or with wait_for_result, of the export
// itself: it is given up in the middle of an attempt or of a back-off. What still waits in the queue fails as soon as
// it is taken.
void Exporter::cancel(Done done) {
  if (queue_.cancel(done)) return;
  for (const std::uint32_t id : live_requests_) {
    if (waits_for(id, done)) return cancel_request(id);
  }
}

void Exporter::cancel_request(std::uint32_t id) {
  if (requests_[id].on_the_wire && settings_.inner != nullptr) return settings_.inner->cancel({this, id});
  if (requests_[id].on_the_wire) transport_.abandon(requests_[id].http);
  else run_.sim.cancel(requests_[id].timer);
  finish(id, cancelled());
}

bool Exporter::may_take() const {
  if (queue_.finished()) return false;
  return batch_ ? !batch_->reader_waits() : busy_consumers_ < config_.sending_queue.num_consumers;
}

// Consumers take from the head. With batching one reader does, and waits while a flush finds no permit.
void Exporter::dispatch() {
  if (std::exchange(dispatching_, true)) return;  // an attempt may fail at once, and end here again
  while (may_take()) {
    SendingQueue::Taken taken = queue_.take();
    if (batch_) {
      batch_->consume(std::move(taken));
      continue;
    }
    ++busy_consumers_;
    std::vector<ElementId> elements;
    if (!spare_elements_.empty()) {
      elements = std::move(spare_elements_.back());
      spare_elements_.pop_back();
    }
    elements.push_back(taken.element);
    const std::uint32_t request = add_request(std::move(taken.payload), std::move(elements), {});
    if (queue_.cancelled(taken.element)) finish(request, cancelled());
    else attempt(request);
  }
  dispatching_ = false;
}

void Exporter::export_batch(Payload payload, std::vector<ElementId> elements) {
  attempt(add_request(std::move(payload), std::move(elements), {}));
}

std::uint32_t Exporter::add_request(Payload payload, std::vector<ElementId> elements, Done done) {
  Request request;
  request.payload = std::move(payload);
  request.elements = std::move(elements);
  request.done = done;
  request.started = run_.sim.now();
  request.back_off.current = config_.retry_on_failure.initial_interval;
  const std::uint32_t id = requests_.add(std::move(request));
  live_requests_.push_back(id);
  return id;
}

// While a channel fails, a call over it fails without going anywhere.
void Exporter::attempt(std::uint32_t id) {
  if (settings_.inner != nullptr) return call_inner(id);
  if (channel_.failing()) return failed(id, grpc_answer(GrpcCode::unavailable), Outcome::retryable);
  Request& request = requests_[id];
  Post post;
  post.endpoint = settings_.endpoint;
  post.payload = request.payload.clone();
  post.body_bytes = settings_.usage == nullptr
                        ? post.payload.bytes()
                        : settings_.usage->exported(post.payload, settings_.compression, settings_.signal);
  post.format = settings_.grpc ? WireFormat::otlp_grpc : WireFormat::otlp_proto;
  post.signal = settings_.signal;
  post.credential = settings_.credential;
  post.timeout = config_.timeout;
  post.client = this;
  post.token = std::uint64_t{life_} << 32 | id;
  request.on_the_wire = true;
  request.http = transport_.post(std::move(post));
}

void Exporter::call_inner(std::uint32_t id) {
  Request& request = requests_[id];
  request.on_the_wire = true;
  if (config_.timeout > Duration{0})
    request.timer = run_.sim.start_timer(run_.sim.now() + config_.timeout, self_, time_out, id);
  settings_.inner->consume(request.payload.clone(), {this, id});
}

void Exporter::done(std::uint32_t id, const Result& result) {
  requests_[id].on_the_wire = false;
  run_.sim.cancel(requests_[id].timer);
  if (result.ok) return finish(id, {});
  if (result.permanent || !config_.retry_on_failure.enabled) return finish(id, result);
  retry_later(id, result, result.retry_after);
}

Outcome Exporter::outcome_of(const Answer& answer) const {
  return settings_.grpc ? classify_grpc(answer) : classify(answer, settings_.semantics);
}

// What the server asks for, negative: nothing. RetryInfo counts with every retryable code, Retry-After with two statuses.
Duration Exporter::throttle_of(const Answer& answer) const {
  if (settings_.grpc) return answer.kind == Answer::Kind::grpc ? answer.retry_after : Duration{-1};
  const bool throttles = answer.kind == Answer::Kind::status && (answer.status == 429 || answer.status == 503);
  if (!throttles || (answer.retry_after_is_date && !settings_.semantics.retry_after_date_honoured)) return Duration{-1};
  return answer.retry_after;
}

void Exporter::answered(std::uint64_t token, const Answer& answer) {
  if (token >> 32 != life_) return;
  const auto id = static_cast<std::uint32_t>(token);
  requests_[id].on_the_wire = false;
  if (settings_.grpc && answer.kind == Answer::Kind::refused) channel_.connection_failed();
  const Outcome outcome = outcome_of(answer);
  if (outcome == Outcome::success) return finish(id, {});
  failed(id, answer, outcome);
}

Cause Exporter::cause_of(const Answer& answer) {
  std::string text = answer.kind == Answer::Kind::status ? "status " + std::to_string(answer.status) : to_text(answer);
  if (answer.garbled) text += " that cannot be read";
  const auto [position, fresh] = causes_.try_emplace(text);
  if (fresh) position->second = loss(text + ", not retried");
  return position->second;
}

void Exporter::failed(std::uint32_t id, const Answer& answer, Outcome outcome) {
  const Code code = settings_.grpc ? static_cast<Code>(grpc_code_of(answer)) : code_of_status(answer);
  const Duration throttle = throttle_of(answer);
  Result result{false, outcome == Outcome::permanent, code, settings_.grpc ? throttle : Duration{-1}, {}};
  if (outcome == Outcome::permanent || !config_.retry_on_failure.enabled) {
    result.cause = cause_of(answer);
    return finish(id, result);
  }
  retry_later(id, result, throttle);
}

// Without intervals it tries again at once, for ever: an attempt takes its time, then.
void Exporter::retry_later(std::uint32_t id, Result result, Duration throttle) {
  constexpr Duration least = std::chrono::milliseconds{1};
  Request& request = requests_[id];
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
  const Duration pause = std::max({delay, throttle, settings_.inner == nullptr ? Duration{} : least});
  request.timer = run_.sim.start_timer(run_.sim.now() + pause, self_, retry, id);
}

void Exporter::handle(const Event& event) {
  const auto id = static_cast<std::uint32_t>(event.a);
  if (event.kind == time_out) return settings_.inner->cancel({this, id});
  attempt(id);
}

// A request that the shutdown interrupted stays in a queue's file, though it counts as failed.
void Exporter::finish(std::uint32_t id, const Result& result) {
  live_requests_.erase(std::find(live_requests_.begin(), live_requests_.end(), id));
  Request request = requests_.take(id);
  counters_.sent.add(result.ok ? request.payload.items() : 0);
  counters_.send_failed.add(result.ok ? 0 : request.payload.items());
  if (!config_.sending_queue.enabled) {
    request.done(result);
    return check_stopped();
  }
  const bool interrupted = !result.ok && result.cause.index == shutdown_.index;
  const Cause lost = interrupted ? queue_.left_behind(result.cause) : result.cause;
  run_.release(request.payload, reach, result.ok ? Ledger::handed_over() : lost);
  if (!batch_) --busy_consumers_;
  for (const ElementId element : request.elements) queue_.finish_part(element, result, interrupted);
  if (batch_) {
    batch_->export_ended();
  } else {
    request.elements.clear();
    spare_elements_.push_back(std::move(request.elements));
  }
  dispatch();
  check_stopped();
}

void Exporter::stop(Done stopped) {
  stopping_ = true;
  stopped_ = stopped;
  queue_.stop();
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
  if (batch_ && queue_.finished() && !batch_->reader_waits()) batch_->flush();
  if (!queue_.finished() || !live_requests_.empty() || (batch_ && !batch_->empty())) return;
  std::exchange(stopped_, {})({});
}

void Exporter::kill(Cause cause) {
  ++life_;
  const Cause lost = queue_.left_behind(cause);
  for (const std::uint32_t id : live_requests_) {
    run_.sim.cancel(requests_[id].timer);
    if (requests_[id].on_the_wire && settings_.inner == nullptr) transport_.abandon(requests_[id].http);
    const Request request = requests_.take(id);
    if (config_.sending_queue.enabled) run_.release(request.payload, reach, lost);
  }
  live_requests_.clear();
  if (batch_) batch_->kill(lost);
  channel_.reset();
  queue_.kill(cause);
  busy_consumers_ = 0;
  stopping_ = false;
  stopped_ = {};
}

}  // namespace spillway::collector
