#include "models/network/url.hpp"

#include <algorithm>
#include <charconv>

namespace spillway {
namespace {

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  url.scheme = text.substr(0, scheme);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(scheme + 3);
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  url.path = slash == text.size() ? "/" : std::string{text.substr(slash)};
  url.port = url.scheme == "https" ? 443 : 80;
  if (const auto colon = authority.rfind(':'); colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto port = parse_port(authority.substr(colon + 1));
    if (!port) return std::nullopt;
    url.port = *port;
    authority = authority.substr(0, colon);
  }
  url.host = authority;
  if (url.host.empty()) return std::nullopt;
  return url;
}

bool address_matches(std::string_view address, std::string_view host, int port) {
  if (address == host) return true;
  if (!address.starts_with(host)) return false;
  address.remove_prefix(host.size());
  return address == ":" + std::to_string(port);
}

std::string backend_address(std::size_t number) { return "10.98.200." + std::to_string(number + 1); }

std::string collector_address(std::size_t number) {
  return "10.98." + std::to_string(number / 64) + "." + std::to_string(number % 64 * 4 + 2);
}

}  // namespace spillway
