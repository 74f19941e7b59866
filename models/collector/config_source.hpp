// From files as people have them to the one map that the collector would read: plain collector files, ConfigMaps,
// resources of the operator, values of the Helm chart. Private to the reading of collector files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/config_value.hpp"
#include "models/collector/workload.hpp"

namespace spillway::collector {

struct Source {
  std::vector<std::unique_ptr<Document>> documents;  ///< values point into them
  Value root;                                        ///< merged, not expanded; without a document: nothing was read
  Workload workload;
  LoadFailure failure = LoadFailure::none;
};

/// Reads and merges; several files are laid over each other as several --config (or --values) are. `key` chooses among
/// several configurations in ConfigMaps: "key" or "name/key"; may be empty.
Source open_source(const std::vector<std::filesystem::path>& files, const std::string& key, Problems& problems);

/// A value of a file and the document it stands in.
struct Place {
  const Node* node = nullptr;
  const Document* document = nullptr;

  Place at(std::string_view name) const { return {node == nullptr ? nullptr : node->find(name), document}; }
  bool is_map() const { return node != nullptr && node->kind == Node::Kind::map; }
  std::string text() const { return node != nullptr && node->kind == Node::Kind::scalar ? node->text : ""; }
};

/// What the reading of a wrapped file needs and yields.
struct Unwrapping {
  Source& source;
  Problems& problems;
  std::string key;
  void warn(const Place& at, std::string path, std::string message);
  void refuse(const Place& at, std::string path, std::string message);
  /// Lays the text or the map over what was read so far.
  void add_config(const Place& config, const std::string& path);
};

bool looks_like_kubernetes(const Node& root);
bool looks_like_helm_values(const Node& root);
bool looks_like_collector(const Node& root);

/// All objects of all files (config_kubernetes.cpp).
void read_manifests(const std::vector<Place>& roots, Unwrapping& out);
/// Values files in order, over the chart's own (config_helm.cpp).
void read_helm_values(const std::vector<Place>& files, Unwrapping& out);

// What a pod and the chart have in common.
void read_replicas(const Place& replicas, const Place& autoscaler, Workload& workload);
void read_resources(const Place& resources, Workload& workload);
void read_environment(const Place& env, Workload& workload);
void read_arguments(const Place& arguments, Workload& workload);
void set_image(const Place& at, std::string image, Unwrapping& out);

}  // namespace spillway::collector
