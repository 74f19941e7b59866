// The schema and the reader are made from one table; here they are held against each other through files.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "models/scenario/scenario.hpp"
#include "tests/models/scenario/json_schema.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

using Json = nlohmann::json;

const Json& schema() {
  static const Json parsed = Json::parse(scenario_schema());
  return parsed;
}

Json tree_of(const std::filesystem::path& file) {
  Problems problems;
  const LoadedDocument loaded = load_document(file, problems);
  EXPECT_TRUE(loaded.document) << to_text(problems);
  return loaded.document ? to_json(loaded.document->root) : Json{};
}

/// Names of keys reachable in the schema, with `*` for names and indices: "services.*.operations.*.work.fixed".
void collect_keys(const Json& node, const std::string& path, std::set<std::string>& keys, int depth = 0) {
  if (depth > 12) return;
  for (const char* choice : {"anyOf", "oneOf"})
    if (node.contains(choice))
      for (const Json& one : node[choice]) collect_keys(one, path, keys, depth + 1);
  if (node.contains("items")) collect_keys(node["items"], path + ".*", keys, depth + 1);
  if (node.contains("additionalProperties") && node["additionalProperties"].is_object())
    collect_keys(node["additionalProperties"], path + ".*", keys, depth + 1);
  if (!node.contains("properties")) return;
  for (const auto& [key, value] : node["properties"].items()) {
    keys.insert(path + "." + key);
    collect_keys(value, path + "." + key, keys, depth + 1);
  }
}

/// The keys of a tree in the same form, as far as the schema knows them by name.
void collect_used(const Json& tree, const std::string& path, const std::set<std::string>& known,
                  std::set<std::string>& used) {
  if (tree.is_array())
    for (const Json& item : tree) collect_used(item, path + ".*", known, used);
  if (!tree.is_object()) return;
  for (const auto& [key, value] : tree.items()) {
    const bool is_key = known.contains(path + "." + key);
    const std::string here = path + "." + (is_key ? key : "*");
    used.insert(here);
    collect_used(value, here, known, used);
  }
}

TEST(Schema, DescribesEveryKey) {
  const std::function<void(const Json&, const std::string&)> visit = [&](const Json& node, const std::string& path) {
    if (node.is_array())
      for (const Json& item : node) visit(item, path);
    if (!node.is_object()) return;
    if (node.contains("properties") && node["properties"].is_object()) {
      for (const auto& [key, value] : node["properties"].items()) {
        EXPECT_FALSE(value.value("description", "").empty()) << path << "." << key;
      }
    }
    for (const auto& [key, value] : node.items()) visit(value, path + "/" + key);
  };
  visit(schema(), "");
}

TEST(Schema, AcceptsTheScenarioThatUsesEverySection) { EXPECT_EQ(violations(schema(), tree_of(kEverySection)), ""); }

TEST(Schema, AcceptsEveryScenarioOfTheRepository) {
  const std::filesystem::path folder = kTests.parent_path() / "scenarios";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no scenarios beside the tests";
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const bool is_scenario = entry.path().extension() == ".yaml" &&
                             ("\n" + content_of(entry.path())).find("\nscenario:") != std::string::npos;
    if (!is_scenario) continue;
    EXPECT_EQ(violations(schema(), tree_of(entry.path())), "") << entry.path();
    const Reading reading = read_file(entry.path());
    EXPECT_TRUE(reading.scenario) << reading.text;
  }
}

/// The YAML blocks of a page, one after the other.
std::string examples_of(const std::filesystem::path& page) {
  std::istringstream lines{content_of(page)};
  std::string examples;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.starts_with("```");
    if (inside && !fence) examples += line + "\n";
    if (fence) inside = line == "```yaml";
  }
  return examples;
}

TEST(LanguageReference, ShowsOneScenarioThatIsRead) {
  const Workspace workspace;
  workspace.write("collector.yaml", content_of(kEverySection.parent_path() / "collector.yaml"));
  const auto file = workspace.write("readme.yaml", examples_of(kTests.parent_path() / "models/scenario/README.md"));
  const Reading reading = read_file(file);
  ASSERT_TRUE(reading.scenario) << reading.text;
  EXPECT_EQ(reading.text, "");
  EXPECT_EQ(reading.scenario->faults.size(), 7u);
  EXPECT_EQ(violations(schema(), tree_of(file)), "");
}

TEST(Schema, KnowsExactlyTheKeysThatTheReaderKnows) {
  std::set<std::string> known, used;
  collect_keys(schema(), "", known);
  ASSERT_GT(known.size(), 120u);
  collect_used(tree_of(kEverySection), "", known, used);
  ASSERT_TRUE(read_file(kEverySection).scenario);  // so the reader knows every key that is used
  for (const std::string& key : known) EXPECT_TRUE(used.contains(key)) << key << " is not in " << kEverySection;
}

TEST(Schema, RefusesWhatTheReaderRefusesByItsForm) {
  for (const char* fault : {"unknown-key",
                            "unknown-key-deep",
                            "duration-without-unit",
                            "rate-without-unit",
                            "section-as-list",
                            "list-as-map",
                            "boolean-in-quotes",
                            "replications-zero",
                            "replications-with-fraction",
                            "word-unknown",
                            "law-unknown",
                            "law-two-at-once",
                            "law-lognormal-without-percentile",
                            "traffic-rate-and-at",
                            "traffic-neither-rate-nor-at",
                            "client-at-beside-count",
                            "client-user-without-password",
                            "fault-without-target",
                            "fault-with-two-targets",
                            "fault-with-key-of-another-kind",
                            "behaviour-two-at-once",
                            "behaviour-hang-false",
                            "expect-without-limit",
                            "name-missing",
                            "required-key-missing",
                            "collector-without-config",
                            "judge-with-unknown-class"})
    EXPECT_NE(violations(schema(), tree_of(kTests / "malformed/scenario" / (std::string{fault} + ".yaml"))), "")
        << fault;
}

}  // namespace
}  // namespace spillway
