// The service section, and the checks that need the whole file. Private to the reading of collector files.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/config.hpp"
#include "models/collector/config_fields.hpp"
#include "models/collector/config_types.hpp"

namespace spillway::collector {

/// One component of the file, decoded or not.
struct Component {
  Kind kind;
  std::string id;
  const Type* type = nullptr;  ///< null: unknown, already refused
  const Value* value = nullptr;
  std::string path;    ///< "exporters.otlphttp/a"
  bool sound = false;  ///< decoded and checked without an error
  std::vector<NotModelled> not_modelled;
  std::vector<Reading::Late> when_used;  ///< refused when some pipeline names it
};

/// An id in a list of the service section.
struct Reference {
  std::string id;
  const Value* value = nullptr;
};
struct Pipeline {
  std::string id, signal, path;
  const Document* document = nullptr;
  Mark mark;
  std::vector<Reference> receivers, processors, exporters;
};
struct Service {
  std::vector<Reference> extensions;
  std::vector<Pipeline> pipelines;
  TelemetryConfig telemetry;
};

/// Reads the service section; `root` is the whole file.
Service decode_service(Fields& root);
void decode_telemetry(Fields& fields, TelemetryConfig& telemetry);

/// The components of a file by kind and id.
class Index {
 public:
  explicit Index(const std::vector<Component>& components);
  const Component* find(Kind kind, const std::string& id) const;  ///< or null
  std::vector<std::string> ids(Kind kind) const;

 private:
  std::map<std::string, const Component*> by_name_;
};
std::string in_quotes(std::string_view text);

/// What a whole file yields besides its problems.
struct Whole {
  const Value& root;
  const std::vector<Component>& components;
  const Service& service;
  const CollectorConfig& config;
};
/// References, signals, connectors and cycles: what the collector refuses before it starts anything.
void check_references(const Whole& whole, Reading& reading);
/// What it refuses while it starts: authenticators, storage, addresses that are taken.
void check_start(const Whole& whole, Reading& reading);

/// Ids of the components that some pipeline uses, as "exporter otlphttp/a", and of the enabled extensions.
std::set<std::string> used_components(const Service& service);

}  // namespace spillway::collector
