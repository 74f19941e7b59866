// Texts in double quotes, as Go's strconv.Unquote reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spillway::collector::ottl {

/// Nothing when an escape is none, or when the text runs over a line.
std::optional<std::string> unquote(std::string_view text);

}  // namespace spillway::collector::ottl
