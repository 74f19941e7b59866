// Books of what one collector process has done and allocated since it started; its receivers and exporters write it.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "models/collector/costs.hpp"
#include "models/collector/go_heap.hpp"
#include "models/run.hpp"
#include "models/telemetry/signal.hpp"

namespace spillway::collector {

class Usage final : public Component {
 public:
  /// `cpus`: as many writers of compressed bodies at most.
  Usage(Run& run, const Costs& costs, GoRuntime runtime, int cpus = 1);
  /// When the process needs more than `limit` bytes, `killed` is called once a life, after what is being done.
  void limit_memory(double limit, std::function<void()> killed);

  void start();
  void stop();
  void received_zipkin(const Payload& payload, std::int64_t body_bytes);
  void received_otlp(const Payload& payload, std::int64_t body_bytes);
  /// Returns the bytes of the body on the wire.
  std::int64_t exported(const Payload& payload, Compression compression, Signal signal);
  void handle(const Event& event) override;

  /// Tables that a component keeps beside its payloads: `bytes()` is asked for whenever memory is.
  void add_table(std::function<std::int64_t()> bytes) { tables_.push_back(std::move(bytes)); }
  StepCounts& steps() { return work_.steps; }  ///< for those who do them
  std::int64_t& held_bytes() { return held_bytes_; }  ///< of payloads kept beyond a call, OTLP bytes
  std::int64_t heap() const { return static_cast<std::int64_t>(heap_.alloc() + idle_garbage()); }  ///< MemStats.Alloc
  std::int64_t collect();                             ///< what is left
  double resident() const;                            ///< bytes
  const Work& work() const { return work_; }
  const GoHeap& go_heap() const { return heap_; }
  const Costs& costs() const { return costs_; }

 private:
  enum Kind : std::uint32_t { collection, out_of_memory };
  void allocated(const Price& garbage, const Handled& handled);
  double step_garbage();
  void woken();
  /// What doing nothing has allocated since the heap was last touched.
  double idle_garbage() const { return costs_.idle_garbage * seconds(run_.sim.now() - touched_); }
  double live() const {
    double bytes = costs_.idle_live_heap + costs_.live_per_held_byte * static_cast<double>(held_bytes_);
    for (const auto& table : tables_) bytes += static_cast<double>(table());
    for (std::size_t i = 0; i < kCoders; ++i)
      bytes += costs_.coders[i].buffer * static_cast<double>(std::min(cpus_, coded_[i] + coded_before_[i]));
    return bytes;
  }
  void note_collections();

  Run& run_;
  Costs costs_;
  Target self_;
  GoHeap heap_;
  TimerId timer_;
  Work work_;
  StepCounts booked_{};  ///< steps whose garbage is on the heap already
  BodyReader bodies_;
  std::int64_t cpus_;
  /// Bodies since the last collection, and between the two before: writers that rest longer are collected.
  std::array<std::int64_t, kCoders> coded_{}, coded_before_{};
  std::int64_t collections_ = 0;
  std::int64_t held_bytes_ = 0;
  Time touched_{};
  Time active_{};  ///< when it last had something to do
  double memory_limit_ = 0;  ///< 0: none
  bool over_ = false;
  std::function<void()> killed_;
  std::vector<std::function<std::int64_t()>> tables_;
};

}  // namespace spillway::collector
