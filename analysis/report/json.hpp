// What reports have in common as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "analysis/intervals.hpp"
#include "analysis/units.hpp"

namespace spillway::analysis {

inline nlohmann::ordered_json json_of(const Estimate& estimate) {
  return {{"unit", symbol(estimate.figure.unit)},
          {"mean", estimate.interval.mean},
          {"low", estimate.interval.low},
          {"high", estimate.interval.high},
          {"n", estimate.interval.n},
          {"never", estimate.never}};
}

}  // namespace spillway::analysis
