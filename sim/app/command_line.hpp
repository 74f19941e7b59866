// What a program of ours does around its commands.
#pragma once

#include "sim/app/commands.hpp"

namespace spillway::app {

using AddCommands = void (*)(CLI::App& spillway, Action& chosen);

/// Help, version and the chosen command. Returns the exit code; nothing is thrown, every error is one line on stderr.
int run_program(int argc, char** argv, AddCommands add_commands);

}  // namespace spillway::app
