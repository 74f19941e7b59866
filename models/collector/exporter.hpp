// The otlp_http exporter with the machinery that exporters share: sending queue (memory), batching inside the
// queue, retry, timeout. Semantics: exporterhelper, checked against running v0.111 and v0.159.
// Leaves out: persistent storage, partial success, connection set-up.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/costs.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/version.hpp"
#include "models/network/transport.hpp"

namespace spillway::collector {

/// What an attempt's outcome means for the request.
enum class Outcome { success, retryable, permanent };
/// HTTP status classes of otlp_http: 429, 502, 503, 504 and transport failures are retryable, other errors final.
Outcome classify(const Answer& answer);
/// gRPC status that the exporter synthesises from an HTTP status; none for transport failures.
Code code_of_status(const Answer& answer);

/// One step of the back-off of one request. Pure.
struct BackOff {
  Duration current;  ///< next base interval
  /// The delay before the next attempt for a draw u in (0,1), and advances the base.
  Duration next(const RetryConfig& config, double u);
};
/// Whether the request gives up instead of sleeping `delay` (and at least `throttle`, negative: none).
bool gives_up(const RetryConfig& config, const Semantics& semantics, Duration elapsed, Duration delay, Duration throttle);

struct ExporterCounters {
  Counter sent, send_failed, enqueue_failed;
};

struct ExporterSettings {
  std::string name;        ///< for the ledger, e.g. "aws/otel-collector exporter otlphttp/grafana_cloud"
  const OtlpHttpExporterConfig* config = nullptr;
  Semantics semantics;
  EndpointId endpoint = 0;
  CredentialId credential = 0;
  bool compressed = true;
  Costs costs;
};

class Exporter final : public Consumer, public AnswerTo, public Component, public Stage {
 public:
  Exporter(Run& run, Transport& transport, ExporterSettings settings, DestinationSet destinations,
           std::int64_t& held_bytes);

  void consume(Payload payload, Done done) override;
  void cancel(Done done) override;
  bool mutates_data() const override { return config_.sending_queue.enabled && config_.sending_queue.batch.has_value(); }
  void answered(std::uint64_t token, const Answer& answer) override;
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;

  const ExporterCounters& counters() const { return counters_; }
  std::int64_t queue_used() const { return used_; }
  std::int64_t in_flight() const { return static_cast<std::int64_t>(requests_.live()); }
  const Level& queue_level() const { return queue_level_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  enum Kind : std::uint32_t { retry, flush_timer };
  struct Element {  ///< one entry of the queue
    Payload payload;
    std::int64_t size = 0;
    std::int64_t items = 0;
    Done done;        ///< wait_for_result only
    int open = 0;     ///< requests (or the open batch) that still carry a part of it
    Result result;
    bool cancelled = false;  ///< its caller has gone before a consumer took it
  };
  struct Waiter {  ///< a caller that block_on_overflow keeps waiting
    Payload payload;
    Done done;
  };
  struct Request {  ///< one thing to export, through all its attempts
    Payload payload;
    std::uint32_t element = kNone;
    std::vector<std::uint32_t> more_elements;
    Done done;  ///< without a queue: the caller
    Time started{};
    BackOff back_off{};
    TimerId timer;
    RequestId http = 0;
    bool on_the_wire = false;
    Result failure;
  };
  struct OpenBatch {
    Payload payload;
    std::vector<std::uint32_t> elements;
    bool empty() const { return elements.empty(); }
  };

  std::int64_t size_of(const Payload& payload, Sizer sizer) const;
  void offer(Payload payload, Done done);
  void admit(Payload payload, std::int64_t size, Done done);
  bool waits_for(std::uint32_t request, Done done);
  void cancel_request(std::uint32_t request);
  void reject(const Payload& payload, Done done, Cause cause);
  void add_used(std::int64_t size);
  void admit_waiters();
  void dispatch();
  void take_element(std::uint32_t element);
  void add_to_batch(std::uint32_t element);
  Payload cut_part(Payload& rest) const;
  void keep_or_flush(OpenBatch part, bool fresh);
  void flush(OpenBatch part);
  std::uint32_t add_request(Payload payload, std::uint32_t element, std::vector<std::uint32_t> more, Done done);
  void start_request(Payload payload, std::uint32_t element, std::vector<std::uint32_t> more, Done done);
  void attempt(std::uint32_t request);
  void failed(std::uint32_t request, const Answer& answer, Outcome outcome);
  void finish(std::uint32_t request, const Result& result);
  void finish_part(std::uint32_t element, const Result& result);
  void check_stopped();
  Cause cause_of(const Answer& answer);
  Cause loss(const std::string& text);

  Run& run_;
  Transport& transport_;
  ExporterSettings settings_;
  const OtlpHttpExporterConfig& config_;
  const QueueConfig& queue_;
  std::int64_t& held_bytes_;
  Target self_;
  Sequence jitter_;

  std::int64_t used_ = 0;
  Slab<Element> elements_;
  std::deque<std::uint32_t> fifo_;
  std::deque<Waiter> waiters_;
  std::int64_t busy_consumers_ = 0;
  Slab<Request> requests_;
  std::vector<std::uint32_t> live_requests_;  ///< in order of start
  OpenBatch open_batch_;
  TimerId flush_timer_;
  bool flush_due_ = false;
  std::deque<OpenBatch> waiting_flushes_;  ///< no permit was free
  std::uint32_t life_ = 1;                 ///< answers to an earlier life are ignored
  bool stopping_ = false;
  Done stopped_;
  ExporterCounters counters_;
  Level queue_level_;
  Cause queue_full_, too_large_, gave_up_, shutdown_, no_retry_, cancelled_;
  std::map<std::string, Cause> causes_;
};

}  // namespace spillway::collector
