// The otlp_http and otlp_grpc exporters with the machinery that exporters share: sending queue, batching inside the queue, retry,
// timeout. Semantics: exporterhelper, checked against running v0.111 and v0.159.
// Leaves out: connection set-up.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/grpc_channel.hpp"
#include "models/collector/pipeline.hpp"
#include "models/collector/queue_batch.hpp"
#include "models/collector/sending_queue.hpp"
#include "models/collector/usage.hpp"
#include "models/collector/version.hpp"
#include "models/network/transport.hpp"

namespace spillway::collector {

/// What an attempt's outcome means for the request.
enum class Outcome { success, retryable, permanent };
/// HTTP status classes of otlp_http: 429, 502, 503, 504 and transport failures are retryable, other errors final.
Outcome classify(const Answer& answer, const Semantics& semantics);
/// gRPC status that the exporter synthesises from an HTTP status; none for transport failures.
Code code_of_status(const Answer& answer);
/// RESOURCE_EXHAUSTED is retryable only with RetryInfo.
Outcome classify_grpc(const Answer& answer);

/// One step of the back-off of one request. Pure.
struct BackOff {
  Duration current;  ///< next base interval
  /// The delay before the next attempt for a draw u in (0,1), and advances the base.
  Duration next(const RetryConfig& config, double u);
};
/// Whether the request gives up instead of sleeping `delay` (and at least `throttle`, negative: none).
bool gives_up(const RetryConfig& config, const Semantics& semantics, Duration elapsed, Duration delay, Duration throttle);

struct ExporterCounters {
  Counter sent, send_failed;
};

struct ExporterSettings {
  std::string name;        ///< for the ledger, e.g. "aws/otel-collector exporter otlphttp/grafana_cloud"
  const SenderConfig* config = nullptr;
  bool grpc = false;
  Signal signal = Signal::traces;
  Semantics semantics;
  EndpointId endpoint = 0;
  CredentialId credential = 0;
  Compression compression = Compression::gzip;
  Usage* usage = nullptr;  ///< of the process; null: nobody counts, and bodies are as they were before compression
  Consumer* inner = nullptr;  ///< an export is a call of this, not a request over the network
};

class Exporter final : public Consumer, public AnswerTo, public Caller, public Component, public Stage, public BatchTo {
 public:
  Exporter(Run& run, Transport& transport, ExporterSettings settings, DestinationSet destinations,
           std::int64_t& held_bytes);

  void consume(Payload payload, Done done) override;
  void cancel(Done done) override;
  bool mutates_data() const override { return batch_ != nullptr; }
  void export_batch(Payload payload, std::vector<ElementId> elements) override;
  void answered(std::uint64_t token, const Answer& answer) override;
  void done(std::uint32_t request, const Result& result) override;  ///< of `inner`
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;

  const ExporterCounters& counters() const { return counters_; }
  const Counter& enqueue_failed() const { return queue_.refused(); }
  std::int64_t queue_used() const { return queue_.used(); }
  std::int64_t in_flight() const { return static_cast<std::int64_t>(requests_.live()); }
  const Level& queue_level() const { return queue_.level(); }
  std::int64_t queued_requests() const { return queue_.admitted(); }

 private:
  struct Request {  ///< one thing to export, through all its attempts
    Payload payload;
    std::vector<ElementId> elements;  ///< of the queue, of which it carries parts
    Done done{};                      ///< without a queue: the caller
    Time started{};
    BackOff back_off{};
    TimerId timer{};
    RequestId http = 0;
    bool on_the_wire = false;
    Result failure{};
  };

  enum Kind : std::uint32_t { retry, time_out };
  bool waits_for(std::uint32_t request, Done done);
  void cancel_request(std::uint32_t request);
  bool may_take() const;
  void dispatch();
  std::uint32_t add_request(Payload payload, std::vector<ElementId> elements, Done done);
  void attempt(std::uint32_t request);
  void call_inner(std::uint32_t request);
  void failed(std::uint32_t request, const Answer& answer, Outcome outcome);
  void retry_later(std::uint32_t request, Result result, Duration throttle);
  void finish(std::uint32_t request, const Result& result);
  void check_stopped();
  Outcome outcome_of(const Answer& answer) const;
  Duration throttle_of(const Answer& answer) const;
  Cause cause_of(const Answer& answer);
  Cause loss(const std::string& text);
  Result cancelled() const { return {false, false, Code::none, Duration{-1}, cancelled_}; }

  Run& run_;
  Transport& transport_;
  ExporterSettings settings_;
  const SenderConfig& config_;
  Target self_;
  Sequence jitter_;

  SendingQueue queue_;
  std::unique_ptr<QueueBatch> batch_;
  GrpcChannel channel_;
  std::int64_t busy_consumers_ = 0;
  bool dispatching_ = false;
  Slab<Request> requests_;
  std::vector<std::uint32_t> live_requests_;  ///< in order of start
  std::vector<std::vector<ElementId>> spare_elements_;  ///< storage for the next requests
  std::uint32_t life_ = 1;                    ///< answers to an earlier life are ignored
  bool stopping_ = false;
  Done stopped_;
  ExporterCounters counters_;
  Cause gave_up_, shutdown_, cancelled_;
  std::map<std::string, Cause> causes_;
};

}  // namespace spillway::collector
