// k8s_attributes. Sources: k8sattributesprocessor and internal/k8sconfig of v0.111 and v0.159.
#include <algorithm>
#include <array>

#include "models/collector/config_components.hpp"

namespace spillway::collector {
namespace {

constexpr std::array<std::string_view, 25> kMetadata{
    "k8s.namespace.name",   "k8s.pod.name",        "k8s.pod.uid",         "k8s.pod.hostname",     "k8s.pod.start_time",
    "k8s.pod.ip",           "k8s.deployment.name", "k8s.deployment.uid",  "k8s.replicaset.name",  "k8s.replicaset.uid",
    "k8s.daemonset.name",   "k8s.daemonset.uid",   "k8s.statefulset.name", "k8s.statefulset.uid", "k8s.job.name",
    "k8s.job.uid",          "k8s.cronjob.name",    "k8s.node.name",       "k8s.node.uid",         "k8s.container.name",
    "container.id",         "container.image.name", "container.image.tag", "container.image.repo_digests", "k8s.cluster.uid"};
constexpr std::array<std::string_view, 6> kNewerMetadata{"k8s.cronjob.uid", "container.image.tags", "service.namespace",
                                                         "service.name",    "service.version",      "service.instance.id"};

constexpr std::array kFilter{Setting{"node", Shape::text, kNoEffect}, Setting{"node_from_env_var", Shape::text, kNoEffect},
                             Setting{"namespace", Shape::text, kNoEffect}, Setting{"fields", Shape::maps, kNoEffect},
                             Setting{"labels", Shape::maps, kNoEffect}};
constexpr std::array kExclude{Setting{"pods", Shape::maps, kSizeOnly}};

bool supports(const Semantics& semantics, const std::string& field) {
  return std::ranges::find(kMetadata, field) != kMetadata.end() ||
         (semantics.k8s_attributes_is_newer && std::ranges::find(kNewerMetadata, field) != kNewerMetadata.end());
}

void check_from(Fields& fields, const std::string& from) {
  constexpr std::array<std::string_view, 4> known{"", "pod", "namespace", "node"};
  constexpr std::array<std::string_view, 4> newer{"deployment", "statefulset", "daemonset", "job"};
  const bool is_newer = fields.reading().semantics.k8s_attributes_is_newer;
  if (std::ranges::find(known, from) != known.end() || (is_newer && std::ranges::find(newer, from) != newer.end())) return;
  fields.refuse("from", from + " is not a valid choice for From. Must be one of: pod, namespace, " +
                            (is_newer ? "deployment, statefulset, daemonset, job, node" : "node"));
}

/// Labels or annotations of something that the pod belongs to.
void read_rules(Fields& fields, std::string_view kind, std::vector<std::string>& added) {
  fields.maps(kind, [&](Fields& rule) {
    std::string tag, key, pattern, from, value;
    rule.text("tag_name", tag);
    rule.text("key", key);
    rule.text("key_regex", pattern);
    if (!rule.reading().semantics.k8s_attributes_is_newer) rule.text("regex", value);
    rule.text("from", from);
    if (!key.empty() && !pattern.empty())
      rule.refuse("key", "Out of Key or KeyRegex only one option is expected to be configured at a time, currently Key:" + key +
                             " and KeyRegex:" + pattern);
    check_from(rule, from);
    if (!pattern.empty()) rule.leave_out("key_regex", kSizeOnly);
    if (key.empty()) return;
    const std::string name = "k8s." + (from.empty() ? "pod" : from) + '.' + std::string{kind} + '.' + key;
    added.push_back(tag.empty() ? name : tag);
  });
}

void read_extract(Fields& fields, K8sAttributesConfig& config) {
  fields.section("extract", [&](Fields& extract) {
    std::vector<std::string> metadata{config.metadata};
    extract.texts("metadata", metadata);
    for (const std::string& field : metadata) {
      if (!supports(extract.reading().semantics, field)) extract.refuse("metadata", "\"" + field + "\" is not a supported metadata field");
    }
    config.metadata = metadata;
    read_rules(extract, "annotations", config.labels);
    read_rules(extract, "labels", config.labels);
    if (!extract.reading().semantics.k8s_attributes_is_newer) return;
    constexpr std::array newer{Setting{"otel_annotations", Shape::boolean, kSizeOnly},
                               Setting{"deployment_name_from_replicaset", Shape::boolean, kNoEffect}};
    extract.unmodelled(newer);
  });
}

void read_associations(Fields& fields, K8sAttributesConfig& config) {
  constexpr std::size_t most = 4;
  fields.maps("pod_association", [&](Fields& association) {
    std::vector<K8sAttributesConfig::Source> sources;
    association.maps("sources", [&](Fields& source) {
      K8sAttributesConfig::Source& one = sources.emplace_back();
      source.text("from", one.from);
      source.text("name", one.name);
    });
    if (sources.size() > most) association.refuse("sources", "too many association sources. limit is " + std::to_string(most));
    config.associations.push_back(std::move(sources));
  });
}

}  // namespace

K8sAttributesConfig k8s_attributes(Fields& fields) {
  K8sAttributesConfig config;
  std::string authentication = "serviceAccount", context;
  fields.text("auth_type", authentication);
  fields.text("context", context);
  constexpr std::array<std::string_view, 4> known{"none", "serviceAccount", "kubeConfig", "tls"};
  if (std::ranges::find(known, authentication) == known.end())
    fields.refuse("auth_type", "invalid authType for kubernetes: " + authentication + "; use none, serviceAccount, kubeConfig or tls");
  fields.boolean("passthrough", config.passthrough);
  read_extract(fields, config);
  read_associations(fields, config);
  constexpr std::array settings{Setting{"filter", Shape::section, kNoEffect, kFilter}, Setting{"exclude", Shape::section, kSizeOnly, kExclude}};
  fields.unmodelled(settings);
  if (fields.reading().semantics.k8s_attributes_is_newer) {
    constexpr std::array newer{Setting{"wait_for_metadata", Shape::boolean, kNoEffect},
                               Setting{"wait_for_metadata_timeout", Shape::duration, kNoEffect},
                               Setting{"watch_sync_period", Shape::duration, kNoEffect},
                               Setting{"pod_delete_grace_period", Shape::duration, kNoEffect},
                               Setting{"kube_api_qps", Shape::number, kNoEffect},
                               Setting{"kube_api_burst", Shape::integer, kNoEffect}};
    fields.unmodelled(newer);
  }
  if (!config.passthrough) fields.leave_out("attributes: values of typical length stand for what the cluster knows", kSizeOnly);
  return config;
}

}  // namespace spillway::collector
