#include "sim/app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "models/scenario/document.hpp"
#include "sim/app/version.hpp"

namespace spillway::app {
namespace {

constexpr const char* kAbout =
    "Predicts what an OpenTelemetry pipeline keeps, loses, costs and delays, before anybody deploys it.";

constexpr const char* kFooter = R"(
Examples:
  spillway check scenarios/trinity/backend-down.yaml
  spillway run scenarios/trinity/backend-down.yaml
  spillway run scenarios/trinity/backend-down.yaml --set faults.0.for=10m --replications 20 --out out/longer
  spillway compare out/record.json out/longer/record.json

Exit codes: 0 fine; 2 the input has a problem; 3 the environment failed; 99 a threshold failed; 98 undecided: the
interval contains the limit. `spillway COMMAND --help` has the options of a command.)";

std::vector<std::string> command_names(const CLI::App& spillway) {
  std::vector<std::string> names;
  for (const CLI::App* command : spillway.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// A first word that is no command; empty when there is none, or when it is one.
std::string unknown_command(int argc, char** argv, const std::vector<std::string>& known) {
  if (argc < 2 || argv[1][0] == '-') return "";
  const std::string word = argv[1];
  return std::find(known.begin(), known.end(), word) == known.end() ? word : "";
}

int report_unknown(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  std::cerr << "spillway: error: unknown command '" << word << "'; "
            << (near.empty() ? "see spillway --help" : "did you mean '" + near + "'?") << "\n";
  return kInput;
}

/// Help and version are results; everything else that the parser throws is the user's input.
int report_parsing(const CLI::App& spillway, const CLI::ParseError& problem) {
  if (problem.get_exit_code() == 0) return spillway.exit(problem, std::cout, std::cerr);
  std::string what = problem.what();
  if (!what.empty() && what[0] >= 'A' && what[0] <= 'Z') what[0] = static_cast<char>(what[0] - 'A' + 'a');
  std::cerr << "spillway: error: " << what << "; see spillway --help\n";
  return kInput;
}

int run_command_line(int argc, char** argv, AddCommands add_commands) {
  CLI::App spillway{kAbout, "spillway"};
  Action chosen;
  spillway.footer(kFooter);
  spillway.set_version_flag("--version", version_text());
  spillway.require_subcommand(1);
  spillway.get_formatter()->column_width(34);
  add_commands(spillway, chosen);
  const std::vector<std::string> known = command_names(spillway);
  if (const std::string word = unknown_command(argc, argv, known); !word.empty()) return report_unknown(word, known);
  try {
    spillway.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return report_parsing(spillway, problem);
  }
  return chosen();
}

/// A result that nobody could read is a failure: a full disk behind stdout, a closed pipe.
int flushed(int code) {
  std::cout.flush();
  if (std::cout.good() && std::fflush(stdout) == 0) return code;
  std::cerr << "spillway: error: standard output: cannot write\n";
  return kEnvironment;
}

}  // namespace

int graver(int a, int b) {
  for (const int code : {kEnvironment, kInput, kFailed, kUndecided}) {
    if (a == code || b == code) return code;
  }
  return kFine;
}

int run_program(int argc, char** argv, AddCommands add_commands) {
  try {
    return flushed(run_command_line(argc, argv, add_commands));
  } catch (const std::bad_alloc&) {
    std::fputs("spillway: error: out of memory; fewer replications, or a coarser step of the series, need less\n",
               stderr);
  } catch (const std::exception& problem) {
    std::cerr << "spillway: error: " << problem.what() << "\n";
  } catch (...) {
    std::fputs("spillway: error: a failure of an unknown kind\n", stderr);
  }
  return kEnvironment;
}

}  // namespace spillway::app
