// A long JSON text as a stream of its elements: one object a line, or the members of the arrays that the APIs of
// tracing backends answer with. Memory is bounded by the largest element.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "real/import/byte_source.hpp"

namespace spillway::real {

struct ElementLimits {
  std::int64_t bytes = 64 << 20;    ///< of one element
  std::int64_t values = 1'000'000;  ///< in one element
  std::size_t depth = 64;
};

/// An element that could not be read. Reading goes on at the next line.
struct BadElement {
  std::int64_t line = 0;
  std::string what;
};

/// Calls `element` with every object that stands alone, in an array (of arrays), or in an array under one of the keys
/// data, resourceSpans, batches and traces of an object or of its member `trace`. Any input is safe.
void read_elements(ByteReader& bytes, const ElementLimits& limits,
                   const std::function<void(nlohmann::json&& element, std::int64_t line)>& element,
                   const std::function<void(const BadElement&)>& bad);

}  // namespace spillway::real
