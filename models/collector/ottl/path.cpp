#include "models/collector/ottl/path.hpp"

#include <algorithm>
#include <array>

#include "sim/span_set.hpp"

namespace spillway::collector::ottl {
namespace {

// Names

struct Name {
  std::string_view first, second;  ///< "status", "code"
  Place place;
  bool indexed = false;  ///< takes [ ]
  bool must = false;     ///< only with [ ]
};

constexpr std::array kSpanNames{
    Name{"trace_id", "", Place::trace_id},
    Name{"trace_id", "string", Place::trace_id_text},
    Name{"span_id", "", Place::span_id},
    Name{"span_id", "string", Place::span_id_text},
    Name{"parent_span_id", "", Place::parent_id},
    Name{"parent_span_id", "string", Place::parent_id_text},
    Name{"trace_state", "", Place::trace_state, true},
    Name{"name", "", Place::name},
    Name{"kind", "", Place::kind},
    Name{"kind", "string", Place::kind_text},
    Name{"kind", "deprecated_string", Place::kind_old_text},
    Name{"start_time_unix_nano", "", Place::start_ns},
    Name{"end_time_unix_nano", "", Place::end_ns},
    Name{"start_time", "", Place::start},
    Name{"end_time", "", Place::end},
    Name{"attributes", "", Place::attributes, true},
    Name{"dropped_attributes_count", "", Place::no_count},
    Name{"events", "", Place::unmodelled},
    Name{"dropped_events_count", "", Place::no_count},
    Name{"links", "", Place::unmodelled},
    Name{"dropped_links_count", "", Place::no_count},
    Name{"status", "", Place::unmodelled},
    Name{"status", "code", Place::status_code},
    Name{"status", "message", Place::status_message},
};
constexpr std::array kResourceNames{
    Name{"attributes", "", Place::resource_attributes, true},
    Name{"dropped_attributes_count", "", Place::no_count},
    Name{"schema_url", "", Place::schema_url},
};
constexpr std::array kScopeNames{
    Name{"name", "", Place::scope_name},
    Name{"version", "", Place::scope_version},
    Name{"attributes", "", Place::scope_attributes, true},
    Name{"dropped_attributes_count", "", Place::no_count},
    Name{"schema_url", "", Place::schema_url},
};
constexpr std::array kEventNames{
    Name{"time_unix_nano", "", Place::event_time_ns},
    Name{"time", "", Place::event_time},
    Name{"name", "", Place::event_name},
    Name{"attributes", "", Place::event_attributes, true},
    Name{"dropped_attributes_count", "", Place::no_count},
};
constexpr std::array kFlagNames{Name{"flags", "", Place::flags}};
constexpr std::array kCacheNames{Name{"cache", "", Place::cache, true}};
constexpr std::array kEventIndexNames{Name{"event_index", "", Place::unmodelled}};

/// What lies in front of the first dot.
enum class Prefix : std::uint8_t { none, resource, scope, span, spanevent, otelcol };

Prefix prefix_of(const std::string& name, Context context, const Semantics& semantics) {
  const bool newer = semantics.ottl_contexts;
  if (name == "resource") return newer || context != Context::resource ? Prefix::resource : Prefix::none;
  if (name == "instrumentation_scope") {
    return context == Context::resource || (!newer && context == Context::scope) ? Prefix::none : Prefix::scope;
  }
  if (name == "span" && context == Context::spanevent) return Prefix::span;
  if (!newer) return Prefix::none;
  if (name == "scope") return context == Context::resource ? Prefix::none : Prefix::scope;
  if (name == "span") return context == Context::span ? Prefix::span : Prefix::none;
  if (name == "spanevent") return context == Context::spanevent ? Prefix::spanevent : Prefix::none;
  return name == "otelcol" ? Prefix::otelcol : Prefix::none;
}

Prefix prefix_of(Context context) {
  switch (context) {
    case Context::resource:
      return Prefix::resource;
    case Context::scope:
      return Prefix::scope;
    case Context::span:
      return Prefix::span;
    case Context::spanevent:
      return Prefix::spanevent;
  }
  return Prefix::none;
}

template <class Names>
const Name* find_name(const Names& names, std::string_view first, std::string_view second) {
  const auto found =
      std::ranges::find_if(names, [&](const Name& name) { return name.first == first && name.second == second; });
  return found == names.end() ? nullptr : &*found;
}

const Name* find_in(Prefix prefix, std::string_view first, std::string_view second, const Semantics& semantics) {
  switch (prefix) {
    case Prefix::resource:
      return find_name(kResourceNames, first, second);
    case Prefix::scope:
      return find_name(kScopeNames, first, second);
    case Prefix::spanevent: {
      const Name* index = semantics.ottl_contexts ? find_name(kEventIndexNames, first, second) : nullptr;
      return index != nullptr ? index : find_name(kEventNames, first, second);
    }
    case Prefix::span: {
      const Name* flags = semantics.ottl_contexts ? find_name(kFlagNames, first, second) : nullptr;
      return flags != nullptr ? flags : find_name(kSpanNames, first, second);
    }
    default:
      return nullptr;
  }
}

constexpr std::array<std::string_view, 6> kKinds{"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
constexpr std::array<std::string_view, 6> kOldKinds{"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                    "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                    "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
constexpr std::array<std::string_view, 3> kStatuses{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"};

template <class Names>
std::optional<std::int64_t> number_of(const Names& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return found - names.begin();
}

// Reading

Moment start_of(const Span& span) { return {kEpochUnixNs + span.start.time_since_epoch().count()}; }
Moment end_of(const Span& span) { return {start_of(span).unix_ns + span.duration.count()}; }

SpanId parent_of(const Scene& scene) {
  const Span& span = *scene.span;
  return {span.parent == kNoParent ? 0 : scene.catalog->span_id(span.trace, span.parent)};
}

bool read_map(const Attributes& map, const std::vector<Index>& indices, Scene& scene, Datum& out) {
  if (indices.empty()) return out = Datum{&map}, true;
  Datum key;
  if (!resolve_index(indices[0], scene, key) || !key.text()) return false;
  const AttributeValue* value = find_attribute(map, *key.text());
  if (value == nullptr) return out = Datum{}, true;
  return step_into(*value, indices, 1, scene, out);
}

bool read_resource(const std::vector<Index>& indices, Scene& scene, Datum& out) {
  const ResourceShape& resource = *scene.resource;
  if (indices.empty()) return out = Datum{resource_attributes(resource)}, true;
  Datum key;
  if (!resolve_index(indices[0], scene, key) || !key.text()) return false;
  if (*key.text() == "service.name" && !resource.service.empty()) {
    if (indices.size() > 1) return false;
    return out = Datum{std::string_view{resource.service}}, true;
  }
  return read_map(resource.attributes, indices, scene, out);
}

/// "a=1,b=2": a key that is missing reads as an empty text.
bool read_trace_state(const std::vector<Index>& indices, Scene& scene, Datum& out) {
  std::string_view rest = scene.shape->trace_state;
  if (indices.empty()) return out = Datum{rest}, true;
  Datum key;
  if (!resolve_index(indices[0], scene, key) || !key.text()) return false;
  out = Datum{std::string_view{}};
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view member = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::size_t equal = member.find('=');
    if (equal != std::string_view::npos && member.substr(0, equal) == *key.text())
      out = Datum{member.substr(equal + 1)};
  }
  return true;
}

Datum read_span(Place place, const Scene& scene) {
  const Span& span = *scene.span;
  const auto kind = static_cast<std::size_t>(scene.shape->kind);
  switch (place) {
    case Place::trace_id:
      return scene.catalog->trace_id(span.trace);
    case Place::trace_id_text:
      return hex_of(scene.catalog->trace_id(span.trace));
    case Place::span_id:
      return SpanId{scene.catalog->span_id(span.trace, span.ordinal)};
    case Place::span_id_text:
      return hex_of(SpanId{scene.catalog->span_id(span.trace, span.ordinal)});
    case Place::parent_id:
      return parent_of(scene);
    case Place::parent_id_text:
      return hex_of(parent_of(scene));
    case Place::name:
      return std::string_view{scene.shape->name};
    case Place::kind:
      return static_cast<std::int64_t>(kind);
    case Place::kind_text:
      return kind < kKinds.size() ? kKinds[kind] : std::string_view{};
    case Place::kind_old_text:
      return kind < kOldKinds.size() ? kOldKinds[kind] : std::string_view{};
    case Place::start:
      return start_of(span);
    case Place::start_ns:
      return start_of(span).unix_ns;
    case Place::end:
      return end_of(span);
    case Place::end_ns:
      return end_of(span).unix_ns;
    case Place::status_code:
      return static_cast<std::int64_t>(span.status);
    case Place::status_message:
      return std::string_view{scene.shape->status_message};
    case Place::flags:
      return static_cast<std::int64_t>(span.flags);
    default:
      return Opaque{};
  }
}

// Writing

bool write_map(Attributes& map, const std::vector<Index>& indices, Scene& scene, const Datum& value, bool strict) {
  if (indices.empty()) {
    if (value.map() != nullptr) map = Attributes{*value.map()};
    return value.map() != nullptr || !strict;
  }
  Datum key;
  if (!resolve_index(indices[0], scene, key) || !key.text()) return false;
  if (otlp_attributes_bytes(map) > kLargestMap) return false;
  const std::string name{*key.text()};
  if (find_attribute(map, name) == nullptr) map.emplace_back(name, AttributeValue{});
  const auto found = std::ranges::find(map, name, &Attributes::value_type::first);
  return store(found->second, indices, 1, scene, value, strict);
}

bool write_text(std::string& target, const Datum& value, bool strict) {
  const auto text = value.text();
  if (text) target = std::string{*text};
  return text || !strict;
}

bool write_kind(SpanKind& kind, std::optional<std::int64_t> number, bool strict) {
  if (number) kind = static_cast<SpanKind>(*number);
  return number || !strict;
}

std::optional<std::int64_t> moment_ns(const Datum& value) {
  if (const auto* moment = value.get<Moment>()) return moment->unix_ns;
  if (const auto* number = value.get<std::int64_t>()) return *number;
  return std::nullopt;
}

/// The other end of the span stays where it is.
bool write_time(Span& span, bool start, const Datum& value, bool strict) {
  const auto ns = moment_ns(value);
  if (!ns) return !strict;
  const Time at{Duration{*ns - kEpochUnixNs}};
  const Time end = span.start + span.duration;
  if (start) span.start = at;
  span.duration = start ? end - at : at - span.start;
  return true;
}

template <class Names>
std::optional<std::int64_t> kind_named(const Names& names, const Datum& value) {
  const auto text = value.text();
  return text ? number_of(names, *text) : std::nullopt;
}

std::optional<std::int64_t> whole(const Datum& value) {
  const auto* number = value.get<std::int64_t>();
  return number == nullptr ? std::nullopt : std::optional{*number};
}

bool write_status(Span& span, const Datum& value, bool strict) {
  const auto code = whole(value);
  if (!code) return !strict;
  span.status = *code >= 0 && *code <= 2 ? static_cast<SpanStatus>(*code) : SpanStatus::unset;
  return true;
}

bool write_resource(Draft& draft, const std::vector<Index>& indices, Scene& scene, const Datum& value, bool strict) {
  draft.wrote_resource = true;
  Attributes all = resource_attributes(draft.resource);
  const bool done = write_map(all, indices, scene, value, strict);
  set_resource_attributes(draft.resource, std::move(all));
  return done;
}

}  // namespace

std::string hex_of(TraceId id) { return hex16(id.high) + hex16(id.low); }
std::string hex_of(SpanId id) { return hex16(id.id); }

std::optional<std::int64_t> symbol_value(std::string_view symbol, Context context) {
  if (context == Context::resource || context == Context::scope) return std::nullopt;
  const auto kind = number_of(kOldKinds, symbol);
  return kind ? kind : number_of(kStatuses, symbol);
}

std::optional<Resolved> resolve_path(const syntax::Path& path, Context context, const Semantics& semantics,
                                     std::string& error) {
  std::size_t at = 0;
  Prefix prefix = prefix_of(path.fields[0].name, context, semantics);
  if (prefix == Prefix::none)
    prefix = prefix_of(context);
  else
    at = 1;
  if (prefix == Prefix::otelcol && path.fields.size() > 1) return Resolved{Place::unmodelled, nullptr};
  const auto refuse = [&](const std::string& segment) {
    error = "segment \"" + segment + "\" from path \"" + path.text() + "\" is not a valid path";
    return std::nullopt;
  };
  if (at >= path.fields.size()) {  // resource alone: older collectors take the whole of it
    if (!semantics.ottl_contexts && path.fields[0].keys.empty()) return Resolved{Place::unmodelled, nullptr};
    return refuse(path.fields[0].name);
  }
  const syntax::Field& first = path.fields[at];
  const syntax::Field* second = at + 1 < path.fields.size() ? &path.fields[at + 1] : nullptr;
  const bool own = prefix == prefix_of(context);
  const Name* name = own ? find_name(kCacheNames, first.name, second == nullptr ? "" : second->name) : nullptr;
  if (name == nullptr) name = find_in(prefix, first.name, second == nullptr ? "" : second->name, semantics);
  if (name == nullptr) {
    const bool known = find_in(prefix, first.name, "", semantics) != nullptr;
    return refuse(known && second != nullptr ? second->name : first.name);
  }
  if (path.fields.size() > at + (second == nullptr ? 1u : 2u)) {
    error = "the path section \"" + path.fields[at + 2].name + "\" was not used by the context";
    return std::nullopt;
  }
  for (const syntax::Field& field : path.fields)
    if (!field.keys.empty() && (&field != &first || !name->indexed)) {
      error = "the keys indexing \"" + field.name + "\" were not used by the context; it has nothing to look into";
      return std::nullopt;
    }
  if (name->place == Place::trace_state && first.keys.size() > 1) {
    error = "must provide exactly 1 key when accessing trace_state";
    return std::nullopt;
  }
  return Resolved{name->place, &first};
}

bool PathGetter::get(Scene& scene, Datum& out) const {
  switch (place) {
    case Place::attributes:
      return read_map(scene.shape->attributes, indices, scene, out);
    case Place::resource_attributes:
      return read_resource(indices, scene, out);
    case Place::scope_attributes:
      return read_map(scene.resource->scope_attributes, indices, scene, out);
    case Place::event_attributes:
      return read_map(scene.shape->events[scene.event].attributes, indices, scene, out);
    case Place::trace_state:
      return read_trace_state(indices, scene, out);
    case Place::scope_name:
      return out = Datum{std::string_view{scene.resource->scope_name}}, true;
    case Place::scope_version:
      return out = Datum{std::string_view{scene.resource->scope_version}}, true;
    case Place::event_name:
      return out = Datum{std::string_view{scene.shape->events[scene.event].name}}, true;
    case Place::event_time:
    case Place::event_time_ns: {
      const Moment at{start_of(*scene.span).unix_ns + scene.shape->events[scene.event].after_start.count()};
      return out = place == Place::event_time ? Datum{at} : Datum{at.unix_ns}, true;
    }
    case Place::cache: {
      static const Attributes empty;
      return read_map(scene.draft == nullptr ? empty : scene.draft->cache, indices, scene, out);
    }
    case Place::no_count:
      return out = Datum{std::int64_t{0}}, true;
    case Place::schema_url:
      return out = Datum{std::string_view{}}, true;
    case Place::unmodelled:
      return out = Datum{Opaque{}}, true;
    default:
      return out = read_span(place, scene), true;
  }
}

bool PathGetter::settable() const {
  switch (place) {
    case Place::trace_id:
    case Place::trace_id_text:
    case Place::span_id:
    case Place::span_id_text:
    case Place::parent_id:
    case Place::parent_id_text:
    case Place::flags:
    case Place::no_count:
    case Place::schema_url:
    case Place::unmodelled:
      return false;
    case Place::trace_state:
      return indices.empty();
    default:
      return true;
  }
}

bool PathGetter::set(Scene& scene, const Datum& value) const {
  if (!within_bounds(value)) return false;
  Draft& draft = *scene.draft;
  if (place == Place::cache) return write_map(draft.cache, indices, scene, value, strict);
  if (place == Place::resource_attributes) return write_resource(draft, indices, scene, value, strict);
  if (place == Place::scope_name || place == Place::scope_version || place == Place::scope_attributes) {
    draft.wrote_resource = true;
    if (place == Place::scope_name) return write_text(draft.resource.scope_name, value, strict);
    if (place == Place::scope_version) return write_text(draft.resource.scope_version, value, strict);
    return write_map(draft.resource.scope_attributes, indices, scene, value, strict);
  }
  draft.wrote_shape = true;
  SpanShape& shape = draft.shape;
  switch (place) {
    case Place::attributes:
      return write_map(shape.attributes, indices, scene, value, strict);
    case Place::name:
      return write_text(shape.name, value, strict);
    case Place::trace_state:
      return !indices.empty() || write_text(shape.trace_state, value, strict);
    case Place::status_message:
      return write_text(shape.status_message, value, strict);
    case Place::kind:
      return write_kind(shape.kind, whole(value), strict);
    case Place::kind_text:
      return write_kind(shape.kind, kind_named(kKinds, value), strict);
    case Place::kind_old_text:
      return write_kind(shape.kind, kind_named(kOldKinds, value), strict);
    case Place::status_code:
      return write_status(draft.span, value, strict);
    case Place::start:
    case Place::start_ns:
      return write_time(draft.span, true, value, strict);
    case Place::end:
    case Place::end_ns:
      return write_time(draft.span, false, value, strict);
    case Place::event_name:
      return write_text(shape.events[scene.event].name, value, strict);
    case Place::event_attributes:
      return write_map(shape.events[scene.event].attributes, indices, scene, value, strict);
    case Place::event_time:
    case Place::event_time_ns: {
      const auto ns = moment_ns(value);
      if (ns) shape.events[scene.event].after_start = Duration{*ns - start_of(draft.span).unix_ns};
      return ns || !strict;
    }
    default:
      return true;
  }
}

}  // namespace spillway::collector::ottl
