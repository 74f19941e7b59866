#include "real/local/http_get.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>

namespace spillway::real {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kLargest = std::size_t{64} << 20U;

/// Waits until the socket is ready; false when the time is up.
bool ready(int fd, short events, SteadyClock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
  pollfd waiting{fd, events, 0};
  return left > 0 && ::poll(&waiting, 1, static_cast<int>(std::min<long>(left, 60'000))) > 0;
}

bool connect_to(int fd, const std::string& address, std::uint16_t port, SteadyClock::time_point until) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return false;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return true;
  if (errno != EINPROGRESS || !ready(fd, POLLOUT, until)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool send_all(int fd, std::string_view bytes, SteadyClock::time_point until) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EAGAIN || !ready(fd, POLLOUT, until))
      return false;
  }
  return true;
}

/// Everything until the other side closes.
std::optional<std::string> receive_all(int fd, SteadyClock::time_point until) {
  std::string received;
  std::array<char, 65536> buffer;
  for (;;) {
    if (!ready(fd, POLLIN, until)) return std::nullopt;
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got == 0) return received;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return std::nullopt;
    if (got > 0) received.append(buffer.data(), static_cast<std::size_t>(got));
    if (received.size() > kLargest) return std::nullopt;
  }
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

/// False when the headers announce another length than the body has (the answer was cut off).
bool has_announced_length(std::string_view headers, std::size_t size) {
  constexpr std::string_view name = "\r\ncontent-length:";
  const std::string text = lower(headers);
  std::size_t at = text.find(name);
  if (at == std::string::npos) return true;
  at = text.find_first_not_of(' ', at + name.size());
  std::size_t announced = 0;
  if (at == std::string::npos) return false;
  std::from_chars(text.data() + at, text.data() + text.size(), announced);
  return announced == size;
}

}  // namespace

std::optional<std::string> http_get(FileDescriptor socket, const std::string& address, std::uint16_t port,
                                    const std::string& path, Duration timeout) {
  const auto until = SteadyClock::now() + timeout;
  const int fd = socket.get();
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || !connect_to(fd, address, port, until)) return std::nullopt;
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + address + "\r\nAccept: text/plain\r\n\r\n";
  if (!send_all(fd, request, until)) return std::nullopt;
  const std::optional<std::string> answer = receive_all(fd, until);
  if (!answer) return std::nullopt;
  const std::size_t end = answer->find("\r\n\r\n");
  const bool success = answer->starts_with("HTTP/1.") && answer->substr(0, 12).ends_with(" 200");
  if (end == std::string::npos || !success) return std::nullopt;
  std::string body = answer->substr(end + 4);
  if (!has_announced_length(std::string_view{*answer}.substr(0, end + 2), body.size())) return std::nullopt;
  return body;
}

}  // namespace spillway::real
