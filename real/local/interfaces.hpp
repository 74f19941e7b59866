// What the network of the calling thread looks like.
#pragma once

#include <string>
#include <vector>

#include "sim/time.hpp"

namespace spillway::real {

/// IP addresses of all devices but loopback ones, and without link-local addresses.
std::vector<std::string> addresses_of_this_network();

/// Devices that are up and are neither loopback nor veth nor one of Lab::open_line, which only its reader empties.
std::vector<std::string> foreign_devices();

/// Tries to open a TCP connection to port 9 of an address, for at most a second. Empty when the kernel says at once
/// that there is no way (no route, no such family); else what happened instead: "connected", "refused by it", ….
std::string try_to_reach(const std::string& address);

/// True when a program or the kernel at an address answers a connection to port 9 within `limit`.
bool answers(const std::string& address, Duration limit);

}  // namespace spillway::real
