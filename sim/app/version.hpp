// What this binary was built from.
#pragma once

#include <string>

namespace spillway::app {

/// "spillway 0.1.0 (commit 5f1bbe5a12cd)"; the commit ends in -dirty when files were changed.
std::string version_text();

}  // namespace spillway::app
