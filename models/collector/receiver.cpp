#include "models/collector/receiver.hpp"

#include <algorithm>

#include "models/collector/http_request.hpp"

namespace spillway::collector {

int status_of(Protocol protocol, const Result& result) {
  if (protocol == Protocol::zipkin) return result.ok ? 202 : result.permanent ? 400 : 500;
  if (result.ok) return 200;
  switch (result.code) {
    case Code::none: return result.permanent ? 500 : 503;
    case Code::canceled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::unavailable:
    case Code::data_loss: return 503;
    case Code::resource_exhausted: return 429;
    case Code::invalid_argument: return 400;
    case Code::unauthenticated: return 401;
    case Code::permission_denied: return 403;
    case Code::unimplemented: return 404;
    case Code::unknown:
    case Code::not_found:
    case Code::already_exists:
    case Code::failed_precondition:
    case Code::internal: return 500;
  }
  return 500;
}

GrpcCode grpc_code_of(const Result& result) {
  if (result.ok) return GrpcCode::ok;
  if (result.code != Code::none) return static_cast<GrpcCode>(result.code);
  return result.permanent ? GrpcCode::internal : GrpcCode::unavailable;
}

Receiver::Receiver(Run& run, Network& network, ReceiverSettings settings, Consumer& next)
    : run_{run}, network_{network}, settings_{std::move(settings)}, next_{next}, self_{run.sim.add(*this)} {}

void Receiver::start() {
  counters_ = {};
  listening_ = true;
}

// Before the pipeline is asked: not counted.
void Receiver::refuse(RequestId request, int status, GrpcCode code) {
  network_.answer(request, settings_.protocol == Protocol::otlp_grpc
                               ? grpc_answer(code)
                               : Answer{Answer::Kind::status, status, Duration{-1}, {}});
}

// RetryInfo inside the error travels on: over HTTP as Retry-After, in whole seconds, with 429 and 503 only.
void Receiver::reply(RequestId request, const Result& result) {
  if (settings_.protocol == Protocol::otlp_grpc)
    return network_.answer(request, grpc_answer(grpc_code_of(result), result.retry_after, result.cause));
  Answer answer{Answer::Kind::status, status_of(settings_.protocol, result), Duration{-1}, result.cause};
  const bool throttles = settings_.protocol == Protocol::otlp_http && (answer.status == 429 || answer.status == 503);
  if (throttles && settings_.tells_retry_after && result.retry_after > Duration{0})
    answer.retry_after = std::chrono::floor<std::chrono::seconds>(result.retry_after);
  network_.answer(request, answer);
}

bool Receiver::too_large(const Post& post) const {
  const bool grpc = settings_.protocol == Protocol::otlp_grpc;
  return (grpc ? std::max(post.body_bytes, post.payload.bytes()) : post.body_bytes) > settings_.max_request_body_size;
}

void Receiver::receive(RequestId request) {
  const Post& post = network_.request(request);
  const bool same_protocol = (post.format == WireFormat::otlp_grpc) == (settings_.protocol == Protocol::otlp_grpc);
  if (!same_protocol) return network_.answer(request, {Answer::Kind::reset, 0, Duration{-1}, {}});
  if (settings_.credential != 0 && post.credential != settings_.credential)
    return refuse(request, 401, GrpcCode::unauthenticated);
  if (post.recorded == nullptr && too_large(post)) return refuse(request, 400, GrpcCode::resource_exhausted);
  if (post.recorded != nullptr) {
    const int status = refusal(*post.recorded, settings_);
    if (status != 0) return refuse(request, status, GrpcCode::invalid_argument);
  }
  count(post);
  // The otlp receiver answers a request without spans by itself, the zipkin receiver passes it on.
  if (post.payload.is_empty() && settings_.protocol != Protocol::zipkin) return reply(request, {});
  const std::uint32_t token = open_.add({request, post.payload.items(), {}, false, {}});
  const Duration timeout = post.timeout;
  live_.push_back(token);
  next_.consume(decoded(post), {this, token});
  watch_client(token, timeout);
}

void Receiver::count(const Post& post) {
  if (settings_.usage == nullptr) return;
  if (settings_.protocol == Protocol::zipkin) settings_.usage->received_zipkin(post.payload, post.body_bytes);
  else settings_.usage->received_otlp(post.payload, post.body_bytes);
}

// What the pipeline gets to see: Zipkin spans are translated.
Payload Receiver::decoded(const Post& post) {
  if (settings_.protocol != Protocol::zipkin) return post.payload.clone();
  if (post.recorded != nullptr) return translated(post);
  scratch_.clear();
  post.payload.for_each([&](const Span& span) { scratch_.push_back(run_.catalog.from_zipkin(span)); });
  return run_.pool.grouped(scratch_);
}

// A recorded Zipkin body, span by span; the request was not refused, so it can be read.
Payload Receiver::translated(const Post& post) {
  std::vector<ItemId> items;
  post.payload.for_each([&](const Span& span) { items.push_back(span.item); });
  const auto body = wire::decode_zipkin_json(post.recorded->body);
  const wire::TranslatedZipkin translation = *translate_zipkin(*body, settings_.zipkin);
  scratch_.clear();
  for (const wire::WireGroup& group : translation.groups) {
    const ResourceId resource = run_.catalog.add_resource(group.resource);
    for (const wire::WireSpan& span : group.spans) {
      const std::size_t origin = translation.origins[scratch_.size()];
      scratch_.push_back(to_span(run_.catalog, span, resource));
      scratch_.back().item = items[origin];
    }
  }
  return run_.pool.grouped(scratch_);
}

// A client that hangs up cancels the context of its request. The end of its connection is here as long after its
// timeout as the request was under way, hence one timeout after the arrival. A client that is killed goes unnoticed.
void Receiver::watch_client(std::uint32_t token, Duration timeout) {
  const bool waits = std::find(live_.begin(), live_.end(), token) != live_.end();
  if (!waits || timeout <= Duration{0}) return;
  open_[token].client_leaves = run_.sim.start_timer(run_.sim.now() + timeout, self_, 0, token);
}

void Receiver::handle(const Event& event) {
  next_.cancel({this, static_cast<std::uint32_t>(event.a)});
}

void Receiver::done(std::uint32_t token, const Result& result) {
  live_.erase(std::find(live_.begin(), live_.end(), token));
  const Open open = open_.take(token);
  run_.sim.cancel(open.client_leaves);
  // The other counter gets +0, so both series exist after the first request.
  counters_.accepted.add(result.ok ? open.items : 0);
  counters_.refused.add(result.ok ? 0 : open.items);
  if (open.answered) run_.release(open.cut, next_.reach, result.ok ? Ledger::handed_over() : result.cause);
  else reply(open.request, result);
  if (live_.empty() && stopped_.caller != nullptr) std::exchange(stopped_, {})({});
}

void Receiver::stop(Done stopped) {
  listening_ = false;
  if (live_.empty()) return stopped({});
  if (settings_.protocol != Protocol::zipkin) {
    stopped_ = stopped;
    return;
  }
  for (const std::uint32_t token : live_) {
    Open& open = open_[token];
    open.cut = network_.request(open.request).payload.clone();
    open.answered = true;
    run_.hold(open.cut, next_.reach);
    network_.answer(open.request, {Answer::Kind::reset, 0, Duration{-1}, {}});
  }
  stopped({});
}

void Receiver::kill(Cause cause) {
  listening_ = false;
  for (const std::uint32_t token : live_) {
    const Open open = open_.take(token);
    run_.sim.cancel(open.client_leaves);
    if (open.answered) {
      run_.release(open.cut, next_.reach, cause);
      continue;
    }
    network_.answer(open.request, {Answer::Kind::reset, 0, Duration{-1}, {}});
  }
  live_.clear();
  stopped_ = {};
}

}  // namespace spillway::collector
