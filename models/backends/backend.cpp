#include "models/backends/backend.hpp"

#include <algorithm>

#include "models/wire/spans.hpp"
#include "sim/span_set.hpp"

namespace spillway {
namespace {

bool stores(const Behaviour& behaviour, const Answer& answer) {
  return behaviour.store.value_or(behaviour.kind == Behaviour::Kind::answer && answer.success());
}

}  // namespace

BackendServer::BackendServer(Run& run, Network& network, BackendSettings settings)
    : run_{run}, network_{network}, settings_{std::move(settings)}, self_{run.sim.add(*this)},
      destination_{run.ledger.add_destination(settings_.name)}, draws_{run.sim.stream(settings_.name, "latency")},
      discarded_{run.ledger.add_loss(settings_.name, "accepted, not stored")},
      rejected_{run.ledger.add_loss(settings_.name, "rejected in a partial success")} {}

const Behaviour& BackendServer::current_now() const {
  if (fault_ != nullptr) return *fault_;
  const Behaviour* current = &settings_.spec->behaviour;
  for (const ScriptStep& step : settings_.spec->script) {
    if (requests_ + 1 >= step.from_request) current = &step.behaviour;
  }
  return *current;
}

// What speaks another protocol than this server does not get as far as a request.
void BackendServer::receive(RequestId request) {
  const Behaviour& behaviour = current_now();
  const Post& post = network_.request(request);
  const Answer reset{Answer::Kind::reset, 0, Duration{-1}, {}};
  if ((post.format == WireFormat::otlp_grpc) != grpc()) return network_.answer(request, reset);
  ++requests_;
  body_bytes_ += post.body_bytes;
  spans_ += post.payload.items();
  const bool known = settings_.credential == 0 || post.credential == settings_.credential;
  const Answer answer = answer_of(behaviour, known);
  if (known && stores(behaviour, answer)) keep(post, behaviour.rejects);
  else if (behaviour.kind == Behaviour::Kind::answer && answer.success()) discard(post.payload, discarded_);
  switch (behaviour.kind) {
    case Behaviour::Kind::answer: return answer_later(request, behaviour, answer);
    case Behaviour::Kind::hang: count_answer("hang"); return network_.never_answer(request);
    case Behaviour::Kind::reset: count_answer("reset"); return network_.answer(request, reset);
    case Behaviour::Kind::refuse: return network_.answer(request, {Answer::Kind::refused, 0, Duration{-1}, {}});
  }
}

// A Zipkin server says 202 where an OTLP one says 200.
Answer BackendServer::answer_of(const Behaviour& behaviour, bool known) const {
  if (grpc()) return grpc_answer(known ? behaviour.code : GrpcCode::unauthenticated, behaviour.retry_after.value_or(Duration{-1}));
  Answer answer{Answer::Kind::status, known ? behaviour.status : 401, behaviour.retry_after.value_or(Duration{-1}), {}};
  if (answer.status == 200 && settings_.spec->accepts == Backend::Accepts::zipkin) answer.status = 202;
  answer.retry_after_is_date = behaviour.retry_after_date;
  answer.garbled = behaviour.garbled;
  return answer;
}

void BackendServer::keep(const Post& post, std::int64_t rejects) {
  const bool note_contents = settings_.note_contents && post.format != WireFormat::zipkin_json && post.signal == Signal::traces;
  if (rejects == 0) {
    stored_bytes_ += post.format == WireFormat::zipkin_json ? post.body_bytes : post.payload.bytes();
    return store(post.payload, note_contents);
  }
  Payload rest = post.payload.clone();
  const Payload front = rest.split_front(std::max<std::int64_t>(0, rest.items() - rejects));
  stored_bytes_ += front.bytes();
  store(front, note_contents);
  discard(rest, rejected_);
}

// The set is named by the ids that its spans have in replication 0, the one that real programs are given:
// replications in which the same spans arrive then have the same set.
void BackendServer::store(const Payload& payload, bool note_contents) {
  payload.for_each([&](const Span& span) {
    if (settings_.note_arrivals) arrivals_[key_of(span)].push_back(run_.sim.now());
    if (!run_.ledger.store(span.item, destination_)) return;
    if (note_contents) note(span);
    if (!settings_.note_span_ids) return;
    const TraceId named = run_.catalog.first_trace_id(span.trace);
    span_set_ += span_set_term(named.high, named.low, run_.catalog.first_span_id(span.trace, span.ordinal));
    span_ids_.push_back(to_text(key_of(span)));
  });
}

SpanKey BackendServer::key_of(const Span& span) const {
  const TraceId trace = run_.catalog.trace_id(span.trace);
  return {trace.high, trace.low, run_.catalog.span_id(span.trace, span.ordinal)};
}

void BackendServer::note(const Span& span) {
  const Catalog& catalog = run_.catalog;
  wire::WireSpan written{catalog.first_trace_id(span.trace), catalog.first_span_id(span.trace, span.ordinal), 0,
                         catalog.shape(span.shape), span.status, 0, static_cast<std::uint64_t>(span.duration.count())};
  if (span.parent != kNoParent) written.parent = catalog.first_span_id(span.trace, span.parent);
  contents_ += hash_name(spans_stored_.emplace_back(span_text(written, catalog.resource(span.resource))));
}

// The sender will believe that the items are here.
void BackendServer::discard(const Payload& payload, Cause cause) {
  run_.hold(payload, DestinationSet{1} << destination_);
  run_.release(payload, DestinationSet{1} << destination_, cause);
}

Duration BackendServer::latency(const Behaviour& behaviour) {
  const Distribution& law = behaviour.latency ? *behaviour.latency : settings_.spec->latency;
  if (law.is_constant()) return from_seconds(law.mean());
  Draws draws = draws_.next();
  return std::max(Duration{0}, from_seconds(law.sample(draws)));
}

void BackendServer::answer_later(RequestId request, const Behaviour& behaviour, const Answer& answer) {
  count_answer(to_text(answer));
  run_.sim.schedule(run_.sim.now() + latency(behaviour), self_, 0, waiting_.add({request, answer}));
}

// A date has whole seconds; how far it is away depends on the moment.
void BackendServer::handle(const Event& event) {
  Waiting waiting = waiting_.take(static_cast<std::uint32_t>(event.a));
  if (waiting.answer.retry_after_is_date) {
    const Time date = std::chrono::floor<std::chrono::seconds>(run_.sim.now() + waiting.answer.retry_after);
    waiting.answer.retry_after = std::max(Duration{0}, date - run_.sim.now());
  }
  network_.answer(waiting.request, waiting.answer);
}

BackendCounts BackendServer::counts() const {
  return {settings_.name, requests_, body_bytes_, spans_, answers_, stored_bytes_};
}

void BackendServer::describe(DestinationFates& fates) const {
  if (settings_.note_contents) {
    fates.contents = hex16(contents_);
    fates.spans = spans_stored_;
    std::sort(fates.spans.begin(), fates.spans.end());
  }
  for (const auto& [key, at] : arrivals_) fates.arrivals.push_back({to_text(key), at});
  if (!settings_.note_span_ids) return;
  fates.span_set = hex16(span_set_);
  fates.span_ids = span_ids_;
  std::sort(fates.span_ids.begin(), fates.span_ids.end());
}

}  // namespace spillway
