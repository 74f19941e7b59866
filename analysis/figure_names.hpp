// How names inside a figure are spelled and compared. Used by the reader and by the evaluation of figures.
#pragma once

#include <string>
#include <string_view>

#include "sim/record.hpp"

namespace spillway::analysis {

/// Spaces become '_', so that a name with spaces can be part of a figure.
std::string folded(std::string_view name);

/// The name without the endings that depend on an exporter's settings: _total, __spans_, _seconds, _bytes,
/// _milliseconds.
std::string_view core_name(std::string_view metric);

/// Whether the label only names the asking process or is added by some versions: service_*, otel_scope_*, server_*,
/// url_path.
bool is_incidental(std::string_view label);

/// "{a=b,c=d}" of the labels that are not incidental; empty when none is left.
std::string selector(const Labels& labels);

}  // namespace spillway::analysis
