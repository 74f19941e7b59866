// Scenario file to Scenario: tree, overrides, table, checks.
#include "models/scenario/checks.hpp"
#include "models/scenario/input.hpp"
#include "models/scenario/map_reader.hpp"
#include "models/scenario/vocabulary.hpp"

namespace spillway {
namespace language {
namespace {

Scenario read_scenario(Input& input) {
  Scenario scenario;
  scenario.file = input.document().file;
  const Node& root = input.root();
  if (root.kind == Node::Kind::null) {
    input.problem(Mark{}, {}, "is empty; a scenario needs at least 'scenario: name'");
    return scenario;
  }
  read_struct(input, root, {}, scenario);
  for (CollectorUse& collector : scenario.collectors)
    collector.version_given = input.given(collector.where.path + ".version");
  return scenario;
}

}  // namespace
}  // namespace language

LoadedScenario load_scenario(const std::filesystem::path& file, const std::vector<Override>& overrides,
                             Problems& problems) {
  LoadedDocument loaded = load_document(file, problems);
  if (!loaded.document) return {std::nullopt, loaded.failure};
  language::Input input{std::move(*loaded.document), overrides, problems};
  language::apply_overrides(input);
  Scenario scenario = language::read_scenario(input);
  language::fill_defaults(scenario);
  language::check(scenario, input);
  input.flush();
  if (input.errors() > 0) return {std::nullopt, LoadFailure::input};
  scenario.hash = input.hash();
  return {std::move(scenario), LoadFailure::none};
}

}  // namespace spillway
