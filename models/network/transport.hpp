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
  enum class Kind : std::uint8_t { status, refused, reset, timed_out };
  Kind kind = Kind::status;
  int status = 200;
  Duration retry_after{-1};  ///< negative: no such header
  Cause cause{};             ///< what went wrong behind the status, as far as the simulation knows; for the ledger
  bool success() const { return kind == Kind::status && status >= 200 && status < 300; }
};
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
  CredentialId credential = 0;
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
};

}  // namespace spillway
