// Requests to other programs: POST over HTTP/1.1, connections kept for the next one.
#pragma once

#include "real/mandelbrot/awaitable.hpp"  // before the rest of Asio

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/network/url.hpp"
#include "real/mandelbrot/trace_context.hpp"

namespace spillway::mandelbrot {

struct HttpReply {
  enum class Kind { status, refused, reset, timed_out };
  Kind kind = Kind::reset;
  int status = 0;
  std::string body;
  bool success() const { return kind == Kind::status && status >= 200 && status < 300; }
  std::string text() const;  ///< "202", "refused", "reset", "timed out"
};

struct HttpCall {
  Url url;
  Headers headers;
  std::string body;
  std::chrono::steady_clock::duration timeout{};  ///< of the whole exchange
  std::size_t reply_limit = 64 * 1024;            ///< a longer body is "reset"
  std::function<void()> written{};                ///< the request is on its way, or will never be; called once
};

/// Nothing is tried twice.
class HttpClient {
 public:
  explicit HttpClient(boost::asio::io_context& io) : io_{io} {}
  /// The call outlives the exchange.
  boost::asio::awaitable<HttpReply> post(HttpCall& call);

 private:
  using Stream = boost::beast::tcp_stream;
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<Stream> stream;
    Clock::time_point since;
  };
  std::unique_ptr<Stream> take_idle(const Url& url);
  boost::asio::awaitable<HttpReply::Kind> connect(const Url& url, Stream& stream, Clock::time_point deadline);
  boost::asio::awaitable<HttpReply> exchange(HttpCall& call, Stream& stream, bool& reusable);

  boost::asio::io_context& io_;
  std::map<std::pair<std::string, int>, std::vector<Idle>> idle_;  ///< by host and port
};

}  // namespace spillway::mandelbrot
