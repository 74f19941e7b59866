#include "real/mandelbrot/http_client.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace spillway::mandelbrot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kMostIdle = 64;  // to one host
constexpr auto kIdleFor = std::chrono::seconds{30};  // less than servers wait

HttpReply::Kind kind_of(error_code error) {
  return error == beast::error::timeout ? HttpReply::Kind::timed_out : HttpReply::Kind::reset;
}

/// An idle connection that the server has closed reads as end of file.
bool usable(beast::tcp_stream& stream) {
  error_code error;
  stream.socket().non_blocking(true, error);
  char byte = 0;
  stream.socket().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
  return error == asio::error::would_block;
}

void tell_written(HttpCall& call) {
  if (!call.written) return;
  const auto written = std::exchange(call.written, {});
  written();
}

}  // namespace

std::string HttpReply::text() const {
  switch (kind) {
    case Kind::status: return std::to_string(status);
    case Kind::refused: return "refused";
    case Kind::reset: return "reset";
    case Kind::timed_out: return "timed out";
  }
  return {};
}

std::unique_ptr<beast::tcp_stream> HttpClient::take_idle(const Url& url) {
  auto& idle = idle_[{url.host, url.port}];
  while (!idle.empty()) {
    Idle last = std::move(idle.back());
    idle.pop_back();
    if (Clock::now() - last.since < kIdleFor && usable(*last.stream)) return std::move(last.stream);
  }
  return nullptr;
}

asio::awaitable<HttpReply::Kind> HttpClient::connect(const Url& url, Stream& stream, Clock::time_point deadline) {
  error_code error;
  stream.expires_at(deadline);
  const auto literal = asio::ip::make_address(url.host, error);
  if (!error) {
    const tcp::endpoint endpoint{literal, static_cast<std::uint16_t>(url.port)};
    co_await stream.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  } else {
    tcp::resolver resolver{io_};
    const std::string port = std::to_string(url.port);
    error = {};
    const auto found = co_await resolver.async_resolve(url.host, port, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return HttpReply::Kind::refused;
    co_await stream.async_connect(found, asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) co_return error == beast::error::timeout ? HttpReply::Kind::timed_out : HttpReply::Kind::refused;
  stream.socket().set_option(tcp::no_delay{true}, error);
  co_return HttpReply::Kind::status;
}

asio::awaitable<HttpReply> HttpClient::exchange(HttpCall& call, Stream& stream, bool& reusable) {
  http::request<http::string_body> request{http::verb::post, call.url.path, 11};
  request.set(http::field::host, call.url.host + ":" + std::to_string(call.url.port));
  for (const auto& [name, value] : call.headers) request.set(name, value);
  request.body() = std::move(call.body);
  request.prepare_payload();
  error_code error;
  HttpReply reply;
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  tell_written(call);
  if (!error) {
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(call.reply_limit);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      reusable = parser.get().keep_alive();
      reply.kind = HttpReply::Kind::status;
      reply.status = static_cast<int>(parser.get().result_int());
      reply.body = std::move(parser.get().body());
      co_return reply;
    }
  }
  reply.kind = kind_of(error);
  co_return reply;
}

asio::awaitable<HttpReply> HttpClient::post(HttpCall& call) {
  const auto deadline = Clock::now() + call.timeout;
  std::unique_ptr<Stream> stream = take_idle(call.url);
  HttpReply reply;
  if (!stream) {
    stream = std::make_unique<Stream>(io_);
    reply.kind = co_await connect(call.url, *stream, deadline);
    if (reply.kind != HttpReply::Kind::status) {
      tell_written(call);
      co_return reply;
    }
  }
  stream->expires_at(deadline);
  bool reusable = false;
  reply = co_await exchange(call, *stream, reusable);
  auto& idle = idle_[{call.url.host, call.url.port}];
  if (reusable && idle.size() < kMostIdle) {
    stream->expires_never();
    idle.push_back({std::move(stream), Clock::now()});
  }
  co_return reply;
}

}  // namespace spillway::mandelbrot
