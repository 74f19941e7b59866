// The subcommands. Each add_* declares its options and, when it is the one that was asked for, says what to do.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace spillway::app {

/// Exit codes, the same for all commands.
enum Exit : int {
  kFine = 0,
  kInput = 2,        ///< the user's files or options
  kEnvironment = 3,  ///< cannot read, write or find something; or a defect of ours that was caught
  kUndecided = 98,   ///< the interval of a threshold contains its limit
  kFailed = 99,      ///< a threshold failed, two worlds differ
};

/// The graver one: environment, input, failed, undecided, fine.
int graver(int a, int b);

/// Runs the chosen subcommand; returns the exit code. May throw: main turns it into kEnvironment.
using Action = std::function<int()>;

void add_run(CLI::App& spillway, Action& chosen);
void add_check(CLI::App& spillway, Action& chosen);
void add_size(CLI::App& spillway, Action& chosen);
void add_compare(CLI::App& spillway, Action& chosen);
void add_schema(CLI::App& spillway, Action& chosen);
void add_import(CLI::App& spillway, Action& chosen);
void add_calibrate(CLI::App& spillway, Action& chosen);
void add_validate(CLI::App& spillway, Action& chosen);
/// Defined in measure.cpp, which has to be linked for the command to exist: see CMakeLists.txt.
void add_measure(CLI::App& spillway, Action& chosen);

}  // namespace spillway::app
