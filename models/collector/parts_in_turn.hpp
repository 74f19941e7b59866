// What is cut into parts for several consumers goes to one after the other.
#pragma once

#include <cstddef>
#include <vector>

#include "models/collector/pipeline.hpp"

namespace spillway::collector {

/// Who wants to know how each call of a PartsInTurn ended.
class PartEnded {
 public:
  virtual ~PartEnded() = default;
  virtual void part_ended(std::size_t consumer, const Result& result, Duration took) = 0;
};

/// Calls every consumer that has a part, in turn, even after an error; any error is the caller's error. A slow consumer delays
/// the others. The storage of parts is used again.
class PartsInTurn final : public Caller {
 public:
  explicit PartsInTurn(Run& run, PartEnded* ended = nullptr) : run_{run}, ended_{ended} {}
  void add(Consumer& consumer) { consumers_.push_back(&consumer); }
  const std::vector<Consumer*>& consumers() const { return consumers_; }

  /// An empty part for each consumer, to be filled and sent, or dropped when the call fails before.
  std::vector<Payload> empty_parts();
  void drop(std::vector<Payload> parts);
  void send(std::vector<Payload> parts, Done done);
  void cancel(Done done);
  void done(std::uint32_t token, const Result& result) override;
  void kill();

 private:
  struct Call {
    std::vector<Payload> parts;  ///< by consumer
    Done done{};
    std::size_t next = 0;
    Time began{};
    Result merged{};
    bool cancelled = false;
  };
  void step(std::uint32_t token);
  Run& run_;
  PartEnded* ended_;
  std::vector<Consumer*> consumers_;
  Slab<Call> calls_;
  std::vector<std::uint32_t> live_;
  std::vector<std::vector<Payload>> spare_parts_;
};

}  // namespace spillway::collector
