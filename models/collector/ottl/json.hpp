// Texts in JSON as values of attributes. Its source is the one place here that knows the JSON library.
#pragma once

#include <optional>
#include <string_view>

#include "models/collector/ottl/datum.hpp"

namespace spillway::collector::ottl {

/// Numbers become floating point, keys are sorted; nothing when the text is no JSON, or nested deeper than 200.
std::optional<AttributeValue> json_value(std::string_view text);

}  // namespace spillway::collector::ottl
