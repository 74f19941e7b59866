// A test bench for single components: a run with one destination, hand-made payloads, neighbours that do as told.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "models/collector/pipeline.hpp"
#include "models/network/transport.hpp"
#include "models/run.hpp"

namespace spillway {

using namespace std::chrono_literals;

constexpr Time moment(double s) { return Time{} + from_seconds(s); }

/// When something was sent, in seconds, and how many items it was.
using Sent = std::pair<double, std::int64_t>;
using SentList = std::vector<Sent>;

/// Calls functions at their moments.
class Script final : public Component {
 public:
  explicit Script(Run& run) : run_{run}, self_{run.sim.add(*this)} {}
  void at(double s, std::function<void()> act) {
    acts_.push_back(std::move(act));
    run_.sim.schedule(moment(s), self_, 0, acts_.size() - 1);
  }
  void handle(const Event& event) override { acts_[event.a](); }

 private:
  Run& run_;
  Target self_;
  std::deque<std::function<void()>> acts_;
};

struct Bench {
  Run run{1, 0, QueueKind::wheel};
  int destination = run.ledger.add_destination("backend");
  DestinationSet reach = DestinationSet{1} << destination;
  Cause lost = run.ledger.add_loss("bench", "lost");
  Script script{run};
  std::uint32_t shape = run.catalog.add_shape({"made up", SpanKind::internal, {{"key", "value"}}});
  ResourceId resource = run.catalog.add_resource({"bench", {}});
  std::uint64_t traces = 0;

  double now() const { return seconds(run.sim.now()); }
  Span span(Time start = {}, Duration duration = 1ms) {
    Span made;
    made.trace = traces++;
    made.start = start;
    made.duration = duration;
    made.shape = shape;
    made.resource = resource;
    made.bytes = run.catalog.otlp_bytes(made);
    made.item = run.ledger.produce(reach);
    return made;
  }
  /// New spans, not held by anybody yet.
  Payload payload(std::int64_t items) {
    std::vector<Span> spans;
    for (std::int64_t i = 0; i < items; ++i) spans.push_back(span(run.sim.now()));
    return run.pool.of(spans.data(), spans.size());
  }
  void store(const Payload& payload) {
    payload.for_each([&](const Span& s) { run.ledger.store(s.item, destination); });
  }
  void run_until(double s) { run.sim.run_until(moment(s)); }
  /// Aborts when the books do not close.
  DestinationFates fates() const { return run.ledger.close().front(); }
};

/// Calls a consumer as a receiver would, and notes what it is told.
class Sender final : public collector::Caller {
 public:
  struct Told {
    double at = 0;
    std::int64_t items = 0;
    collector::Result result;
  };
  Sender(Bench& bench, collector::Consumer& next) : bench_{bench}, next_{next} {}

  void send_now(std::int64_t items) {
    Payload payload = bench_.payload(items);
    bench_.run.hold(payload, bench_.reach);
    open_.push_back(payload.clone());
    next_.consume(std::move(payload), {this, static_cast<std::uint32_t>(open_.size() - 1)});
  }
  void send(double at, std::int64_t items) {
    bench_.script.at(at, [this, items] { send_now(items); });
  }
  void done(std::uint32_t token, const collector::Result& result) override {
    told.push_back({bench_.now(), open_[token].items(), result});
    bench_.run.release(open_[token], bench_.reach, result.ok ? Ledger::handed_over() : result.cause);
    open_[token].clear();
  }
  std::int64_t told_ok() const {
    return std::count_if(told.begin(), told.end(), [](const Told& t) { return t.result.ok; });
  }
  std::vector<Told> told;

 private:
  Bench& bench_;
  collector::Consumer& next_;
  std::deque<Payload> open_;
};

/// Notes that something has stopped.
class StopWatch final : public collector::Caller {
 public:
  explicit StopWatch(Bench& bench) : bench_{bench} {}
  void done(std::uint32_t, const collector::Result&) override { stopped_at = bench_.now(); }
  collector::Done as_done() { return {this, 0}; }
  double stopped_at = -1;

 private:
  Bench& bench_;
};

/// The stage behind: stores what it says yes to.
class Sink final : public collector::Consumer {
 public:
  explicit Sink(Bench& bench, bool mutates = false) : bench_{bench}, mutates_{mutates} { reach = bench.reach; }

  void consume(Payload payload, collector::Done done) override {
    sent.emplace_back(bench_.now(), payload.items());
    if (waits) {
      waiting_.emplace_back(std::move(payload), done);
      return;
    }
    answer(payload, done);
  }
  bool mutates_data() const override { return mutates_; }
  /// Ends the oldest call that waits.
  void let_go() {
    auto [payload, done] = std::move(waiting_.front());
    waiting_.pop_front();
    answer(payload, done);
  }
  SentList sent;
  collector::Result result;
  bool waits = false;  ///< calls come back only with let_go()

 private:
  void answer(const Payload& payload, collector::Done done) {
    if (result.ok) bench_.store(payload);
    collector::Result told = result;
    if (!told.ok && told.cause.index == 0) told.cause = bench_.lost;
    done(told);
  }
  Bench& bench_;
  bool mutates_;
  std::deque<std::pair<Payload, collector::Done>> waiting_;
};

inline Answer status(int code, Duration retry_after = Duration{-1}) {
  return {Answer::Kind::status, code, retry_after, {}};
}
inline Answer failure(Answer::Kind kind) { return {kind, 0, Duration{-1}, {}}; }

/// The network as a table: post number n (from 0) gets the answer that `answers(n)` says, after `latency`; a post that
/// times out does so after its own timeout.
class AnswerTable final : public Transport, public Component {
 public:
  explicit AnswerTable(Bench& bench) : bench_{bench}, self_{bench.run.sim.add(*this)} {}

  RequestId post(Post post) override {
    const Answer answer = answers(posts.size());
    posts.emplace_back(bench_.now(), post.payload.items());
    body_bytes.push_back(post.body_bytes);
    if (answer.success()) bench_.store(post.payload);
    const Duration wait = answer.kind == Answer::Kind::timed_out ? post.timeout : latency;
    const RequestId id = open_.add({std::move(post), answer, false});
    bench_.run.sim.schedule(bench_.run.sim.now() + wait, self_, 0, id);
    return id;
  }
  void abandon(RequestId id) override {
    ++abandoned;
    open_[id].gone = true;
  }
  void handle(const Event& event) override {
    const Open open = open_.take(static_cast<RequestId>(event.a));
    if (!open.gone) open.post.client->answered(open.post.token, open.answer);
  }
  std::vector<double> times() const {
    std::vector<double> list;
    for (const Sent& post : posts) list.push_back(post.first);
    return list;
  }
  std::function<Answer(std::size_t)> answers = [](std::size_t) { return status(200); };
  Duration latency{};
  SentList posts;
  std::vector<std::int64_t> body_bytes;
  int abandoned = 0;

 private:
  struct Open {
    Post post;
    Answer answer;
    bool gone = false;
  };
  Bench& bench_;
  Target self_;
  Slab<Open> open_;
};

}  // namespace spillway
