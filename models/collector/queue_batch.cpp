#include "models/collector/queue_batch.hpp"

namespace spillway::collector {
namespace {

/// Bytes of a message of this length as an element of a list: tag, length, content.
std::int64_t as_element(std::int64_t length) {
  return 1 + static_cast<std::int64_t>(varint_bytes(static_cast<std::uint64_t>(length))) + length;
}

/// Room inside a message that may have `capacity` bytes as an element of a list.
std::int64_t room_inside(std::int64_t capacity) { return capacity - (as_element(capacity) - capacity); }

/// Length of the message that takes this many bytes as an element of a list.
std::int64_t content_of(std::int64_t element) {
  std::int64_t length = element - 2;
  while (as_element(length) > element) --length;
  return length;
}

/// Spans of the group's front that fit into `capacity` bytes together with the resource and scope around them.
std::int64_t spans_within(const SpanGroup& group, std::int64_t capacity, const Catalog& catalog) {
  constexpr std::int64_t empty_scope = 2;  // of every group: a scope without name
  const std::int64_t resource = content_of(catalog.otlp_group_bytes(group.resource, 0)) - as_element(empty_scope);
  std::int64_t room = room_inside(room_inside(capacity) - resource) - empty_scope;
  std::int64_t items = 0;
  for (std::uint32_t i = group.begin; i < group.end; ++i, ++items) {
    room -= group.block->spans[i].bytes;
    if (room < 0) break;
  }
  return items;
}

}  // namespace

std::int64_t items_within(const Payload& payload, std::int64_t max_size, const Catalog& catalog) {
  std::int64_t items = 0;
  for (const SpanGroup& group : payload.groups()) {
    if (group.bytes > max_size) return items + spans_within(group, max_size, catalog);
    max_size -= group.bytes;
    items += group.items();
  }
  return items;
}

QueueBatch::QueueBatch(Run& run, const ExporterBatchConfig& config, std::int64_t permits, SendingQueue& queue,
                       const std::string& owner, DestinationSet reach, BatchTo& next)
    : run_{run}, config_{config}, permits_{permits}, queue_{queue}, reach_{reach}, next_{next},
      self_{run.sim.add(*this)}, too_large_{run.ledger.add_loss(owner, "span larger than the batch's max_size")} {}

bool QueueBatch::large_enough(const Part& part) const {
  return size_of(part.payload, config_.sizer) >= config_.min_size;
}

// Every part carries `element`. A span that is larger than a part may be ends the cutting: the rest is dropped, which
// no counter tells.
std::vector<QueueBatch::Part> QueueBatch::split(Payload rest, ElementId element) {
  std::vector<Part> parts;
  while (config_.max_size > 0 && size_of(rest, config_.sizer) > config_.max_size) {
    const std::int64_t items = config_.sizer == Sizer::items
                                   ? config_.max_size
                                   : items_within(rest, config_.max_size, run_.catalog);
    if (items == 0) {
      queue_.add_part(element);
      queue_.finish_part(element, {false, false, Code::none, Duration{-1}, too_large_}, false);
      run_.release(rest, reach_, too_large_);
      return parts;
    }
    parts.push_back({rest.split_front(items), {element}});
  }
  parts.push_back({std::move(rest), {element}});
  return parts;
}

void QueueBatch::consume(SendingQueue::Taken taken) {
  const bool merges = !open_.elements.empty();
  Part before = std::exchange(open_, {});
  before.payload.append(std::move(taken.payload));
  std::vector<Part> parts = split(std::move(before.payload), taken.element);
  for (std::size_t i = 0; i < parts.size(); ++i) queue_.add_part(taken.element);
  if (merges && !parts.empty()) {
    before.elements.push_back(taken.element);
    parts.front().elements = std::move(before.elements);
  }
  // The last part waits for more when it is small; one that waited before goes on waiting by its own timer.
  const bool last_waits = !parts.empty() && !large_enough(parts.back());
  const bool same_one = merges && parts.size() == 1;
  if (last_waits) {
    open_ = std::move(parts.back());
    parts.pop_back();
    if (!same_one) {
      run_.sim.cancel(timer_);
      timer_ = run_.sim.start_timer(run_.sim.now() + config_.flush_timeout, self_, 0);
    }
  }
  for (Part& part : parts) send(std::move(part), Who::reader);
  queue_.finish_part(taken.element, {}, false);  // the part that take() gave
}

void QueueBatch::send(Part part, Who who) {
  std::deque<Part>& line = who == Who::reader ? reader_ : others_;
  if (busy_ < permits_ && line.empty()) return run(std::move(part));
  if (who == Who::other || line.empty()) turns_.push_back(who);
  line.push_back(std::move(part));
}

void QueueBatch::run(Part part) {
  ++busy_;
  next_.export_batch(std::move(part.payload), std::move(part.elements));
}

void QueueBatch::export_ended() {
  --busy_;
  while (busy_ < permits_ && !turns_.empty()) {
    const Who who = turns_.front();
    turns_.pop_front();
    std::deque<Part>& line = who == Who::reader ? reader_ : others_;
    Part part = std::move(line.front());
    line.pop_front();
    if (who == Who::reader && !line.empty()) turns_.push_back(who);
    run(std::move(part));
    if (others_.empty() && std::exchange(timer_due_, false)) flush();
  }
}

void QueueBatch::handle(const Event&) {
  if (others_.empty()) return flush();
  timer_due_ = true;
}

void QueueBatch::flush() {
  if (!open_.elements.empty()) send(std::exchange(open_, {}), Who::other);
}

void QueueBatch::kill(Cause cause) {
  run_.sim.cancel(timer_);
  run_.release(open_.payload, reach_, cause);
  for (const std::deque<Part>* line : {&reader_, &others_}) {
    for (const Part& part : *line) run_.release(part.payload, reach_, cause);
  }
  open_ = {};
  reader_.clear();
  others_.clear();
  turns_.clear();
  timer_due_ = false;
  busy_ = 0;
}

}  // namespace spillway::collector
