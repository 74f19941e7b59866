// The program as a process on the loopback device, and requests to it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "real/local/process.hpp"

namespace spillway::mandelbrot::test {

struct TestReply {
  int status = 0;  ///< 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

/// A connection to a port of 127.0.0.1 that can be used in any way. Waits at most fifteen seconds for anything.
class Connection {
 public:
  explicit Connection(int port);
  ~Connection();
  Connection(Connection&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Connection& operator=(Connection&&) = delete;
  bool send(const std::string& bytes);
  std::string read_all();  ///< until the other side closes
  bool closed_by_peer();   ///< waits for it

 private:
  int fd_ = -1;
};

TestReply request(int port, const std::string& method, const std::string& path, const std::string& body = "",
                  const std::vector<std::pair<std::string, std::string>>& headers = {});

int free_port();

class RunningService {
 public:
  /// BIND_ADDRESS is 127.0.0.1; PORT any free one unless given. Waits until it listens.
  explicit RunningService(std::map<std::string, std::string> environment);
  ~RunningService();
  RunningService(const RunningService&) = delete;
  RunningService& operator=(const RunningService&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string log() const;
  /// Lines of the log with this message.
  int lines(const std::string& message) const;
  TestReply render(const std::string& body = "", const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return request(port_, "POST", "/api/render", body, headers);
  }
  /// A sample of the metrics page; 0 when it is not there.
  double metric(const std::string& series) const;
  real::Process& process() { return *process_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<real::Process> process_;
  int port_ = 0;
};

/// Asks until it is true, for at most fifteen seconds.
template <class Condition>
bool comes_true(Condition condition);

}  // namespace spillway::mandelbrot::test

#include <chrono>
#include <thread>

template <class Condition>
bool spillway::mandelbrot::test::comes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{15};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}
