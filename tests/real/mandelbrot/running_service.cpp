#include "tests/real/mandelbrot/running_service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace spillway::mandelbrot::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

TestReply parsed(const std::string& text) {
  TestReply reply;
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return reply;
  reply.status = std::atoi(text.c_str() + 9);
  reply.body = text.substr(end + 4);
  std::istringstream lines{text.substr(0, end)};
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) reply.headers[lower(line.substr(0, colon))] = line.substr(colon + 2, line.find('\r') - colon - 2);
  }
  return reply;
}

}  // namespace

Connection::Connection(int port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  const timeval patience{15, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(fd_);
  fd_ = -1;
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

bool Connection::send(const std::string& bytes) {
  std::size_t done = 0;
  while (fd_ >= 0 && done < bytes.size()) {
    const ssize_t sent = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return fd_ >= 0;
}

std::string Connection::read_all() {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = fd_ < 0 ? -1 : ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool Connection::closed_by_peer() {
  if (fd_ < 0) return true;
  pollfd wait{fd_, POLLIN, 0};
  char byte = 0;
  return ::poll(&wait, 1, 15000) > 0 && ::recv(fd_, &byte, 1, 0) <= 0;
}

TestReply request(int port, const std::string& method, const std::string& path, const std::string& body,
                  const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string text = method + " " + path + " HTTP/1.1\r\nhost: test\r\nconnection: close\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (method == "POST") text += "content-length: " + std::to_string(body.size()) + "\r\n";
  Connection connection{port};
  connection.send(text + "\r\n" + body);
  return parsed(connection.read_all());
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

RunningService::RunningService(std::map<std::string, std::string> environment) {
  std::string name = (std::filesystem::temp_directory_path() / "mandelbrot-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the log");
  folder_ = name;
  environment.emplace("BIND_ADDRESS", "127.0.0.1");
  environment.emplace("PORT", "0");
  process_ = std::make_unique<real::Process>(real::ProgramSpec{.argv = {SPILLWAY_MANDELBROT},
                                                               .environment = std::move(environment),
                                                               .stdout_file = folder_ / "log",
                                                               .stderr_file = folder_ / "errors"});
  const std::string marker = "\"detail\":\"127.0.0.1:";
  if (!comes_true([&] { return log().find(marker) != std::string::npos; })) throw std::runtime_error("it does not start");
  const std::string text = log();
  port_ = std::atoi(text.c_str() + text.find(marker) + marker.size());
}

RunningService::~RunningService() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RunningService::log() const {
  std::ostringstream text;
  text << std::ifstream{folder_ / "log"}.rdbuf();
  return text.str();
}

int RunningService::lines(const std::string& message) const {
  const std::string text = log(), wanted = "\"message\":\"" + message + "\"";
  int count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

double RunningService::metric(const std::string& series) const {
  const std::string page = "\n" + request(port_, "GET", "/metrics").body;
  const auto at = page.find("\n" + series + " ");
  return at == std::string::npos ? 0 : std::atof(page.c_str() + at + series.size() + 2);
}

}  // namespace spillway::mandelbrot::test
