// The program `spillway`: the commands that need nothing but files, and the way to the others.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "sim/app/command_line.hpp"

namespace spillway::app {
namespace {

namespace fs = std::filesystem;

void add_commands(CLI::App& spillway, Action& chosen) {
  add_run(spillway, chosen);
  add_check(spillway, chosen);
  add_size(spillway, chosen);
  add_compare(spillway, chosen);
  add_sweep(spillway, chosen);
  add_prices(spillway, chosen);
  add_schema(spillway, chosen);
  for (const CommandElsewhere& command : kCommandsOfReal) spillway.add_subcommand(command.name, command.about);
}

bool is_elsewhere(std::string_view word) {
  return std::any_of(kCommandsOfReal.begin(), kCommandsOfReal.end(),
                     [&](const CommandElsewhere& command) { return command.name == word; });
}

/// Becomes the program beside this one. Returns when it cannot.
int become_real(char** argv) {
  std::error_code error;
  const fs::path real = fs::read_symlink("/proc/self/exe", error).parent_path() / "spillway-real";
  execv(real.c_str(), argv);
  std::fprintf(stderr, "spillway: error: %s is missing; the script spillway at the project's root builds it\n", real.c_str());
  return kEnvironment;
}

}  // namespace
}  // namespace spillway::app

int main(int argc, char** argv) {
  using namespace spillway::app;
  if (argc > 1 && is_elsewhere(argv[1])) return become_real(argv);
  return run_program(argc, argv, add_commands);
}
