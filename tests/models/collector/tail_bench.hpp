// A tail_sampling processor between hand-made spans and a sink.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "models/collector/tail_sampling.hpp"
#include "models/collector/version.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {

/// One span of a test, with defaults that match no policy.
struct Made {
  std::uint64_t trace = 0;
  Attributes attributes{};
  Duration start{}, length = std::chrono::milliseconds{1};
  SpanStatus status = SpanStatus::unset;
  bool root = false;
  Attributes resource{};
  std::string trace_state{};
  std::uint8_t flags = 0;
};

/// Notes which traces come through, when, and in how many payloads.
class TraceSink final : public Consumer {
 public:
  explicit TraceSink(Bench& bench) : bench_{bench} { reach = bench.reach; }
  void consume(Payload payload, Done done) override {
    ++payloads;
    payload.for_each([&](const Span& span) { arrived.emplace_back(bench_.now(), span.trace); });
    if (waits) return waiting_.emplace_back(std::move(payload), done), void();
    answer(payload, done);
  }
  void let_go() {
    auto [payload, done] = std::move(waiting_.front());
    waiting_.pop_front();
    answer(payload, done);
  }
  std::set<std::uint64_t> traces() const {
    std::set<std::uint64_t> all;
    for (const auto& [at, trace] : arrived) all.insert(trace);
    return all;
  }
  std::vector<std::pair<double, std::uint64_t>> arrived;  ///< one line a span
  int payloads = 0;
  bool waits = false, fails = false;

 private:
  void answer(const Payload& payload, Done done) {
    if (!fails) bench_.store(payload);
    Result result;
    result.ok = !fails;
    if (fails) result.cause = bench_.lost;
    done(result);
  }
  Bench& bench_;
  std::deque<std::pair<Payload, Done>> waiting_;
};

struct TailBench : Bench, Caller {
  explicit TailBench(TailSamplingConfig settings, int minor = 159)
      : config{std::move(settings)},
        processor{run, {"tail", &config, semantics_of({0, minor, 0}), 2}, sink, held_bytes} {
    processor.start();
  }
  Span make(const Made& made) {
    Span span;
    span.trace = made.trace;
    span.start = run.sim.now() + made.start;
    span.duration = made.length;
    span.status = made.status;
    span.flags = made.flags;
    span.ordinal = next_ordinal++;
    span.parent = made.root ? kNoParent : 0;
    SpanShape kind{"made", SpanKind::internal, made.attributes};
    kind.trace_state = made.trace_state;
    span.shape = run.catalog.add_shape(kind);
    span.resource = run.catalog.add_resource({"service", made.resource});
    span.bytes = run.catalog.otlp_bytes(span);
    span.item = run.ledger.produce(reach);
    return span;
  }
  /// One payload, spans of one resource.
  void send_now(const std::vector<Made>& list) {
    std::vector<Span> spans;
    for (const Made& made : list) spans.push_back(make(made));
    Payload made = run.pool.of(spans.data(), spans.size());
    run.hold(made, reach);
    open.push_back(made.clone());
    processor.consume(std::move(made), {this, static_cast<std::uint32_t>(open.size() - 1)});
  }
  void send(double at, std::vector<Made> list) {
    script.at(at, [this, list = std::move(list)] { send_now(list); });
  }
  /// `count` traces of `spans` spans each, from trace number `first` on, each in a payload of its own.
  void send_traces(double at, std::uint64_t first, std::uint64_t count, std::size_t spans) {
    script.at(at, [=, this] {
      for (std::uint64_t i = 0; i < count; ++i) send_now(std::vector<Made>(spans, Made{first + i}));
    });
  }
  void done(std::uint32_t token, const Result& result) override {
    ++answered;
    run.release(open[token], reach, result.ok ? Ledger::handed_over() : result.cause);
    open[token].clear();
  }
  const TailCounters& counters() const { return processor.counters(); }
  std::int64_t decided(Decision d) const { return counters().decided[static_cast<std::size_t>(d)].value(); }
  std::int64_t ending(const std::string& cause) const {
    std::int64_t items = 0;
    const DestinationFates all = fates();
    for (const auto* list : {&all.lost, &all.sampled_out})
      for (const auto& fate : *list)
        if (fate.cause == cause) items += fate.items;
    return items;
  }

  TailSamplingConfig config;
  TraceSink sink{*this};
  std::int64_t held_bytes = 0;
  TailSampling processor;
  std::deque<Payload> open;
  int answered = 0;
  std::uint32_t next_ordinal = 1;
};

inline PolicyConfig policy(PolicyType type, std::string name = "p") {
  PolicyConfig config;
  config.type = type;
  config.name = std::move(name);
  return config;
}
inline PolicyConfig always(std::string name = "all") { return policy(PolicyType::always_sample, std::move(name)); }
inline TailSamplingConfig waiting(int seconds, std::vector<PolicyConfig> policies = {always()}) {
  TailSamplingConfig config;
  config.decision_wait = std::chrono::seconds{seconds};
  config.policies = std::move(policies);
  return config;
}

}  // namespace spillway::collector
