#include "tests/bench/event_queue_bench.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <queue>
#include <unordered_set>

#include "sim/event_queue.hpp"
#include "sim/hash.hpp"
#include "sim/stream.hpp"

namespace spillway::bench {
namespace {

/// The usual way: std::priority_queue on (time, sequence); a cancelled event is skipped when it comes up.
class PlainQueue {
 public:
  TimerId push(Event event) {
    event.sequence = ++sequence_;
    heap_.push(event);
    return {0, sequence_};
  }
  void cancel(TimerId timer) { cancelled_.insert(timer.sequence); }
  Event pop() {
    for (;;) {
      const Event event = heap_.top();
      heap_.pop();
      if (cancelled_.empty() || cancelled_.erase(event.sequence) == 0) return event;
    }
  }

 private:
  struct Later {
    bool operator()(const Event& x, const Event& y) const {
      return x.at != y.at ? x.at > y.at : x.sequence > y.sequence;
    }
  };
  std::priority_queue<Event, std::vector<Event>, Later> heap_;
  std::unordered_set<std::uint64_t> cancelled_;
  std::uint64_t sequence_ = 0;
};

/// Exponential steps with a mean of a millisecond, drawn beforehand: their cost is not the queue's.
std::vector<Duration> steps() {
  std::vector<Duration> list(1 << 16);
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = from_seconds(-1e-3 * std::log(unit_interval(mix64(i))));
  return list;
}

/// CPU time: what else runs on the machine costs only its share of the caches.
double nanoseconds_per(std::size_t operations, const std::function<void()>& work) {
  const std::clock_t started = std::clock();
  work();
  const auto taken = static_cast<double>(std::clock() - started) * (1e9 / CLOCKS_PER_SEC);
  return taken / static_cast<double>(operations);
}

/// Every event taken puts one back: the number pending stays.
template <class Queue>
double hold(std::size_t pending, std::size_t operations, const std::vector<Duration>& gaps) {
  Queue queue;
  for (std::size_t i = 0; i < pending; ++i) {
    Event event;
    event.at = Time{gaps[i & 0xffff]};
    queue.push(event);
  }
  std::size_t next = 0;
  const auto turn = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      Event event = queue.pop();
      event.at += gaps[next++ & 0xffff];
      queue.push(event);
    }
  };
  turn(2 * pending);
  return nanoseconds_per(operations, [&] { turn(operations); });
}

/// 1 000 clients: each step is a request with a timeout of 10 s that its answer, a millisecond later, cancels.
template <class Queue>
double timers(std::size_t operations, const std::vector<Duration>& gaps) {
  constexpr std::size_t clients = 1000;
  constexpr Duration timeout = std::chrono::seconds{10};
  Queue queue;
  std::vector<TimerId> open(clients);
  for (std::size_t i = 0; i < clients; ++i) {
    Event event;
    event.at = Time{gaps[i]};
    event.a = i;
    queue.push(event);
    event.at = Time{timeout};
    open[i] = queue.push(event);
  }
  std::size_t next = 0;
  const auto turn = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      Event event = queue.pop();
      queue.cancel(open[event.a]);
      const Time now = event.at;
      event.at = now + timeout;
      open[event.a] = queue.push(event);
      event.at = now + gaps[next++ & 0xffff];
      queue.push(event);
    }
  };
  turn(operations / 4);
  return nanoseconds_per(operations, [&] { turn(operations); });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Ratio compare(std::string name, int rounds, const std::function<double()>& ours, const std::function<double()>& plain) {
  std::vector<double> mine, other, ratios;
  for (int i = 0; i < rounds; ++i) {
    mine.push_back(ours());
    other.push_back(plain());
    ratios.push_back(mine.back() / other.back());
  }
  return {std::move(name), median(mine), median(other), median(ratios)};
}

}  // namespace

std::vector<Ratio> event_queue_ratios(std::size_t operations, int rounds) {
  const std::vector<Duration> gaps = steps();
  std::vector<Ratio> all;
  for (const std::size_t pending : {1'000u, 10'000u, 100'000u}) {
    all.push_back(compare("hold, " + std::to_string(pending) + " pending", rounds,
                          [&] { return hold<EventQueue>(pending, operations, gaps); },
                          [&] { return hold<PlainQueue>(pending, operations, gaps); }));
  }
  all.push_back(compare("timers, most cancelled", rounds, [&] { return timers<EventQueue>(operations, gaps); },
                        [&] { return timers<PlainQueue>(operations, gaps); }));
  return all;
}

}  // namespace spillway::bench
