// k8s_attributes: resources get what the cluster knows of the pod that sent them. Semantics: k8sattributesprocessor of v0.111
// and v0.159. Not run against it: it needs a cluster.
#pragma once

#include <string>
#include <string_view>

#include "models/collector/rewriting.hpp"

namespace spillway::collector {

/// Every service is taken for a deployment of its name whose pod the cluster knows. Values that the resource has stay; for the
/// others stand values of typical length, the same for all replicas of a service: sizes are right within the names' lengths,
/// while pods that would have resources of their own share one. A resource whose pod cannot be told stays as it is; the sender's
/// address is always known here (a warning of `check` tells where it is not).
class K8sAttributes final : public ResourceRewriter {
 public:
  K8sAttributes(Run& run, const std::string& name, const K8sAttributesConfig& config, const Semantics& semantics,
                SpanProcessorCounters& counters, Consumer& next)
      : ResourceRewriter{run, name, semantics, counters, next}, config_{config}, newer_{semantics.k8s_attributes_is_newer} {}

 private:
  enum class Found : std::uint8_t { none, by_address, by_attributes };
  void change(Attributes& attributes) const override;
  std::int64_t actions() const override { return std::ssize(config_.metadata) + std::ssize(config_.labels); }
  Found find_pod(const Attributes& attributes) const;
  void add(Attributes& attributes, const std::string& key, std::string value) const;
  const K8sAttributesConfig& config_;
  bool newer_;
};

}  // namespace spillway::collector
