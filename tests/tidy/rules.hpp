// What the house asks of its sources and no formatter sees. Each rule is a pure function from files to violations.
#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source_file.hpp"

namespace spillway::tidy {

struct Violation {
  std::string path;
  int line = 0;  ///< 0: the file or folder as a whole
  std::string message;
};
using Violations = std::vector<Violation>;
using Files = std::vector<SourceFile>;

/// Includes follow the arrows of the design: models -> sim <- analysis; real -> sim, analysis, models; app -> all.
Violations arrows(const Files& files);
/// Each outside library is included by the files that are its door, and by tests.
Violations doors(const Files& files);
/// A function has at most 70 lines, from its first to its closing brace.
Violations long_functions(const Files& files);
/// No word that says that something is unfinished.
Violations leftovers(const Files& files);
/// No call that would make a run depend on more than version, scenario and seed.
Violations banned_words(const Files& files);
/// Each folder with C++ sources has its page; tests share one.
Violations missing_pages(const Files& files);
/// No file above 1 MiB.
Violations large_files(const Files& files);
/// No path that exists on somebody's machine only.
Violations machine_paths(const Files& files);
/// Each TEST asserts something, by itself or through a function of the tests.
Violations tests_without_assertion(const Files& files);

}  // namespace spillway::tidy
