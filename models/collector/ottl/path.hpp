// Paths: what a name in a statement stands for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/collector/ottl/getter.hpp"
#include "models/collector/ottl/syntax.hpp"
#include "models/collector/version.hpp"

namespace spillway::collector::ottl {

enum class Place : std::uint8_t {
  trace_id,
  trace_id_text,
  span_id,
  span_id_text,
  parent_id,
  parent_id_text,
  trace_state,
  name,
  kind,
  kind_text,
  kind_old_text,
  start,
  start_ns,
  end,
  end_ns,
  attributes,
  status_code,
  status_message,
  flags,
  no_count,
  resource_attributes,
  schema_url,
  scope_name,
  scope_version,
  scope_attributes,
  event_name,
  event_time,
  event_time_ns,
  event_attributes,
  cache,
  unmodelled  ///< the collector knows it, this program does not look into it
};

class PathGetter final : public Getter {
 public:
  bool get(Scene& scene, Datum& out) const override;
  /// Requires scene.draft. False: a type that does not fit, or an index that leads nowhere.
  bool set(Scene& scene, const Datum& value) const;
  /// Whether set() can do what the collector does.
  bool settable() const;

  Place place = Place::unmodelled;
  std::vector<Index> indices;
  bool strict = true;  ///< a value of the wrong type is an error; otherwise it is passed over without a word
  std::string text;    ///< as written
};

/// A name that was understood, before its indices are; or the reason why not.
struct Resolved {
  Place place = Place::unmodelled;
  const syntax::Field* indexed = nullptr;  ///< the field whose keys belong to the path
};
std::optional<Resolved> resolve_path(const syntax::Path& path, Context context, const Semantics& semantics,
                                     std::string& error);

/// The number of a symbol such as STATUS_CODE_ERROR, where the context knows symbols.
std::optional<std::int64_t> symbol_value(std::string_view symbol, Context context);

std::string hex_of(TraceId id);
std::string hex_of(SpanId id);

}  // namespace spillway::collector::ottl
