// The client's side of a gRPC connection as far as calls notice it: after a connection that failed, calls fail at once
// until the channel's own next attempt, 1 s later, then 1.6 times as long, at most 120 s, +- 20 %. Semantics: grpc-go.
// Leaves out: several addresses of one name, the time that connecting takes; newer collectors' connecting at their start
// and after a connection broke, which begins the waits before a call notices (v0.111 connects with the first call).
#pragma once

#include <string>

#include "models/network/transport.hpp"

namespace spillway::collector {

class GrpcChannel final : public Component {
 public:
  GrpcChannel(Run& run, Transport& transport, EndpointId endpoint, const std::string& owner);

  bool failing() const { return failing_; }
  /// A call has met nobody.
  void connection_failed();
  void handle(const Event& event) override;
  void reset();  ///< a new process

 private:
  void wait();

  Run& run_;
  Transport& transport_;
  EndpointId endpoint_;
  Target self_;
  Sequence jitter_;
  TimerId timer_;
  bool failing_ = false;
  double seconds_ = 1;  ///< until the next attempt, without jitter
};

}  // namespace spillway::collector
