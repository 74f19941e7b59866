#include <algorithm>

#include "models/instrumentation/instrumentation.hpp"

namespace spillway {

OtlpBatch::OtlpBatch(Run& run, Transport& transport, std::string process, const Instrumentation& config,
                     std::vector<ExportTarget> targets)
    : run_{run}, transport_{transport}, process_{std::move(process)}, config_{config}, targets_{std::move(targets)},
      self_{run.sim.add(*this)}, losses_{run, process_ + " export"} {
  for (const ExportTarget& target : targets_) reach_ |= target.reach;
  queue_full_ = losses_.named("SDK queue full");
  queue_.reserve(static_cast<std::size_t>(config_.max_queue_size));
  delay_timer_ = run_.sim.start_timer(run_.sim.now() + rest_of_period(), self_, delay_over);
}

// Processes run since some moment before the scenario, each since its own. Were their timers in step, a collector would
// get the posts of all services at once, and its batches and queues would count far fewer requests.
Duration OtlpBatch::rest_of_period() const {
  const double share = Draws{run_.sim.stream(process_, "batch timer"), 0}.uniform();
  return from_seconds(seconds(config_.schedule_delay) * share);
}

void OtlpBatch::finished(const Span& span) {
  for (const ExportTarget& target : targets_) run_.ledger.hold(span.item, target.reach);
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(span);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = span;
  }
  future_.push_back({span.start + span.duration, slot, next_order_++});
  std::push_heap(future_.begin(), future_.end(), Later{});
  watch();
}

// Spans that have ended are only looked at when that can matter: when the batch might be full by then.
void OtlpBatch::watch() {
  const auto batch = static_cast<std::size_t>(config_.max_export_batch_size);
  if (future_.empty() || queue_.size() + future_.size() < batch) return;
  const Time end = std::max(future_.front().end, run_.sim.now());
  if (run_.sim.pending(watch_timer_)) {
    if (watch_at_ <= end) return;
    run_.sim.cancel(watch_timer_);
  }
  watch_at_ = end;
  watch_timer_ = run_.sim.start_timer(end, self_, next_end);
}

void OtlpBatch::take_ended(Time until) {
  while (!future_.empty() && future_.front().end <= until) {
    const std::uint32_t slot = future_.front().slot;
    std::pop_heap(future_.begin(), future_.end(), Later{});
    future_.pop_back();
    enqueue(slots_[slot]);
    free_slots_.push_back(slot);
  }
}

void OtlpBatch::enqueue(const Span& span) {
  if (static_cast<std::int64_t>(queue_.size()) >= config_.max_queue_size) {
    for (const ExportTarget& target : targets_) run_.ledger.release(span.item, target.reach, queue_full_, run_.sim.now());
    return;
  }
  queue_.push_back(span);
  if (static_cast<std::int64_t>(queue_.size()) >= config_.max_export_batch_size) export_batch();
}

void OtlpBatch::handle(const Event& event) {
  take_ended(run_.sim.now());
  if (event.kind == delay_over) {
    delay_timer_ = run_.sim.start_timer(run_.sim.now() + config_.schedule_delay, self_, delay_over);
    export_batch();
  }
  watch();
}

void OtlpBatch::export_batch() {
  if (open_posts_ > 0 || queue_.empty()) return;
  const std::size_t size = std::min(queue_.size(), static_cast<std::size_t>(config_.max_export_batch_size));
  exporting_ = run_.pool.of(queue_.data(), size);
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    Post post;
    post.endpoint = targets_[i].endpoint;
    post.payload = exporting_.clone();
    post.body_bytes = exporting_.bytes();
    post.timeout = config_.timeout;
    post.client = this;
    post.token = i;
    ++open_posts_;
    transport_.post(std::move(post));
  }
}

void OtlpBatch::answered(std::uint64_t token, const Answer& answer) {
  const ExportTarget& target = targets_[token];
  ++answers_[to_text(answer)];
  run_.release(exporting_, target.reach,
               answer.success() ? Ledger::handed_over() : losses_.cause_of(answer, target.host));
  if (--open_posts_ > 0) return;
  exporting_.clear();
  take_ended(run_.sim.now());
  if (static_cast<std::int64_t>(queue_.size()) >= config_.max_export_batch_size) export_batch();
  watch();
}

void OtlpBatch::add_answers(std::vector<AnswerCounts>& list) const { list.push_back({process_, answers_}); }

}  // namespace spillway
