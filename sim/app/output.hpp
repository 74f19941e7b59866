// Results in a folder: all of them or none.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace spillway::app {

/// Relative path -> content.
using Files = std::map<std::filesystem::path, std::string>;

/// Why `folder` must not be replaced: it is not a folder, or holds what no run of this program wrote. nullopt when it
/// is absent, empty, or the output of an earlier run and nothing else.
std::optional<std::string> objection_to(const std::filesystem::path& folder);

/// Writes to a temporary folder beside `folder`, then swaps the two in one step and removes the old one: whoever
/// looks sees the old results or the new ones, never a mixture. Missing parent folders are made. Throws
/// std::runtime_error with path and reason, after removing what was begun; also when there is an objection.
void write_folder(const std::filesystem::path& folder, const Files& files);

}  // namespace spillway::app
