// Every component type that the reading of collector files knows. Private to the reading of collector files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/collector/version.hpp"

namespace spillway::collector {

enum class Kind : std::uint8_t { receiver, processor, exporter, connector, extension };
std::string_view to_text(Kind kind);     ///< "receiver"
std::string_view section_of(Kind kind);  ///< "receivers"

/// Signals a component can stand in a pipeline of.
enum Signals : std::uint8_t { kTraces = 1, kMetrics = 2, kLogs = 4, kAllSignals = 7 };

/// One type. `name` is the newest; `old_name` is all that versions without Semantics::new_type_names know, and
/// stays an alias in the others.
struct Type {
  Kind kind;
  std::string_view name;
  std::string_view old_name = {};
  std::string_view effect = "unknown";  ///< on the result when it is not modelled; "modelled" when it is
  std::uint8_t signals = kAllSignals;
  std::string_view bias = {};  ///< what that does to a result, in words
};

/// The type of this name, or null. `name` is compared exactly.
const Type* find_type(Kind kind, std::string_view name, const Semantics& semantics);

/// "batch memory_limiter …": the modelled and the commonest types, as the collector lists them.
std::string common_types(Kind kind, const Semantics& semantics);
/// The type nearest to a misspelt one, or empty.
std::string nearest_type(Kind kind, std::string_view name, const Semantics& semantics);

}  // namespace spillway::collector
