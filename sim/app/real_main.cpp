// The program `spillway-real`: the commands that read recordings and start real programs. It takes as long to build as the
// rest together, and most people need the rest only.
#include "sim/app/command_line.hpp"

namespace spillway::app {
namespace {

void add_commands(CLI::App& spillway, Action& chosen) {
  add_import(spillway, chosen);
  add_calibrate(spillway, chosen);
  add_validate(spillway, chosen);
  add_watch(spillway, chosen);
  add_measure(spillway, chosen);
}

}  // namespace
}  // namespace spillway::app

int main(int argc, char** argv) { return spillway::app::run_program(argc, argv, spillway::app::add_commands); }
