// Questions to servers over HTTP and HTTPS. With its source the only door of this folder to cpp-httplib.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spillway::real {

struct Url {
  std::string server;  ///< http://host:port or https://host:port
  std::string path;    ///< with the query; empty: none was given
};
/// Nothing for what begins with neither http:// nor https://.
std::optional<Url> url_of(const std::string& text);

struct Page {
  int status = 0;
  std::string body;
  std::string problem;  ///< no answer, or one that is too long; empty: there is a status
};
/// Name and value.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
/// From lines such as `Authorization: Bearer …`; `@FILE` stands for the lines of a file, as curl has it, so that a secret need not
/// be on a command line. Throws std::runtime_error, which never shows a value.
HttpHeaders headers_of(const std::vector<std::string>& texts);

/// Gives up after 30 s without a byte, and at 256 MiB. `path` may have a query. A server's certificate has to be vouched for by
/// an authority that this machine trusts (or those in SSL_CERT_FILE, as OpenSSL has it). Redirections are not followed.
Page ask(const std::string& server, const std::string& path, const HttpHeaders& headers = {}, const std::string& accept = "application/json");

/// For a value in a query.
std::string in_query(const std::string& text);

}  // namespace spillway::real
