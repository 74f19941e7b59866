// The version that every record carries.
#pragma once

namespace spillway {
inline constexpr const char* kVersion = "0.1.0";
}
