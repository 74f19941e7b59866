// A scenario of the cost grid: text files in a folder of their own, prepared for both worlds.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/costs.hpp"
#include "models/simulated_world.hpp"

namespace spillway::real {

/// With `scenario.yaml` among the files. Throws std::runtime_error when it is refused.
class CostScenario {
 public:
  CostScenario(const std::map<std::string, std::string>& files, const collector::CostTable& costs);
  ~CostScenario();
  CostScenario(const CostScenario&) = delete;
  CostScenario& operator=(const CostScenario&) = delete;

  const std::shared_ptr<const PreparedScenario>& prepared() const { return prepared_; }

 private:
  std::filesystem::path folder_;
  std::shared_ptr<const PreparedScenario> prepared_;
};

/// The twin's first collector at a reading.
struct Look {
  collector::Work work;
  double growth = 0;  ///< of the heap, see GoHeap
};
/// At step, 2 step, …
std::vector<Look> play_twin(const PreparedScenario& prepared);

}  // namespace spillway::real
