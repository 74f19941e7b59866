// Made-up export requests and a plain blocking HTTP client for the tests of the sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sim/span_set.hpp"

namespace spillway::real::test {

/// One OTLP protobuf request of `spans` spans with eight string attributes each; span i is span_at(first + i).
std::string otlp_request(std::uint64_t first, int spans);
std::string otlp_json_request(std::uint64_t first, int spans);
std::string zipkin_request(std::uint64_t first, int spans);
SpanKey span_at(std::uint64_t number);  ///< ten spans a trace

struct HttpReply {
  int status = 0;  ///< 0: no reply, see `end`
  std::string headers, body;
  std::string end;  ///< "" | "timeout" | "closed" | "reset"
};

/// A client with one connection at a time.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : port_{port} {}
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool connect();  ///< false: refused
  void close();
  /// Connects when needed.
  HttpReply post(std::string_view path, std::string_view body, const std::map<std::string, std::string>& headers,
                 std::chrono::milliseconds timeout = std::chrono::seconds{20});
  HttpReply exchange(std::string_view bytes, std::chrono::milliseconds timeout = std::chrono::seconds{20});

 private:
  std::uint16_t port_;
  int fd_ = -1;
};

}  // namespace spillway::real::test
