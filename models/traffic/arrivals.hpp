// Requests of users arriving over time.
#pragma once

#include <vector>

#include "models/run.hpp"
#include "models/scenario/scenario.hpp"
#include "models/traffic/request_taker.hpp"

namespace spillway {

/// Starts the requests of one `traffic` entry. Arrival n is a function of (seed, replication, traffic, n).
class Arrivals final : public Component {
 public:
  /// `plans`: one per place of entry. `source`: high bits of the trace indices. None arrive after `end`.
  Arrivals(Run& run, const Traffic& traffic, RequestTaker& taker, std::vector<std::uint32_t> plans,
           std::uint64_t source, Time end);
  void handle(const Event& event) override;

 private:
  void schedule_next(Time after);
  Run& run_;
  const Traffic& traffic_;
  RequestTaker& taker_;
  std::vector<std::uint32_t> plans_;
  std::uint64_t source_;
  Time end_;
  Target self_;
  StreamKey gaps_, places_;
  std::uint64_t number_ = 0;
};

}  // namespace spillway
