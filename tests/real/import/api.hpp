// A server of fixed answers for what reads over HTTP.
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace spillway::real {

/// A backend's API on a port of its own, on this machine.
class Api {
 public:
  void answer(const std::string& path, const std::string& body, int status = 200) {
    server_.Get(path, [this, body, status](const httplib::Request& request, httplib::Response& response) {
      asked.push_back(request.target);
      response.status = status;
      response.set_content(body, "application/json");
    });
  }
  void answer(const std::string& path, std::function<std::string()> body) {
    server_.Get(path, [body](const httplib::Request&, httplib::Response& response) { response.set_content(body(), "text/plain"); });
  }
  std::string start() {
    const int port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread{[this] { server_.listen_after_bind(); }};
    while (!server_.is_running()) std::this_thread::yield();
    return "http://127.0.0.1:" + std::to_string(port);
  }
  ~Api() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  std::vector<std::string> asked;

 private:
  httplib::Server server_;
  std::thread thread_;
};

}  // namespace spillway::real
