// One GET over one connection, for scraping.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "real/local/file_descriptor.hpp"
#include "sim/time.hpp"

namespace spillway::real {

/// Connects `socket` to an IPv4 address, asks for `path` in HTTP/1.0 and returns the body; empty unless a complete
/// answer with status 200 and at most 64 MiB is there within `timeout` (on the wall clock, all steps together).
std::optional<std::string> http_get(FileDescriptor socket, const std::string& address, std::uint16_t port,
                                    const std::string& path, Duration timeout);

}  // namespace spillway::real
