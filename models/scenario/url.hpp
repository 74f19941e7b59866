// URLs and addresses as they stand in a scenario.
#pragma once

#include <string>
#include <string_view>

#include "models/scenario/units.hpp"

namespace spillway::language {

/// http://host:port/path. The port is 80 or 443 when none is written; the path may be empty.
struct Url {
  std::string scheme;
  std::string host;  ///< lower case; an IPv6 address with its brackets
  int port = 0;
  std::string path;
};
Parsed<Url> parse_url(std::string_view text);

/// A name under which a collector or backend is known: `host` stands for every port, `host:port` for one.
struct Address {
  std::string host;  ///< lower case
  int port = 0;      ///< 0: every port
  friend bool operator==(const Address&, const Address&) = default;
};
Parsed<Address> parse_address(std::string_view text);

/// Whether a request to this URL ends at this address.
bool answers(const Address& address, const Url& url);

}  // namespace spillway::language
