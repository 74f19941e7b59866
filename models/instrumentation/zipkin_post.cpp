#include "models/instrumentation/instrumentation.hpp"

namespace spillway {

Cause ExportLosses::cause_of(const Answer& answer, const std::string& host) {
  if (answer.cause.index != 0) return answer.cause;
  const auto [position, fresh] = causes_.try_emplace({host, to_text(answer)});
  if (fresh) position->second = run_.ledger.add_loss(component_ + " to " + host, to_text(answer) + ", not retried");
  return position->second;
}

ZipkinPost::ZipkinPost(Run& run, Transport& transport, Cpu& cpu, std::string process, const Instrumentation& config,
                       std::vector<ExportTarget> targets)
    : run_{run}, transport_{transport}, cpu_{cpu}, process_{std::move(process)}, config_{config},
      targets_{std::move(targets)}, draws_{run.sim.stream(process_, "work_per_post")},
      losses_{run, process_ + " export"}, answers_(targets_.size()) {
  for (const ExportTarget& target : targets_) reach_ |= target.reach;
}

void ZipkinPost::finished(const Span& span) {
  for (std::uint32_t i = 0; i < targets_.size(); ++i) {
    Payload payload = run_.pool.of(&span, 1);
    run_.hold(payload, targets_[i].reach);
    Draws draws = draws_.next();
    const Duration work = from_seconds(config_.work_per_post.sample(draws));
    cpu_.submit(work, *this, open_.add({std::move(payload), i}));
  }
}

void ZipkinPost::task_done(std::uint64_t token, Time) {
  const Open& open = open_[static_cast<std::uint32_t>(token)];
  Post post;
  post.endpoint = targets_[open.target].endpoint;
  post.payload = open.payload.clone();
  post.format = WireFormat::zipkin_json;
  post.payload.for_each([&](const Span& span) { post.body_bytes += run_.catalog.zipkin_bytes(span) + 2; });
  post.timeout = config_.timeout;
  post.client = this;
  post.token = token;
  transport_.post(std::move(post));
}

void ZipkinPost::answered(std::uint64_t token, const Answer& answer) {
  const Open open = open_.take(static_cast<std::uint32_t>(token));
  const ExportTarget& target = targets_[open.target];
  ++answers_[open.target][to_text(answer)];
  run_.release(open.payload, target.reach,
               answer.success() ? Ledger::handed_over() : losses_.cause_of(answer, target.host));
}

void ZipkinPost::add_answers(std::vector<AnswerCounts>& list) const {
  for (std::size_t i = 0; i < targets_.size(); ++i) list.push_back({process_ + " to " + targets_[i].host, answers_[i]});
}

}  // namespace spillway
