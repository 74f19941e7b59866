// One running collector: its components wired by the pipelines of its file, its life (start, TERM, KILL, HUP,
// restart), and the metrics page that it shows.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/batch.hpp"
#include "models/collector/config.hpp"
#include "models/collector/costs.hpp"
#include "models/collector/count_connector.hpp"
#include "models/collector/exporter.hpp"
#include "models/collector/group_by_trace.hpp"
#include "models/collector/load_balancer.hpp"
#include "models/collector/memory_limiter.hpp"
#include "models/collector/probabilistic_sampler.hpp"
#include "models/collector/receiver.hpp"
#include "models/collector/routing_connector.hpp"
#include "models/collector/span_metrics.hpp"
#include "models/collector/span_processor.hpp"
#include "models/collector/tail_sampling.hpp"
#include "models/collector/version.hpp"
#include "models/hosts/restart_back_off.hpp"
#include "models/senders.hpp"

namespace spillway::collector {

struct CollectorSettings {
  std::string name;   ///< "aws/otel-collector"
  std::uint16_t place = 0;
  const CollectorConfig* config = nullptr;
  Version version;
  int cpus = 2;
  double memory = 0;  ///< of the machine or cgroup; 0: not known
  double memory_limit = 0;  ///< bytes beyond which the kernel kills it; 0: none
  Costs costs;
  GoRuntime runtime;  ///< from its environment
};

class Collector final : public Component, public Caller {
 public:
  Collector(Run& run, Network& network, Transport& transport, AddressBook& book, CollectorSettings settings);

  /// The receiver that listens on this port, null when none does. `local_only`: bound to the loopback address.
  Receiver* receiver_at(int port, Signal signal, bool& local_only);

  void start();
  void terminate(Duration grace, std::optional<Duration> restart_after);
  void kill(std::optional<Duration> restart_after);
  /// Times that it was killed for using more memory than its container may.
  std::int64_t out_of_memory_kills() const { return out_of_memory_kills_; }
  void hang_up();

  void handle(const Event& event) override;
  void done(std::uint32_t token, const Result& result) override;

  void write_metrics(std::vector<MetricValue>& page) const;
  const CollectorSettings& settings() const { return settings_; }
  Work work() const;  ///< since it started
  double heap_growth() const { return usage_.go_heap().growth(); }

 private:
  enum Kind : std::uint32_t { restart, grace_over };
  void end_at_once(Cause cause, std::optional<Duration> restart_after);
  void run_out_of_memory();
  struct NamedReceiver {
    std::string endpoint;
    std::unique_ptr<FanOut> heads;  ///< when several pipelines read from it
    std::unique_ptr<Receiver> receiver;
  };
  struct NamedBatch {
    std::string id;
    std::unique_ptr<Batch> batch;
  };
  struct NamedTailSampling {
    std::string id;
    std::unique_ptr<TailSampling> processor;
  };
  struct NamedGroupByTrace {
    std::string id;
    std::unique_ptr<GroupByTrace> processor;
  };
  struct NamedProbabilisticSampler {
    std::string id;
    std::unique_ptr<ProbabilisticSampler> processor;
  };
  struct NamedExporter {
    std::string id;
    Signal signal = Signal::traces;
    const SenderConfig* config;
    bool grpc = false;
    std::string address;  ///< URL, or over gRPC the endpoint as written
    std::unique_ptr<Exporter> exporter;
  };
  struct NamedLoadBalancer {
    std::string id;
    std::unique_ptr<LoadBalancer> balancer;
    std::unique_ptr<Exporter> helper;  ///< timeout, queue and retry in front of it, where it has them
  };
  struct Discard final : Consumer {  ///< nop and debug: takes everything, keeps nothing
    void consume(Payload payload, Done done) override {
      sent.add(payload.items());
      done({});
    }
    Counter sent;
  };

  void build_exporters(AddressBook& book, Transport& transport);
  void add_exporter(const NamedExporter& like, AddressBook& book, Transport& transport);
  void add_load_balancer(const std::string& id, const LoadBalancingConfig& config, AddressBook& book,
                         Transport& transport);
  void build_limiters();
  Consumer& head_of(const PipelineConfig& pipeline);
  Consumer& build_pipeline(const PipelineConfig& pipeline);
  Consumer& connector(Signal signal, const std::string& id);
  Consumer& add_metrics_connector(Signal signal, const std::string& id, Consumer& next);
  Consumer& add_routing(Signal signal, const std::string& id, const RoutingConfig& config);
  Consumer& add_processor(Signal signal, const std::string& id, Consumer& next);
  Consumer& add_span_processor(const std::string& id, const ProcessorConfig& config, Consumer& next);
  void build_receivers(Network& network, AddressBook& book, Signal signal);
  void build_otlp_receivers(Network& network, AddressBook& book, Signal signal, const std::string& id,
                            const OtlpReceiverConfig& config, const std::vector<Consumer*>& consumers);
  void add_receiver(Network& network, ReceiverSettings settings, std::string endpoint,
                    const std::vector<Consumer*>& heads);
  Consumer* exporter(Signal signal, const std::string& id);
  CredentialId client_credential(const std::string& auth, AddressBook& book) const;
  CredentialId server_credential(const std::string& auth, AddressBook& book) const;
  void stop_next();
  void exited();
  std::vector<Stage*> stages();

  using Page = std::vector<MetricValue>;
  void write_receivers(Page& page) const;
  void write_batches(Page& page) const;
  void write_limiters(Page& page) const;
  void write_span_processors(Page& page) const;
  void write_tail_samplings(Page& page) const;
  void write_probabilistic_samplers(Page& page) const;
  void write_groups_by_trace(Page& page) const;
  void write_groups_by_attrs(Page& page) const;
  void write_exporters(Page& page) const;
  void write_exporter(Page& page, Signal signal, const std::string& id, const Labels& address, const SenderConfig& config,
                      const std::vector<const Exporter*>& exporters, const LoadBalancer::Gone& gone = {}) const;
  void write_load_balancers(Page& page) const;
  void write_load_balancer(Page& page, const LoadBalancer& balancer) const;
  void write_debug_exporters(Page& page) const;
  void write_process(Page& page) const;
  void put(Page& page, std::string name, Labels labels, double value) const;

  Run& run_;
  CollectorSettings settings_;
  const CollectorConfig& config_;
  Semantics semantics_;
  Target self_;
  Usage usage_;
  std::vector<NamedExporter> exporters_;
  std::vector<NamedLoadBalancer> load_balancers_;
  using PerSignal = std::pair<Signal, std::string>;  ///< and id
  std::map<PerSignal, std::unique_ptr<Discard>> discards_;
  std::map<std::string, std::unique_ptr<MemoryLimiter>> limiters_;
  std::vector<NamedBatch> batches_;
  std::vector<NamedTailSampling> tail_samplings_;
  std::vector<NamedProbabilisticSampler> probabilistic_samplers_;
  std::vector<NamedGroupByTrace> groups_by_trace_;
  std::vector<Stage*> processor_stages_;  ///< from the ends of the pipelines to their heads
  std::vector<std::unique_ptr<LimiterGate>> gates_;
  std::map<std::string, SpanProcessorCounters> span_counters_;  ///< by processor id
  std::vector<std::unique_ptr<SpanProcessor>> span_processors_;
  std::vector<std::unique_ptr<CountConnector>> counts_;
  std::vector<std::unique_ptr<RoutingConnector>> routings_;
  std::vector<std::unique_ptr<SpanMetrics>> span_metrics_;
  std::vector<std::unique_ptr<FanOut>> fan_outs_;
  std::map<std::string, Consumer*> pipeline_heads_;  ///< by id
  std::map<PerSignal, Consumer*> connectors_;
  std::vector<NamedReceiver> receivers_;

  enum class Life { down, running, stopping } life_ = Life::down;
  std::size_t stop_step_ = 0;
  std::optional<Duration> restart_after_;
  TimerId grace_timer_;
  Time started_{};
  Cause killed_, out_of_memory_;
  RestartBackOff back_off_;
  std::int64_t out_of_memory_kills_ = 0;
};

/// "host:port" of a receiver; port 0 when it cannot be read.
struct ListenAddress {
  std::string host;
  int port = 0;
};
ListenAddress listen_address(std::string_view text);

}  // namespace spillway::collector
