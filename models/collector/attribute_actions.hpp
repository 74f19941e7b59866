// The actions of the attributes and resource processors: insert, update, upsert, delete, hash, extract, convert.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/telemetry/regex.hpp"
#include "models/telemetry/value.hpp"

namespace spillway::collector {

struct AttributeAction {
  enum class Kind : std::uint8_t { insert, update, upsert, erase, hash, extract, convert };
  Kind kind = Kind::insert;
  std::string key;
  std::optional<spillway::Value> value, default_value;
  std::string from_attribute;
  std::string converted_type;     ///< string | int | double
  std::optional<Regex> pattern;   ///< of keys for erase and hash, of values for extract
  bool hashes_empty_text = true;  ///< … to the digest of nothing; otherwise to nothing
};

void apply(const std::vector<AttributeAction>& actions, Attributes& attributes);

}  // namespace spillway::collector
