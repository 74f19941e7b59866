// How data moves inside a collector: one call chain, synchronous as in the real program, except that any
// stage may keep its caller waiting. A stage therefore reports through Done, at once or later.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/run.hpp"

namespace spillway::collector {

/// gRPC codes that occur in results; 0 stands for "no status in the error".
enum class Code : std::uint8_t {
  none = 0, canceled = 1, unknown = 2, invalid_argument = 3, deadline_exceeded = 4, not_found = 5, already_exists = 6,
  permission_denied = 7, resource_exhausted = 8, failed_precondition = 9, aborted = 10, out_of_range = 11,
  unimplemented = 12, internal = 13, unavailable = 14, data_loss = 15, unauthenticated = 16
};

/// What a stage returns to its caller: nil, or an error with the two properties that matter upstream.
struct Result {
  bool ok = true;
  bool permanent = false;
  Code code = Code::none;      ///< gRPC status inside the error
  Duration retry_after{-1};    ///< RetryInfo, negative: none
  Cause cause{};               ///< for the ledger, when the caller gives up
};

/// Of several calls: any error is an error, the first one's status wins, permanent is it if any is.
void merge(Result& merged, const Result& result);

/// Waits for a result.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual void done(std::uint32_t token, const Result& result) = 0;
};
struct Done {
  Caller* caller = nullptr;
  std::uint32_t token = 0;
  void operator()(const Result& result) const { caller->done(token, result); }
  bool operator==(const Done&) const = default;
};

/// Takes payloads: a processor, an exporter, a fan-out. A consumer that says ok holds the items from then on
/// (in the ledger) until it hands them over or loses them; the caller keeps its own hold until done.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void consume(Payload payload, Done done) = 0;
  /// Whoever began the call chain has gone (a context that is cancelled): a stage that still waits on behalf of
  /// consume(…, done) ends the wait with an error. Nothing happens when it does not wait, or does not care.
  virtual void cancel(Done) {}
  virtual bool mutates_data() const { return false; }
  DestinationSet reach = 0;  ///< destinations behind this stage
};

/// Life of a stage. kill() is SIGKILL: everything in memory is gone, nothing is answered.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual void start() {}
  virtual void kill(Cause cause) = 0;
  /// Graceful stop of this stage; calls stopped->done(token, ok) when nothing is left in it.
  virtual void stop(Done stopped) { stopped({}); }
};

/// Calls every child in turn, each with its own copy, even after an error; any error is the caller's error.
/// Order: those that mutate data first, each class in order of the file (the real program's order inside a class is
/// arbitrary). A slow child delays the others.
class FanOut final : public Consumer, public Caller {
 public:
  explicit FanOut(std::vector<Consumer*> children);
  void consume(Payload payload, Done done) override;
  void cancel(Done done) override;
  void done(std::uint32_t token, const Result& result) override;
  bool mutates_data() const override;
  void kill();

 private:
  struct Call {
    Payload payload;
    Done done;
    std::size_t next = 0;
    Result merged;
    bool cancelled = false;
  };
  void step(std::uint32_t token);
  std::vector<Consumer*> children_;
  Slab<Call> calls_;
  std::vector<std::uint32_t> live_;
};

}  // namespace spillway::collector
