// Something that answers telemetry requests and stores what it accepts, by a script: status, Retry-After, latency,
// hang, reset, refuse, over time (faults) or by request count. The real twin is real/sink.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/network/network.hpp"
#include "models/scenario/scenario.hpp"
#include "sim/span_set.hpp"

namespace spillway {

struct BackendSettings {
  std::string name;  ///< with its place, when it has one: "jaeger@aws"
  const Backend* spec = nullptr;
  CredentialId credential = 0;  ///< required; 0: anybody may write
  bool note_span_ids = false;
  bool note_arrivals = false;  ///< when each copy of a span was stored
  bool note_contents = false;  ///< of spans that arrive as OTLP
};

class BackendServer final : public Server, public Component {
 public:
  BackendServer(Run& run, Network& network, BackendSettings settings);

  bool listening() const override { return current_now().kind != Behaviour::Kind::refuse; }
  void receive(RequestId request) override;
  void handle(const Event& event) override;

  /// A fault's behaviour in place of the own one; null ends it.
  void set_fault(const Behaviour* behaviour) { fault_ = behaviour; }

  int destination() const { return destination_; }
  BackendCounts counts() const;
  /// Adds the set of stored span ids to the fates of this destination.
  void describe(DestinationFates& fates) const;

 private:
  struct Waiting {
    RequestId request;
    Answer answer;
  };
  const Behaviour& current_now() const;
  void store(const Payload& payload, bool note_contents);
  void note(const Span& span);
  SpanKey key_of(const Span& span) const;
  bool grpc() const { return settings_.spec->accepts == Backend::Accepts::otlp_grpc; }
  Answer answer_of(const Behaviour& behaviour, bool known) const;
  /// Stores all but the last `rejects` spans.
  void keep(const Post& post, std::int64_t rejects);
  void discard(const Payload& payload, Cause cause);
  void count_answer(const std::string& text) { ++answers_[text]; }
  Duration latency(const Behaviour& behaviour);
  void answer_later(RequestId request, const Behaviour& behaviour, const Answer& answer);

  Run& run_;
  Network& network_;
  BackendSettings settings_;
  Target self_;
  int destination_;
  const Behaviour* fault_ = nullptr;
  Slab<Waiting> waiting_;
  Sequence draws_;
  Cause discarded_, rejected_;
  std::int64_t requests_ = 0, body_bytes_ = 0, spans_ = 0, stored_bytes_ = 0;
  std::map<std::string, std::int64_t> answers_;
  std::uint64_t span_set_ = 0;
  std::vector<std::string> span_ids_;
  std::map<SpanKey, std::vector<Time>> arrivals_;
  std::uint64_t contents_ = 0;
  std::vector<std::string> spans_stored_;
};

}  // namespace spillway
