// A validator for the part of JSON Schema (draft 2020-12) that scenario_schema() uses, and YAML trees as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/scenario/document.hpp"

namespace spillway {

/// As an editor's YAML support would see the tree (YAML 1.2 core schema).
nlohmann::json to_json(const Node& node);

/// Whether the pattern is found; POSIX extended syntax, which our patterns share with the schema's ECMA 262.
bool matches_pattern(const std::string& text, const std::string& pattern);

/// One line for each violation; empty when the value is valid. Fails on a keyword of the schema that it does not know.
std::string violations(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace spillway
