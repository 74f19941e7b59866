// Questions to servers over HTTP. With its source the only door of this folder to cpp-httplib.
#pragma once

#include <optional>
#include <string>

namespace spillway::real {

struct Url {
  std::string server;  ///< http://host:port
  std::string path;    ///< with the query; empty: none was given
};
/// Nothing for what does not begin with http://.
std::optional<Url> url_of(const std::string& text);

struct Page {
  int status = 0;
  std::string body;
  std::string problem;  ///< no answer, or one that is too long; empty: there is a status
};
/// Gives up after 30 s without a byte, and at 256 MiB. `path` may have a query.
Page ask(const std::string& server, const std::string& path, const std::string& accept = "application/json");

/// For a value in a query.
std::string in_query(const std::string& text);

}  // namespace spillway::real
