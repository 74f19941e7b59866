#include "models/collector/k8s_attributes.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace spillway::collector {
namespace {

constexpr std::string_view kUid = "bb3383d3-cd60-4238-afe4-699bec00c5b3";
constexpr std::string_view kContainerId = "d27e0b01ff6c7c5b5ad2c751c8d49f117190bd9a157c252e7e9098596a7cae2c";
constexpr std::string_view kPodIp = "k8s.pod.ip", kAddress = "10.244.1.23";

std::string text_of(const Attributes& attributes, std::string_view key) {
  const spillway::Value* const value = find_attribute(attributes, key);
  return value == nullptr ? "" : to_text(*value);
}

bool is_of_container(std::string_view key) { return key.starts_with("container.") || key == "k8s.container.name"; }

/// What the cluster says of a pod of this deployment; nothing for what a deployment's pod has not.
std::optional<std::string> value_of(std::string_view key, const std::string& deployment) {
  const std::string replica_set = deployment + "-8674c5c9b";
  const std::array<std::pair<std::string_view, std::string>, 18> known{{{"k8s.namespace.name", "default"},
                                                                        {"k8s.pod.name", replica_set + "-sw2n7"},
                                                                        {"k8s.pod.hostname", ""},
                                                                        {"k8s.pod.start_time", "2026-01-31T09:36:54Z"},
                                                                        {kPodIp, std::string{kAddress}},
                                                                        {"k8s.deployment.name", deployment},
                                                                        {"k8s.replicaset.name", replica_set},
                                                                        {"k8s.node.name", "gke-cluster-1-default-pool-492967d6-lnjn"},
                                                                        {"k8s.container.name", deployment},
                                                                        {"container.id", std::string{kContainerId}},
                                                                        {"container.image.name", "registry.example/" + deployment},
                                                                        {"container.image.tag", "1.8.0"},
                                                                        {"service.namespace", "default"},
                                                                        {"service.name", deployment},
                                                                        {"service.version", "1.8.0"},
                                                                        {"service.instance.id", "default." + replica_set + "-sw2n7." + deployment},
                                                                        {"container.image.repo_digests", "registry.example/" + deployment + "@sha256:" + std::string{kContainerId}},
                                                                        {"k8s.cluster.uid", std::string{kUid}}}};
  const auto found = std::ranges::find(known, key, &std::pair<std::string_view, std::string>::first);
  if (found != known.end()) return found->second;
  for (const std::string_view of : {"k8s.pod.uid", "k8s.deployment.uid", "k8s.replicaset.uid", "k8s.node.uid"}) {
    if (key == of) return std::string{kUid};
  }
  return std::nullopt;
}

}  // namespace

K8sAttributes::Found K8sAttributes::find_pod(const Attributes& attributes) const {
  if (config_.associations.empty()) return Found::by_address;
  for (const auto& association : config_.associations) {
    const bool whole = std::ranges::all_of(association, [&](const K8sAttributesConfig::Source& source) {
      return source.from != "resource_attribute" || !text_of(attributes, source.name).empty();
    });
    if (!whole) continue;
    const bool by_address = std::ranges::any_of(association, [](const auto& source) { return source.from == "connection"; });
    return by_address ? Found::by_address : Found::by_attributes;
  }
  return Found::none;
}

void K8sAttributes::add(Attributes& attributes, const std::string& key, std::string value) const {
  const spillway::Value* const there = find_attribute(attributes, key);
  if (there == nullptr || (newer_ && to_text(*there).empty())) set_attribute(attributes, key, std::move(value));
}

void K8sAttributes::change(Attributes& attributes) const {
  const Found pod = find_pod(attributes);
  if (pod == Found::by_address) add(attributes, std::string{kPodIp}, std::string{kAddress});
  if (pod == Found::none || config_.passthrough) return;
  std::string deployment = text_of(attributes, "service.name");
  if (deployment.empty()) deployment = "service";
  const bool container_known = newer_ || !text_of(attributes, "k8s.container.name").empty() || !text_of(attributes, "container.id").empty();
  for (const std::string& key : config_.metadata) {
    if (is_of_container(key) && !container_known) continue;
    if (const auto value = value_of(key, deployment)) add(attributes, key, *value);
  }
  for (const std::string& key : config_.labels) add(attributes, key, deployment);
}

}  // namespace spillway::collector
