// Listens, reads requests within limits, and hands them to their handlers.
#pragma once

#include "real/mandelbrot/awaitable.hpp"  // before the rest of Asio

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "real/mandelbrot/render_service.hpp"

namespace spillway::mandelbrot {

/// Limits of what a client may do; beyond them it is refused or cut off.
inline constexpr std::size_t kHeaderLimit = 8 * 1024, kBodyLimit = 16 * 1024;

class Server {
 public:
  Server(ExportParts parts, RenderService& service, const SpanExporter* exporter);
  /// Takes the address. Throws boost::system::system_error.
  void listen();
  /// No more connections; the readiness probe fails.
  void stop();

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t requests() const { return requests_; }  ///< being answered now

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  boost::asio::awaitable<bool> serve_one(boost::beast::tcp_stream& stream, boost::beast::flat_buffer& buffer);
  boost::asio::awaitable<bool> read(boost::beast::tcp_stream& stream, boost::beast::flat_buffer& buffer, Parser& parser);
  boost::asio::awaitable<void> refuse(boost::beast::tcp_stream& stream, boost::system::error_code error);
  boost::asio::awaitable<bool> write(boost::beast::tcp_stream& stream, HttpAnswer answer, bool keep_alive);
  boost::asio::awaitable<HttpAnswer> answer(Request& request);
  HttpAnswer show(std::string_view path);
  std::string metrics_page();

  ExportParts parts_;
  RenderService& service_;
  const SpanExporter* exporter_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::size_t connections_ = 0, requests_ = 0;
  bool stopping_ = false;
};

}  // namespace spillway::mandelbrot
