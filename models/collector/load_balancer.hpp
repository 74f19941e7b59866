// The load_balancing exporter: every item to one of several endpoints, chosen by the hash of its key, through an otlp
// exporter for each of them. Semantics: loadbalancingexporter, checked against running v0.111 and v0.159.
// Leaves out: the order in which endpoints are called (arbitrary in the real program, by address here).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/exporter.hpp"
#include "models/collector/hash_ring.hpp"
#include "models/collector/parts_in_turn.hpp"
#include "models/senders.hpp"
#include "models/telemetry/memo.hpp"

namespace spillway::collector {

/// The texts that are hashed for a span, as its version builds them.
class RoutingKeys {
 public:
  RoutingKeys(const Catalog& catalog, const LoadBalancingConfig& config, const Semantics& semantics)
      : catalog_{catalog}, config_{config}, semantics_{semantics} {}

  /// By trace id. The text lives until the next call.
  std::string_view of_trace(std::uint64_t trace);
  /// By service or attributes; null when the call fails because it has none.
  const std::string* of_span(const Span& span);

 private:
  struct Key {
    bool known = true;
    std::string text;
  };
  Key build(const Span& span) const;
  std::string part(const std::string& attribute, const Span& span) const;

  const Catalog& catalog_;
  const LoadBalancingConfig& config_;
  Semantics semantics_;
  ShapeMemo<Key> keys_;
  std::array<char, 16> id_{};
};

struct LoadBalancerSettings {
  std::string name;  ///< for the ledger
  const LoadBalancingConfig* config = nullptr;
  Semantics semantics;
  std::uint16_t place = 0;
  ExporterSettings backend;  ///< for every endpoint's exporter, but for its name, configuration and endpoint
};

class LoadBalancer final : public Consumer, public Caller, public PartEnded, public Component, public Stage {
 public:
  LoadBalancer(Run& run, Transport& transport, AddressBook& book, LoadBalancerSettings settings,
               std::int64_t& held_bytes);

  void consume(Payload payload, Done done) override;
  void cancel(Done done) override;
  void part_ended(std::size_t backend, const Result& result, Duration took) override;
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;
  void start() override;
  void kill(Cause cause) override;
  void stop(Done stopped) override;

  struct Outcomes {
    Counter succeeded, failed;
    std::int64_t calls = 0, milliseconds = 0;  ///< of the latency histogram
  };
  struct Backend {
    std::string endpoint;  ///< as called
    OtlpGrpcExporterConfig config;
    std::unique_ptr<Exporter> exporter;
    Outcomes outcomes;
  };
  const std::deque<Backend>& backends() const { return backends_; }
  const LoadBalancingConfig& config() const { return *settings_.config; }
  std::size_t endpoints() const { return backend_of_endpoint_.size(); }
  std::int64_t resolutions() const { return resolutions_; }

 private:
  static constexpr std::uint32_t kNobody = 0xffffffff;

  std::vector<std::string> resolve(AddressBook& book) const;
  void add_backend(const std::string& endpoint, AddressBook& book, Transport& transport, std::int64_t& held_bytes);
  bool split(const Payload& payload, std::vector<Payload>& parts);
  void split_runs(const SpanGroup& group, std::vector<Payload>& parts);
  std::uint32_t backend_of(const Span& first);
  void note_routes(const std::vector<Payload>& parts);

  Run& run_;
  LoadBalancerSettings settings_;
  Target self_;
  std::deque<Backend> backends_;
  HashRing ring_;
  std::vector<std::uint32_t> backend_of_endpoint_;  ///< of the ring
  RoutingKeys keys_;
  PartsInTurn calls_;
  std::vector<std::uint32_t> chosen_;
  std::vector<Span> scratch_;
  std::int64_t resolutions_ = 0;
  TimerId tick_;
  std::size_t stopping_ = 0;  ///< backends that have not stopped yet
  Done stopped_;
  Cause elsewhere_, no_service_, nobody_;
};

}  // namespace spillway::collector
