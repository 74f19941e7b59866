// Designed request bodies: from one span to hundreds, few and many attributes, short and long values, alike and all
// different. From them comes how small compression makes a body.
#pragma once

#include <string>
#include <vector>

namespace spillway::real {

/// One post with spans that are made up, the same in every run.
struct DesignedBody {
  std::string name;       ///< "500 spans, paths"
  bool held_out = false;  ///< predicted, never fitted
  std::string json;       ///< OTLP
};
std::vector<DesignedBody> designed_bodies();

}  // namespace spillway::real
