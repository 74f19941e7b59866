#include "models/collector/go_heap.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace spillway::collector {
namespace {

constexpr double kMiB = 1 << 20;
constexpr double kSmallestGoal = 4 * kMiB;  ///< at GOGC=100; Go scales it
constexpr double kOverhead = 10 * kMiB;     ///< of the runtime beside the heap: an estimate

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// As runtime/debug reads it: digits with B, KiB, MiB, GiB or TiB behind, or nothing.
std::optional<double> memory_of(std::string_view text) {
  constexpr std::pair<std::string_view, double> units[] = {
      {"KiB", 1024.0}, {"MiB", kMiB}, {"GiB", kMiB * 1024}, {"TiB", kMiB * kMiB}, {"B", 1.0}, {"", 1.0}};
  for (const auto& [unit, bytes] : units) {
    if (!text.ends_with(unit)) continue;
    const auto count = whole(text.substr(0, text.size() - unit.size()));
    if (!count || *count < 0) return std::nullopt;
    return static_cast<double>(*count) * bytes;
  }
  return std::nullopt;
}

}  // namespace

std::optional<GoRuntime> go_runtime_of(const std::map<std::string, std::string>& environment, std::string& why) {
  GoRuntime runtime;
  if (const auto gogc = environment.find("GOGC"); gogc != environment.end()) {
    // What is no number is ignored by the runtime: it stays at 100.
    const auto percent = whole(gogc->second);
    if (gogc->second == "off") runtime.gogc = -1;
    else if (percent) runtime.gogc = static_cast<double>(*percent);
  }
  const auto limit = environment.find("GOMEMLIMIT");
  if (limit == environment.end() || limit->second.empty() || limit->second == "off") return runtime;
  const auto bytes = memory_of(limit->second);
  if (!bytes) {
    why = "GOMEMLIMIT '" + limit->second + "' stops the program at its start; write it like 400MiB";
    return std::nullopt;
  }
  runtime.memory_limit = *bytes;
  return runtime;
}

double heap_goal(const GoRuntime& runtime, double live, double overhead) {
  double goal = std::numeric_limits<double>::infinity();
  if (runtime.gogc >= 0) goal = std::max(kSmallestGoal * runtime.gogc / 100, live * (1 + runtime.gogc / 100));
  goal = std::min(goal, runtime.memory_limit - overhead);
  return std::max(goal, live + std::max(live / 64, kMiB / 4));  // never two collections on the same heap
}

GoHeap::GoHeap(GoRuntime runtime, double idle_live) : runtime_{runtime}, idle_live_{idle_live} {}

void GoHeap::start(Time now) {
  alloc_ = peak_ = idle_live_;
  goal_ = heap_goal(runtime_, idle_live_, kOverhead);
  collected_bytes_ = 0;
  collections_ = 0;
  last_ = now;
}

double GoHeap::collect(Time now, double live) {
  alloc_ = live;
  goal_ = heap_goal(runtime_, live, kOverhead);
  collected_bytes_ += live;
  ++collections_;
  last_ = now;
  return live;
}

double GoHeap::grown() const { return std::max(0.0, peak_ - heap_goal({}, idle_live_, kOverhead)); }

double GoHeap::growth() const {
  const double reached = std::isfinite(goal_) ? std::max(goal_, alloc_) : alloc_;
  return std::max(0.0, reached - heap_goal({}, idle_live_, kOverhead));
}

}  // namespace spillway::collector
