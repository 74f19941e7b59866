// How finished spans leave a service process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/network/transport.hpp"
#include "models/scenario/scenario.hpp"
#include "models/services/cpu.hpp"

namespace spillway {

/// One endpoint that a process exports to.
struct ExportTarget {
  EndpointId endpoint = 0;
  DestinationSet reach = 0;
  std::string host;  ///< for the ledger: who did not answer
};

/// Losses on the way from a client to whoever it posts to; the reason that the far side knows wins.
class ExportLosses {
 public:
  ExportLosses(Run& run, std::string component) : run_{run}, component_{std::move(component)} {}
  Cause cause_of(const Answer& answer, const std::string& host);
  Cause named(const std::string& text) { return run_.ledger.add_loss(component_, text); }

 private:
  Run& run_;
  std::string component_;
  std::map<std::pair<std::string, std::string>, Cause> causes_;
};

/// Takes the finished spans of one process.
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;
  /// The span is finished at span.start + span.duration, now or later. Its item is not held yet.
  virtual void finished(const Span& span) = 0;
  /// True when finished() may be called ahead of the clock.
  virtual bool takes_future_spans() const { return false; }
  /// Where a span of this process is meant to arrive.
  virtual DestinationSet reach() const = 0;
  virtual void add_answers(std::vector<AnswerCounts>&) const {}
};

/// Every finished span is POSTed on its own, as a Zipkin v2 JSON array, to every endpoint: fire and forget.
/// Writing the request takes the process's own CPU, behind whatever runs there. No queue, no retry, no batching.
class ZipkinPost final : public SpanExporter, public AnswerTo, public TaskOwner {
 public:
  ZipkinPost(Run& run, Transport& transport, Cpu& cpu, std::string process, const Instrumentation& config,
             std::vector<ExportTarget> targets);
  void finished(const Span& span) override;
  DestinationSet reach() const override { return reach_; }
  void task_done(std::uint64_t token, Time started) override;
  void answered(std::uint64_t token, const Answer& answer) override;
  void add_answers(std::vector<AnswerCounts>& list) const override;

 private:
  struct Open {
    Payload payload;
    std::uint32_t target = 0;
  };
  Run& run_;
  Transport& transport_;
  Cpu& cpu_;
  std::string process_;
  const Instrumentation& config_;
  std::vector<ExportTarget> targets_;
  DestinationSet reach_ = 0;
  Slab<Open> open_;
  Sequence draws_;
  ExportLosses losses_;
  std::vector<std::map<std::string, std::int64_t>> answers_;  ///< by target
};

/// The OpenTelemetry SDK's batch span processor with an OTLP/HTTP exporter: a queue of max_queue_size, exported in
/// batches of max_export_batch_size when that many wait or schedule_delay has passed; one export at a time. The timers
/// of processes are not in step. A full queue drops the newest span. Leaves out: the exporter's own retries (losses on a failing endpoint come earlier
/// here), the CPU of serialising.
class OtlpBatch final : public SpanExporter, public AnswerTo, public Component {
 public:
  OtlpBatch(Run& run, Transport& transport, std::string process, const Instrumentation& config,
            std::vector<ExportTarget> targets);
  void finished(const Span& span) override;
  bool takes_future_spans() const override { return true; }
  DestinationSet reach() const override { return reach_; }
  void handle(const Event& event) override;
  void answered(std::uint64_t token, const Answer& answer) override;
  void add_answers(std::vector<AnswerCounts>& list) const override;

 private:
  enum Kind : std::uint32_t { next_end, delay_over };
  struct Pending {  ///< a span that ends in the future
    Time end;
    std::uint32_t slot;
    std::uint32_t order;  ///< ties: order of arrival
  };
  struct Later {  ///< a type, not a function, so that the heap's comparisons are inlined
    bool operator()(const Pending& x, const Pending& y) const {
      return x.end != y.end ? x.end > y.end : x.order > y.order;
    }
  };
  Duration rest_of_period() const;
  void take_ended(Time until);
  void enqueue(const Span& span);
  void watch();
  void export_batch();

  Run& run_;
  Transport& transport_;
  std::string process_;
  const Instrumentation& config_;
  std::vector<ExportTarget> targets_;
  DestinationSet reach_ = 0;
  Target self_;
  std::vector<Pending> future_;  ///< heap, soonest first
  std::vector<Span> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t next_order_ = 0;
  std::vector<Span> queue_;
  Payload exporting_;
  std::size_t open_posts_ = 0;
  TimerId watch_timer_, delay_timer_;
  Time watch_at_{};
  ExportLosses losses_;
  Cause queue_full_;
  std::map<std::string, std::int64_t> answers_;
};

}  // namespace spillway
