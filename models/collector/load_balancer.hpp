// The load_balancing exporter: every item to one of several endpoints, chosen by the hash of its key, through an otlp
// exporter for each of them. Endpoints come and go with what the dns resolver finds: the ring is made anew, a new endpoint
// gets an exporter, that of an endpoint that left is shut down once its calls have returned, and exports what its queue
// holds, each request with one attempt. Semantics: loadbalancingexporter, checked against running v0.111 and v0.159.
// Leaves out: the order in which endpoints are called (arbitrary in the real program; here by address, those that come later
// last); a reload of v0.111, whose old exporters live on beside the new ones (the run says so); that v0.159 stops its exporters one
// after the other (here together: a shutdown with several full queues ends sooner).
#pragma once

#include <deque>
#include <map>
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
  enum class Life : std::uint8_t { none, serving, leaving, stopping };  ///< leaving: calls to it have not returned
  /// An exporter. An endpoint that comes back while its exporter is not stopped yet gets another one.
  struct Backend {
    std::string endpoint;  ///< as called
    OtlpGrpcExporterConfig config;
    std::unique_ptr<Exporter> exporter;
    Outcomes* outcomes = nullptr;  ///< of the endpoint
    Life life = Life::none;
    std::size_t calls = 0;  ///< that have a part for it and have not returned from it
  };
  /// What exporters counted that are gone, since the start.
  struct Gone {
    Counter sent, send_failed, enqueue_failed;
  };
  const std::deque<Backend>& backends() const { return backends_; }
  const std::map<std::string, Outcomes>& outcomes() const { return outcomes_; }  ///< by endpoint
  const Gone& gone() const { return gone_; }
  const LoadBalancingConfig& config() const { return *settings_.config; }
  std::size_t endpoints() const { return endpoints_.size(); }  ///< as resolved
  std::int64_t updates() const { return updates_; }            ///< of the list of endpoints
  std::int64_t resolutions(bool successful) const { return successful ? resolved_ : unresolved_; }

 private:
  static constexpr std::uint32_t kNobody = 0xffffffff;

  std::vector<std::string> with_ports(std::vector<std::string> addresses) const;
  void resolve();
  void change_backends();
  std::uint32_t add_backend(const std::string& called);
  std::uint32_t join(const std::string& called);
  void leave(std::uint32_t backend);
  void end(Backend& backend);
  void check_stopped();
  void kill_backend(Backend& backend, Cause cause);
  bool split(const Payload& payload, std::vector<Payload>& parts);
  void split_runs(const SpanGroup& group, std::vector<Payload>& parts);
  std::uint32_t backend_of(const Span& first);
  void note_calls(const std::vector<Payload>& parts);
  void note_routes(const std::vector<Payload>& parts);

  Run& run_;
  Transport& transport_;
  AddressBook& book_;
  LoadBalancerSettings settings_;
  std::int64_t& held_bytes_;
  Target self_;
  std::map<std::string, Outcomes> outcomes_;
  std::deque<Backend> backends_;
  std::vector<std::string> endpoints_;  ///< as resolved last, sorted
  HashRing ring_;
  std::vector<std::uint32_t> backend_of_endpoint_;  ///< of the ring
  RoutingKeys keys_;
  PartsInTurn calls_;
  std::vector<std::uint32_t> chosen_;
  std::vector<Span> scratch_;
  Gone gone_;
  std::int64_t resolved_ = 0, unresolved_ = 0, updates_ = 0;
  bool found_ = false;         ///< by the last resolution
  std::uint64_t seen_ = 0;     ///< of AddressBook::lookups_changed
  TimerId tick_;
  Done stopped_;
  Cause elsewhere_, no_service_, nobody_, ended_;
};

}  // namespace spillway::collector
