// spillway schema scenario|record: the JSON Schema that editors and other programs can use.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "models/scenario/scenario.hpp"
#include "sim/app/commands.hpp"
#include "sim/record.hpp"

namespace spillway::app {
namespace {

constexpr const char* kSchemaExamples = R"(
Examples:
  spillway schema scenario > scenario.schema.json
  spillway schema record > record.schema.json)";

int print_schema(const std::string& what) {
  std::string schema = what == "scenario" ? scenario_schema() : record_schema();
  if (!schema.ends_with('\n')) schema += '\n';
  std::cout << schema;
  return kFine;
}

}  // namespace

void add_schema(CLI::App& spillway, Action& chosen) {
  auto what = std::make_shared<std::string>();
  CLI::App& command = *spillway.add_subcommand("schema", "JSON Schema of scenario files or of run records");
  command.footer(kSchemaExamples);
  command.add_option("WHAT", *what, "scenario or record")
      ->required()
      ->check(CLI::IsMember({"scenario", "record"}).description(""))
      ->type_name("");
  command.callback([what, &chosen] { chosen = [what] { return print_schema(*what); }; });
}

}  // namespace spillway::app
