// The subcommands. Each add_* declares its options and, when it is the one that was asked for, says what to do.
#pragma once

#include <CLI/App.hpp>
#include <array>
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
void add_sweep(CLI::App& spillway, Action& chosen);
void add_prices(CLI::App& spillway, Action& chosen);
void add_schema(CLI::App& spillway, Action& chosen);

/// A command of the program `spillway-real`, which `spillway` becomes when it is asked for one.
struct CommandElsewhere {
  const char* name;
  const char* about;
};
inline constexpr CommandElsewhere kImport{"import", "recorded traces to a scenario of the application they show"};
inline constexpr CommandElsewhere kCalibrate{"calibrate", "recordings of several loads to parameters with intervals"};
inline constexpr CommandElsewhere kValidate{"validate", "predict loads that were not fitted to, beside what was measured"};
inline constexpr CommandElsewhere kMeasure{"measure", "the same scenario on real collectors, on this machine"};
inline constexpr CommandElsewhere kWatch{"watch", "metrics of running collectors over time, to compare with a simulation"};
inline constexpr std::array kCommandsOfReal{kImport, kCalibrate, kValidate, kWatch, kMeasure};

void add_import(CLI::App& spillway, Action& chosen);
void add_calibrate(CLI::App& spillway, Action& chosen);
void add_validate(CLI::App& spillway, Action& chosen);
void add_watch(CLI::App& spillway, Action& chosen);
void add_measure(CLI::App& spillway, Action& chosen);

}  // namespace spillway::app
