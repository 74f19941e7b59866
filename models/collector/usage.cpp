#include "models/collector/usage.hpp"

#include <utility>

namespace spillway::collector {

Usage::Usage(Run& run, const Costs& costs, GoRuntime runtime, int cpus)
    : run_{run}, costs_{costs}, self_{run.sim.add(*this)}, heap_{runtime, costs.idle_live_heap},
      bodies_{run.catalog}, cpus_{cpus} {}

void Usage::limit_memory(double limit, std::function<void()> killed) {
  memory_limit_ = limit;
  killed_ = std::move(killed);
}

void Usage::start() {
  over_ = false;
  held_bytes_ = 0;  // what a killed life held is gone
  work_ = {};
  booked_ = {};
  heap_.start(run_.sim.now());
  coded_ = coded_before_ = {};
  collections_ = heap_.collections();
  touched_ = active_ = run_.sim.now();
  timer_ = run_.sim.start_timer(heap_.due(), self_, collection);
}

void Usage::stop() { run_.sim.cancel(timer_); }

// Go's own collection: two minutes after the last one, whatever started that.
void Usage::handle(const Event& event) {
  if (event.kind == out_of_memory) {
    if (over_) killed_();
    return;
  }
  if (heap_.due() <= event.at) collect();
  timer_ = run_.sim.start_timer(heap_.due(), self_, 0);
}

std::int64_t Usage::collect() {
  touched_ = run_.sim.now();
  const auto left = static_cast<std::int64_t>(heap_.collect(run_.sim.now(), live()));
  note_collections();
  work_.collected_bytes = heap_.collected_bytes();
  return left;
}

void Usage::note_collections() {
  for (; collections_ < heap_.collections(); ++collections_) coded_before_ = std::exchange(coded_, {});
}

// What was done inside since the last request came or went out: one moment for all of it.
double Usage::step_garbage() {
  double bytes = 0;
  for (std::size_t i = 0; i < kSteps; ++i)
    bytes += costs_.steps[i].garbage * static_cast<double>(work_.steps[i] - std::exchange(booked_[i], work_.steps[i]));
  return bytes;
}

void Usage::allocated(const Price& garbage, const Handled& handled) {
  heap_.allocate(run_.sim.now(), priced(garbage, handled) + step_garbage() + idle_garbage(), live());
  touched_ = run_.sim.now();
  note_collections();
  work_.collected_bytes = heap_.collected_bytes();
  const bool over = memory_limit_ > 0 && costs_.idle_resident + costs_.resident_per_heap_byte * heap_.grown() > memory_limit_;
  if (over && !std::exchange(over_, true)) run_.sim.schedule(run_.sim.now(), self_, out_of_memory);
}

// After a pause a request finds cold caches, a halted processor and a runtime whose threads sleep, and wakes them all; one
// that comes soon after another does not. Seen on running collectors: a request of one span costs twice as much at 60/s as
// at 400/s. The pause at which half of it is due was read off these, too.
void Usage::woken() {
  constexpr double half = 0.003;  // seconds
  const double pause = seconds(run_.sim.now() - std::exchange(active_, run_.sim.now()));
  work_.wakes += pause * pause / (pause * pause + half * half);
}

void Usage::received_zipkin(const Payload& payload, std::int64_t body_bytes) {
  const Handled handled{1, payload.items(), count_attributes(payload, run_.catalog, true), body_bytes};
  work_.zipkin += handled;
  woken();
  allocated(costs_.zipkin_garbage, handled);
}

void Usage::received_otlp(const Payload& payload, std::int64_t body_bytes) {
  const Handled handled{1, payload.items(), count_attributes(payload, run_.catalog, false), body_bytes};
  work_.otlp += handled;
  woken();
  allocated(costs_.otlp_garbage, handled);
}

std::int64_t Usage::exported(const Payload& payload, Compression compression, Signal signal) {
  const Handled handled{1, payload.items(), count_attributes(payload, run_.catalog, false), payload.bytes()};
  work_.exported += handled;
  woken();
  allocated(costs_.exported_garbage, handled);
  if (compression == Compression::none) return payload.bytes();
  const Contents contents = signal == Signal::traces ? bodies_.spans(payload) : BodyReader::items(payload);
  const auto coder = static_cast<std::size_t>(coder_of(compression));
  work_.compressed[coder] += contents;
  if (keeps_buffers(compression, payload.bytes())) ++coded_[coder];
  return compressed_bytes(costs_, compression, contents);
}

double Usage::resident() const { return costs_.idle_resident + costs_.resident_per_heap_byte * heap_.growth(); }

}  // namespace spillway::collector
