// The parts of an http(s) URL that decide who is called, and network addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spillway {

struct Url {
  std::string scheme, host;
  int port = 0;  ///< 80 or 443 when not written
  std::string path;  ///< "/" when not written
};

/// Null when there is no http or https scheme, no host, or the port is no number from 1 to 65535.
std::optional<Url> parse_url(std::string_view text);

/// Whether an address as listed in a scenario ("host" or "host:port") stands for this host and port.
bool address_matches(std::string_view address, std::string_view host, int port);

/// Network addresses that programs have, the same ones when they really run on one machine. `number`: in order of the
/// scenario.
std::string backend_address(std::size_t number);
std::string collector_address(std::size_t number);

}  // namespace spillway
