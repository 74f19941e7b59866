// The zipkin and the otlp receiver: a request becomes a call of the pipeline, its result
// becomes a status. Checked against running v0.111 and v0.159.
#pragma once

#include <string>

#include "models/collector/pipeline.hpp"
#include "models/collector/usage.hpp"
#include "models/network/network.hpp"
#include "models/wire/zipkin.hpp"

namespace spillway::collector {

enum class Protocol { otlp_http, zipkin, otlp_grpc };

/// HTTP status that a client of the receiver gets for this result.
int status_of(Protocol protocol, const Result& result);
/// The code that a client over gRPC gets.
GrpcCode grpc_code_of(const Result& result);

struct ReceiverSettings {
  std::string id;            ///< as in the file: metric label `receiver`
  Protocol protocol = Protocol::otlp_http;
  std::int64_t max_request_body_size = 20 << 20;
  CredentialId credential = 0;  ///< required from clients; 0: none
  Usage* usage = nullptr;       ///< of the process; null: nobody counts
  bool tells_retry_after = true;
  Signal signal = Signal::traces;
  std::string path = "/v1/traces";  ///< otlp: the only one that is answered
  wire::ZipkinTranslation zipkin{};
  bool lz4_bodies = true;      ///< understands Content-Encoding: lz4
  bool snappy_blocks = true;   ///< … snappy as one block and x-snappy-framed; else snappy means frames
};

struct ReceiverCounters {
  Counter accepted, refused;
};

class Receiver final : public Server, public Caller, public Component {
 public:
  Receiver(Run& run, Network& network, ReceiverSettings settings, Consumer& next);

  bool listening() const override { return listening_; }
  void receive(RequestId request) override;
  void done(std::uint32_t token, const Result& result) override;
  void handle(const Event& event) override;

  void start();
  /// Stops accepting. Zipkin cuts open requests off (their handlers go on), OTLP waits for them.
  void stop(Done stopped);
  void kill(Cause cause);

  DestinationSet reach() const { return next_.reach; }
  const ReceiverSettings& settings() const { return settings_; }
  const ReceiverCounters& counters() const { return counters_; }

 private:
  struct Open {
    RequestId request = 0;
    std::int64_t items = 0;
    Payload cut;  ///< held by the receiver once the client was cut off
    bool answered = false;
    TimerId client_leaves;
  };
  Payload decoded(const Post& post);
  Payload translated(const Post& post);
  void count(const Post& post);
  void watch_client(std::uint32_t token, Duration timeout);
  void refuse(RequestId request, int status, GrpcCode code);
  void reply(RequestId request, const Result& result);
  bool too_large(const Post& post) const;

  Run& run_;
  Network& network_;
  ReceiverSettings settings_;
  Consumer& next_;
  Target self_;
  std::vector<Span> scratch_;
  bool listening_ = false;
  Slab<Open> open_;
  std::vector<std::uint32_t> live_;
  ReceiverCounters counters_;
  Done stopped_;
};

}  // namespace spillway::collector
