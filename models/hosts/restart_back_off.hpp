// When Kubernetes starts a container again that has ended.
#pragma once

#include <algorithm>

#include "sim/time.hpp"

namespace spillway {

/// How often a container with a memory limit was started again, under the name that kube-state-metrics gives it.
inline constexpr const char* kRestartsMetric = "kube_pod_container_status_restarts_total";

/// Waits before each start: none after the first end, then 10 s, doubled up to 5 min; forgotten by a container that ran
/// for 10 min. Source: the kubelet's CrashLoopBackOff (pod lifecycle, container restarts). Leaves out the kubelet's own
/// delay of up to a second, so a restart here comes a little early.
class RestartBackOff {
 public:
  /// `ran`: how long the life that has just ended lasted.
  Duration next(Duration ran) {
    if (ran >= kForgets) wait_ = Duration{};
    const Duration now = wait_;
    wait_ = now == Duration{} ? kFirst : std::min(2 * now, kMost);
    return now;
  }

 private:
  static constexpr Duration kFirst = std::chrono::seconds{10}, kMost = std::chrono::minutes{5};
  static constexpr Duration kForgets = 2 * kMost;
  Duration wait_{};
};

}  // namespace spillway
