// Finds the functions in C++ code, without understanding it: declarations are cut at braces and semicolons.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace spillway::tidy {

/// From the first character of the declaration to behind the closing brace.
struct Function {
  std::size_t begin;
  std::size_t end;
};

/// Functions with a body at the level of a file, namespace or class, and lambdas that such a level gives a name. Those
/// inside functions belong to the function around them. `code` holds no comments and no text in literals.
/// Leaves out: a function whose return type is spelled with `struct` or `class` in front counts as a class.
std::vector<Function> functions_of(std::string_view code);

}  // namespace spillway::tidy
