#include "models/collector/grpc_channel.hpp"

#include <algorithm>

namespace spillway::collector {

GrpcChannel::GrpcChannel(Run& run, Transport& transport, EndpointId endpoint, const std::string& owner)
    : run_{run}, transport_{transport}, endpoint_{endpoint}, self_{run.sim.add(*this)},
      jitter_{run.sim.stream(owner, "reconnect")} {}

void GrpcChannel::connection_failed() {
  if (failing_) return;
  failing_ = true;
  wait();
}

void GrpcChannel::wait() {
  Draws draws = jitter_.next();
  const double jitter = 0.8 + 0.4 * draws.uniform();
  timer_ = run_.sim.start_timer(run_.sim.now() + from_seconds(seconds_ * jitter), self_, 0);
  seconds_ = std::min(seconds_ * 1.6, 120.0);
}

void GrpcChannel::handle(const Event&) {
  if (!transport_.can_connect(endpoint_)) return wait();
  failing_ = false;
  seconds_ = 1;
}

void GrpcChannel::reset() {
  run_.sim.cancel(timer_);
  failing_ = false;
  seconds_ = 1;
}

}  // namespace spillway::collector
