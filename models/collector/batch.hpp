// The batch processor. Semantics: OpenTelemetry Collector batchprocessor, one shard; checked against running
// v0.111 and v0.159. Leaves out metadata_keys (several shards).
#pragma once

#include <deque>
#include <string>

#include "models/collector/config.hpp"
#include "models/collector/pipeline.hpp"

namespace spillway::collector {

/// How many of `pending` items one send takes: everything, or exactly the cap.
constexpr std::int64_t chunk_size(std::int64_t pending, std::int64_t send_batch_max_size) {
  return send_batch_max_size == 0 || pending <= send_batch_max_size ? pending : send_batch_max_size;
}

struct BatchCounters {
  Counter size_trigger_send, timeout_trigger_send;
  std::int64_t sends = 0, sent_items = 0;  ///< batch_send_size's count and sum: successful sends only
};

class Batch final : public Consumer, public Caller, public Component, public Stage {
 public:
  /// `cpus`: capacity of the channel in front of the loop, in payloads (the Go runtime's NumCPU).
  Batch(Run& run, const BatchConfig& config, int cpus, Consumer& next, std::int64_t& held_bytes);

  void consume(Payload payload, Done done) override;
  bool mutates_data() const override { return true; }
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;

  const BatchCounters& counters() const { return counters_; }
  std::int64_t accepted_spans() const { return accepted_spans_; }  ///< since the start
  /// The interval of the free-running timer, which turns with nothing to send as well; 0: there is none.
  Duration timer_interval() const { return timerless() ? Duration{0} : config_.timeout; }

 private:
  struct Blocked {
    Payload payload;
    Done done;
  };
  enum class Trigger { size, timeout };
  bool timerless() const { return config_.timeout == Duration{0} || config_.send_batch_size == 0; }
  bool wants_to_send() const;
  void accept(Payload payload);
  void loop();
  bool take_from_channel();
  void send(Trigger trigger);
  void arm();
  void rearm_from_now();
  void finish_stop();

  Run& run_;
  const BatchConfig& config_;
  std::size_t channel_capacity_;
  Consumer& next_;
  std::int64_t& held_bytes_;
  Target self_;

  Payload current_;
  Payload sending_;
  Trigger sending_trigger_ = Trigger::size;
  bool busy_ = false;           ///< a send has not come back: the loop stands still
  bool in_loop_ = false;
  bool size_sent_ = false;      ///< the timer restarts when the loop has finished with this payload
  bool timer_due_ = false;      ///< the timer fired while the loop stood still
  std::deque<Payload> channel_;
  std::deque<Blocked> blocked_;
  Time armed_at_{};             ///< the free-running timer fires at armed_at_ + k * timeout
  TimerId timer_;
  Done stopped_;
  bool stopping_ = false, flushed_ = false;
  BatchCounters counters_;
  std::int64_t accepted_spans_ = 0;
};

}  // namespace spillway::collector
