// Telemetry requests over HTTP: who posts, who answers, and what lies between. The simulated network is in
// network.hpp; the real one (the same clients posting to real programs) in real/emitter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/run.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway {

/// How a request ended for its client.
struct Answer {
  enum class Kind : std::uint8_t { status, refused, reset, timed_out, grpc };
  Kind kind = Kind::status;
  int status = 200;          ///< of HTTP; with `grpc` a code of gRPC
  Duration retry_after{-1};  ///< Retry-After or RetryInfo; negative: none
  Cause cause{};             ///< what went wrong behind the status, as far as the simulation knows; for the ledger
  bool retry_after_is_date = false;  ///< of HTTP
  bool garbled = false;              ///< the body of a success cannot be read
  bool success() const {
    return kind == Kind::grpc ? status == 0 : kind == Kind::status && status >= 200 && status < 300;
  }
};
inline Answer grpc_answer(GrpcCode code, Duration retry_after = Duration{-1}, Cause cause = {}) {
  return {Answer::Kind::grpc, static_cast<int>(code), retry_after, cause};
}
/// The code with which a call over gRPC ended: a connection that fails, or none that speaks gRPC, is UNAVAILABLE, a
/// timeout DEADLINE_EXCEEDED.
GrpcCode grpc_code_of(const Answer& answer);
std::string to_text(const Answer& answer);  ///< "202", "refused", "reset", "timed out"

using RequestId = std::uint32_t;
using EndpointId = std::uint32_t;  ///< a URL as seen from one place
using CredentialId = std::uint32_t;  ///< 0: none

/// Somebody waiting for answers.
class AnswerTo {
 public:
  virtual ~AnswerTo() = default;
  virtual void answered(std::uint64_t token, const Answer& answer) = 0;
};

struct Post {
  EndpointId endpoint = 0;
  Payload payload;
  std::int64_t body_bytes = 0;  ///< on the wire
  WireFormat format = WireFormat::otlp_proto;
  Signal signal = Signal::traces;
  CredentialId credential = 0;
  const RecordedPost* recorded = nullptr;  ///< sent as it stands; the payload is what is known of it. Outlives the run
  Duration timeout{};  ///< of the whole exchange; 0: none
  AnswerTo* client = nullptr;
  std::uint64_t token = 0;
};

/// Sends requests. The client keeps holding its items until it has the answer.
class Transport {
 public:
  virtual ~Transport() = default;
  /// The answer always comes later, never from inside post().
  virtual RequestId post(Post post) = 0;
  /// The client is gone (killed): no answer please. What the server makes of the request still happens.
  virtual void abandon(RequestId request) = 0;
  /// Whether a connection would come about now.
  virtual bool can_connect(EndpointId) { return true; }
};

}  // namespace spillway
