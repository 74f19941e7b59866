// Events of a steady run take no memory from the heap. This program counts every operator new.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "models/world.hpp"
#include "sim/simulation.hpp"

namespace {
std::int64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace spillway {
namespace {

using namespace std::chrono_literals;

/// Clients that send a request with a timeout of a second and cancel it when the answer comes, mostly.
class Requests final : public Component {
 public:
  explicit Requests(Simulation& sim) : sim_{sim}, self_{sim.add(*this)}, draws_{sim.stream("requests", "times")} {
    for (std::uint32_t client = 0; client < timeouts_.size(); ++client) send(client);
  }
  void handle(const Event& event) override {
    sim_.cancel(timeouts_[event.b]);
    send(event.b);
  }

 private:
  void send(std::uint32_t client) {
    Draws draws = draws_.next();
    timeouts_[client] = sim_.start_timer(sim_.now() + 1s, self_, 1, 0, client);
    const Duration answer = from_seconds(draws.uniform() * (draws.uniform() < 0.01 ? 2 : 0.02));
    sim_.schedule(sim_.now() + answer, self_, 0, 0, client);
  }
  Simulation& sim_;
  Target self_;
  Sequence draws_;
  std::array<TimerId, 500> timeouts_{};
};

TEST(Allocations, TheKernelMakesNoneInSteadyState) {
  Simulation sim{1, 0};
  const Requests requests{sim};
  sim.run_until(Time{20s});
  const std::int64_t events = sim.events();
  const std::int64_t before = allocations;
  sim.run_until(Time{40s});
  EXPECT_GT(sim.events() - events, 500'000);
  EXPECT_LE(allocations - before, 4);  // a store that grows to a new peak doubles; none belongs to an event
}

struct Cost {
  std::int64_t allocations = 0, events = 0, spans = 0;
};

/// Of one replication of this length. Metrics are read at the end only.
Cost cost_of(const char* file, const std::string& duration) {
  const std::string path = std::string{SPILLWAY_SOURCE_DIR} + "/tests/bench/" + file;
  Problems problems;
  LoadedScenario loaded = load_scenario(path, {{"duration", duration}, {"record.step", "1h"}}, problems);
  EXPECT_TRUE(loaded.scenario);
  const auto prepared = prepare(std::move(*loaded.scenario), problems);
  const std::int64_t before = allocations;
  const Replication run = simulate(*prepared, 0, {});
  return {allocations - before, run.events, run.destinations.at(0).produced};
}

// What a run of twice the length allocates more: stores that grow to a new peak (queues, slabs, a bucket of a histogram
// that was not met before), each time to twice their size. So there are few, and ever fewer; none belongs to an event.
void expect_few(const char* file, const std::string& once, const std::string& twice) {
  const Cost half = cost_of(file, once);
  const Cost whole = cost_of(file, twice);
  ASSERT_GT(whole.events - half.events, 10'000);
  const double per_event = static_cast<double>(whole.allocations - half.allocations) / static_cast<double>(whole.events - half.events);
  EXPECT_LT(per_event, 0.001) << whole.allocations - half.allocations << " in " << whole.events - half.events << " events";
}

TEST(Allocations, BatchedSpansMakeNoneInSteadyState) { expect_few("sdk-batch-10-services.yaml", "20s", "40s"); }

TEST(Allocations, APostPerSpanMakesNoneInSteadyState) { expect_few("trinity.yaml", "2min", "4min"); }

}  // namespace
}  // namespace spillway
