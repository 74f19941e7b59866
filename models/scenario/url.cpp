#include "models/scenario/url.hpp"

#include <algorithm>
#include <cctype>

#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_host(std::string_view host) {
  constexpr std::size_t longest = 253;  // RFC 1035
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string_view inside = bracketed ? host.substr(1, host.size() - 2) : host;
  return !inside.empty() && host.size() <= longest && std::all_of(inside.begin(), inside.end(), [&](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.' || c == '_' || (bracketed && c == ':');
  });
}

/// "host", "host:port" or "[::1]:port".
Parsed<Address> parse_authority(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = text.substr(0, colon);
  if (!is_host(host)) return {std::nullopt, "'" + shortened(text, 60) + "' is no host name; write host or host:port"};
  if (colon == std::string_view::npos) return {Address{lower_case(host), 0}, {}};
  const Parsed<int> port = parse_integer<int>(text.substr(colon + 1));
  const bool good = port.value && *port.value >= 1 && *port.value <= 65535;
  if (!good) return {std::nullopt, "'" + shortened(text.substr(colon + 1), 20) + "' is no port; give 1 to 65535"};
  return {Address{lower_case(host), *port.value}, {}};
}

}  // namespace

Parsed<Url> parse_url(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::string scheme = lower_case(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  if (scheme != "http" && scheme != "https")
    return {std::nullopt, "'" + shortened(text, 60) + "' is no URL; write http://host:port/path"};
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t path_start = std::min(rest.find_first_of("/?#"), rest.size());
  const Parsed<Address> authority = parse_authority(rest.substr(0, path_start));
  if (!authority.value) return {std::nullopt, authority.why};
  const int fallback = scheme == "https" ? 443 : 80;
  const int port = authority.value->port == 0 ? fallback : authority.value->port;
  return {Url{scheme, authority.value->host, port, std::string{rest.substr(path_start)}}, {}};
}

Parsed<Address> parse_address(std::string_view text) {
  if (text.find("://") != std::string_view::npos)
    return {std::nullopt, "'" + shortened(text, 60) + "' is a URL; an address is only its host or host:port"};
  return parse_authority(text);
}

bool answers(const Address& address, const Url& url) {
  return address.host == url.host && (address.port == 0 || address.port == url.port);
}

}  // namespace spillway::language
