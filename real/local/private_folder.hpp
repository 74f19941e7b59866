// A folder that exists in one mount namespace only.
#pragma once

#include <filesystem>

namespace spillway::real {

/// At `folder` (absolute) the calling thread's mount namespace gets an empty folder in memory, whether or not there is
/// one outside; nothing outside changes, and what lies beside it stays in sight. `stage`: a name that is free.
/// Requires a mount namespace that no other thread works in yet. Throws with the path when it cannot be done.
void put_private_folder(const std::filesystem::path& folder, const std::filesystem::path& stage);

}  // namespace spillway::real
