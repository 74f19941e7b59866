#include "models/backends/backend.hpp"

#include <algorithm>
#include <cstdio>

#include "models/wire/spans.hpp"
#include "sim/span_set.hpp"

namespace spillway {
namespace {

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

bool says_yes(const Behaviour& behaviour, int status) {
  return behaviour.kind == Behaviour::Kind::answer && status >= 200 && status < 300;
}

bool stores(const Behaviour& behaviour, int status) { return behaviour.store.value_or(says_yes(behaviour, status)); }

}  // namespace

BackendServer::BackendServer(Run& run, Network& network, BackendSettings settings)
    : run_{run}, network_{network}, settings_{std::move(settings)}, self_{run.sim.add(*this)},
      destination_{run.ledger.add_destination(settings_.name)}, draws_{run.sim.stream(settings_.name, "latency")},
      discarded_{run.ledger.add_loss(settings_.name, "accepted, not stored")} {}

const Behaviour& BackendServer::current_now() const {
  if (fault_ != nullptr) return *fault_;
  const Behaviour* current = &settings_.spec->behaviour;
  for (const ScriptStep& step : settings_.spec->script) {
    if (requests_ + 1 >= step.from_request) current = &step.behaviour;
  }
  return *current;
}

void BackendServer::receive(RequestId request) {
  const Behaviour& behaviour = current_now();
  const Post& post = network_.request(request);
  ++requests_;
  body_bytes_ += post.body_bytes;
  spans_ += post.payload.items();
  const bool known = settings_.credential == 0 || post.credential == settings_.credential;
  const int status = known ? behaviour.status : 401;
  if (known && stores(behaviour, status)) store(post.payload, settings_.note_contents && post.format != WireFormat::zipkin_json);
  else if (says_yes(behaviour, status)) discard(post.payload);
  switch (behaviour.kind) {
    case Behaviour::Kind::answer: return answer_later(request, behaviour, status);
    case Behaviour::Kind::hang: count_answer("hang"); return network_.never_answer(request);
    case Behaviour::Kind::reset:
      count_answer("reset");
      return network_.answer(request, {Answer::Kind::reset, 0, Duration{-1}, {}});
    case Behaviour::Kind::refuse: return network_.answer(request, {Answer::Kind::refused, 0, Duration{-1}, {}});
  }
}

// The set is named by the ids that its spans have in replication 0, the one that real programs are given:
// replications in which the same spans arrive then have the same set.
void BackendServer::store(const Payload& payload, bool note_contents) {
  payload.for_each([&](const Span& span) {
    if (!run_.ledger.store(span.item, destination_)) return;
    if (note_contents) note(span);
    if (!settings_.note_span_ids) return;
    const TraceId named = run_.catalog.first_trace_id(span.trace);
    span_set_ += span_set_term(named.high, named.low, run_.catalog.first_span_id(span.trace, span.ordinal));
    const TraceId trace = run_.catalog.trace_id(span.trace);
    const std::uint64_t id = run_.catalog.span_id(span.trace, span.ordinal);
    span_ids_.push_back(hex(trace.high) + hex(trace.low) + ":" + hex(id));
  });
}

void BackendServer::note(const Span& span) {
  const Catalog& catalog = run_.catalog;
  wire::WireSpan written{catalog.first_trace_id(span.trace), catalog.first_span_id(span.trace, span.ordinal), 0,
                         catalog.shape(span.shape), span.status, 0, static_cast<std::uint64_t>(span.duration.count())};
  if (span.parent != kNoParent) written.parent = catalog.first_span_id(span.trace, span.parent);
  contents_ += hash_name(spans_stored_.emplace_back(span_text(written, catalog.resource(span.resource))));
}

// The sender will believe that the items are here.
void BackendServer::discard(const Payload& payload) {
  run_.hold(payload, DestinationSet{1} << destination_);
  run_.release(payload, DestinationSet{1} << destination_, discarded_);
}

Duration BackendServer::latency(const Behaviour& behaviour) {
  const Distribution& law = behaviour.latency ? *behaviour.latency : settings_.spec->latency;
  if (law.is_constant()) return from_seconds(law.mean());
  Draws draws = draws_.next();
  return std::max(Duration{0}, from_seconds(law.sample(draws)));
}

// A Zipkin server says 202 where an OTLP one says 200.
void BackendServer::answer_later(RequestId request, const Behaviour& behaviour, int status) {
  if (status == 200 && settings_.spec->accepts == Backend::Accepts::zipkin) status = 202;
  count_answer(std::to_string(status));
  Answer answer{Answer::Kind::status, status, Duration{-1}, {}};
  if (behaviour.retry_after) answer.retry_after = *behaviour.retry_after / std::chrono::seconds{1} * std::chrono::seconds{1};
  run_.sim.schedule(run_.sim.now() + latency(behaviour), self_, 0, waiting_.add({request, answer}));
}

void BackendServer::handle(const Event& event) {
  const Waiting waiting = waiting_.take(static_cast<std::uint32_t>(event.a));
  network_.answer(waiting.request, waiting.answer);
}

BackendCounts BackendServer::counts() const {
  return {settings_.name, requests_, body_bytes_, spans_, answers_};
}

void BackendServer::describe(DestinationFates& fates) const {
  if (settings_.note_contents) {
    fates.contents = hex(contents_);
    fates.spans = spans_stored_;
    std::sort(fates.spans.begin(), fates.spans.end());
  }
  if (!settings_.note_span_ids) return;
  fates.span_set = hex(span_set_);
  fates.span_ids = span_ids_;
  std::sort(fates.span_ids.begin(), fates.span_ids.end());
}

}  // namespace spillway
