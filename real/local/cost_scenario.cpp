#include "real/local/cost_scenario.hpp"

#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

namespace spillway::real {

namespace fs = std::filesystem;

CostScenario::CostScenario(const std::map<std::string, std::string>& files, const collector::CostTable& costs) {
  std::string name = (fs::temp_directory_path() / "spillway-costs-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + name);
  folder_ = name;
  for (const auto& [file, content] : files) std::ofstream{folder_ / file} << content;
  std::ofstream{folder_ / "costs.yaml"} << collector::costs_file(costs, "");
  Problems problems;
  LoadedScenario loaded = load_scenario(folder_ / "scenario.yaml", {}, problems);
  if (loaded.scenario) prepared_ = prepare(std::move(*loaded.scenario), problems, {folder_ / "costs.yaml"});
  if (prepared_) return;
  std::string all;
  for (const Problem& problem : problems.all()) all += to_text(problem) + "\n";
  fs::remove_all(folder_);
  throw std::runtime_error("a scenario of the cost grid is refused: " + all);
}

CostScenario::~CostScenario() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<Look> play_twin(const PreparedScenario& prepared) {
  World world{prepared, 0, {}};
  std::vector<Look> looks;
  world.at_every_step([&](Time) { looks.push_back({world.collector(0).work(), world.collector(0).heap_growth()}); });
  world.play();
  return looks;
}

}  // namespace spillway::real
