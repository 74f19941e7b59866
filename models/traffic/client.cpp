#include "models/traffic/client.hpp"

#include "models/network/url.hpp"
#include "models/traffic/recorded_posts.hpp"

namespace spillway {
namespace {

Attributes made_up_attributes(int count, int bytes) {
  Attributes attributes;
  for (int i = 0; i < count; ++i) {
    std::string value = "value-" + std::to_string(i);
    if (bytes > 0) value.resize(static_cast<std::size_t>(bytes), static_cast<char>('a' + i % 26));
    attributes.emplace_back("attribute." + std::to_string(i), std::move(value));
  }
  return attributes;
}

}  // namespace

ScriptedClient::ScriptedClient(Run& run, Transport& transport, const Client& spec,
                               std::vector<ExportTarget> targets, CredentialId credential, ResourceId resource, std::uint64_t source, Time end, bool note_posts)
    : run_{run}, transport_{transport}, spec_{spec}, targets_{std::move(targets)}, credential_{credential},
      resource_{resource}, source_{source}, end_{end}, self_{run.sim.add(*this)}, given_{run.catalog, spec},
      losses_{run, spec.name}, note_posts_{note_posts} {
  const Attributes attributes = made_up_attributes(spec.attributes, spec.attribute_bytes);
  root_shape_ = run.catalog.add_shape({"root", SpanKind::server, attributes});
  child_shape_ = run.catalog.add_shape({"child", SpanKind::internal, attributes});
  take_recording();
  schedule_due();
}

void ScriptedClient::take_recording() {
  recorded_ = spec_.recording.posts;
  const auto url = parse_url(spec_.url);
  for (std::size_t i = 0; i < recorded_.size(); ++i) {
    const auto own = parse_url(recorded_[i].url);
    if (recorded_[i].path.empty() && (own || url)) recorded_[i].path = (own ? own : url)->path;
    if (!recorded_[i].timed) recorded_[i].at = spec_.first + static_cast<std::int64_t>(i) * spec_.every;
  }
}

// By the URL; only recordings are about anything but traces.
Signal ScriptedClient::signal(std::uint64_t number) const {
  if (recorded_.empty()) return Signal::traces;
  return signal_of(recorded_[number].url.empty() ? spec_.url : recorded_[number].url);
}

std::uint64_t ScriptedClient::count() const {
  if (!recorded_.empty()) return recorded_.size();
  if (!spec_.posts.empty()) return spec_.posts.size();
  return spec_.at.empty() ? static_cast<std::uint64_t>(spec_.count) : spec_.at.size();
}

Time ScriptedClient::moment(std::uint64_t number) const {
  if (!recorded_.empty()) return recorded_[number].at;
  if (!spec_.posts.empty()) return spec_.posts[number].at;
  return spec_.at.empty() ? spec_.first + static_cast<std::int64_t>(number) * spec_.every : spec_.at[number];
}

void ScriptedClient::schedule_due() {
  if (next_due_ >= count()) return;
  const Time at = std::max(moment(next_due_), run_.sim.now());
  if (at <= end_) run_.sim.schedule(at, self_, due);
}

void ScriptedClient::handle(const Event& event) {
  if (event.kind == again) return post(static_cast<std::uint32_t>(event.a));
  ++next_due_;
  ++waiting_;
  schedule_due();
  begin_next();
}

void ScriptedClient::begin_next() {
  if (waiting_ == 0 || (busy_ && !spec_.concurrent)) return;
  --waiting_;
  busy_ = true;
  const std::uint64_t number = begun_;
  if (note_posts_) posts_.push_back({spec_.name, static_cast<std::int64_t>(number) + 1, run_.sim.now(), {}});
  Payload payload = make_payload();
  run_.hold(payload, target(number).reach);
  post(open_.add({std::move(payload), 0, number}));
}

Payload ScriptedClient::make_payload() {
  scratch_.clear();
  const Signal signal = this->signal(begun_);
  if (signal != Signal::traces) append_recorded_items(run_.catalog, recorded_[begun_], signal, scratch_);
  else if (!recorded_.empty()) append_recorded(run_.catalog, recorded_[begun_], scratch_);
  else if (given_.empty()) make_up_spans();
  else given_.append(begun_, scratch_);
  const DestinationSet reach = target(begun_++).reach;
  for (Span& span : scratch_) {
    span.item = run_.ledger.produce(reach);
    if (signal == Signal::traces) span.bytes = run_.catalog.otlp_bytes(span);
  }
  return run_.pool.grouped(scratch_);
}

// spans_per_trace spans form a root with children; the last trace of a post may be shorter.
void ScriptedClient::make_up_spans() {
  const std::int64_t per_trace = spec_.spans_per_trace > 0 ? spec_.spans_per_trace : spec_.spans;
  for (std::int64_t i = 0; i < spec_.spans; ++i) {
    const auto ordinal = static_cast<std::uint32_t>(i % per_trace);
    if (ordinal == 0) ++next_trace_;
    Span span;
    span.trace = source_ << 48 | (next_trace_ - 1);
    span.start = run_.sim.now();
    span.duration = std::chrono::milliseconds{1};
    span.ordinal = ordinal;
    span.parent = ordinal == 0 ? kNoParent : 0;
    span.shape = ordinal == 0 ? root_shape_ : child_shape_;
    span.resource = resource_;
    scratch_.push_back(span);
  }
}

std::int64_t ScriptedClient::body_bytes(const Payload& payload) const {
  if (spec_.format != WireFormat::zipkin_json) return payload.bytes();
  std::int64_t bytes = 1;
  payload.for_each([&](const Span& span) { bytes += run_.catalog.zipkin_bytes(span) + 1; });
  return bytes;
}

const ClientRetry& ScriptedClient::retry(std::uint64_t number) const {
  const bool own = !recorded_.empty() && recorded_[number].retry;
  return own ? *recorded_[number].retry : spec_.retry;
}

void ScriptedClient::post(std::uint32_t open) {
  ++open_[open].attempts;
  Post request;
  request.endpoint = target(open_[open].number).endpoint;
  request.timeout = spec_.timeout;
  request.payload = open_[open].payload.clone();
  request.body_bytes = body_bytes(request.payload);
  if (!recorded_.empty()) {
    request.recorded = &recorded_[open_[open].number];
    request.body_bytes = static_cast<std::int64_t>(request.recorded->body.size());
    request.timeout = request.recorded->timeout.value_or(spec_.timeout);
  }
  request.format = spec_.format;
  request.signal = signal(open_[open].number);
  request.credential = credential_;
  request.client = this;
  request.token = open;
  transport_.post(std::move(request));
}

void ScriptedClient::answered(std::uint64_t token, const Answer& came) {
  const Answer answer = spec_.format == WireFormat::otlp_grpc ? grpc_answer(grpc_code_of(came), came.retry_after, came.cause) : came;
  const auto id = static_cast<std::uint32_t>(token);
  ++answers_[to_text(answer)];
  if (note_posts_) posts_[open_[id].number].answers.push_back({run_.sim.now(), to_text(answer)});
  const ClientRetry& rule = retry(open_[id].number);
  if (!answer.success() && open_[id].attempts < rule.attempts) {
    run_.sim.schedule(run_.sim.now() + rule.after, self_, again, id);
    return;
  }
  const Open open = open_.take(id);
  const ExportTarget& to = target(open.number);
  run_.release(open.payload, to.reach, answer.success() ? Ledger::handed_over() : losses_.cause_of(answer, to.host));
  busy_ = false;
  begin_next();
}

}  // namespace spillway
